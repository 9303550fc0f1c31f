// One sign-in that waits for its person, polled in the background by nobody but this.
import type { Client, Prompt, Tokens } from "devicegrant";
import { Pending, SignInNeeded, StoreError, TryLater } from "devicegrant";
import type { Means } from "./context.js";
import { newError } from "./errors.js";
import { pause } from "./waiting.js";

/** How often it is looked at; the server is asked at its own pace. */
const LOOK_MS = 1_000;
/** Past the code's end: the last poll, and a server or store that was away. */
const GRACE_MS = 60_000;

export class Attempt {
  readonly prompt: Prompt;
  #told = false;
  #confirmed = false;
  #client: Client;
  #over = new AbortController();
  #outcome: Promise<Tokens>;

  private constructor(client: Client, prompt: Prompt) {
    this.#client = client;
    this.prompt = prompt;
    this.#outcome = this.#run();
    // There may be nobody left who waits for it.
    this.#outcome.catch(() => {}).finally(() => this.#over.abort());
  }

  /**
   * Goes on with a sign-in that is kept, begun by this process or another; else begins one. None where
   * what was kept turns out to be approved already.
   */
  static async start(client: Client): Promise<Attempt | undefined> {
    const kept = await waiting(client);
    if (kept === "approved") return undefined;
    if (kept) return new Attempt(client, kept);
    const pending = await client.begin();
    if (!pending.prompt) throw newError("out_of_turn", "the sign-in has nothing to show");
    // Kept, so that any replica can finish it, and polled under its lease.
    await client.keep(pending);
    return new Attempt(client, pending.prompt);
  }

  /**
   * What a call has to ask: the person is told once, and whoever calls meanwhile asks nothing. Told in
   * words, because a form carries no address, they are asked once more whether it is done.
   */
  next(means: Means): "address" | "words" | "form" | undefined {
    const told = this.#told;
    this.#told = true;
    if (!told) return means === "url" ? "address" : "words";
    if (means !== "form" || this.#confirmed) return undefined;
    this.#confirmed = true;
    return "form";
  }

  /** It was put off. */
  askAgain(): void {
    this.#told = this.#confirmed = false;
  }

  /** Given when it has come to its end, whatever that is. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Its tokens, or why there are none. */
  get outcome(): Promise<Tokens> {
    return this.#outcome;
  }

  /** Waits for its end, at most so long; true where it has come. */
  async ends(ms: number, signal: AbortSignal): Promise<boolean> {
    const either = new AbortController();
    const leave = () => either.abort();
    for (const one of [this.over, signal]) one.addEventListener("abort", leave, { once: true });
    if (!this.over.aborted && !signal.aborted) await pause(ms, either.signal);
    for (const one of [this.over, signal]) one.removeEventListener("abort", leave);
    return this.over.aborted;
  }

  /** The person wants none of it: nobody polls for it any more. */
  async giveUp(): Promise<void> {
    this.#over.abort();
    await this.#client.drop();
  }

  async #run(): Promise<Tokens> {
    const end = this.prompt.expiresAt.getTime() + GRACE_MS;
    let last: unknown;
    while (!this.over.aborted && Date.now() < end) {
      await pause(LOOK_MS, this.over);
      if (this.over.aborted) break;
      try {
        const there = await this.#client.pollKept();
        if (!(there instanceof Pending)) return there;
      } catch (error) {
        // The code still lives; what is away may come back.
        if (!(error instanceof TryLater || error instanceof StoreError)) throw error;
        last = error;
      }
    }
    throw last ?? newError("gave_up", "the sign-in was given up");
  }
}

/** The prompt of the sign-in that is kept and still lives. */
async function waiting(client: Client): Promise<Prompt | "approved" | undefined> {
  try {
    const there = await client.pollKept();
    return there instanceof Pending ? there.prompt : "approved";
  } catch (error) {
    // None, or it came to its end: then a new one is begun.
    if (error instanceof TryLater || error instanceof StoreError) throw error;
    return undefined;
  }
}
