// One sign-in that waits for its person, polled in the background by nobody but this.
import type { Client, Prompt, TokenNeed } from "devicegrant";
import { Pending, SignInNeeded, StoreError, TryLater } from "devicegrant";
import type { Means } from "./context.js";
import { digest } from "./digest.js";
import { newError } from "./errors.js";
import { pause } from "./waiting.js";

/** How often it is looked at; the server is asked at its own pace. */
const LOOK_MS = 1_000;
/** Past the code's end: the last poll, and a server or store that was away. */
const GRACE_MS = 60_000;

interface Running {
  starting: Promise<Attempt | undefined>;
  need: TokenNeed;
}

/** The one that runs for a client, begun or on its way. */
const RUNNING = new WeakMap<Client, Running>();

export class Attempt {
  #told: boolean;
  #confirmed = false;
  #client: Client;
  #need: TokenNeed;
  #over = new AbortController();
  /** Listeners of the signal itself would be warned of as a leak: there may be any number. */
  #waiting = new Set<() => void>();
  #outcome: Promise<void>;

  private constructor(
    client: Client,
    need: TokenNeed,
    readonly prompt: Prompt,
    /**
     * The name of the question, the same on every replica. It is no secret, and no way to anything: an
     * answer counts only for the login of whoever brings it.
     */
    readonly handle: string,
    mine: boolean,
  ) {
    this.#client = client;
    // What another's was for it does not tell: that there is a login then has to do.
    this.#need = mine ? need : {};
    // Whoever began it asks the person.
    this.#told = !mine;
    this.over.addEventListener("abort", () => this.#waiting.forEach((leave) => leave()), { once: true });
    this.#outcome = this.#run();
    // There may be nobody left who waits for it.
    this.#outcome.catch(() => {}).finally(() => this.#over.abort());
  }

  /**
   * The sign-in of this client that waits, begun where none does; however many ask, it is one. None
   * where it turns out to be approved already. `need` is what its token has to be good for where it is
   * begun: whoever joins one that was begun for something else has to look again when it is over.
   */
  static async of(client: Client, need: TokenNeed): Promise<Attempt | undefined> {
    const there = RUNNING.get(client);
    if (!there) return Attempt.#begin(client, need);
    try {
      return await there.starting;
    } catch (error) {
      // What could not be begun for the one may well be for the other.
      if (isSame(there.need, need)) throw error;
      return RUNNING.get(client)?.starting ?? Attempt.#begin(client, need);
    }
  }

  static #begin(client: Client, need: TokenNeed): Promise<Attempt | undefined> {
    const starting = Attempt.#start(client, need);
    RUNNING.set(client, { starting, need });
    const leave = () => void (RUNNING.get(client)?.starting === starting && RUNNING.delete(client));
    starting.then((attempt) => {
      if (!attempt || attempt.over.aborted) leave();
      else attempt.over.addEventListener("abort", leave, { once: true });
    }, leave);
    return starting;
  }

  static async #start(client: Client, need: TokenNeed): Promise<Attempt | undefined> {
    let there = await waiting(client);
    let mine: string | undefined;
    if (!there) {
      // What waited when the caller looked may have been approved since then.
      if (await isSignedIn(client, need)) return undefined;
      const pending = await client.begin({ challenge: need.challenge });
      mine = pending.prompt?.userCode;
      // Kept, so that any replica can finish it, and polled under its lease.
      await client.keep(pending, { first: true });
      there = await waiting(client);
    }
    if (there === "approved") return undefined;
    if (!there) throw newError("no_pending", "the sign-in ended before it began");
    const { userCode, verificationUri, expiresAt } = there;
    const handle = `sign-in-${await digest([verificationUri, userCode, expiresAt.getTime()])}`;
    return new Attempt(client, need, there, handle, userCode === mine);
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

  /** Resolves once there is a login; rejects with why there is none. */
  get outcome(): Promise<void> {
    return this.#outcome;
  }

  /** Waits for its end, at most so long; true where it has come. */
  async ends(ms: number, signal: AbortSignal): Promise<boolean> {
    const either = new AbortController();
    const leave = () => either.abort();
    this.#waiting.add(leave);
    signal.addEventListener("abort", leave, { once: true });
    if (!this.over.aborted && !signal.aborted) await pause(ms, either.signal);
    signal.removeEventListener("abort", leave);
    this.#waiting.delete(leave);
    return this.over.aborted;
  }

  /** The person wants none of it: nobody polls for it any more. */
  async giveUp(): Promise<void> {
    this.#over.abort();
    await this.#client.drop();
  }

  async #run(): Promise<void> {
    const end = this.prompt.expiresAt.getTime() + GRACE_MS;
    let last: unknown;
    while (!this.over.aborted && Date.now() < end) {
      await pause(LOOK_MS, this.over);
      if (this.over.aborted) break;
      try {
        if (!((await this.#client.pollKept()) instanceof Pending)) return;
      } catch (error) {
        // Another replica ended it: with a login, or not.
        if (error instanceof SignInNeeded && (await isSignedIn(this.#client, this.#need))) return;
        // The code still lives; what is away may come back.
        if (!(error instanceof TryLater || error instanceof StoreError)) throw error;
        last = error;
      }
    }
    throw last ?? newError("gave_up", "the sign-in was given up");
  }
}

function isSame(one: TokenNeed, other: TokenNeed): boolean {
  return one.reject === other.reject && one.challenge === other.challenge;
}

async function isSignedIn(client: Client, need: TokenNeed): Promise<boolean> {
  try {
    await client.token(need);
    return true;
  } catch (error) {
    if (error instanceof SignInNeeded) return false;
    throw error;
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
