// What the package gives, on every runtime.
import { call } from "./errors.js";
import { machines } from "./machines.js";

export { authFetch } from "./auth-fetch.js";
export { Client } from "./client.js";
export type { Abortable, SignIn, TokenNeed } from "./calls.js";
export { drive } from "./driver.js";
export {
  CodeExpired, Denied, DeviceGrantError, Refused, SignInNeeded, StoreError, TryLater, Usage, errorOf,
} from "./errors.js";
export { Host } from "./host.js";
export { machines } from "./machines.js";
export type * as wasm from "./machines.js";
export { MemoryStore } from "./memory.js";
export type { ClientOptions, KeySource, OnPrompt } from "./options.js";
export type { Progress } from "./progress.js";
export { RedisStore } from "./redis.js";
export type { RedisClient } from "./redis.js";
export { stored } from "./stored.js";
export type { Busy, Resting, Store, Stored } from "./stored.js";
export { Stretch } from "./stretch.js";
export type { Send, Sent } from "./transport.js";
export { Pending, Prompt, Tokens } from "./values.js";
export type { Health, KeyLike, Qr } from "./values.js";

/** Every code of an error, with what it means and what to do about it. */
export function catalog(): ReturnType<ReturnType<typeof machines>["catalog"]> {
  return machines().catalog();
}

/**
 * Whether the `WWW-Authenticate` of a 403 says that the token has too few scopes (RFC 6750 §3.1), so
 * that a sign-in can mend it: `token` and `login` take it as their `challenge`.
 */
export function isStepUp(challenge: string): boolean {
  return call(() => machines().isStepUp(challenge));
}

/** The names of the providers that come along. */
export function providers(): string[] {
  return machines().providerNames();
}
