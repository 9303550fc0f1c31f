// For servers: an API behind a tool, and whose token it is called with.
import type { Client, ClientOptions } from "devicegrant";
import { DeviceGrantError, SignInNeeded, authFetch } from "devicegrant";
import { Call } from "./context.js";
import type { FirstContext, Said, SecondContext, ToolContext, ToolServer } from "./context.js";
import { newError } from "./errors.js";
import type { Attempt } from "./attempt.js";
import { byAddress, byForm, inWords, inputRequired, plain } from "./questions.js";
import type { InputRequiredResult, PlainResult } from "./questions.js";
import { Users } from "./users.js";
import type { Seat, User } from "./users.js";

/** The longest that a call is held for its person; clients give up on one after a minute. */
const HOLD_MS = 45_000;
/** How often a held call tells that it is still at it. */
const TELL_MS = 5_000;

export interface UpstreamOptions<C extends ToolContext = any> {
  /** Where the tool signs in, and where logins are kept; `onPrompt` is not asked. */
  client: Omit<ClientOptions, "onPrompt">;
  /**
   * Who calls, by the session's own authentication: never by anything that the caller may choose. A
   * server that is reached over HTTP needs it, because what a device page shows does not tell who asked:
   * each user has a login of their own, and one that is approved by somebody else is not kept.
   */
  user?: (context: C) => User | Promise<User>;
  /** Whoever reaches this server over HTTP is the same person. */
  onePerson?: boolean;
  /** Seals the handle of a round: `mint` of the SDK's `createRequestStateCodec`, where the server verifies by it. */
  mint?: (handle: string, context: C) => string | Promise<string>;
  /** The longest that a call waits for its person, in seconds (45). */
  hold?: number;
}

export interface Need {
  /** The token that the API just answered 401. */
  reject?: string;
  /** Scopes that have to have been asked for. */
  scopes?: readonly string[];
}

/** There is a login: its token, and a `fetch` that brings it. */
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

export class Upstream<C extends ToolContext = any> {
  #options: UpstreamOptions<C>;
  #users: Users;

  /** Nothing is asked of any server yet. Throws `Usage` for options that cannot be used. */
  constructor(options: UpstreamOptions<C>) {
    this.#options = options;
    this.#users = new Users(options.client);
  }

  /**
   * The token for this call of a tool. Without a login the person is asked through the client, the way
   * its specification and abilities have it, and what comes back is the result to return. It never asks
   * twice: whoever calls meanwhile waits with the first, and one poll runs, in the background, until the
   * code ends. Rejects as `client.token()` does, but for `SignInNeeded`.
   */
  ensure(context: FirstContext, server: ToolServer, need?: Need): Promise<SignedIn | NotYet<PlainResult>>;
  ensure(
    context: SecondContext, server: ToolServer, need?: Need,
  ): Promise<SignedIn | NotYet<PlainResult | InputRequiredResult>>;
  async ensure(context: any, server: ToolServer, need: Need = {}): Promise<SignedIn | NotYet<any>> {
    const call = new Call(context, server);
    const user = await this.#user(context, call);
    const seat = this.#users.seat(user);
    const round = this.#users.round(call.state);
    if (round && round.seat !== seat) return { result: plain("This answer belongs to a sign-in of somebody else.") };
    const there = await signedIn(seat, need, call.signal);
    if (there) return there;
    try {
      const attempt = await seat.attempt();
      // Approved between two looks.
      if (!attempt) return (await signedIn(seat, need, call.signal)) ?? { result: plain("Call this tool again.") };
      // The answer to a question that is over answers nothing.
      const said = !round || round.attempt === attempt ? call.said : undefined;
      const result = await this.#ask(context, call, seat, attempt, said);
      return result ? { result } : ((await signedIn(seat, need, call.signal)) ?? { result: plain(inWords(attempt.prompt)) });
    } catch (error) {
      if (!(error instanceof DeviceGrantError)) throw error;
      return { result: plain(`${error.message}. ${error.hint}`) };
    }
  }

