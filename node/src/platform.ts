// What differs between Node and a browser or worker. An entry sets it once.
import type { Given } from "./options.js";
import type { Keys } from "./keys.js";
import type { Stored } from "./stored.js";
import type { OnPrompt } from "./options.js";

export interface Platform {
  readonly userAgent?: string;
  env(name: string): string | undefined;
  /** The user's own provider file. */
  provider(given: Given, name: string): string | undefined;
  /** The store for `store: "auto"`, and its key. */
  files(given: Given): { store: Stored; keys: Keys };
  /** The key of a store that has no home. */
  variables(): Keys;
  /** The prompt of a program that brings none; none where nobody reads. */
  terminal(): OnPrompt | undefined;
}

let platform: Platform | undefined;

export function setPlatform(there: Platform): void {
  platform = there;
}

export function here(): Platform {
  if (!platform) throw new Error("devicegrant: no entry of the package was loaded");
  return platform;
}

/** Bytes that were never used before. */
export function random(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

export function steadyMs(): number {
  return performance.now();
}
