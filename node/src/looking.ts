// How a login that is kept is doing; no server is asked.
import { DeviceGrantError, call, failureOf } from "./errors.js";
import type { Keys } from "./keys.js";
import type * as wasm from "./machines.js";
import { machines } from "./machines.js";
import { healthOf } from "./values.js";
import type { Health } from "./values.js";

/** What stands behind a header that `Client.all` told. */
export const told = new WeakMap<wasm.Header, wasm.Found>();

/** `failed`: the last renewal that failed, and when. */
export async function healthOfFound(
  find: () => Promise<wasm.Found>,
  keys: Keys,
  failed: { error: DeviceGrantError; at: number } | undefined,
): Promise<Health> {
  const { Failure, health } = machines();
  let login: wasm.Login | undefined;
  let why = new Failure("no_login", "nobody has signed in");
  try {
    const found = await find();
    const key = await keyFor(found, keys);
    login = call(() => found.open(key));
  } catch (error) {
    if (!(error instanceof DeviceGrantError)) throw error;
    why = failureOf(error);
  }
  const failure = failed && failureOf(failed.error);
  return healthOf(health(login, why, failure, failed?.at ?? 0, Date.now()));
}

async function keyFor(found: wasm.Found, keys: Keys): Promise<wasm.Key> {
  try {
    return await keys.key(false);
  } catch (error) {
    // How it ended is in the clear part; nothing is sealed behind it.
    if (found.header.login.ended) return new (machines().Key)(new Uint8Array(32));
    throw error;
  }
}
