/**
 * The machines of devicegrant for JavaScript, for those who bring their own loop.
 *
 * A machine decides and performs nothing. Give `step` an answer, do the one thing that it asks for,
 * and give it what came of that:
 *
 * ```js
 * let answer = { kind: "go" };
 * for (;;) {
 *   const step = flow.step(Date.now(), performance.now(), answer);
 *   if (step.kind === "done") return step.output;
 *   answer = await perform(step);
 * }
 * ```
 *
 * Times are milliseconds: `wallMs` since 1970, `steadyMs` on a clock that never goes back. `random`
 * is 32 bytes, fresh for every call. Whatever is thrown is a `Failure`. An object of these classes
 * lives outside of the collector's sight until it is collected; `free` gives it back at once.
 */

export * from "./stores.js";

/** What ends a machine. Nothing in it is a secret. */
export class Failure {
  constructor(code: string, message: string);
  details(): Details;
  free(): void;
}

export interface Details {
  /** What the caller can do next: `SignInNeeded`, `Denied`, `CodeExpired`, `TryLater`, `Refused`, `StoreError`, `Usage`. */
  class: string;
  /** Stable; `devicegrant explain CODE`. */
  code: string;
  message: string;
  hint: string;
  /** Of a command that ends with it. */
  exit: number;
  /** What the server said (RFC 6749 §5.2), cleaned. */
  error?: string;
  error_description?: string;
  error_uri?: string;
  /** The logins that fit, where the code is `ambiguous_login`. */
  candidates: string[];
}

/** Every code there is. */
export function catalog(): { code: string; class: string; exit: number; meaning: string; hint: string }[];

/** Why nobody should renew before a moment, and what the last try ended with. */
export interface Rest {
  untilMs: number;
  code: string;
}

/** The one thing that a flow asks for. */
export type Step<T> =
  /** Send it as it is, follow no redirect; then `response` or `unreachable`. */
  | { kind: "send"; request: Request }
  /** Show it to a person; then `go` at once. */
  | { kind: "show"; prompt: Prompt }
  /** Show it to a person and read a line of theirs: then `pasted`, or `go` where nothing more can be read or `until` has come. */
  | { kind: "ask"; prompt: PastePrompt; until: number }
  /** Sleep until the steady clock reads that; then `go`. Waking early does no harm. */
  | { kind: "wait"; until: number }
  /** Then `loaded`. */
  | { kind: "load"; id: string }
  /** Then `listed`. */
  | { kind: "list" }
  /** Write, if the revision still is the expected one; no bytes: a sign-out. Then `saved` or `conflict`. */
  | { kind: "save"; id: string; bytes: Uint8Array | null; expected: number }
  /** Take the lease without waiting; then `locked`, `busy` or `resting`. */
  | { kind: "lock"; id: string; ttlMs: number; force: boolean }
  /** Then `go`. */
  | { kind: "unlock"; lease: string; rest: Rest | null }
  | { kind: "done"; output: T };

/** What a flow is answered. */
export type Answer =
  | { kind: "go" }
  /** As a person pasted it. */
  | { kind: "pasted"; text: string }
  /** `headers`: name, value, name, value … `bytes`: the body, at most one byte more than `maxBody`. */
  | { kind: "response"; status: number; headers: string[]; bytes: Uint8Array }
  | { kind: "unreachable"; why: "not_sent" | "maybe_sent" | "timed_out" | "tls" | "tls_untrusted" | "tls_expired" | "tls_wrong_host" }
  /** Revision 0: nothing was ever written. */
  | { kind: "loaded"; bytes?: Uint8Array; revision: number }
  | { kind: "listed"; names: string[] }
  | { kind: "saved"; revision: number }
  | { kind: "conflict" }
  | { kind: "locked"; lease: string }
  | { kind: "busy"; since: number }
  | { kind: "resting"; untilMs: number; code: string }
  /** The store could not do it. */
  | { kind: "failed"; code: string; message: string };

/** An HTTP request. What may be credentials stands behind getters, which nothing prints. */
export interface Request {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: [string, string][];
  readonly body: Uint8Array;
  readonly timeoutMs: number;
  readonly maxBody: number;
  /** A caller who gives up must not cut it off. */
  readonly mustFinish: boolean;
}

/** What happened, without a secret; durations in seconds. */
export type Event = { event: string } & Record<string, unknown>;

