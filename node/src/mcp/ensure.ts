// What a tool calls when it needs a token of the API behind it.
import type { Client } from "devicegrant";
import { DeviceGrantError, SignInNeeded, authFetch } from "devicegrant";
import { Attempt } from "./attempt.js";
import { Call } from "./context.js";
import type { FirstContext, Said, SecondContext, ToolContext, ToolServer } from "./context.js";
import { newError } from "./errors.js";
import { PerUser } from "./per-user.js";
import type { User } from "./per-user.js";
import { byAddress, byForm, inWords, inputRequired, plain } from "./questions.js";
import type { InputRequiredResult, PlainResult } from "./questions.js";

/** The longest that a call is held for its person, in seconds; clients give one up after a minute. */
const HOLD = 45;
/** How often a held call tells that it is still at it. */
const TELL_MS = 5_000;

export interface EnsureOptions {
  /** Who asks, where this server knows it from elsewhere than the SDK's `authInfo`. */
  user?: User;
  /** Whoever reaches this server over HTTP is the same person. */
  singleUser?: boolean;
  /** The API's address: the `fetch` that comes back brings the token there and nowhere else. */
  origin?: string;
  /** What the sign-in is for, in a sentence for the person. */
  why?: string;
  /** The longest that a call waits for its person, in seconds (45). */
  hold?: number;
  /** The token that the API just answered 401. */
  reject?: string;
  /** The `WWW-Authenticate` of the API's 403: where it demands more scopes, those are signed in for. */
  challenge?: string;
}

/** There is a login: its token, and a `fetch` that brings it and renews it. */
export interface SignedIn {
  token: string;
  fetch: typeof fetch;
  client: Client;
  result?: undefined;
}

/** There is none yet: the tool returns `result`, in which the person is asked or told. */
export interface NotYet<R> {
  result: R;
  token?: undefined;
}

/**
 * The token for this call of a tool. Where nobody has signed in, the person is asked through the client,
 * the way the client says it can, and the tool returns what comes back:
 *
 *     const api = await ensure(context, server, client);
 *     if (api.result) return api.result;
 *     const answer = await api.fetch("https://api.example.com/things");
 *
 * `context` is what the tool is called with besides its arguments, and `server` the server it is
 * registered at, of either generation of the SDK. `of` is a `Client` in one person's own process, and a
 * `PerUser` on a server that several share: over HTTP a `Client` is refused, unless `singleUser` says
 * that only one person reaches the server.
 *
 * - A client that can show an address (elicitation in mode `url`) asks the person: by the server's own
 *   request up to 2025-11-25, by an `input_required` result since 2026-07-28.
 * - Any other gets address and code as the tool's text; one that has forms asks, when it calls again,
 *   whether it is done.
 *
 * One sign-in runs in the background for each login, until the code's end, whoever asks or comes back,
 * and keeps no process alive. A call that comes meanwhile is held for a while, with progress. Declined,
 * the sign-in ends; cancelled, the next call asks again. Rejects as `client.token()` does, but for
 * `SignInNeeded`.
 */
export function ensure(
  context: FirstContext, server: ToolServer, of: Client | PerUser, options?: EnsureOptions,
): Promise<SignedIn | NotYet<PlainResult>>;
export function ensure(
  context: SecondContext, server: ToolServer, of: Client | PerUser, options?: EnsureOptions,
): Promise<SignedIn | NotYet<PlainResult | InputRequiredResult>>;
export async function ensure(
  context: ToolContext, server: ToolServer, of: Client | PerUser, options: EnsureOptions = {},
): Promise<SignedIn | NotYet<any>> {
  const call = new Call(context, server);
  const client = await whose(call, of, options);
  const there = await signedIn(client, call, options);
  if (there) return there;
  try {
    const { reject, challenge } = options;
    const attempt = await Attempt.of(client, { reject, challenge });
    // None: it was approved between two looks.
    const result = attempt && (await ask(call, attempt, options));
    if (result) return { result };
  } catch (error) {
    if (!(error instanceof DeviceGrantError)) throw error;
    return { result: plain(`${error.message}. ${error.hint}`) };
  }
  return (await signedIn(client, call, options)) ?? { result: plain("The login is gone again. Call this tool again.") };
}

