// Logins on a Redis server, over node-redis and over ioredis.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

import { Client, RedisStore } from "devicegrant";
import { demo, front, redis, sleep } from "./help.mjs";

const tools = createRequire(join(process.env.DEVICEGRANT_ROOT, "node/package.json"));
const KEY = new Uint8Array(32).fill(9);

const clients = {
  async "node-redis"(port) {
    const { createClient } = tools("redis");
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    client.on("error", () => {});
    await client.connect();
    return [client, () => client.destroy()];
  },
  async ioredis(port) {
    const { Redis } = tools("ioredis");
    const client = new Redis(port, "127.0.0.1");
    return [client, () => client.disconnect()];
  },
};

for (const [name, connect] of Object.entries(clients)) {
  test(`${name}: one login for many programs, one exchange`, async (t) => {
    const port = await redis(t);
    const before = await front(t, await demo(t));
    const connections = await Promise.all([connect(port), connect(port), connect(port)]);
    const users = connections.map(([client]) => new Client({ ...before.endpoints, clientId: "app", key: KEY, onPrompt: () => {}, store: new RedisStore(client) }));
    const { accessToken } = await users[0].login();
    const found = await Promise.all(users.map((user) => user.token()));
    assert.deepEqual(new Set(found), new Set([accessToken]));
    const renewed = await Promise.all(users.flatMap((user) => Array.from({ length: 5 }, () => user.token({ reject: accessToken }))));
    assert.equal(new Set(renewed).size, 1);
    assert.notEqual(renewed[0], accessToken);
    assert.equal(before.exchanges(), 1);
    assert.equal(await users[1].logout(), false, "the front has no revocation endpoint");
    await assert.rejects(users[2].token({ force: true }), { code: "no_login" });
    connections.forEach(([, end]) => end());
  });
}

test("a server that says no, and one that is gone, are told apart", async (t) => {
  const refused = new RedisStore({ sendCommand: async () => { throw new Error("NOPERM this user has no permissions"); } }, { place: "Redis at here" });
  await assert.rejects(refused.load("a"), { name: "StoreError", code: "store_refused" });
  let asked = 0;
  const gone = new RedisStore({ callBuffer: async () => { asked += 1; throw new Error("connect ECONNREFUSED"); } });
  const begun = performance.now();
  await assert.rejects(gone.load("a"), { code: "store_unreachable" });
  assert.ok(asked > 5 && performance.now() - begun < 6000);
  assert.throws(() => new RedisStore({}, { prefix: "a b" }), { code: "bad_option" });
  await sleep(0);
});