/** A conversation that core decides. */
export class Flow<T> {
  /** From options to a grant; `ownProvider` is the text of the user's own `NAME.json`. `wider` is used up. */
  static discover(options: Options, ownProvider?: string, wider?: Wider): Flow<Grant>;
  /** What a sign-in has to ask for besides; `challenge` is the `WWW-Authenticate` that led to it. */
  static widen(options: Options, challenge?: string): Flow<Wider>;
  /** As `discover`, and a grant without a client is no error: `register` comes next. */
  static discoverRegistering(options: Options, ownProvider?: string, wider?: Wider): Flow<Grant>;
  /** Finds out who the client is at that server, or has it registered, and keeps it. */
  static register(options: Options, grant: Grant, key: Key, random: Uint8Array): Flow<Registered>;
  /** As `discover`, for a sign-in by a pasted address. */
  static discoverPaste(options: Options, ownProvider?: string, wider?: Wider): Flow<Grant>;
  /** Shows an address, reads another, exchanges its code. */
  static paste(grant: Grant, random: Uint8Array): Flow<Tokens>;
  /** Asks for a code, shows it, polls until the end. */
  static login(grant: Grant, random: Uint8Array): Flow<Pending | Tokens>;
  static begin(grant: Grant, random: Uint8Array): Flow<Pending | Tokens>;
  /** Polls once, if it is time. */
  static poll(pending: Pending): Flow<Pending | Tokens>;
  /** Shows the prompt again and polls until the end. */
  static resume(pending: Pending): Flow<Pending | Tokens>;
  /** Keeps fresh tokens as the login that the options name. */
  static keep(options: Options, grant: Grant, tokens: Tokens, wallMs: number, key: Key, random: Uint8Array): Flow<Login>;
  /** With `first` one that waits already and asks for as much stays, and is what comes back. */
  static keepPending(options: Options, pending: Pending, wallMs: number, key: Key, random: Uint8Array, first?: boolean): Flow<{ id: string; revision: number }>;
  /** Gives up the sign-in that waits; true where there was one. */
  static dropPending(options: Options): Flow<boolean>;
  /** With `evenEnded` also a login that the server ended. */
  static find(options: Options, evenEnded?: boolean): Flow<Found>;
  static findPending(options: Options): Flow<Found>;
  /** Polls a kept sign-in under its lease: once, or to the end. */
  static finish(id: string, key: Key, toTheEnd: boolean, random: Uint8Array): Flow<Pending | Login>;
  /** A good token, renewed where that is due. `unwritten`, what an earlier one could not save, and `expected` are taken over; `expected` says whose login it has to be. */
  static session(id: string, key: Key, need: Need, random: Uint8Array, unwritten?: Login, expected?: Options): Flow<Renewal>;
  static revoke(id: string, key: Key): Flow<{ how: "nothing" | "at_server" | "not_offered" | "failed"; failure?: Failure }>;
  /** Everything that is kept, in its clear part. */
  static survey(): Flow<(Found | Failure)[]>;
  step(wallMs: number, steadyMs: number, answer: Answer): Step<T>;
  takeEvents(): Event[] | undefined;
  free(): void;
}

/** What a caller wishes, with the names of core: `target`, `issuer`, `client_id` … */
export class Options {
  constructor(plain: Record<string, unknown>);
  /** For what takes one over. */
  copy(): Options;
  loginId(): string | undefined;
  /** The provider whose `NAME.json` may be the user's own. */
  providerName(): string | undefined;
  helpBase(ownProvider?: string): string | undefined;
  free(): void;
}

export function providerNames(): string[];

export class Need {
  /** `challenge` is the `WWW-Authenticate` that `reject` was answered with. */
  constructor(minTtlMs: number, reject: string | undefined, scopes: string[], force: boolean, challenge?: string);
  free(): void;
}

/** What a sign-in asks for besides what the options say. */
export class Wider {
  free(): void;
}

/** Whether a `WWW-Authenticate` says that the token has too few scopes. */
export function isStepUp(challenge: string): boolean;

/** Whether a request to this address may carry a token (RFC 6750 §5.3): https, or http to this machine. */
export function mayCarryToken(address: string): boolean;

