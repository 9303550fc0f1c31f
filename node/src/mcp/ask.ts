// How a call asks its person, and waits for them.
import type { Attempt } from "./attempt.js";
import type { Call, Said } from "./context.js";
import { byAddress, byForm, inWords, inputRequired } from "./questions.js";
import type { InputRequiredResult, PlainResult } from "./questions.js";

/** The longest that a call is held for its person, in seconds; clients give one up after a minute. */
const HOLD = 45;
/** How often a held call tells that it is still at it. */
const TELL_MS = 5_000;

/** How long a call may still be held, for however many sign-ins; in milliseconds. */
export class Hold {
  readonly whole: number;
  left: number;

  constructor(seconds = HOLD) {
    this.whole = this.left = Math.min(seconds, HOLD) * 1000;
  }
}

/** None where the sign-in has come to its end. */
export async function ask(
  call: Call, attempt: Attempt, why: string | undefined, hold: Hold,
): Promise<PlainResult | InputRequiredResult | undefined> {
  const { prompt, handle } = attempt;
  const words = () => call.words(inWords(prompt, why));
  let said = call.said(handle);
  const question = said ? undefined : attempt.next(call.means);
  if (question === "words") return words();
  if (question) {
    const params = question === "address" ? byAddress(prompt, why) : byForm(prompt);
    if (call.asksByResult) return inputRequired(handle, params);
    said = await byRequest(call, attempt, params);
    // It could not ask after all.
    if (!said && !attempt.over.aborted) return words();
  }
  if (said === "decline") {
    await attempt.giveUp();
    return call.words("The person does not want to sign in, so this tool cannot do its work.");
  }
  if (said === "cancel") {
    attempt.askAgain();
    return call.words("The sign-in was put off. Call this tool again when the person is ready for it.");
  }
  return (await held(call, attempt, hold)) ? undefined : words();
}

/** True where the sign-in has come to its end; rejects where that was no login. */
async function held(call: Call, attempt: Attempt, hold: Hold): Promise<boolean> {
  const until = performance.now() + hold.left;
  for (;;) {
    hold.left = Math.max(0, until - performance.now());
    await call.progress((hold.whole - hold.left) / 1000, hold.whole / 1000, "waiting until somebody has signed in");
    if (await attempt.ends(Math.min(hold.left, TELL_MS), call.signal)) {
      hold.left = Math.max(0, until - performance.now());
      await attempt.outcome;
      return true;
    }
    if (call.signal.aborted || hold.left <= 0) return false;
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
