// The key of a client's store, had once and then kept in memory.
import { newError } from "./errors.js";
import type { Key } from "./machines.js";

/** Gives the key; with `create` a home that is not there yet is made. */
export interface Keys {
  key(create: boolean): Promise<Key>;
}

/** The key that the caller gave. */
export function givenKey(key: Key): Keys {
  return { key: async () => key };
}

/** Asked once; a failure is not remembered. */
export function onceKey(ask: (create: boolean) => Promise<Key | undefined>): Keys {
  let known: Key | undefined;
  let running: Promise<Key | undefined> | undefined;
  return {
    async key(create) {
      while (running) await running.catch(() => {});
      if (known) return known;
      running = ask(create);
      try {
        known = await running;
      } finally {
        running = undefined;
      }
      if (known) return known;
      const message = "logins are kept here and home.json, which names their key, is gone";
      throw newError("home_unreadable", message);
    },
  };
}
