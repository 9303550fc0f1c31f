// What a sign-in shows and brings. Printed or made JSON, nothing here shows a secret.
import { call } from "./errors.js";
import type * as wasm from "./machines.js";
import { machines } from "./machines.js";
import { random } from "./platform.js";

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** RFC 3339 ends with the year 9999, JavaScript's dates a little later. */
export function moment(atMs: number | null | undefined): Date | undefined {
  return atMs == null ? undefined : new Date(Math.min(atMs, 253_402_300_799_000));
}

abstract class Kept {
  abstract toJSON(): Record<string, unknown>;

  [INSPECT](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return `${this.constructor.name} ${inspect(this.toJSON(), options)}`;
  }
}

/** What a server issued. */
export class Tokens extends Kept {
  #held: wasm.Tokens;

  /** @internal */
  constructor(held: wasm.Tokens) {
    super();
    this.#held = held;
  }

  /** Stands behind `Bearer`. */
  get accessToken(): string {
    return this.#held.accessToken;
  }
  get refreshToken(): string | undefined {
    return this.#held.refreshToken;
  }
  /** OpenID Connect's, unchecked. */
  get idToken(): string | undefined {
    return this.#held.idToken;
  }
  get tokenType(): string {
    return this.#held.tokenType;
  }
  /** When the access token ends, by this machine's clock; none where the server did not say. */
  get expiresAt(): Date | undefined {
    return moment(this.#held.expiresAtMs);
  }
  get refreshExpiresAt(): Date | undefined {
    return moment(this.#held.refreshExpiresAtMs);
  }
  /** What was granted. */
  get scopes(): string[] {
    return this.#held.scopes;
  }
  get issuer(): string | undefined {
    return this.#held.issuer;
  }
  /** Whose they are: the `sub` of who approved, where the server said so and it holds. */
  get sub(): string | undefined {
    return this.#held.sub;
  }
  /** Every other field of the answer. */
  get extra(): Record<string, unknown> {
    return this.#held.extra;
  }

  /** Without what is secret. */
  toJSON(): Record<string, unknown> {
    const { tokenType, expiresAt, refreshExpiresAt, scopes, issuer } = this;
    return { tokenType, expiresAt, refreshExpiresAt, scopes, issuer };
  }
}

/** A QR code: `modules` row by row, true where dark; `lines` as half blocks, to be drawn white on black. */
export interface Qr {
  size: number;
  lines: string[];
  modules: boolean[][];
}

function rows(qr: wasm.Qr | null): Qr | undefined {
  if (!qr) return undefined;
  const { size, lines, modules } = qr;
  const row = (y: number) => Array.from(modules.subarray(y * size, (y + 1) * size), Boolean);
  return { size, lines, modules: Array.from({ length: size }, (_, y) => row(y)) };
}

/** Everything a person needs to approve (RFC 8628 §3.3). */
export class Prompt extends Kept {
  #held: wasm.Prompt;
  #fields: wasm.PromptFields;

  /** @internal */
  constructor(held: wasm.Prompt) {
    super();
    this.#held = held;
    this.#fields = held.fields;
  }

  get userCode(): string {
    return this.#fields.user_code;
  }
  get verificationUri(): string {
    return this.#fields.verification_uri;
  }
  get verificationUriComplete(): string | undefined {
    return this.#fields.verification_uri_complete ?? undefined;
  }
  get expiresAt(): Date {
    return moment(this.#fields.expires_at_ms) as Date;
  }
  /** The least time between two polls, in seconds. */
  get interval(): number {
    return this.#fields.interval;
  }
  get scopes(): string[] {
    return this.#fields.scopes;
  }
  /** The server's own words. */
  get message(): string | undefined {
    return this.#fields.message ?? undefined;
  }
  /** Several lines for a terminal. */
  get text(): string {
    return this.#held.text;
  }
  /** Plain sentences, for a screen reader or a log that people read. */
  get plain(): string {
    return this.#held.plain;
  }
  /** The code spelled to be heard. */
  get spoken(): string {
    return this.#held.spoken;
  }
  /** None where the address does not fit one. */
  get qr(): Qr | undefined {
    return rows(this.#held.qr);
  }

  /** Without the code, which is for one person and no log. */
  toJSON(): Record<string, unknown> {
    const { verificationUri, expiresAt, interval, scopes, message } = this;
    return { verificationUri, expiresAt, interval, scopes, message };
  }
}

/** What a person needs to open one address and to bring back another. */
export class PastePrompt extends Kept {
  #held: wasm.PastePrompt;
  #fields: wasm.PasteFields;

  /** @internal */
  constructor(held: wasm.PastePrompt) {
    super();
    this.#held = held;
    this.#fields = held.fields;
  }

  /** The address to open. */
  get authorizationUri(): string {
    return this.#fields.authorization_uri;
  }
  /** What the address to bring back begins with. */
  get redirectUri(): string {
    return this.#fields.redirect_uri;
  }
  get scopes(): string[] {
    return this.#fields.scopes;
  }
  /** Until when an address is waited for. */
  get expiresAt(): Date {
    return moment(this.#fields.expires_at_ms) as Date;
  }
  /** What was wrong with what was pasted before; none at the first time. */
  get trouble(): string | undefined {
    return this.#fields.trouble ?? undefined;
  }
  /** Several lines for a terminal. */
  get text(): string {
    return this.#held.text;
  }
  /** Plain sentences, for a screen reader or a log that people read. */
  get plain(): string {
    return this.#held.plain;
  }
  /** None where the address does not fit one. */
  get qr(): Qr | undefined {
    return rows(this.#held.qr);
  }

  /** Without the address to open, which is for one person and no log. */
  toJSON(): Record<string, unknown> {
    const { redirectUri, scopes, expiresAt, trouble } = this;
    return { redirectUri, scopes, expiresAt, trouble };
  }
}

/** 32 bytes, or their text as `DEVICEGRANT_KEY` takes it. */
export type KeyLike = Uint8Array | string;

export function keyOf(key: KeyLike): wasm.Key {
  const { Key } = machines();
  return call(() => (typeof key === "string" ? Key.fromText(key) : new Key(key)));
}

/** A sign-in that waits for its person, as a value: begun here, finished anywhere. */
export class Pending extends Kept {
  #held: wasm.Pending;

  /** @internal */
  constructor(held: wasm.Pending) {
    super();
    this.#held = held;
  }

  /** @internal */
  static held(pending: Pending): wasm.Pending {
    return pending.#held;
  }

  get prompt(): Prompt | undefined {
    const prompt = this.#held.prompt;
    return prompt && new Prompt(prompt);
  }
  get expiresAt(): Date {
    return moment(this.#held.expiresAtMs) as Date;
  }

  /** Sealed, so that another process, request or replica can finish it. */
  toBytes(key: KeyLike): Uint8Array {
    return call(() => this.#held.toBytes(keyOf(key), random(32)));
  }
  /** Throws `StoreError` (`seal_broken`) for another key or changed bytes. */
  static fromBytes(key: KeyLike, bytes: Uint8Array): Pending {
    return new Pending(call(() => machines().Pending.fromBytes(keyOf(key), bytes)));
  }

  toJSON(): Record<string, unknown> {
    return { expiresAt: this.expiresAt };
  }
}

/** How a login is doing; nothing in it is a secret. */
export interface Health {
  state: "fresh" | "expiring" | "signed_out" | "unreachable";
  at: Date;
  code?: string;
  reason?: string;
  expiresAt?: Date;
  refreshExpiresAt?: Date;
  /** Whether it can be renewed without a person. */
  refreshable: boolean;
  warnings: string[];
}

export function healthOf(fields: wasm.HealthFields): Health {
  const { state, code, reason, refreshable, warnings } = fields;
  const [at, expiresAt] = [moment(fields.atMs) as Date, moment(fields.expiresAtMs)];
  const refreshExpiresAt = moment(fields.refreshExpiresAtMs);
  return { state, at, code, reason, expiresAt, refreshExpiresAt, refreshable, warnings };
}

// The machines have classes of the same names, so that a bundler renames these.
for (const [name, kind] of Object.entries({ Tokens, Prompt, PastePrompt, Pending })) {
  Object.defineProperty(kind, "name", { value: name });
}
