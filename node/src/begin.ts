// From what a caller named to a code: found out, registered where nobody did, asked for.
import { drive } from "./driver.js";
import { DeviceGrantError, call, failureOf, newError } from "./errors.js";
import type { Host } from "./host.js";
import type { Keys } from "./keys.js";
import type * as wasm from "./machines.js";
import { machines } from "./machines.js";
import { random } from "./platform.js";
import type { Stretch } from "./stretch.js";

interface Place {
  options: wasm.Options;
  ownProvider: string | undefined;
  helpBase: string | undefined;
  keys: Keys;
  /** The `WWW-Authenticate` that led to the sign-in. */
  challenge: string | undefined;
}

export async function begin(place: Place, host: Host, stretch: Stretch): Promise<wasm.Pending> {
  const { options, ownProvider, helpBase, keys, challenge } = place;
  const run = <T>(flow: () => wasm.Flow<T>) => drive(call(flow, helpBase), host, stretch);
  const { Flow } = machines();
  const ask = async (grant: wasm.Grant) => {
    const there = await run(() => Flow.begin(grant, random(32)));
    if (there instanceof machines().Pending) return there;
    throw newError("out_of_turn", "the sign-in did not begin");
  };
  const wider = await run(() => Flow.widen(options, challenge));
  const grant = await run(() => Flow.discoverRegistering(options, ownProvider, wider));
  if (!grant.clientIsUnknown) return ask(grant);
  // Who has to register a client keeps it, so the key is needed before anybody is asked.
  const key = await keys.key(true);
  const registered = await run(() => Flow.register(options, grant, key, random(32)));
  try {
    return await ask(registered.grant);
  } catch (error) {
    if (!(error instanceof DeviceGrantError)) throw error;
    const anew = registered.anew(failureOf(error), key, random(32));
    if (!anew) throw error;
    return ask((await run(() => anew)).grant);
  }
}
