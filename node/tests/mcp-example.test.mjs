// The example as it is run: a process on stdio, real clients, and nobody at a browser.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { StdioClientTransport as SecondStdio } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as FirstStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { demo, folder } from "./help.mjs";
import { first, readPrompt, second, textOf } from "./mcp.mjs";

const SERVER = fileURLToPath(new URL("../example/server.mjs", import.meta.url));
const STDIO = { first: FirstStdio, second: SecondStdio };

async function started(t, script) {
  const issuer = await demo(t, { decide: "person", control: true, interval: 1, ...script });
  const env = {
    ...process.env, API: issuer, ISSUER: issuer, CLIENT_ID: "example",
    DEVICEGRANT_HOME: `${folder(t)}/h`, DEVICEGRANT_KEY: Buffer.alloc(32, 3).toString("base64url"),
  };
  const approve = (code) => fetch(`${issuer}/demo/approve`, { method: "POST", body: new URLSearchParams({ user_code: code }) });
  return { issuer, env, approve };
}

async function connected(t, client, generation, env) {
  await client.connect(new STDIO[generation]({ command: process.execPath, args: [SERVER], env, stderr: "inherit" }));
  t.after(() => client.close());
  const call = (path = "/api/whoami") => client.callTool({ name: "get", arguments: { path } });
  return { client, call };
}

for (const generation of ["second", "first"]) {
  const make = { first, second }[generation];

  test(`${generation} client: asked by address, answered, and after a restart asked by nobody`, async (t) => {
    const { env, approve } = await started(t, { access_ttl: 3 });
    const asked = [];
    const answer = async (question) => {
      asked.push(question);
      await approve(/code ([A-Z0-9-]+)/.exec(question.message)[1]);
      return { action: "accept" };
    };
    const completed = [];
    const one = await connected(t, make({ means: { url: {} }, answer, completed: (id) => completed.push(id) }), generation, env);
    assert.match(textOf(await one.call()), /demo-person/);
    assert.equal(asked.length, 1);
    assert.match(asked[0].message, /^The API wants to know whose data you mean\./);
    // The older era is told that the person is through.
    if (generation === "first") assert.deepEqual(completed, [asked[0].elicitationId]);
    await one.client.close();
    await new Promise((resolve) => setTimeout(resolve, 3500));
    const again = await connected(t, make({ means: { url: {} }, answer }), generation, env);
    assert.match(textOf(await again.call()), /demo-person/);
    assert.equal(asked.length, 1);
  });

  test(`${generation} client without elicitation: in words`, async (t) => {
    const { env, approve, issuer } = await started(t);
    const { call } = await connected(t, make(), generation, env);
    const { address, code } = readPrompt(textOf(await call()));
    assert.ok(address.startsWith(issuer));
    await approve(code);
    assert.match(textOf(await call()), /demo-person/);
    // A path that leaves the API takes no token with it.
    const elsewhere = createServer((request, response) => (heard.push(request.headers), response.end()));
    const heard = [];
    await once(elsewhere.listen(0, "127.0.0.1"), "listening");
    t.after(() => elsewhere.close());
    for (const slashes of ["//", "/\\"]) {
      const answer = await call(`${slashes}127.0.0.1:${elsewhere.address().port}/api/whoami`);
      assert.equal(answer.isError, true);
      assert.match(textOf(answer), /gets no token/);
    }
    assert.deepEqual(heard, []);
  });
}

test("a client that never comes back: the server ends with its stdin, though the code lives on", async (t) => {
  const { env } = await started(t, { expires_in: 600 });
  const child = spawn(process.execPath, [SERVER], { env, stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const say = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  say({ id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } } });
  assert.equal(JSON.parse((await lines.next()).value).id, 1);
  say({ method: "notifications/initialized" });
  say({ id: 2, method: "tools/call", params: { name: "get", arguments: { path: "/api/whoami" } } });
  assert.match((await lines.next()).value, /Enter the code/);
  // A listing is answered while the sign-in waits, and while another call is held for it.
  say({ id: 3, method: "tools/call", params: { name: "get", arguments: { path: "/api/whoami" } } });
  const asked = performance.now();
  say({ id: 4, method: "tools/list" });
  assert.equal(JSON.parse((await lines.next()).value).id, 4);
  assert.ok(performance.now() - asked < 3000);
  child.stdin.end();
  const ended = performance.now();
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  assert.ok(performance.now() - ended < 5000, `it ran on for ${performance.now() - ended} ms`);
});
