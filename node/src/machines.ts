// The one instance of the machines, started when it is first needed.
export type * from "../build/devicegrant.js";

type Glue = typeof import("../build/devicegrant.js");

let start: (() => Glue) | undefined;
let started: Glue | undefined;

/** Each entry of the package says how they are loaded. */
export function startWith(how: () => Glue): void {
  start = how;
}

/** The machines themselves, for those who bring their own loop. */
export function machines(): Glue {
  if (!start) throw new Error("devicegrant: no entry of the package was loaded");
  started ??= start();
  return started;
}