async function whose(call: Call, of: Client | PerUser, { user, singleUser }: EnsureOptions): Promise<Client> {
  if (of instanceof PerUser) return of.client(user ?? call.user());
  if (call.byHttp && !singleUser) {
    const message =
      "several people may reach this server, and one Client would give each of them the same login: " +
      "use PerUser, or singleUser where only one person reaches it";
    throw newError("bad_option", message);
  }
  return of;
}

async function signedIn(client: Client, call: Call, need: EnsureOptions): Promise<SignedIn | undefined> {
  const { reject, challenge, origin } = need;
  try {
    const token = await client.token({ reject, challenge, signal: call.signal });
    return { token, fetch: authFetch(client, { origin }), client };
  } catch (error) {
    if (error instanceof SignInNeeded) return undefined;
    throw error;
  }
}

/** None where the sign-in has come to its end. */
async function ask(call: Call, attempt: Attempt, options: EnsureOptions): Promise<PlainResult | InputRequiredResult | undefined> {
  const { prompt, handle } = attempt;
  const words = () => plain(inWords(prompt, options.why));
  let said = call.said(handle);
  const question = said ? undefined : attempt.next(call.means);
  if (question === "words") return words();
  if (question) {
    const params = question === "address" ? byAddress(prompt, options.why) : byForm(prompt);
    if (call.asksByResult) return inputRequired(handle, params);
    said = await byRequest(call, attempt, params);
    // It could not ask after all.
    if (!said && !attempt.over.aborted) return words();
  }
  if (said === "decline") {
    await attempt.giveUp();
    return plain("The person does not want to sign in, so this tool cannot do its work.");
  }
  if (said === "cancel") {
    attempt.askAgain();
    return plain("The sign-in was put off. Call this tool again when the person is ready for it.");
  }
  return (await held(call, attempt, options.hold)) ? undefined : words();
}

/** True where the sign-in has come to its end; rejects where that was no login. */
async function held(call: Call, attempt: Attempt, hold = HOLD): Promise<boolean> {
  const whole = Math.min(hold, HOLD);
  const until = performance.now() + whole * 1000;
  for (;;) {
    const left = until - performance.now();
    await call.progress(whole - left / 1000, whole, "waiting until somebody has signed in");
    if (await attempt.ends(Math.max(0, Math.min(left, TELL_MS)), call.signal)) {
      await attempt.outcome;
      return true;
    }
    if (call.signal.aborted || left <= 0) return false;
  }
}

/** Specification 2025-11-25: the server asks. None where that brings no answer. */
async function byRequest(call: Call, attempt: Attempt, question: { mode: string }): Promise<Said | undefined> {
  const { handle, over, prompt } = attempt;
  const byUrl = question.mode === "url";
  // Some clients hold the answer back until the person has found their phone.
  const timeout = Math.max(1_000, prompt.expiresAt.getTime() - Date.now());
  const more = { relatedRequestId: call.id, signal: AbortSignal.any([call.signal, over]), timeout };
  if (byUrl) void tellTheEnd(call, attempt);
  try {
    const { action } = await call.server.elicitInput(byUrl ? { ...question, elicitationId: handle } : question, more);
    return action as Said;
  } catch {
    // Refused, gone, or the sign-in was approved first.
    return undefined;
  }
}

/** A client may show that it is done. */
async function tellTheEnd(call: Call, attempt: Attempt): Promise<void> {
  try {
    await attempt.outcome;
    await call.server.createElicitationCompletionNotifier(attempt.handle, { relatedRequestId: call.id })();
  } catch {
    // Not approved, or nobody listens any more.
  }
}
