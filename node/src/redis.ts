// Logins on a Redis server, shared by programs on several machines (docs/REDIS.md). What is asked and
// what an answer means is decided in core; the connection is the caller's, by node-redis or ioredis.
import { call, errorOf } from "./errors.js";
import type { Answer, Call, Redis, Rest } from "./machines.js";
import { machines } from "./machines.js";
import { random, steadyMs } from "./platform.js";
import type { Busy, Resting, Store } from "./stored.js";

/** A connected client of `redis` (4 or later) or `ioredis` (5 or later). */
export interface RedisClient {
  sendCommand?: (...words: any[]) => any;
  callBuffer?: (...words: any[]) => any;
}

/** A call with all its tries, and the pauses between them. */
const WHOLE_MS = 5000;
const PAUSES_MS = [25, 50, 100, 200, 400];

/** A string of bytes, in the protocol's third version (RESP). */
const BLOB = 36;

export class RedisStore implements Store {
  readonly keepsRests = true;
  #client: RedisClient;
  #calls: Redis;
  #place: string;
  #digests = new Map<string, string>();

  /** Every key starts with `prefix`, or with `devicegrant:`. `place` names the server in errors, without a password. */
  constructor(client: RedisClient, { prefix, place = "the Redis server" }: { prefix?: string; place?: string } = {}) {
    this.#client = client;
    this.#calls = call(() => new (machines().Redis)(prefix));
    this.#place = place;
  }

  async load(id: string): Promise<{ bytes?: Uint8Array; revision: number }> {
    const answer = await this.#ask(() => this.#calls.load(id), (said) => this.#calls.loaded(said));
    return answer as Extract<Answer, { kind: "loaded" }>;
  }

  async save(id: string, bytes: Uint8Array | undefined, expected: number): Promise<number | undefined> {
    await this.#ask(() => this.#calls.enlist(id), () => ({ kind: "go" }));
    const save = (again: boolean) => this.#calls.save(id, bytes, expected, again);
    const answer = await this.#ask(save, (said) => this.#calls.saved(expected, said));
    return answer.kind === "saved" ? answer.revision : undefined;
  }

  async lock(id: string, ttl: number, force = false): Promise<string | Busy | Resting> {
    const lease = call(() => this.#calls.lease(id, random(32)));
    const asked = call(() => this.#calls.lock(id, ttl * 1000, force, lease));
    const read = (said: unknown) => this.#calls.locked(lease, said, Date.now(), steadyMs());
    const answer = await this.#ask(() => asked, read);
    if (answer.kind === "busy") return { busy: true, since: answer.since };
    if (answer.kind === "resting") return { until: new Date(answer.untilMs), code: answer.code };
    return lease;
  }

  async unlock(lease: string, rest?: Resting): Promise<void> {
    const told: Rest | undefined = rest && { untilMs: rest.until.getTime(), code: rest.code };
    const asked = call(() => this.#calls.unlock(lease, told?.untilMs, told?.code ?? "", Date.now()));
    await this.#ask(() => asked, (said) => this.#calls.unlocked(said));
  }

  async list(): Promise<string[]> {
    const answer = await this.#ask(() => this.#calls.list(), (said) => this.#calls.listed(said));
    return (answer as Extract<Answer, { kind: "listed" }>).names;
  }

  describe(): string {
    return this.#place;
  }

  /** Asks until there is an answer, or a failure that lasts, or the time is over. */
  async #ask(make: (again: boolean) => Call, read: (said: unknown) => Answer): Promise<Answer> {
    const end = steadyMs() + WHOLE_MS;
    for (let tries = 0; ; tries++) {
      let said: unknown;
      try {
        said = await bounded(this.#once(make(tries > 0)), end - steadyMs());
      } catch (why) {
        const words = why instanceof Error ? why.message : String(why);
        const { failure, passes } = this.#calls.failed(this.#place, words, isAnswer(why));
        const pause = PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]!;
        if (!passes || steadyMs() + pause >= end) throw errorOf(failure, undefined, why);
        failure.free();
        await new Promise((resolve) => setTimeout(resolve, pause));
        continue;
      }
      return call(() => read(said));
    }
  }

  async #once({ script, keys, args }: Call): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args.map((arg) => Buffer.from(arg))];
    try {
      return await this.#send(["EVALSHA", await this.#digest(script), ...rest]);
    } catch (why) {
      if (!(why instanceof Error && why.message.startsWith("NOSCRIPT"))) throw why;
      return this.#send(["EVAL", script, ...rest]);
    }
  }

  #send(words: (string | Buffer)[]): Promise<unknown> {
    const { callBuffer, sendCommand } = this.#client;
    if (callBuffer) return callBuffer.apply(this.#client, words);
    // node-redis 5 takes the first, node-redis 4 the second.
    return sendCommand!.call(this.#client, words, { typeMapping: { [BLOB]: Buffer }, returnBuffers: true });
  }

  async #digest(script: string): Promise<string> {
    let known = this.#digests.get(script);
    if (!known) {
      const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(script));
      known = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
      this.#digests.set(script, known);
    }
    return known;
  }
}

/** Whether the server said it, and not the connection. */
function isAnswer(why: unknown): boolean {
  return why instanceof Error && (/^(ReplyError|SimpleError|BlobError|ErrorReply)$/.test(why.constructor.name) || /^[A-Z]{3,} /.test(why.message));
}

async function bounded<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within ${WHOLE_MS / 1000} seconds`)), Math.max(0, limitMs));
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
