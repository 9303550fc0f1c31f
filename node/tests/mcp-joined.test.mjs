// Tools that need different scopes of one API, while one sign-in waits for its person.
import assert from "node:assert/strict";
import { test } from "node:test";

import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { Client } from "devicegrant";
import { ensure } from "devicegrant/mcp";
import { folder, sleep } from "./help.mjs";
import { connected, upstream } from "./mcp-upstream.mjs";
import { SecondServer, introspected, listen, oidc, overHttp, readPrompt, second, textOf } from "./mcp.mjs";
import { decide } from "./person.mjs";

const NEEDS_WRITE = 'Bearer error="insufficient_scope", scope="write"';

/** An API that is read with one scope and written with another, and a client of its authorization server. */
async function scoped(t) {
  const as = await oidc(t);
  const api = await listen(t);
  api.handle = async (request, response) => {
    const { scopes } = await introspected(as.issuer, request.headers.authorization.slice(7));
    if (scopes.includes("write")) return response.end("written");
    response.writeHead(403, { "www-authenticate": NEEDS_WRITE }).end();
  };
  const client = new Client({ issuer: as.issuer, clientId: "public", scopes: "read", store: "memory" });
  return { as, api, client };
}

/** A server with a tool for each challenge, which tells the scopes of its token. */
async function tools(t, login, scopesOf, challenges) {
  const there = await listen(t);
  there.handle = toNodeHandler(createMcpHandler(() => {
    const server = new SecondServer({ name: "tools", version: "1" });
    for (const [name, challenge] of Object.entries(challenges)) {
      server.registerTool(name, { description: name }, async (context) => {
        const { result, token } = await ensure(context, server, login, { singleUser: true, challenge });
        return result ?? { content: [{ type: "text", text: await scopesOf(token) }] };
      });
    }
    return server;
  }));
  return there.address;
}

test("who joins a sign-in that was for less has one of their own after it", async (t) => {
  const { as, client: login } = await scoped(t);
  const scopesOf = async (token) => (await introspected(as.issuer, token)).scopes.join(" ");
  const asked = [];
  const { client } = await connected(t, await tools(t, login, scopesOf, { read: undefined, write: NEEDS_WRITE }), second({
    means: { url: {} },
    async answer({ url, message }) {
      const [, code] = /code ([A-Z0-9-]+)/.exec(message);
      asked.push(code);
      // The others have to come while nobody has approved yet.
      setTimeout(() => decide(url, code), 1500);
      return { action: "accept" };
    },
  }), "second");
  const call = async (name) => textOf(await client.callTool({ name, arguments: {} }));
  const reading = call("read");
  while (!asked.length) await sleep(10);
  const [read, ...written] = await Promise.all([reading, call("write"), call("write")]);
  assert.ok(read.includes("read"), read);
  assert.deepEqual(written, ["read write", "read write"]);
  assert.equal(new Set(asked).size, asked.length);
  assert.equal(asked.length, 2);
  assert.equal(as.devices(), 2);
});

test("who joins a sign-in that cannot be begun has one of their own", async (t) => {
  const api = await upstream(t);
  // Slow enough that the second call finds the first at it.
  const login = new Client({ ...api.given, home: folder(t), fetch: (...given) => sleep(300).then(() => fetch(...given)) });
  const odd = NEEDS_WRITE.replace("write", "far-too-long".repeat(200));
  const { client } = await connected(t, await tools(t, login, () => "there", { read: undefined, odd }), second(), "second");
  const call = async (name) => textOf(await client.callTool({ name, arguments: {} }));
  const refused = call("odd");
  await sleep(150);
  const told = readPrompt(await call("read"));
  assert.match(await refused, /invalid_scope|scope/);
  await api.approve(told.code);
  assert.equal(await call("read"), "there");
  assert.equal(api.begun(), 2);
});

test("an API that demands more scopes: the person is asked for those besides", async (t) => {
  const { as, api, client } = await scoped(t);
  const make = () => {
    const server = new SecondServer({ name: "writer", version: "1" });
    server.registerTool("write", { description: "Writes" }, async (context) => {
      let login = await ensure(context, server, client, { singleUser: true });
      if (login.result) return login.result;
      let answer = await login.fetch(api.origin);
      if (answer.status === 403) {
        login = await ensure(context, server, client, { singleUser: true, challenge: answer.headers.get("www-authenticate") });
        if (login.result) return login.result;
        answer = await login.fetch(api.origin);
      }
      return { content: [{ type: "text", text: await answer.text() }] };
    });
    return server;
  };
  const there = await listen(t);
  there.handle = toNodeHandler(createMcpHandler(make));
  const caller = second();
  await caller.connect(overHttp.second(there.address));
  t.after(() => caller.close());
  const call = async () => textOf(await caller.callTool({ name: "write", arguments: {} }));
  const one = await call();
  assert.match(one, /It asks for: read$/m);
  await decide(readPrompt(one).address, readPrompt(one).code);
  const two = await call();
  assert.match(two, /It asks for: read, write$/m);
  await decide(readPrompt(two).address, readPrompt(two).code);
  assert.equal(await call(), "written");
  assert.equal(as.devices(), 2);
});
