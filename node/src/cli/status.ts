// `devicegrant status`: how the logins are doing and how they are kept. No server is asked, and without
// the key the clear part of each login still is told.
import { Client } from "../client.js";
import { DeviceGrantError, newError } from "../errors.js";
import type { Header } from "../machines.js";
import { homeFolder } from "../node/home-folder.js";
import { chosenSource, fromVariables, openHome } from "../node/key-source.js";
import { told } from "../looking.js";
import type { Health } from "../values.js";
import { moment } from "../values.js";
import type { Job } from "./commands.js";
import { namesAny } from "./flags.js";
import type { Flags } from "./flags.js";
import { event, fail, line, named, rfc3339, whose } from "./output.js";

export async function status({ client, flags }: Job): Promise<number> {
  if (namesAny(flags)) {
    const found = await Client.inside(client).look();
    const header = found.header;
    told.set(header, found);
    const health = await client.health(header);
    one(header, health, flags.json);
    if (health.state === "fresh" || health.state === "expiring") return 0;
    // A token that expired with nothing to renew it is no error of the store.
    return newError(health.code ?? "token_expired", "").exit;
  }
  const all = await client.all();
  await kept(client, flags);
  const headers = all.filter((there): there is Header => !(there instanceof DeviceGrantError));
  const unread = all.filter((there) => there instanceof DeviceGrantError);
  const [waiting, logins] = [headers.filter(isPending), headers.filter((header) => !isPending(header))];
  for (const header of logins) one(header, await client.health(header), flags.json);
  for (const header of waiting) pending(header, flags.json);
  if (!all.length && !flags.json) line("Nobody has signed in yet.");
  return Math.max(0, ...unread.map((error) => fail(error, flags.json)));
}

const isPending = (header: Header) => header.kind === "pending";

const WORDS = {
  fresh: "its token is good", expiring: "its token is renewed with the next use",
  signed_out: "signed out", unreachable: "cannot be used now",
};

function one(header: Header, health: Health, asJson: boolean): void {
  const { target, issuer, account, scopes, signed_in_at_ms, ended } = header.login;
  const expires_at = rfc3339(health.expiresAt);
  const refresh_expires_at = rfc3339(health.refreshExpiresAt);
  const signed_in_at = rfc3339(moment(signed_in_at_ms));
  if (asJson) {
    const { state, code, reason, refreshable, warnings } = health;
    return event({
      event: "login", state, code, reason, scope: scopes.join(" "), expires_at, refresh_expires_at, refreshable,
      signed_in_at, ended_at: rfc3339(moment(ended?.at_ms)), warnings, ...whose(header),
    });
  }
  line(`\n${named(header)}: ${WORDS[health.state]}`);
  const told: [string, string | null | undefined][] = [
    ["because", health.reason], ["issuer", issuer === target ? undefined : issuer], ["account", account],
    ["may", scopes.join(" ")], ["signed in", signed_in_at], ["token until", expires_at], ["renewable until", refresh_expires_at],
    ...health.warnings.map((warning): [string, string] => ["warning", warning]),
  ];
  for (const [what, value] of told) if (value) line(`  ${what.padEnd(16)} ${value}`);
}

function pending(header: Header, asJson: boolean): void {
  const begun_at = rfc3339(moment(header.login.signed_in_at_ms));
  if (asJson) return event({ event: "pending", begun_at, ...whose(header) });
  line(`\n${named(header)}: a sign-in waits`);
  line(`  ${"begun".padEnd(16)} ${begun_at}`);
  line(`  ${"go on".padEnd(16)} devicegrant login --resume ${named(header)}`);
}

/** What there is to tell of the key. */
interface KeyState {
  source?: string;
  id?: string;
  protects?: string;
  why: string;
  error?: DeviceGrantError;
}

/** Where the logins are, and what opens them. */
async function kept(client: Client, flags: Flags): Promise<void> {
  const { source, id, protects, why, error } = await keyState(flags);
  if (flags.json) {
    return event({
      event: "store", store: client.store, key_source: source, key_id: id, key_why: why, protects,
      unattended: source && source !== "keyring", code: error?.code, reason: error?.message,
    });
  }
  line(`Logins are kept in ${client.store}`);
  line(`Their key: ${source ?? "not chosen yet"} (${why})`);
  if (protects) line(protects);
  if (!error) return;
  line(`warning: ${error.message}`);
  line("Without the key only the clear part of each login can be told:");
}

async function keyState(flags: Flags): Promise<KeyState> {
  const failed = (error: unknown): DeviceGrantError => {
    if (error instanceof DeviceGrantError) return error;
    throw error;
  };
  if (flags.store === "memory") return { why: "drawn for this process, kept nowhere" };
  if (flags.store === "redis") {
    const error = await fromVariables().then(() => undefined, failed);
    return { why: "from DEVICEGRANT_KEY, else from DEVICEGRANT_KEY_COMMAND", error };
  }
  const home = homeFolder(flags.home);
  // It may be silent now, and still is the one that is named.
  const source = chosenSource(home);
  const opened = await openHome(home, undefined, false).catch(failed);
  if (opened instanceof DeviceGrantError && !source) throw opened;
  const why = source
    ? "named in home.json, where the first login put it"
    : "the first login chooses: --key, else a variable that is set, else the keyring, else a file";
  if (opened instanceof DeviceGrantError) return { source, why, error: opened };
  return { source, id: opened?.keyId, protects: opened?.protects, why };
}