  async #user(context: C, call: Call): Promise<User | undefined> {
    const { user, onePerson } = this.#options;
    if (user) {
      const who = await user(context);
      if (!who?.key) throw newError("bad_option", "user gave nobody: a key names whose login it is");
      if (!who.expectedSub && !who.expectedAccount) {
        const message = "user gave neither expectedSub nor expectedAccount, so that anybody could approve";
        throw newError("bad_option", message);
      }
      return who;
    }
    if (call.byHttp && !onePerson) {
      const message = "several people may reach this server: give user, or onePerson where that is not so";
      throw newError("bad_option", message);
    }
    return undefined;
  }

  /** None where the sign-in has come to its end meanwhile. */
  async #ask(
    context: C, call: Call, seat: Seat, attempt: Attempt, said: Said | undefined,
  ): Promise<PlainResult | InputRequiredResult | undefined> {
    const { prompt } = attempt;
    const question = said ? undefined : attempt.next(call.means);
    if (question === "words") return plain(inWords(prompt));
    if (question) {
      const params = question === "address" ? byAddress(prompt) : byForm(prompt);
      if (call.asksByResult) {
        const handle = this.#users.open(seat, attempt);
        return inputRequired(params, (await this.#options.mint?.(handle, context)) ?? handle);
      }
      said = await byRequest(call, attempt, params);
      if (!said && !attempt.over.aborted) return plain(inWords(prompt));
    }
    if (said === "decline") {
      await attempt.giveUp();
      return plain("The person does not want to sign in, so this tool cannot do its work.");
    }
    if (said === "cancel") {
      attempt.askAgain();
      return plain("The sign-in was put off. Call this tool again when the person is ready for it.");
    }
    return (await this.#held(call, attempt)) ? undefined : plain(inWords(prompt));
  }

  /** True where the sign-in has come to its end. */
  async #held(call: Call, attempt: Attempt): Promise<boolean> {
    const until = performance.now() + Math.min((this.#options.hold ?? 45) * 1000, HOLD_MS);
    for (;;) {
      const left = until - performance.now();
      if (await attempt.ends(Math.max(0, Math.min(left, TELL_MS)), call.signal)) {
        await attempt.outcome;
        return true;
      }
      if (call.signal.aborted || left <= 0) return false;
      await call.progress("Waiting for the sign-in to be approved");
    }
  }
}

async function signedIn(seat: Seat, need: Need, signal: AbortSignal): Promise<SignedIn | undefined> {
  const { client } = seat;
  try {
    return { token: await client.token({ ...need, signal }), fetch: authFetch(client), client };
  } catch (error) {
    if (error instanceof SignInNeeded) return undefined;
    throw error;
  }
}

/** Specification 2025-11-25: the server asks. None where that brings no answer. */
async function byRequest(call: Call, attempt: Attempt, question: { mode: string }): Promise<Said | undefined> {
  const elicitationId = crypto.randomUUID();
  const end = AbortSignal.any([call.signal, attempt.over]);
  // Clients may hold the answer back until the person has found their phone.
  const timeout = Math.max(1_000, attempt.prompt.expiresAt.getTime() - Date.now());
  const more = { relatedRequestId: call.id, signal: end, timeout };
  const byAddress = question.mode === "url";
  if (byAddress) void tellTheEnd(call, attempt, elicitationId);
  try {
    const { action } = await call.server.elicitInput(byAddress ? { ...question, elicitationId } : question, more);
    return action as Said;
  } catch {
    // It could not ask after all, or the sign-in was approved first.
    return undefined;
  }
}

/** A client may show that it is done. */
async function tellTheEnd(call: Call, attempt: Attempt, elicitationId: string): Promise<void> {
  try {
    await attempt.outcome;
    await call.server.createElicitationCompletionNotifier(elicitationId, { relatedRequestId: call.id })();
  } catch {
    // Not approved, or gone.
  }
}
