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

type Run = ReturnType<typeof runs>;

async function discovered({ options, ownProvider, challenge }: Place, run: Run, how: "discoverRegistering" | "discoverPaste") {
  const { Flow } = machines();
  const wider = await run(() => Flow.widen(options, challenge));
  return run(() => Flow[how](options, ownProvider, wider));
}

/** A code to be approved. */
export async function begin(place: Place, host: Host, stretch: Stretch): Promise<wasm.Pending> {
  const { options, keys } = place;
  const run = runs(place, host, stretch);
  const { Flow } = machines();
  const ask = async (grant: wasm.Grant) => {
    const there = await run(() => Flow.begin(grant, random(32)));
    if (there instanceof machines().Pending) return there;
    throw newError("out_of_turn", "the sign-in did not begin");
  };
  const grant = await discovered(place, run, "discoverRegistering");
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
  const { options, keys } = place;
  const run = runs(place, host, stretch);
  const { Flow } = machines();
  // Whoever cannot keep the login should not ask for it.
  const key = await keys.key(true);
  const found = await discovered(place, run, "discoverPaste");
  const { grant } = await run(() => Flow.register(options, found, key, random(32)));
  return { grant, tokens: await run(() => Flow.paste(grant, random(32))) };
}
