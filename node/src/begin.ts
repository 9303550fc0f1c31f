// From what a caller named to a person who is asked: found out, registered where nobody did.
import { drive } from "./driver.js";
import { DeviceGrantError, call, failureOf, newError } from "./errors.js";
import type { Host } from "./host.js";
import type { Keys } from "./keys.js";
import type * as wasm from "./machines.js";
import { machines } from "./machines.js";
import { random } from "./platform.js";
import type { Stretch } from "./stretch.js";

export interface Place {
  options: wasm.Options;
  ownProvider: string | undefined;
  helpBase: string | undefined;
  keys: Keys;
  /** The `WWW-Authenticate` that led to the sign-in. */
  challenge: string | undefined;
}

function runs({ helpBase }: Place, host: Host, stretch: Stretch) {
  return <T>(flow: () => wasm.Flow<T>) => drive(call(flow, helpBase), host, stretch);
}

/** A code to be approved. */
export async function begin(place: Place, host: Host, stretch: Stretch): Promise<wasm.Pending> {
  const { options, ownProvider, keys, challenge } = place;
  const run = runs(place, host, stretch);
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

/** Where a server has no device endpoint: one address is opened, the other one pasted. */
export async function paste(place: Place, host: Host, stretch: Stretch): Promise<{ grant: wasm.Grant; tokens: wasm.Tokens }> {
  const { options, ownProvider, keys, challenge } = place;
  const run = runs(place, host, stretch);
  const { Flow } = machines();
  const key = await keys.key(true);
  const wider = await run(() => Flow.widen(options, challenge));
  const found = await run(() => Flow.discoverPaste(options, ownProvider, wider));
  const { grant } = await run(() => Flow.register(options, found, key, random(32)));
  return { grant, tokens: await run(() => Flow.paste(grant, random(32))) };
}
