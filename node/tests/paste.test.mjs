// Signing in by a pasted address: what the caller's own callable is given and gives, and the command.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { inspect } from "node:util";

import { Client, SignInNeeded } from "devicegrant";
import { COMMAND, folder, run } from "./help.mjs";
import { oidc } from "./mcp.mjs";
import { land } from "./person.mjs";

/** A server that takes every code once it has seen the challenge of its verifier. */
async function server(t) {
  const asked = [];
  const there = createServer((request, response) => {
    const at = `http://127.0.0.1:${there.address().port}`;
    const parts = [];
    request.on("data", (part) => parts.push(part)).on("end", () => {
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
      if (request.method === "POST") asked.push(form);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(request.method === "POST"
        ? { access_token: `access-${asked.length}`, token_type: "Bearer", expires_in: 3600, refresh_token: `refresh-${asked.length}` }
        : { issuer: at, authorization_endpoint: `${at}/authorize`, token_endpoint: `${at}/token`, code_challenge_methods_supported: ["S256"] }));
    });
  });
  there.listen(0, "127.0.0.1");
  await once(there, "listening");
  t.after(() => {
    there.closeAllConnections();
    there.close();
  });
  return { issuer: `http://127.0.0.1:${there.address().port}`, asked };
}

function landed(prompt) {
  const state = new URL(prompt.authorizationUri).searchParams.get("state");
  return `${prompt.redirectUri}?code=code-12345678&state=${state}`;
}

test("a wrong address is told, the right one signs in, and the login is renewed", async (t) => {
  const { issuer, asked } = await server(t);
  const client = new Client({ issuer, clientId: "app", store: "memory" });
  const seen = [];
  const tokens = await client.loginByPaste((prompt) => {
    seen.push(prompt);
    return seen.length === 1 ? "wrong" : landed(prompt);
  });
  assert.deepEqual(seen.map(({ trouble }) => trouble), [undefined, "that is no address with an answer in it"]);
  assert.ok(seen[0].text.includes(seen[0].authorizationUri));
  assert.equal(seen[0].qr.modules.length, seen[0].qr.size);
  assert.ok(!(inspect(seen[0]) + JSON.stringify(seen[0])).includes("code_challenge"));
  assert.equal(asked[0].grant_type, "authorization_code");
  assert.equal(await client.token(), tokens.accessToken);
  assert.equal(await client.token({ reject: tokens.accessToken }), "access-2");
});

test("nothing to be read, and a redirect URI of the caller's", async (t) => {
  const { issuer, asked } = await server(t);
  const redirectUri = "https://app.example.com/landed";
  const client = new Client({ issuer, clientId: "app", store: "memory", redirectUri });
  await assert.rejects(client.loginByPaste(() => undefined), (error) => error instanceof SignInNeeded && error.code === "bad_paste");
  assert.equal(asked.length, 0);
  await client.loginByPaste(async (prompt) => landed(prompt));
  assert.equal(asked[0].redirect_uri, redirectUri);
});

test("whoever leaves is released, and what the callable throws comes back", async (t) => {
  const { issuer } = await server(t);
  const client = new Client({ issuer, clientId: "app", store: "memory" });
  const leave = new AbortController();
  const left = client.loginByPaste(() => {
    leave.abort(new Error("left"));
    return new Promise(() => {});
  }, { signal: leave.signal });
  await assert.rejects(left, /left/);
  await assert.rejects(client.loginByPaste(() => { throw new RangeError("mine"); }), /mine/);
});

const CLI = "node_modules/devicegrant/dist/cli.cjs";
const OURS = [process.execPath, CLI];
const COMMANDS = { ours: OURS, theirs: [COMMAND] };

