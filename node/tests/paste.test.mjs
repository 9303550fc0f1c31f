// Signing in by a pasted address: what the caller's own callable is given, and what it gives.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { inspect } from "node:util";

import { Client, SignInNeeded } from "devicegrant";

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
