// Keeping a token: one exchange, callers who give up, stores, and what is never printed.
import assert from "node:assert/strict";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { format, inspect } from "node:util";

import { Client, MemoryStore, SignInNeeded, StoreError, TryLater, authFetch } from "devicegrant";
import { demo, folder, front, run, sleep } from "./help.mjs";

const KEY = new Uint8Array(32).fill(9);
const onPrompt = () => {};

async function signedIn(t, more = {}, options = {}) {
  const issuer = await demo(t, more.script);
  const before = await front(t, issuer, more);
  const client = new Client({ ...before.endpoints, clientId: "app", store: "memory", onPrompt, ...options });
  await client.login();
  return { client, issuer, ...before };
}

test("a hundred requests that meet a 401 together are one exchange", async (t) => {
  const { client, exchanges } = await signedIn(t);
  const refused = await client.token();
  let met = 0;
  const api = createServer((incoming, outgoing) => {
    const bad = incoming.headers.authorization === `Bearer ${refused}`;
    if (bad) met += 1;
    outgoing.writeHead(bad ? 401 : 200).end();
  }).listen(0, "127.0.0.1");
  await once(api, "listening");
  t.after(() => api.close().closeAllConnections());
  const address = `http://127.0.0.1:${api.address().port}/`;
  const fetch = authFetch(client);
  const ask = async () => (await fetch(address, { method: "POST", body: "{}" })).status;
  const all = await Promise.all(Array.from({ length: 100 }, ask));
  assert.deepEqual([...new Set(all)], [200]);
  assert.equal(met, 100);
  assert.equal(exchanges(), 1);
});

test("whoever joins is not told of a demand that is not theirs", async (t) => {
  const store = new MemoryStore();
  const { endpoints } = await signedIn(t, {}, { store, key: KEY });
  // It remembers nothing yet.
  const client = new Client({ ...endpoints, clientId: "app", store, key: KEY, onPrompt });
  const challenge = 'Bearer error="insufficient_scope", scope="write"';
  const needs = [{ challenge }, {}, { minTtl: 30 }, { challenge }];
  const ended = await Promise.allSettled(needs.map((need) => client.token(need)));
  assert.deepEqual(ended.map(({ reason }) => reason?.code), ["more_scopes", undefined, undefined, "more_scopes"]);
  assert.equal(ended[1].value, ended[2].value);
});

test("reject: many callers, one exchange, and all get its token", async (t) => {
  const { client, exchanges } = await signedIn(t);
  const reject = await client.token();
  const tokens = await Promise.all(Array.from({ length: 100 }, () => client.token({ reject })));
  assert.equal(new Set(tokens).size, 1);
  assert.notEqual(tokens[0], reject);
  assert.equal(exchanges(), 1);
  assert.equal(await client.token({ reject }), tokens[0], "what memory holds is another already");
  assert.equal(exchanges(), 1);
});

test("authFetch renews nothing for a 401 behind a redirect to another origin", async (t) => {
  const { client, exchanges } = await signedIn(t);
  const brought = [];
  const servers = Array.from({ length: 2 }, (_, at) => createServer((incoming, outgoing) => {
    brought.push(incoming.headers.authorization);
    if (at) outgoing.writeHead(401).end();
    else outgoing.writeHead(307, { location: `http://127.0.0.1:${servers[1].address().port}/` }).end();
  }).listen(0, "127.0.0.1"));
  for (const server of servers) t.after(() => server.close().closeAllConnections());
  await Promise.all(servers.map((server) => once(server, "listening")));
  const answer = await authFetch(client)(`http://127.0.0.1:${servers[0].address().port}/`);
  assert.equal(answer.status, 401);
  assert.deepEqual(brought, [`Bearer ${await client.token()}`, undefined]);
  assert.equal(exchanges(), 0);
});

test("authFetch keeps the token from other schemes", async (t) => {
  const { client } = await signedIn(t);
  await assert.rejects(authFetch(client)("http://api.example.com/"), { code: "bad_option" });
  const fetch = authFetch(client, { origin: "https://api.example.com/v1" });
  await assert.rejects(fetch("https://other.example.com/v1"), { code: "bad_option" });
});

