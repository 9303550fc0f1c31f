// Where logins are kept: what a store of the caller's own looks like, and how the driver calls one.
import { newError } from "./errors.js";
import type { Answer, Rest } from "./machines.js";

type Awaitable<T> = T | PromiseLike<T>;

/** The lease is somebody else's, since that moment of `performance.now()`. */
export interface Busy {
  busy: true;
  since?: number;
}

/** Nobody should take the lease before that moment, for that reason. */
export interface Resting {
  until: Date;
  code: string;
}

/**
 * Keeps logins. The bytes are sealed before they get here. No method waits for another process.
 * One that also has `list` is one whose logins can be found without being named. `keepsRests` says
 * that `unlock` keeps what it is told, and that `lock` heeds it.
 */
export interface Store {
  /** The record and its revision; none where nothing was ever written. */
  load(id: string): Awaitable<{ bytes?: Uint8Array | null; revision: number } | null | undefined>;
  /** Writes if the revision still is the expected one, and returns the next; else none. No bytes: a sign-out. */
  save(id: string, bytes: Uint8Array | undefined, expected: number): Awaitable<number | null | undefined>;
  /** Takes the lease for at most `ttl` seconds. */
  lock(id: string, ttl: number, force?: boolean): Awaitable<string | Busy | Resting>;
  /** Gives it back; one that has run out is no error. */
  unlock(lease: string, rest?: Resting): Awaitable<void>;
  list?(): Awaitable<readonly string[]>;
  /** Where it keeps them, for a person. */
  describe?(): string;
  readonly keepsRests?: boolean;
}

/** A store as the driver calls it: each method answers with what the flow is told. */
export interface Stored {
  load(id: string): Promise<Answer>;
  save(id: string, bytes: Uint8Array | undefined, expected: number): Promise<Answer>;
  lock(id: string, ttlMs: number, force: boolean): Promise<Answer>;
  unlock(lease: string, rest: Rest | undefined): Promise<Answer>;
  list(): Promise<Answer>;
  describe(): string;
}

/** Throws `Usage` (`bad_option`) for what is no store. */
export function stored(store: Store): Stored {
  for (const name of ["load", "save", "lock", "unlock"] as const) {
    if (typeof store?.[name] !== "function") throw newError("bad_option", `the store has no method ${name}`);
  }
  return {
    async load(id) {
      const there = await store.load(id);
      return { kind: "loaded", bytes: there?.bytes ?? undefined, revision: there?.revision ?? 0 };
    },
    async save(id, bytes, expected) {
      const revision = await store.save(id, bytes, expected);
      return revision == null ? { kind: "conflict" } : { kind: "saved", revision };
    },
    async lock(id, ttlMs, force) {
      const held = await (store.keepsRests ? store.lock(id, ttlMs / 1000, force) : store.lock(id, ttlMs / 1000));
      if (typeof held === "string") return { kind: "locked", lease: held };
      if ("busy" in held) return { kind: "busy", since: held.since ?? 0 };
      return { kind: "resting", untilMs: held.until.getTime(), code: held.code };
    },
    async unlock(lease, rest) {
      const told = rest && { until: new Date(rest.untilMs), code: rest.code };
      await (store.keepsRests ? store.unlock(lease, told) : store.unlock(lease));
      return { kind: "go" };
    },
    async list() {
      return { kind: "listed", names: [...((await store.list?.()) ?? [])] };
    },
    describe: () => store.describe?.() ?? store.constructor?.name ?? "a store",
  };
}
