// The token of a client as a transport asks for it: before every request, and once more after a 401.
import type { Client } from "devicegrant";
import { SignInNeeded, isStepUp } from "devicegrant";
import { wider } from "./step-up.js";

/** How long after a renewal a 401 still means a token from before it. */
const LATE_MS = 2_000;

export class Bearer {
  #client: Client;
  #given: string | undefined;
  #renewedAt = -Infinity;

  constructor(client: Client) {
    this.#client = client;
  }

  /** None where nobody has signed in: a server may answer without. */
  async token(): Promise<string | undefined> {
    try {
      return (this.#given = await this.#client.token());
    } catch (error) {
      if (error instanceof SignInNeeded) return undefined;
      throw error;
    }
  }

  /**
   * After a 401: the next `token()` gives another one. However many requests meet a 401 together, the
   * token is renewed once. Rejects with `SignInNeeded` where a person has to sign in: also for more
   * scopes, which some servers demand by a 401 with that `challenge`.
   */
  async renew(challenge?: string | null): Promise<void> {
    const demanded = challenge && isStepUp(challenge) ? challenge : undefined;
    // Nobody tells which token was answered 401. Requests that left together are answered one after
    // another, and whoever is told late must not spend the new token.
    if (!demanded && performance.now() - this.#renewedAt < LATE_MS) return;
    const reject = this.#given;
    this.#given = await wider(this.#client, { reject, challenge: demanded });
    if (reject !== undefined) this.#renewedAt = performance.now();
  }
}
