// Whose login it is: one client and at most one waiting sign-in for each user.
import type { ClientOptions } from "devicegrant";
import { Client, MemoryStore } from "devicegrant";
import { Attempt } from "./attempt.js";

/** A user of a server that serves several. */
export interface User {
  /** Names whose login it is. */
  key: string;
  /** Who has to approve: the `sub` at the authorization server. */
  expectedSub?: string;
  /** The same by another name that it tells, as an e-mail address. */
  expectedAccount?: string;
}

/** How many users' clients stay in memory; their logins stay in the store. */
const MOST = 1_000;

export class Seat {
  #attempt: Promise<Attempt | undefined> | undefined;

  constructor(readonly client: Client) {}

  /** Whether a sign-in waits here. */
  get waits(): boolean {
    return this.#attempt !== undefined;
  }

  /** The sign-in that waits, begun where none does; however many ask, it is one. */
  attempt(): Promise<Attempt | undefined> {
    if (this.#attempt) return this.#attempt;
    const starting = (this.#attempt = Attempt.start(this.client));
    const leave = () => {
      if (this.#attempt === starting) this.#attempt = undefined;
    };
    starting.then((attempt) => {
      if (!attempt || attempt.over.aborted) leave();
      else attempt.over.addEventListener("abort", leave, { once: true });
    }, leave);
    return starting;
  }
}

/** A question that is out, and whose. */
export interface Round {
  seat: Seat;
  attempt: Attempt;
}

export class Users {
  #given: ClientOptions;
  #seats = new Map<string, Seat>();
  #rounds = new Map<string, Round>();

  constructor(given: ClientOptions) {
    // Users share what is in memory, as they would share a store.
    const memory = { store: new MemoryStore(), key: crypto.getRandomValues(new Uint8Array(32)) };
    this.#given = given.store === "memory" ? { ...memory, ...given, store: memory.store } : given;
    // What cannot be used is told now, and not with the first call of a tool.
    new Client(given);
  }

  /** A user's place. Without a user it is the one person whose process this is. */
  seat(user: User | undefined): Seat {
    const name = user ? JSON.stringify([user.key, user.expectedSub, user.expectedAccount]) : "";
    const there = this.#seats.get(name);
    const seat = there ?? new Seat(new Client(this.#of(user)));
    // The least lately used come first.
    this.#seats.delete(name);
    this.#seats.set(name, seat);
    if (this.#seats.size > MOST) this.#forget();
    return seat;
  }

  /** A login of one's own is a profile of one's own, at this API and no other. */
  #of(user: User | undefined): ClientOptions {
    if (!user) return this.#given;
    const { profile, server, issuer, provider, deviceEndpoint, clientId, resource } = this.#given;
    const { key, expectedSub, expectedAccount } = user;
    const base = profile ?? [server ?? issuer ?? provider ?? deviceEndpoint, clientId, resource].filter(Boolean).join(" ");
    return { ...this.#given, profile: `${base}/${encodeURIComponent(key)}`, expectedSub, expectedAccount } as ClientOptions;
  }

  #forget(): void {
    for (const [name, seat] of this.#seats) {
      if (seat.waits) continue;
      this.#seats.delete(name);
      return;
    }
  }

  /** The handle of a question: it names the round to this process, and says nothing to anybody else. */
  open(seat: Seat, attempt: Attempt): string {
    const handle = crypto.randomUUID();
    this.#rounds.set(handle, { seat, attempt });
    attempt.over.addEventListener("abort", () => this.#rounds.delete(handle), { once: true });
    return handle;
  }

  /** None for what another replica handed out: then the session says whose call it is, as ever. */
  round(handle: unknown): Round | undefined {
    return typeof handle === "string" ? this.#rounds.get(handle) : undefined;
  }
}
