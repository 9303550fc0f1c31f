// The token of a client as a transport asks for it: before every request, and once more after a 401.
import type { Client } from "devicegrant";
import { SignInNeeded, isStepUp } from "devicegrant";
import { wider } from "./step-up.js";

/**
 * How long after another token came a 401 still is about the one before it. Core compares tokens, but
 * the SDKs tell only that some request was refused, neither with which token nor which ones were not.
 */
const LATE_MS = 2_000;

export class Bearer {
  #client: Client;
  #given: string | undefined;
  #changedAt = -Infinity;

  constructor(client: Client) {
    this.#client = client;
  }

  /** None where nobody has signed in: a server may answer without. */
  async token(): Promise<string | undefined> {
    try {
      return this.#give(await this.#client.token());
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
    // Requests that left together are answered one after another, and whoever is told late must not
    // spend the new token.
    if (!demanded && performance.now() - this.#changedAt < LATE_MS) return;
    this.#give(await wider(this.#client, { reject: this.#given, challenge: demanded }));
  }

  #give(token: string): string {
    if (this.#given !== undefined && this.#given !== token) this.#changedAt = performance.now();
    return (this.#given = token);
  }
}
