// The machines of the stores: files, keys, Redis.
import type { Answer, Failure, Key } from "./devicegrant.js";

/** LOCKING.md: what is done to files, decided. */
export class Disk {
  constructor();
  load(id: string): Files;
  save(id: string, bytes: Uint8Array | undefined, expected: number): Files;
  lock(id: string, ttlMs: number, force: boolean, owner: Owner): Files;
  unlock(lease: string, untilMs: number | undefined, code: string): Files;
  list(): Files;
}

/** A process: `start` where the system tells it, and the space in which both mean something. */
export interface Owner {
  pid: number;
  start?: string;
  space: string;
}

export type FileStep =
  | { kind: "makeDir"; path: string }
  | { kind: "list"; path: string }
  | { kind: "read"; path: string; max: number }
  | { kind: "publish"; path: string; bytes: Uint8Array; durable: boolean }
  | { kind: "remove"; path: string }
  | { kind: "liveness"; owner: Owner }
  /** The answer for the flow that asked the store. */
  | { kind: "done"; output: Answer };

export type FileAnswer =
  | { kind: "go" | "made" | "absent" | "published" | "exists" | "removed" | "dead" | "alive" | "unknown" }
  | { kind: "names"; names: string[] }
  | { kind: "bytes"; bytes: Uint8Array }
  | { kind: "unsafe"; why: string };

export class Files {
  step(wallMs: number, steadyMs: number, answer: FileAnswer): FileStep;
  free(): void;
}

/** Holds a key. */
export class Hidden {
  readonly bytes: Uint8Array;
  readonly text: string;
  free(): void;
}

export type KeyStep<T> =
  | { kind: "read"; name: string }
  | { kind: "publish"; name: string; content: Hidden }
  | { kind: "variable"; name: string }
  | { kind: "run"; argv: string[]; timeoutMs: number }
  | { kind: "recall"; account: string; timeoutMs: number }
  | { kind: "remember"; account: string; content: Hidden; timeoutMs: number }
  | { kind: "done"; output: T };

export type KeyAnswer =
  | { kind: "go" | "published" | "exists" | "kept" }
  | { kind: "file"; bytes?: Uint8Array }
  | { kind: "text"; text?: string }
  /** `absent`, `locked`, `volatile`, `timed_out`, or a few words that hold no secret. */
  | { kind: "silent"; why: string };

/** The key of a home, or of a store that has none. */
export class KeyFlow<T> {
  /** `random`: 64 bytes. Ends with nothing where there is no home and none is to be made. */
  static open(
    source: string | undefined,
    create: boolean,
    home: string,
    random: Uint8Array,
    unattended?: boolean,
  ): KeyFlow<Opened | undefined>;
  static variables(): KeyFlow<Key>;
  step(answer: KeyAnswer): KeyStep<T>;
  free(): void;
}

export class Opened {
  readonly key: Key;
  readonly homeId: string;
  readonly source: string;
  readonly keyId: string;
  readonly created: boolean;
  readonly protects: string;
  free(): void;
}

/** One call: `EVALSHA`, and `EVAL` where the server answers `NOSCRIPT`. */
export interface Call {
  script: string;
  keys: string[];
  args: Uint8Array[];
}

/** The store on Redis: the calls, and what is answered. A string of Redis is text or bytes. */
export class Redis {
  constructor(prefix?: string);
  load(id: string): Call;
  loaded(answer: unknown): Answer;
  /** Before each save. */
  enlist(id: string): Call;
  save(id: string, bytes: Uint8Array | undefined, expected: number, again: boolean): Call;
  saved(expected: number, answer: unknown): Answer;
  lease(id: string, random: Uint8Array): string;
  lock(id: string, ttlMs: number, force: boolean, lease: string): Call;
  locked(lease: string, answer: unknown, wallMs: number, steadyMs: number): Answer;
  unlock(lease: string, untilMs: number | undefined, code: string, wallMs: number): Call;
  unlocked(answer: unknown): Answer;
  list(): Call;
  listed(answer: unknown): Answer;
  failed(place: string, words: string, said: boolean): { failure: Failure; passes: boolean };
}