/** What logins are sealed with. */
export class Key {
  constructor(bytes: Uint8Array);
  static fromText(text: string): Key;
  /** Public. */
  readonly id: string;
  /** As `DEVICEGRANT_KEY` takes it. */
  readonly text: string;
  free(): void;
}

export interface PromptFields {
  user_code: string;
  verification_uri: string;
  verification_uri_complete: string | null;
  expires_at_ms: number;
  interval: number;
  scopes: string[];
  message: string | null;
}

export class Prompt {
  readonly fields: PromptFields;
  readonly text: string;
  readonly plain: string;
  readonly spoken: string;
  readonly qr: Qr | null;
  free(): void;
}

/** `modules`: row by row, 1 where dark. `lines`: half blocks, white on black. */
export interface Qr {
  size: number;
  lines: string[];
  modules: Uint8Array;
}

export interface PasteFields {
  authorization_uri: string;
  redirect_uri: string;
  scopes: string[];
  expires_at_ms: number;
  trouble: string | null;
}

export class PastePrompt {
  readonly fields: PasteFields;
  readonly text: string;
  readonly plain: string;
  readonly qr: Qr | null;
  free(): void;
}

export class Grant {
  /** Whether the client has to be found out first, by `Flow.register`. */
  readonly clientIsUnknown: boolean;
  /** All of it but the client's secret. */
  readonly fields: Record<string, unknown>;
  free(): void;
}

/** What a registration ends with. */
export class Registered {
  readonly grant: Grant;
  /**
   * Registers once more, where `failure` came because the server no longer knows the client that was
   * kept; none where it did not, and the failure stands.
   */
  anew(failure: Failure, key: Key, random: Uint8Array): Flow<Registered> | undefined;
  free(): void;
}

export class Pending {
  readonly prompt: Prompt | undefined;
  readonly grant: Grant;
  readonly expiresAtMs: number;
  /** Sealed, to be finished elsewhere. */
  toBytes(key: Key, random: Uint8Array): Uint8Array;
  static fromBytes(key: Key, bytes: Uint8Array): Pending;
  free(): void;
}

export class Tokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  readonly tokenType: string;
  readonly expiresAtMs: number | null;
  readonly refreshExpiresAtMs: number | null;
  readonly scopes: string[];
  readonly issuer: string | undefined;
  readonly sub: string | undefined;
  readonly extra: Record<string, unknown>;
  free(): void;
}

export interface Header {
  id: string;
  revision: number;
  kind: "login" | "pending" | "ended";
  login: {
    profile: string | null;
    target: string | null;
    issuer: string | null;
    client_id: string;
    resource: string | null;
    account: string | null;
    expected?: { sub?: string; account?: string };
    scopes: string[];
    asked?: string[];
    stepped_up?: string[];
    signed_in_at_ms: number;
    sign_in: string;
    ended?: { at_ms: number; message: string };
  };
}

export class Login {
  readonly header: Header;
  readonly tokens: Tokens;
  /** Scopes that were granted and had not been asked for. */
  readonly grantedBeyond: string[];
  /** For what takes one over. */
  copy(): Login;
  free(): void;
}

export class Found {
  readonly header: Header;
  open(key: Key): Login;
  free(): void;
}

export class Renewal {
  readonly login: Login;
  readonly rest: Rest | null;
  /** Why the newest tokens are in memory alone. */
  readonly unsaved: Failure | undefined;
  cached(wallMs: number, steadyMs: number, share: number): Cached;
  free(): void;
}

/** A login in memory: answers without a store as long as its token is good. */
export class Cached {
  readonly login: Login;
  token(wallMs: number, steadyMs: number, need: Need): string | undefined;
  /** Whether `token` would give one. */
  meets(wallMs: number, steadyMs: number, need: Need): boolean;
  free(): void;
}

export interface HealthFields {
  state: "fresh" | "expiring" | "signed_out" | "unreachable";
  atMs: number;
  code?: string;
  reason?: string;
  expiresAtMs: number | null;
  refreshExpiresAtMs: number | null;
  refreshable: boolean;
  warnings: string[];
}

/** `login` and `failure` are taken over. */
export function health(login: Login | undefined, whyNone: Failure, failure: Failure | undefined, failedAtMs: number, wallMs: number): HealthFields;

/** Starts the machines; once, before anything else. */
export function initSync(from: { module: WebAssembly.Module | BufferSource }): unknown;
