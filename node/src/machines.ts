// The one instance of the machines, started when it is first needed.
import * as glue from "../build/devicegrant.js";

export type * from "../build/devicegrant.js";

type Glue = typeof glue;

let start: (() => WebAssembly.Module | BufferSource) | undefined;
let started = false;

/** Each entry of the package says where its bytes are. */
export function startWith(from: () => WebAssembly.Module | BufferSource): void {
  start = from;
}

/** The machines themselves, for those who bring their own loop. */
export function machines(): Glue {
  if (!started) {
    if (!start) throw new Error("devicegrant: no entry of the package was loaded");
    glue.initSync({ module: start() });
    started = true;
  }
  return glue;
}
