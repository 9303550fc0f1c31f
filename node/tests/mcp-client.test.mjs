// From the bare address of a real MCP server, protected by oidc-provider, to a tool's answer.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { requireScopes } from "@modelcontextprotocol/server";
import { Client, SignInNeeded } from "devicegrant";
import { authorize, deviceAuth, deviceOAuthProvider, stepUp, stepUpFetch } from "devicegrant/mcp";
import { folder, sleep } from "./help.mjs";
import { FirstServer, SecondServer, first, firstProtected, listen, oidc, overHttp, second, secondProtected, textOf } from "./mcp.mjs";
import { decide } from "./person.mjs";

const KEY = Buffer.alloc(32, 7).toString("base64url");
process.env.DEVICEGRANT_KEY = KEY;

function weather(Server) {
  const server = new Server({ name: "weather", version: "1" });
  server.registerTool("weather", { description: "The weather" }, async () => ({ content: [{ type: "text", text: "sunny" }] }));
  if (Server === SecondServer) {
    const changing = { description: "Changes the weather", scopeChallenge: requireScopes("write") };
    server.registerTool("change", changing, async () => ({ content: [{ type: "text", text: "changed" }] }));
    const never = { description: "A scope that nobody gets", scopeChallenge: requireScopes("write", "heaven") };
    server.registerTool("never", never, async () => ({ content: [] }));
  }
  return server;
}

const SERVERS = {
  second: (t, issuer, more) => secondProtected(t, issuer, () => weather(SecondServer), more),
  first: (t, issuer, more) => firstProtected(t, issuer, () => weather(FirstServer), more),
};
const CLIENTS = {
  second: { make: second, auth: deviceAuth },
  first: { make: first, auth: deviceOAuthProvider },
};

async function connected(t, address, generation, login, more) {
  const { make, auth } = CLIENTS[generation];
  const client = make();
  t.after(() => client.close());
  await client.connect(overHttp[generation](address, { authProvider: auth(login), ...more }));
  return client;
}

const call = (client) => client.callTool({ name: "weather", arguments: {} });
const nobody = () => assert.fail("a person was asked");

/** Signs in with nothing but the address. */
async function signedIn(t, address, more = {}) {
  const home = `${folder(t)}/h`;
  const prompts = [];
  const login = new Client({
    server: address, home, ...more,
    onPrompt(prompt) {
      prompts.push(prompt);
      void decide(prompt.verificationUri, prompt.userCode);
    },
  });
  await authorize(login);
  assert.equal(prompts.length, 1);
  return { home, login, prompts };
}

for (const [server, client] of [["second", "second"], ["first", "first"], ["first", "second"], ["second", "first"]]) {
  test(`${server} server, ${client} client: from the address to an answer, and again after a restart`, async (t) => {
    const as = await oidc(t, { "access-ttl": 4 });
    const { address } = await SERVERS[server](t, as.issuer);
    const { home, login, prompts } = await signedIn(t, address);
    assert.deepEqual(prompts[0].scopes, ["read", "offline_access"]);
    await authorize(login, { onPrompt: nobody });
    assert.equal(textOf(await call(await connected(t, address, client, login))), "sunny");

    // The access token has run out when the next process starts.
    await sleep(4500);
    const before = as.exchanges();
    const again = new Client({ server: address, home, onPrompt: nobody });
    await authorize(again);
    const session = await connected(t, address, client, again);
    assert.equal(textOf(await call(session)), "sunny");
    assert.equal(as.exchanges(), before + 1);
    // It runs out in mid-session too.
    await sleep(4500);
    assert.equal(textOf(await call(session)), "sunny");
    assert.equal(as.devices(), 1);
    assert.equal(as.registrations(), 1);
  });

  test(`${server} server, ${client} client: a token that is refused in mid-session is renewed once`, async (t) => {
    const as = await oidc(t);
    const refuse = new Set();
    const there = await SERVERS[server](t, as.issuer, { refuse });
    const { login } = await signedIn(t, there.address);
    const session = await connected(t, there.address, client, login);
    refuse.add(await login.token());
    const results = await Promise.all([call(session), call(session), call(session), call(session)]);
    assert.deepEqual(results.map(textOf), ["sunny", "sunny", "sunny", "sunny"]);
    assert.equal(as.exchanges(), 1);
  });
}

for (const generation of ["second", "first"]) {
  test(`${generation} client: where nobody has signed in it says so, and asks nobody`, async (t) => {
    const as = await oidc(t);
    const { address } = await SERVERS.second(t, as.issuer);
    const login = new Client({ server: address, home: `${folder(t)}/h`, onPrompt: nobody });
    await assert.rejects(connected(t, address, generation, login), (error) => error instanceof SignInNeeded && error.code === "no_login");
    assert.deepEqual(as.asked, []);
  });
}

for (const [generation, withFetch, tooFew] of [["second", true, 403], ["second", false, 403], ["second", false, 401], ["first", true, 403], ["first", true, 401]]) {
  test(`${generation} client${withFetch ? ", its fetch" : ""}: a tool that demands more scopes by a ${tooFew} is signed in for once`, async (t) => {
    const as = await oidc(t);
    const { address } = await SERVERS.second(t, as.issuer, { tooFew });
    const { login, prompts } = await signedIn(t, address);
    const session = await connected(t, address, generation, login, withFetch && { fetch: stepUpFetch(login) });
    const change = () => session.callTool({ name: "change", arguments: {} });
    await assert.rejects(change());
    assert.equal(prompts.length, 1, "nobody is asked in the middle of a request");
    assert.equal(textOf(await stepUp(login, change)), "changed");
    assert.deepEqual([...prompts[1].scopes].sort(), ["offline_access", "read", "write"]);
    assert.equal(textOf(await stepUp(login, change)), "changed");
    assert.equal(textOf(await call(session)), "sunny");
    assert.equal(prompts.length, 2);
  });
}

