// What a tool calls when it needs a token of the API behind it.
import type { Client } from "devicegrant";
import { DeviceGrantError, SignInNeeded, authFetch } from "devicegrant";
import { Hold, ask } from "./ask.js";
import { Attempt } from "./attempt.js";
import { Call } from "./context.js";
import type { FirstContext, SecondContext, ToolContext, ToolServer } from "./context.js";
import { newError } from "./errors.js";
import { PerUser } from "./per-user.js";
import type { User } from "./per-user.js";
import type { InputRequiredResult, PlainResult } from "./questions.js";

/** How many sign-ins a call waits for: somebody else's, its own, and one that came between. */
const ROUNDS = 3;

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
 * and keeps no process alive. A call that comes meanwhile is held for a while, with progress; where it
 * needs more than that sign-in was for, its own comes next. Declined, the sign-in ends; cancelled, the
 * next call asks again. Rejects as `client.token()` does, but for `SignInNeeded`.
 *
 * A prompt and a resource may call it too: there `result` is an `InputRequiredResult` for certain. Where
 * they would be answered in words, and wherever else a question cannot be the answer, it rejects with the
 * words as the JSON-RPC error -32600. SDK 1 does not tell what is called: there everything counts as a
 * tool, and a prompt or a resource throws the text of `result` itself.
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
  const hold = new Hold(options.hold);
  for (let round = 0; ; round += 1) {
    const there = await signedIn(client, call, options);
    if (!(there instanceof SignInNeeded)) return there;
    if (round === ROUNDS) return { result: call.words(`${there.message}, after somebody has signed in. Call this again.`) };
    try {
      const { reject, challenge } = options;
      const attempt = await Attempt.of(client, { reject, challenge });
      // None: one was approved between two looks. Whether that will do is seen by another.
      const result = attempt && (await ask(call, attempt, options.why, hold));
      if (result) return { result };
    } catch (error) {
      if (!(error instanceof DeviceGrantError)) throw error;
      return { result: call.words(`${error.message}. ${error.hint}`) };
    }
  }
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

async function signedIn(client: Client, call: Call, need: EnsureOptions): Promise<SignedIn | SignInNeeded> {
  const { reject, challenge, origin } = need;
  try {
    const token = await client.token({ reject, challenge, signal: call.signal });
    return { token, fetch: authFetch(client, { origin }), client };
  } catch (error) {
    if (error instanceof SignInNeeded) return error;
    throw error;
  }
}