/** A command that signs in at oidc-provider, with its events one after the other. */
function begin([program, ...first], home, issuer, words, env = {}) {
  const all = [...first, "login", issuer, "--client-id", "code", "--scope", "read", "--paste", ...words];
  const child = spawn(program, all, { env: { ...process.env, DEVICEGRANT_HOME: home, DBUS_SESSION_BUS_ADDRESS: "", ...env } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = { err: "" };
  child.stderr.setEncoding("utf8").on("data", (text) => (said.err += text));
  return {
    child, said,
    ended: once(child, "close").then(([code]) => code),
    event: async () => JSON.parse((await lines.next()).value ?? assert.fail(said.err)),
    type: (line) => child.stdin.write(`${line}\n`),
  };
}

const HERE = "http://127.0.0.1:28628/callback";

test("the command reads addresses until one is right, as the one in Rust does, event for event", async (t) => {
  const as = await oidc(t, { device: "false" });
  const told = {};
  for (const [name, command] of Object.entries(COMMANDS)) {
    const home = `${folder(t)}/h`;
    const login = begin(command, home, as.issuer, ["--json"]);
    const asked = await login.event();
    const right = await land(asked.authorization_uri, HERE);
    const events = [asked];
    for (const wrong of ["", asked.authorization_uri, right.replace("iss=", "no=")]) {
      login.type(wrong);
      events.push(await login.event());
    }
    login.type(`  ${right} `);
    events.push(await login.event());
    assert.equal(await login.ended, 0, login.said.err);
    assert.ok(!login.said.err.includes(right));
    // Each has a code, a state and a moment of its own.
    told[name] = events.map((one) => ({ ...one, authorization_uri: 0, expires_at: typeof one.expires_at, store: 0 }));
    const token = await run(process.execPath, [CLI, "token", as.issuer], { env: { DEVICEGRANT_HOME: home } });
    assert.equal(token.code, 0, token.stderr);
    const who = await fetch(`${as.issuer}/me`, { headers: { authorization: `Bearer ${token.stdout.trim()}` } });
    // It is a token of that server's, without `openid`.
    assert.equal((await who.json()).error, "insufficient_scope");
  }
  assert.deepEqual(told.ours, told.theirs);
  assert.deepEqual(told.ours.map(({ event }) => event), ["paste", "paste", "paste", "paste", "signed_in"]);
});

for (const [how, words, act, code, exit] of [
  ["an input that ends", [], ({ child }) => child.stdin.end(), "bad_paste", 3],
  ["a signal", [], ({ child }) => child.kill("SIGTERM"), "interrupted", 130],
  ["--timeout", ["--timeout", "2s"], () => {}, "gave_up", 5],
  ["the person's no", [], async (one, uri) => one.type(await land(uri, HERE, { approve: false })), "access_denied", 4],
]) {
  test(`the command that reads ends by ${how} as the one in Rust does`, async (t) => {
    const as = await oidc(t, { device: "false" });
    const told = [];
    for (const command of Object.values(COMMANDS)) {
      const login = begin(command, `${folder(t)}/h`, as.issuer, ["--json", ...words]);
      const asked = await login.event();
      await act(login, asked.authorization_uri);
      told.push([await login.event(), await login.ended]);
    }
    assert.deepEqual(told[0], told[1]);
    assert.deepEqual([told[0][0].code, told[0][0].exit, told[0][1]], [code, exit, exit]);
  });
}

test("the command with a redirect URI and a secret of its own, in lines for people", async (t) => {
  const as = await oidc(t, { device: "false" });
  const landing = "https://app.example.com/landed";
  const words = ["--client-id", "code-basic", "--client-secret-env", "THE_SECRET", "--redirect-uri", landing, "-vv"];
  const secret = "code-basic:s3cret+/%&=";
  const login = begin(OURS, `${folder(t)}/h`, as.issuer, words, { THE_SECRET: secret });
  while (!/paste it here/.test(login.said.err)) await Promise.race([once(login.child.stderr, "data"), login.ended.then(() => assert.fail(login.said.err))]);
  assert.ok(!/not shown/.test(login.said.err), "no terminal hides it");
  const [address] = /http\S+\/auth\?\S+/.exec(login.said.err);
  const landed = await land(address, landing);
  // An end without a line's end is one too.
  login.child.stdin.end(landed);
  assert.equal(await login.ended, 0, login.said.err);
  assert.match(login.said.err, /grant_type="authorization_code"/);
  const code = new URL(landed).searchParams.get("code");
  for (const canary of [secret, code]) assert.ok(!login.said.err.includes(canary), login.said.err);
});

test("lines that come at once are read one after the other", async (t) => {
  const as = await oidc(t, { device: "false" });
  const login = begin(OURS, `${folder(t)}/h`, as.issuer, ["--json"]);
  const right = await land((await login.event()).authorization_uri, HERE);
  login.type(`${"a".repeat(100_000)}\nwrong\r\n${right}\r`);
  assert.ok((await login.event()).trouble);
  assert.ok((await login.event()).trouble);
  assert.equal((await login.event()).event, "signed_in");
  assert.equal(await login.ended, 0, login.said.err);
});
