// A sign-in as a loop over what happens.
import type { Event } from "./machines.js";
import type { SignIn } from "./calls.js";
import type { Prompt, Tokens } from "./values.js";

export type Progress =
  /** To be shown to a person. */
  | { event: "prompt"; prompt: Prompt }
  /** The end. */
  | { event: "signed_in"; tokens: Tokens }
  /** `code_issued`, `pending`, `slow_down`, `unreachable` … with durations in seconds. */
  | Event;

export async function* progress(
  login: (how: SignIn) => Promise<Tokens>,
  signal: AbortSignal | undefined,
  onEvent: ((event: Event) => void) | undefined,
): AsyncGenerator<Progress, void, void> {
  const told: Progress[] = [];
  let wake = () => {};
  const tell = (what: Progress) => {
    told.push(what);
    wake();
  };
  const leave = new AbortController();
  const signedIn = login({
    signal: signal ? AbortSignal.any([signal, leave.signal]) : leave.signal,
    onPrompt: (prompt) => tell({ event: "prompt", prompt }),
    onEvent: (event) => {
      onEvent?.(event);
      tell(event);
    },
  });
  let over = false;
  signedIn.catch(() => {}).finally(() => {
    over = true;
    wake();
  });
  try {
    for (;;) {
      yield* told.splice(0);
      if (over && told.length === 0) break;
      if (told.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    }
    yield { event: "signed_in", tokens: await signedIn };
  } finally {
    leave.abort(new DOMException("the loop was left", "AbortError"));
  }
}
