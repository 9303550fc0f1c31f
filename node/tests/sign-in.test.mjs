// Signing in against the demo server, and sharing the login with the command in Rust.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { Client, Pending, SignInNeeded, StoreError, Tokens, Usage } from "devicegrant";
import { COMMAND, demo, folder, run } from "./help.mjs";

const CLI = "node_modules/devicegrant/dist/cli.cjs";
const KEY = new Uint8Array(32).fill(9);

test("five lines sign in, and the command in Rust finds the login", async (t) => {
  const [home, issuer] = [folder(t), await demo(t)];
  const client = new Client({ issuer, clientId: "app", scopes: "read", home: join(home, "h"), keySource: "file", onPrompt: () => {} });
  const tokens = await client.login();
  assert.deepEqual(tokens.scopes, ["read"]);
  assert.equal(await client.token(), tokens.accessToken);

  const said = await run(COMMAND, ["token", issuer, "--home", join(home, "h")]);
  assert.equal(said.stdout.trim(), tokens.accessToken, said.stderr);
  const [login] = readdirSync(join(home, "h/logins"));
  const file = join(home, "h/logins", login, readdirSync(join(home, "h/logins", login))[0]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(!readFileSync(file, "latin1").includes(tokens.accessToken), "a token stands in the clear");
});

test("what the command in Rust signed in, this one finds without naming anything, and renews", async (t) => {
  const [home, issuer] = [join(folder(t), "h"), await demo(t)];
  const env = { DEVICEGRANT_HOME: home, DEVICEGRANT_KEY: Buffer.from(KEY).toString("base64url") };
  const signedIn = await run(COMMAND, ["login", issuer, "--client-id", "app", "--json"], { env });
  assert.equal(signedIn.code, 0, signedIn.stderr + signedIn.stdout);
  process.env.DEVICEGRANT_KEY = env.DEVICEGRANT_KEY;
  const client = new Client({ home });
  const first = await client.token();
  const second = await client.token({ reject: first });
  assert.notEqual(second, first);
  assert.equal((await run(COMMAND, ["token", issuer], { env })).stdout.trim(), second);
  assert.equal((await client.health()).state, "fresh");
  assert.equal(await client.logout(), true);
  await assert.rejects(client.token(), SignInNeeded);
  assert.equal((await run(COMMAND, ["token", issuer], { env })).code, 3);
  delete process.env.DEVICEGRANT_KEY;
});

test("the command of this package has the flags and exits of the one in Rust", async (t) => {
  const [home, issuer] = [join(folder(t), "h"), await demo(t)];
  const cli = (...words) => run(process.execPath, [CLI, ...words, "--home", home]);
  const nobody = await cli("token", issuer);
  assert.equal(nobody.code, 3);
  assert.match(nobody.stderr, /^error: .*\nhint: .*\nhelp:  devicegrant explain no_login\n$/);
  const login = await cli("login", issuer, "--client-id", "app", "--scope", "read", "--json", "--key", "file");
  assert.equal(login.code, 0, login.stderr);
  const events = login.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(events.map(({ event }) => event), ["prompt", "signed_in"]);
  assert.equal(events[1].store, join(home, "logins"));
  const token = (await cli("token", issuer)).stdout.trim();
  assert.equal((await run(COMMAND, ["token", issuer, "--home", home])).stdout.trim(), token);
  assert.deepEqual(JSON.parse((await cli("headers", issuer)).stdout), { Authorization: `Bearer ${token}` });
  assert.equal(JSON.parse((await cli("status", issuer, "--json")).stdout).state, "fresh");
  assert.equal((await cli("token", "--nonsense")).code, 2);
  assert.equal((await cli("dance")).code, 2);
  assert.deepEqual(JSON.parse((await cli("logout", issuer, "--json")).stdout), { event: "signed_out", revoked: true, reason: null, code: null });
  assert.equal((await cli("status", issuer)).code, 3);
});

test("without a prompt and without a terminal nobody is asked, and no server either", async (t) => {
  const client = new Client({ issuer: "https://nobody.invalid", clientId: "app", store: "memory" });
  await assert.rejects(client.login(), (error) => error instanceof SignInNeeded && error.code === "no_prompt");
});

test("what a prompt throws ends the sign-in as it is", async (t) => {
  const oops = new Error("my own");
  const client = new Client({
    issuer: await demo(t), clientId: "app", store: "memory",
    onPrompt: () => {
      throw oops;
    },
  });
  await assert.rejects(client.login(), (error) => error === oops);
});

test("a pending sign-in is a value: sealed here, finished there, and kept", async (t) => {
  const [home, issuer] = [join(folder(t), "h"), await demo(t, { interval: 1 })];
  const given = { issuer, clientId: "app", home, key: KEY };
  const pending = await new Client(given).begin();
  assert.match(pending.prompt.userCode, /-/);
  assert.ok(pending.prompt.qr.lines.length > 10);
  const bytes = pending.toBytes(KEY);
  assert.throws(() => Pending.fromBytes(new Uint8Array(32), bytes), StoreError);
  const there = new Client(given);
  let next = Pending.fromBytes(KEY, bytes);
  const until = Date.now() + 15_000;
  while (next instanceof Pending && Date.now() < until) {
    next = await there.poll(next);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(next instanceof Tokens);
  assert.equal(await new Client(given).token(), next.accessToken);

  const another = { ...given, profile: "kept" };
  const first = new Client(another);
  await first.keep(await first.begin());
  let kept = await first.pollKept();
  while (kept instanceof Pending && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    kept = await new Client(another).pollKept();
  }
  assert.equal(await new Client(another).token(), kept.accessToken);
});

test("progress tells the prompt, what happens, and the end; whoever leaves ends it", async (t) => {
  const client = new Client({ issuer: await demo(t), clientId: "app", store: "memory" });
  const told = [];
  for await (const step of client.progress()) told.push(step.event);
  assert.equal(told[0], "discovered");
  assert.ok(told.indexOf("code_issued") < told.indexOf("prompt"));
  assert.equal(told.at(-1), "signed_in");
  const again = new Client({ issuer: await demo(t, { decide: "person" }), clientId: "app", store: "memory" });
  for await (const step of again.progress()) if (step.event === "prompt") break;
  await again.finish();
});

test("options that cannot be used are told by name", () => {
  const bad = (given) => assert.throws(() => new Client(given), (error) => error instanceof Usage && error.code === "bad_option");
  bad({ issuer: "https://a.example", store: {} });
  bad({ issuer: "https://a.example", store: "disk" });
  bad({ issuer: "https://a.example", clientID: "a" });
  bad({ issuer: "https://a.example", store: "memory", key: "short" });
  bad({ issuer: "https://a.example", clientAuth: "telepathy" });
});