test("authFetch brings the token in clear text only to this machine, plainly written", async (t) => {
  const { client } = await signedIn(t);
  const sent = [];
  const fetch = authFetch(client, { fetch: async ({ url }) => (sent.push(new URL(url).origin), new Response()) });
  // The platform reads each of the last two as 127.0.0.1, and asks that.
  const plain = [
    "https://api.example.com", "http://127.0.0.1", "http://127.0.0.1:8080", "http://127.0.0.2", "http://[::1]", "http://[::1]:1",
    "http://localhost", "http://LOCALHOST", "http://127.1", "http://0x7f.1",
  ];
  for (const address of plain) await fetch(`${address}/a|b?c={d}&e=${"f".repeat(4000)}`);
  assert.deepEqual(sent, plain.map((address) => new URL(address).origin));
  const others = [
    "http://api.example.com", "http://localhost.", "http://foo.localhost", "http://localhost.example.com",
    "http://[::ffff:127.0.0.1]", "http://0.0.0.0", "http://[::]", "ftp://localhost", "data:,a",
  ];
  for (const address of others) await assert.rejects(fetch(address), { code: "bad_option" }, address);
  assert.equal(sent.length, plain.length);
});

test("an abort in mid-exchange is told at once, and the rotated token is kept", async (t) => {
  const store = new MemoryStore();
  const { client, exchanges, endpoints } = await signedIn(t, { lateMs: 2000 }, { store, key: KEY });
  const reject = await client.token();
  const leave = new AbortController();
  const call = client.token({ reject, signal: leave.signal });
  await sleep(300);
  const reason = new Error("no time");
  const begun = performance.now();
  leave.abort(reason);
  await assert.rejects(call, (error) => error === reason);
  assert.ok(performance.now() - begun < 50, "it was not released at once");
  assert.equal(exchanges(), 1);
  await client.finish();
  assert.ok(performance.now() - begun > 1000, "the answer was not waited for");
  const another = new Client({ ...endpoints, clientId: "app", store, key: KEY });
  const kept = await another.token();
  assert.notEqual(kept, reject);
  assert.equal(exchanges(), 1, "the next caller renewed again");
});

test("whoever joins an exchange gets its token although its first caller left", async (t) => {
  const { client, exchanges } = await signedIn(t, { lateMs: 500 });
  const reject = await client.token();
  const leave = new AbortController();
  const first = client.token({ reject, signal: leave.signal });
  const second = client.token({ reject });
  await sleep(100);
  leave.abort();
  await assert.rejects(first, { name: "AbortError" });
  assert.notEqual(await second, reject);
  assert.equal(exchanges(), 1);
});

for (const where of ["wait", "request", "kept", "progress", "exchange"]) {
  test(`an abort in mid-${where} leaves nothing that keeps the process alive`, async (t) => {
    const issuer = await demo(t, { decide: where === "exchange" ? { approve: {} } : "person", ...(where === "request" && { faults: [{ on: "device", with: { stall: { ms: 30000 } } }] }) });
    const before = await front(t, issuer, { lateMs: 2000 });
    // Not a pipe: Node itself opens stderr when it loads its fetch, and a pipe of its own would count.
    const errors = join(folder(t), "stderr");
    const words = ["tests/programs/abort.mjs", where, JSON.stringify(before.endpoints)];
    const said = await run(process.execPath, words, { timeoutMs: 15_000, stderr: openSync(errors, "w") });
    assert.deepEqual([said.code, readFileSync(errors, "utf8")], [0, ""]);
    const told = JSON.parse(said.stdout);
    assert.equal(told.reason, "mine");
    assert.ok(told.settledMs < 50, `settled after ${told.settledMs} ms`);
    assert.deepEqual(told.active, []);
    if (where === "exchange") assert.equal(told.renewed, true);
  });
}

