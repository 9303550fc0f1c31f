// What each command does.
import { spawn } from "node:child_process";

import { Client } from "../client.js";
import type { TokenNeed } from "../client.js";
import { DeviceGrantError, newError } from "../errors.js";
import { drawn, isPlain } from "../node/terminal.js";
import type { OnPrompt } from "../options.js";
import type { Prompt } from "../values.js";
import { Tokens } from "../values.js";
import { clientOptions, fromEnv, seconds } from "./flags.js";
import type { Flags } from "./flags.js";
import { event, fail, line, note, rfc3339 } from "./output.js";

type Command = (flags: Flags, signal: AbortSignal) => Promise<number>;

const login: Command = async (flags, stop) => {
  const client = new Client({ ...clientOptions(flags), onPrompt: shower(flags) });
  const limit = flags.timeout === undefined ? undefined : seconds(flags.timeout);
  const late = new AbortController();
  const message = "nobody approved within the time that --timeout gives";
  const timer = limit && setTimeout(() => late.abort(newError("gave_up", message)), limit * 1000);
  try {
    const signal = AbortSignal.any([stop, late.signal]);
    const tokens = await (flags.resume ? client.resume({ signal }) : client.login({ signal }));
    report(tokens, client, flags);
    return 0;
  } finally {
    clearTimeout(timer || undefined);
  }
};

function shower(flags: Flags): OnPrompt {
  return (prompt) => {
    if (flags.json) event(shown(prompt));
    const plain = flags.plain || isPlain();
    if (plain) note(prompt.plain);
    else {
      if (!flags["no-qr"]) drawn(prompt).forEach(note);
      note(prompt.text);
    }
    if (flags.spoken) note(`The code, spelled: ${prompt.spoken}`);
    const left = Math.max(0, Math.round((prompt.expiresAt.getTime() - Date.now()) / 1000));
    note(`Waiting for your approval; the code ends in ${Math.floor(left / 60)} min ${left % 60} s.`);
    if (flags.open) open(prompt.verificationUriComplete ?? prompt.verificationUri);
  };
}

function shown(prompt: Prompt): Record<string, unknown> {
  return {
    event: "prompt", user_code: prompt.userCode, verification_uri: prompt.verificationUri,
    verification_uri_complete: prompt.verificationUriComplete ?? null, expires_at: rfc3339(prompt.expiresAt),
    interval: prompt.interval, message: prompt.message ?? null, scopes: prompt.scopes,
  };
}

/** Core lets only https and loopback addresses through; no shell is involved. */
function open(address: string): void {
  const by: Record<string, string[]> = { darwin: ["open"], win32: ["rundll32", "url.dll,FileProtocolHandler"] };
  const [program, ...words] = by[process.platform] ?? ["xdg-open"];
  const child = spawn(program!, [...words, address], { stdio: "ignore", detached: true });
  child.on("error", () => note("No browser could be opened here; open the address yourself."));
  child.unref();
}

function report(tokens: Tokens, client: Client, flags: Flags): void {
  const expiresAt = rfc3339(tokens.expiresAt);
  if (flags.json) {
    return event({
      event: "signed_in", profile: flags.profile ?? null, issuer: tokens.issuer ?? null, scope: tokens.scopes.join(" "),
      token_type: tokens.tokenType, expires_at: expiresAt, refreshable: tokens.refreshToken !== undefined,
      store: client.store, warnings: [],
    });
  }
  note(`Signed in to ${tokens.issuer ?? flags.target ?? flags["device-endpoint"] ?? "the server"}.`);
  if (tokens.scopes.length) note(`It may: ${tokens.scopes.join(" ")}`);
  if (expiresAt) note(`The token lives until ${expiresAt}.`);
  note(`Kept in ${client.store}`);
}

function need(flags: Flags, signal: AbortSignal): TokenNeed {
  const minTtl = flags["min-ttl"] === undefined ? undefined : seconds(flags["min-ttl"]);
  return { minTtl, reject: fromEnv(flags["reject-env"], "token"), signal };
}

/** A token that could not be kept is good all the same, but whoever runs this has to know. */
function unsaved(client: Client): number {
  return client.unsaved ? fail(client.unsaved, false) : 0;
}

const token: Command = async (flags, signal) => {
  const client = new Client(clientOptions(flags));
  const tokens = await client.tokens(need(flags, signal));
  if (flags.json) {
    const { accessToken: access_token, tokenType: token_type, issuer = null } = tokens;
    event({ access_token, token_type, expires_at: rfc3339(tokens.expiresAt), scope: tokens.scopes.join(" "), issuer });
  } else {
    line(tokens.accessToken);
  }
  return unsaved(client);
};

const headers: Command = async (flags, signal) => {
  const client = new Client(clientOptions(flags));
  event({ Authorization: `Bearer ${await client.token(need(flags, signal))}` });
  return unsaved(client);
};

const WORDS = {
  fresh: "its token is good", expiring: "its token is renewed with the next use",
  signed_out: "signed out", unreachable: "cannot be used now",
};

const status: Command = async (flags) => {
  const client = new Client(clientOptions(flags));
  const health = await client.health();
  const expires_at = rfc3339(health.expiresAt);
  if (flags.json) {
    const { state, code = null, reason = null, refreshable, warnings } = health;
    const refresh_expires_at = rfc3339(health.refreshExpiresAt);
    event({ event: "login", state, code, expires_at, refreshable, refresh_expires_at, reason, warnings, store: client.store });
  } else {
    line(`${WORDS[health.state]}`);
    if (health.reason) line(`  because          ${health.reason}`);
    if (expires_at) line(`  token until      ${expires_at}`);
    for (const warning of health.warnings) line(`  warning          ${warning}`);
    line(`  kept in          ${client.store}`);
  }
  if (health.state === "fresh" || health.state === "expiring") return 0;
  return newError(health.code ?? "token_expired", "").exit;
};

const logout: Command = async (flags, signal) => {
  const client = new Client(clientOptions(flags));
  const revoked = await client.logout({ signal });
  if (flags.json) event({ event: "signed_out", revoked });
  else if (revoked) note("Signed out: the server has revoked the tokens.");
  else note("Signed out: nothing is kept here any more. The server did not revoke the tokens.");
  return 0;
};

const COMMANDS: Record<string, Command> = { login, token, headers, status, logout };

/** Runs a command; an interrupt ends it as core's own error does. */
export async function run(name: string, flags: Flags): Promise<number> {
  const stop = new AbortController();
  const message = "the sign-in was interrupted before anybody approved";
  const interrupt = () => stop.abort(newError("interrupted", message));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    return await COMMANDS[name]!(flags, stop.signal);
  } catch (error) {
    if (!(error instanceof DeviceGrantError)) throw error;
    return fail(error, Boolean(flags.json) && name !== "token");
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}
