// A client as the flags want it.
import { Client } from "../client.js";
import { newError } from "../errors.js";
import type { ClientOptions, OnPrompt } from "../options.js";
import type { RedisClient } from "../redis.js";
import { RedisStore } from "../redis.js";
import { clientOptions } from "./flags.js";
import type { Flags } from "./flags.js";
import { logged } from "./log.js";
import { note } from "./output.js";
import { trusting } from "./roots.js";

/** The address may hold a password, and arguments can be read by every user of the machine. */
const REDIS_URL = "DEVICEGRANT_REDIS_URL";

/** The client, and what closes its connections. */
export async function open(flags: Flags, onPrompt: OnPrompt): Promise<[Client, () => void]> {
  const given: ClientOptions = { ...clientOptions(flags), onPrompt };
  if (flags.ca !== undefined) given.fetch = trusting(flags.ca);
  const verbose = flags.verbose?.length ?? 0;
  if (verbose) {
    given.fetch = logged(given.fetch ?? globalThis.fetch, verbose > 1);
    given.onEvent = (event) => note(`DEBUG devicegrant: ${JSON.stringify(event)}`);
  }
  if (flags.store !== "redis") return [new Client({ ...given, store: flags.store, keySource: flags.key }), () => {}];
  const [connection, close] = await redis(flags.key);
  return [new Client({ ...given, store: new RedisStore(connection) }), close];
}

async function redis(key: string | undefined): Promise<[RedisClient, () => void]> {
  if (key !== undefined && key !== "env" && key !== "command") {
    throw newError("bad_option", `--key ${key} is for a home: a Redis store takes its key from DEVICEGRANT_KEY or DEVICEGRANT_KEY_COMMAND`);
  }
  const url = process.env[REDIS_URL];
  if (!url) {
    throw newError("bad_option", `--store redis takes its address from ${REDIS_URL}, which is not set: rediss://USER:PASSWORD@HOST:PORT/DB`);
  }
  const library = (await peer("redis")) ?? (await peer("ioredis"));
  if (!library) throw newError("bad_option", "--store redis needs a client of Redis: npm install redis");
  try {
    if (library.createClient) {
      const client = library.createClient({ url, socket: { reconnectStrategy: false } });
      client.on("error", () => {});
      await client.connect();
      return [client, () => (client.destroy ?? client.disconnect).call(client)];
    }
    const client = new library.Redis(url, { lazyConnect: true, retryStrategy: null });
    client.on("error", () => {});
    await client.connect();
    return [client, () => client.disconnect()];
  } catch (why) {
    // Its own words may repeat the address.
    throw newError("store_unreachable", `the Redis server of ${REDIS_URL} cannot be reached`, why);
  }
}

/** Installed beside this package, or not. By a name that bundlers do not follow. */
async function peer(name: string): Promise<any> {
  try {
    return await import(name);
  } catch (why) {
    if ((why as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw why;
  }
}
