// Logins in this process alone.
import { steadyMs } from "./platform.js";
import type { Busy, Resting, Store } from "./stored.js";

interface Kept {
  bytes?: Uint8Array;
  revision: number;
  held?: { lease: string; since: number; until: number };
  rest?: Resting;
}

/** Keeps logins as long as the process lives; any number of clients may share one. */
export class MemoryStore implements Store {
  readonly keepsRests = true;
  #kept = new Map<string, Kept>();
  #leases = 0;

  #of(id: string): Kept {
    let kept = this.#kept.get(id);
    if (!kept) this.#kept.set(id, (kept = { revision: 0 }));
    return kept;
  }

  load(id: string): { bytes?: Uint8Array; revision: number } {
    const { bytes, revision } = this.#of(id);
    return { bytes, revision };
  }

  save(id: string, bytes: Uint8Array | undefined, expected: number): number | undefined {
    const kept = this.#of(id);
    if (kept.revision !== expected) return undefined;
    kept.bytes = bytes;
    kept.rest = undefined;
    return ++kept.revision;
  }

  lock(id: string, ttl: number, force = false): string | Busy | Resting {
    const [kept, now] = [this.#of(id), steadyMs()];
    if (kept.held && now < kept.held.until) return { busy: true, since: kept.held.since };
    if (kept.rest && kept.rest.until.getTime() > Date.now() && !force) return kept.rest;
    const lease = `${id}/${++this.#leases}`;
    kept.held = { lease, since: now, until: now + ttl * 1000 };
    return lease;
  }

  unlock(lease: string, rest?: Resting): void {
    for (const kept of this.#kept.values()) {
      if (kept.held?.lease !== lease) continue;
      kept.held = undefined;
      kept.rest = rest;
    }
  }

  list(): string[] {
    return [...this.#kept.keys()].sort();
  }

  describe(): string {
    return "this process's memory";
  }
}