test("a tool that nobody may call is not signed in for again and again", async (t) => {
  const as = await oidc(t);
  const { address } = await SERVERS.second(t, as.issuer);
  // A client that is registered anew for such a scope is refused before anybody is asked.
  const { login, prompts } = await signedIn(t, address, { clientId: "public" });
  const session = await connected(t, address, "second", login, { fetch: stepUpFetch(login) });
  const never = () => session.callTool({ name: "never", arguments: {} });
  await assert.rejects(stepUp(login, never));
  const asked = prompts.length;
  await assert.rejects(stepUp(login, never), (error) => error.code === "scope_loop");
  assert.equal(prompts.length, asked);
});

/** From now on the server sends who calls it on to another origin, which answers so. What either was brought. */
async function sentElsewhere(t, there, status, challenge) {
  const elsewhere = await listen(t);
  const seen = { origin: elsewhere.origin, here: 0, there: [] };
  elsewhere.handle = ({ headers }, response) => {
    seen.there.push(headers.authorization);
    response.writeHead(status, { "www-authenticate": challenge }).end();
  };
  const own = there.handle;
  there.handle = (request, response) => {
    if (request.method !== "POST") return own(request, response);
    seen.here += 1;
    return response.writeHead(307, { location: elsewhere.address }).end();
  };
  return seen;
}

const MORE = 'Bearer error="insufficient_scope", scope="write"';
for (const [status, challenge, withFetch] of [[401, "Bearer", false], [401, MORE, false], [401, MORE, true], [403, MORE, true]]) {
  test(`a ${status} of another origin, ${challenge}${withFetch ? ", its fetch" : ""}: nothing is renewed, nobody asked, and it gets no token`, async (t) => {
    const as = await oidc(t);
    const server = await SERVERS.second(t, as.issuer);
    const { login, prompts } = await signedIn(t, server.address);
    // By itself the SDK follows no redirect to another origin.
    const session = await connected(t, server.address, "second", login, { redirectPolicy: "follow", ...(withFetch && { fetch: stepUpFetch(login) }) });
    const asked = as.asked.length;
    const seen = await sentElsewhere(t, server, status, challenge);
    await assert.rejects(stepUp(login, () => call(session)), (error) => error.code === "redirect_refused" && error.message.includes(seen.origin));
    assert.deepEqual([seen.here, seen.there], [1, [undefined]]);
    assert.deepEqual([as.asked.length, prompts.length], [asked, 1]);
  });
}

for (const generation of ["second", "first"]) {
  test(`${generation} client: a redirect to another origin is not followed`, async (t) => {
    const as = await oidc(t);
    const server = await SERVERS.second(t, as.issuer);
    const { login } = await signedIn(t, server.address);
    const session = await connected(t, server.address, generation, login);
    const asked = as.asked.length;
    const seen = await sentElsewhere(t, server, 401, "Bearer");
    await assert.rejects(call(session));
    assert.deepEqual([seen.here, seen.there, as.asked.length], [1, [], asked]);
  });
}

/** oidc-provider behind a front that tells nobody when a token ends. */
async function withoutExpiry(t) {
  const front = await listen(t);
  const as = await oidc(t, { issuer: front.origin });
  front.handle = (incoming, outgoing) => {
    // The host stays: the provider names its endpoints by it.
    const { "accept-encoding": _, ...headers } = incoming.headers;
    const onward = httpRequest(new URL(incoming.url, as.origin), { method: incoming.method, headers }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part)).on("end", () => {
        let body = Buffer.concat(parts);
        const told = { ...answer.headers };
        if (incoming.url === "/token") {
          const { expires_in, ...rest } = JSON.parse(body);
          body = Buffer.from(JSON.stringify(rest));
        }
        delete told["transfer-encoding"];
        outgoing.writeHead(answer.statusCode, { ...told, "content-length": body.length }).end(body);
      });
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  };
  return as;
}

/** A process that is connected, and waits. */
async function unattended(t, generation, address, home) {
  const program = new URL("./programs/mcp-call.mjs", import.meta.url).pathname;
  const child = spawn(process.execPath, [program, generation, address, home], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value;
  assert.equal(await next(), "ready");
  return {
    async call() {
      child.stdin.write("call\n");
      return JSON.parse(await next());
    },
    async end() {
      child.stdin.end("end\n");
      const [code] = await once(child, "exit");
      assert.equal(code, 0);
    },
  };
}

for (const generation of ["second", "first"]) {
  for (const many of [2, 10]) {
    test(`${many} processes, ${generation} client, meet a 401 at the same moment on a token without an end: one exchange`, async (t) => {
      const as = await withoutExpiry(t);
      const refuse = new Set();
      const { address } = await SERVERS.second(t, as.issuer, { refuse });
      const { home, login } = await signedIn(t, address);
      const token = await login.tokens();
      assert.equal(token.expiresAt, undefined);
      const all = await Promise.all(Array.from({ length: many }, () => unattended(t, generation, address, home)));
      for (let round = 1; round <= 3; round += 1) {
        refuse.add(await login.token());
        assert.deepEqual(await Promise.all(all.map((one) => one.call())), Array(many).fill("sunny"));
        assert.equal(as.exchanges(), round);
        // This process learns of it as they did.
        await login.token({ reject: [...refuse].at(-1) });
        assert.equal(as.exchanges(), round);
        // Longer than a 401 may be late.
      await sleep(2200);
      }
      for (const one of all) await one.end();
      assert.equal((await login.health()).state, "fresh");
    });
  }
}
