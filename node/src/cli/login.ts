// `devicegrant login`
import { spawn } from "node:child_process";

import { Client } from "../client.js";
import { DeviceGrantError, TryLater, newError } from "../errors.js";
import { machines } from "../machines.js";
import { Lines } from "../node/line.js";
import { drawn, isPlain } from "../node/terminal.js";
import type { OnPaste, OnPrompt } from "../options.js";
import type { PastePrompt, Prompt } from "../values.js";
import { healthOf, moment } from "../values.js";
import type { Job } from "./commands.js";
import { resumption } from "./flags.js";
import type { Flags } from "./flags.js";
import { event, note, rfc3339 } from "./output.js";

/** Signs in, or goes on with a sign-in. One that is interrupted is kept, so that nobody has to approve twice. */
export async function login({ client, flags, signal: stop, asked }: Job): Promise<number> {
  const late = new AbortController();
  const lines = new Lines();
  const message = "the time allowed by --timeout ran out before anybody approved";
  const timer = flags.timeout && setTimeout(() => late.abort(newError("gave_up", message)), flags.timeout * 1000);
  try {
    const signal = AbortSignal.any([stop, late.signal]);
    if (flags.paste) await client.loginByPaste(paster(flags, lines), { signal });
    else {
      if (!flags.resume) {
        await Client.inside(client).chooseKey();
        await client.keep(await client.begin({ signal }));
      }
      await client.resume({ signal });
    }
  } catch (error) {
    const waits = error instanceof TryLater || (error instanceof DeviceGrantError && ["interrupted", "gave_up"].includes(error.code));
    if (!waits || !asked() || flags.store === "memory") throw error;
    throw hinting(error, `The sign-in is kept; while its code lives, this goes on with it: ${resumption(flags)}`);
  } finally {
    clearTimeout(timer || undefined);
    // Whoever gave up left it reading.
    lines.close();
  }
  report(client, flags);
  return 0;
}

/** The error, with what to do next where the command knows that better than the catalog. */
export function hinting(error: DeviceGrantError, hint: string): DeviceGrantError {
  return Object.assign(error, { hint });
}

/** Asks the person, and notes that somebody was asked. */
export function shower(flags: Flags, asked: () => void): OnPrompt {
  return (prompt) => {
    asked();
    if (flags.json) event(shown(prompt));
    say(prompt, flags);
    if (flags.spoken) note(`The code, spelled: ${prompt.spoken}`);
    const left = Math.max(0, Math.round((prompt.expiresAt.getTime() - Date.now()) / 1000));
    note(`Waiting for your approval; the code ends in ${Math.floor(left / 60)} min ${left % 60} s.`);
    if (flags.open) open(prompt.verificationUriComplete ?? prompt.verificationUri);
  };
}

/** Asks the person for an address, and reads a line of theirs. */
function paster(flags: Flags, lines: Lines): OnPaste {
  return (prompt) => {
    if (flags.json) {
      const { authorizationUri: authorization_uri, redirectUri: redirect_uri, scopes, trouble } = prompt;
      event({ event: "paste", authorization_uri, redirect_uri, expires_at: rfc3339(prompt.expiresAt), scopes, trouble });
    }
    say(prompt, flags, !prompt.trouble);
    if (lines.areHidden) note("What you paste is not shown; end it with Enter.");
    return lines.next();
  };
}

function say(prompt: Prompt | PastePrompt, flags: Flags, withQr = true): void {
  if (flags.plain || flags.verbose || isPlain()) return note(prompt.plain);
  if (withQr && !flags["no-qr"]) drawn(prompt).forEach(note);
  note(prompt.text);
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

function report(client: Client, flags: Flags): void {
  const kept = Client.inside(client).signedIn()!;
  const { tokens, grantedBeyond } = kept;
  const { profile, issuer, target } = kept.header.login;
  const expires_at = rfc3339(moment(tokens.expiresAtMs));
  const refresh_expires_at = rfc3339(moment(tokens.refreshExpiresAtMs));
  const nobody = new (machines().Failure)("no_login", "");
  const health = healthOf(machines().health(kept.copy(), nobody, undefined, 0, Date.now()));
  const warnings = grantedBeyond.map((scope) => `the server granted ${JSON.stringify(scope)}, which was not asked for`);
  warnings.push(...health.warnings);
  if (refresh_expires_at) warnings.push(`the refresh token ends at ${refresh_expires_at}: without a renewal before, somebody has to sign in again`);
  if (flags.store === "memory") warnings.push("the login is in this process alone, and gone when it ends");
  if (flags.json) {
    return event({
      event: "signed_in", profile, issuer, scope: tokens.scopes.join(" "), token_type: tokens.tokenType, expires_at,
      refresh_expires_at, refreshable: tokens.refreshToken !== undefined, store: client.store, warnings,
    });
  }
  note(`Signed in to ${issuer ?? target ?? "the server"}.`);
  if (tokens.scopes.length) note(`It may: ${tokens.scopes.join(" ")}`);
  if (expires_at) note(`The token lives until ${expires_at}.`);
  note(`Kept in ${client.store}`);
  for (const warning of warnings) note(`warning: ${warning}`);
}