test("nothing that is printed shows a secret", async (t) => {
  const script = { decide: { approve: { after_polls: 1 } }, client_secret: "canary-client-secret" };
  const issuer = await demo(t, script);
  const seen = [];
  const given = {
    issuer, clientId: "app", clientSecret: "canary-client-secret", store: "memory",
    onPrompt: (prompt) => seen.push(prompt), onEvent: (event) => seen.push(event),
  };
  const client = new Client(given);
  const tokens = await client.login();
  const pending = await client.begin();
  const refused = await client.token({ reject: tokens.accessToken, scopes: ["more"] }).catch((error) => error);
  assert.ok(refused instanceof SignInNeeded);
  const down = new Client({ ...given, fetch: async () => { throw new TypeError("canary of fetch", { cause: { code: "ECONNREFUSED" } }); } });
  const unreached = await down.login().catch((error) => error);
  assert.ok(unreached instanceof TryLater && unreached.cause, `${unreached}`);
  const wrong = await new Client({ ...given, clientSecret: "canary-client-wrong" }).login().catch((error) => error);
  assert.equal(wrong.code, "invalid_client");
  const secrets = ["canary-client-secret", "canary-client-wrong", tokens.accessToken, tokens.refreshToken];
  const all = [client, tokens, pending, refused, unreached, wrong, ...seen, pending.prompt, await client.health(), down, authFetch(client)];
  for (const one of all) {
    for (const printed of [inspect(one, { depth: 9, showHidden: true, getters: false }), format("%s %o %j", one, one, one), one.stack, JSON.stringify(one), String(one)]) {
      for (const secret of secrets) assert.ok(!printed?.includes(secret), `${one.constructor.name} is printed as ${printed}`);
    }
  }
  assert.equal(JSON.parse(JSON.stringify(tokens)).tokenType, "Bearer");
});

test("an error tells where it comes from", async () => {
  const cause = new TypeError("fetch failed", { cause: Object.assign(new Error("no"), { code: "ECONNREFUSED" }) });
  const client = new Client({
    issuer: "https://auth.example.com", clientId: "app", store: "memory", onPrompt,
    fetch: async () => { throw cause; },
  });
  const signal = AbortSignal.timeout(60_000);
  const error = await client.login({ signal }).catch((error) => error);
  assert.ok(error instanceof TryLater, `${error}`);
  assert.equal(error.code, "unreachable");
  assert.equal(error.cause, cause);
});

test("a store of one's own: sealed bytes, four methods, and its errors", async (t) => {
  const kept = new Map();
  let broken = false;
  const store = {
    load: async (id) => {
      if (broken) throw new RangeError("canary");
      return kept.get(id);
    },
    save: async (id, bytes, expected) => {
      if ((kept.get(id)?.revision ?? 0) !== expected) return undefined;
      kept.set(id, { bytes, revision: expected + 1 });
      return expected + 1;
    },
    lock: (id) => `${id}/1`,
    unlock: () => {},
  };
  const { client, exchanges } = await signedIn(t, {}, { store, key: KEY });
  const token = await client.token();
  assert.equal(kept.size, 1);
  const [{ bytes }] = kept.values();
  assert.ok(!Buffer.from(bytes).includes(token), "the store sees a token");
  assert.notEqual(await client.token({ reject: token }), token);
  assert.equal(exchanges(), 1);
  broken = true;
  const error = await client.token({ force: true }).catch((error) => error);
  assert.ok(error instanceof StoreError);
  assert.equal(error.code, "store_unreachable");
  assert.ok(error.cause instanceof RangeError);
  assert.ok(!error.message.includes("canary"));
});

test("a store without a home needs a key", async () => {
  const client = new Client({ issuer: "https://a.example", clientId: "a", store: new MemoryStore(), onPrompt });
  await assert.rejects(client.login(), { code: "key_needed" });
});

test("files that others may read are refused", async (t) => {
  const home = join(folder(t), "h");
  const issuer = await demo(t);
  const given = { issuer, clientId: "app", home, keySource: "file", onPrompt };
  await new Client(given).login();
  const { chmodSync } = await import("node:fs");
  chmodSync(join(home, "key"), 0o644);
  await assert.rejects(new Client(given).token(), { name: "StoreError", code: "store_unsafe" });
});
