// Ten replicas of an HTTP server on one Redis: begun on one, approved, used on all.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { RedisStore } from "devicegrant";
import { PerUser, ensure } from "devicegrant/mcp";
import { redis, sleep } from "./help.mjs";
import { SecondServer, introspected, listen, oidc, overHttp, readPrompt, second, textOf } from "./mcp.mjs";
import { decide } from "./person.mjs";

const tools = createRequire(join(process.env.DEVICEGRANT_ROOT, "node/package.json"));
const MANY = 10;

async function replica(t, port, issuer) {
  const client = new (tools("ioredis").Redis)({ port, host: "127.0.0.1" });
  client.on("error", () => {});
  t.after(() => client.disconnect());
  const api = new PerUser({
    issuer, clientId: "public", scopes: "openid offline_access read", expectedSub: ({ subject }) => subject,
    store: new RedisStore(client), key: new Uint8Array(32).fill(4),
  });
  const there = await listen(t);
  const handler = createMcpHandler(() => {
    const server = new SecondServer({ name: "replica", version: "1" });
    server.registerTool("whose", { description: "Whose token is it?" }, async (context) => {
      const login = await ensure(context, server, api);
      if (login.result) return login.result;
      const { extra } = await introspected(issuer, login.token);
      return { content: [{ type: "text", text: `of ${extra.sub}` }] };
    });
    return server;
  });
  const authInfo = { token: "t", clientId: "c", scopes: [], extra: { sub: "alice" } };
  there.handle = toNodeHandler({ fetch: (request) => handler.fetch(request, { authInfo }) });
  const caller = second();
  await caller.connect(overHttp.second(there.address));
  t.after(() => caller.close());
  return () => caller.callTool({ name: "whose", arguments: {} });
}

test("begun on one, approved, used on all; and one of them renews", async (t) => {
  const [port, as] = [await redis(t), await oidc(t, { "access-ttl": 5 })];
  const calls = await Promise.all(Array.from({ length: MANY }, () => replica(t, port, as.issuer)));
  const { address, code } = readPrompt(textOf(await calls[0]()));
  const waiting = calls.map((call) => call());
  await decide(address, code);
  assert.deepEqual((await Promise.all(waiting)).map(textOf), Array(MANY).fill("of alice"));
  assert.equal(as.devices(), 1);
  await sleep(5500);
  const before = as.exchanges();
  assert.deepEqual((await Promise.all(calls.map((call) => call()))).map(textOf), Array(MANY).fill("of alice"));
  assert.equal(as.exchanges(), before + 1);
});

test("begun on all at once, a person sees one code", async (t) => {
  const [port, as] = [await redis(t), await oidc(t)];
  const calls = await Promise.all(Array.from({ length: MANY }, () => replica(t, port, as.issuer)));
  const codes = new Set();
  const all = calls.map(async (call) => {
    for (;;) {
      const said = textOf(await call());
      if (said === "of alice") return said;
      const { address, code } = readPrompt(said);
      if (!codes.has(code)) {
        codes.add(code);
        await decide(address, code);
      }
    }
  });
  assert.deepEqual(await Promise.all(all), Array(MANY).fill("of alice"));
  assert.equal(codes.size, 1);
});
