// The command of this package beside the one in Rust: the same flags, events, words and exits.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { certificates } from "./certificates.mjs";
import { COMMAND, demo, folder, redis, run, sleep } from "./help.mjs";

const CLI = "node_modules/devicegrant/dist/cli.cjs";
const SLOW = { decide: { approve: { after_polls: 3 } } };

/** Both commands on one home: `ours(...)` and `theirs(...)`. */
function both(home, env = {}) {
  const all = { DEVICEGRANT_HOME: home, DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: home, ...env };
  return {
    ours: (...words) => run(process.execPath, [CLI, ...words], { env: all }),
    theirs: (...words) => run(COMMAND, words, { env: all }),
    env: all,
  };
}

const events = ({ stdout }) => stdout.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));

async function login(ours, ...words) {
  const said = await ours("login", "--json", ...words);
  assert.equal(said.code, 0, said.stdout + said.stderr);
  return events(said);
}

test("status tells all logins as the command in Rust does: good, due, ended and why, and what waits", async (t) => {
  const { ours, theirs, env } = both(join(folder(t), "h"));
  const [good, due, lost] = [await demo(t), await demo(t, { access_ttl: 2 }), await demo(t, { refresh_ttl: 1 })];
  assert.deepEqual(events(await ours("status", "--json")), events(await theirs("status", "--json")), "nobody yet");
  for (const issuer of [good, due, lost]) await login(ours, issuer, "--client-id", "app", "--scope", "read");
  assert.equal((await ours("login", good, "--profile", "waits", "--client-id", "app", "--timeout", "1s")).code, 5);
  await sleep(1200);
  env.OLD = (await ours("token", lost)).stdout.trim();
  const refused = await run(process.execPath, [CLI, "token", lost, "--reject-env", "OLD"], { env });
  assert.equal(refused.code, 3, refused.stderr);

  const told = events(await ours("status", "--json"));
  assert.deepEqual(told, events(await theirs("status", "--json")));
  const by = (target) => told.find((one) => one.event === "login" && one.target === target);
  assert.deepEqual([told[0].event, told[0].key_source, told.length], ["store", "file", 5]);
  assert.equal(by(good).state, "fresh");
  assert.equal(by(due).state, "expiring");
  assert.deepEqual([by(lost).state, by(lost).code], ["signed_out", "login_ended"]);
  assert.ok(by(lost).reason && by(lost).ended_at);
  assert.deepEqual(told.filter(({ event }) => event === "pending").map(({ profile }) => profile), ["waits"]);
  assert.equal((await ours("status")).stdout, (await theirs("status")).stdout);
  for (const [target, exit] of [[good, 0], [due, 0], [lost, 3], ["https://nobody.example", 3]]) {
    // One that has ended is found by its whole name.
    const words = ["status", "--json", target, "--client-id", "app"];
    const [one, other] = [await ours(...words), await theirs(...words)];
    assert.deepEqual([one.code, events(one)], [other.code, events(other)], target);
    assert.equal(one.code, exit);
  }
});

test("status tells a key that is silent, and what cannot be read", async (t) => {
  const home = join(folder(t), "h");
  const key = Buffer.alloc(32, 7).toString("base64url");
  const issuer = await demo(t);
  await login(both(home, { DEVICEGRANT_KEY: key }).ours, issuer, "--client-id", "app");
  const { ours, theirs } = both(home);
  const [store, one] = events(await ours("status", "--json"));
  assert.deepEqual([store.key_source, store.code, one.state, one.code], ["env", "key_unreachable", "unreachable", "key_unreachable"]);
  const { protects, ...rest } = events(await theirs("status", "--json"))[0];
  assert.deepEqual({ ...store, protects }, { ...rest, protects });
  assert.equal((await ours("status", issuer)).code, 7);
  const ended = events(await ours("logout", "--json"))[0];
  assert.deepEqual([ended.revoked, ended.code], [false, "key_unreachable"]);
});

test("logout says what became of the tokens at the server", async (t) => {
  const { ours, theirs } = both(join(folder(t), "h"));
  const [issuer, broken] = [await demo(t), await demo(t, { faults: [{ on: "revoke", with: "bad_gateway" }] })];
  const outcome = async (command, ...words) => {
    const said = await command("logout", "--json", ...words);
    assert.equal(said.code, 0, said.stderr);
    return events(said);
  };
  const nothing = await outcome(ours);
  assert.deepEqual(nothing, await outcome(theirs));
  assert.equal(nothing[0].reason, "nobody was signed in");
  await login(ours, issuer, "--client-id", "app");
  assert.deepEqual(await outcome(ours, issuer), [{ event: "signed_out", revoked: true, reason: null, code: null }]);
  await login(ours, broken, "--client-id", "app");
  const failed = await outcome(ours);
  await login(ours, broken, "--client-id", "app");
  assert.deepEqual(failed, await outcome(theirs));
  assert.equal(failed[0].revoked, false);
  assert.ok(failed[0].reason);
  assert.deepEqual(await outcome(ours), nothing);
});

for (const [how, code, exit] of [["SIGINT", "interrupted", 130], ["SIGHUP", "interrupted", 130], ["--timeout", "gave_up", 5]]) {
  test(`a sign-in that ${how} ends is kept, and --resume goes on with it`, async (t) => {
    const [home, issuer] = [join(folder(t), "h"), await demo(t, SLOW)];
    const { ours, env } = both(home);
    const limit = how === "--timeout" ? [how, "2s"] : [];
    const child = spawn(process.execPath, [CLI, "login", "--json", issuer, "--client-id", "it's", ...limit], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "ignore"] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    assert.equal(JSON.parse((await lines.next()).value).event, "prompt");
    if (!limit.length) child.kill(how);
    const ended = JSON.parse((await lines.next()).value);
    const [status] = await once(child, "exit");
    assert.deepEqual([ended.code, ended.exit, status], [code, exit, exit]);
    assert.ok(ended.hint.endsWith(`devicegrant login --resume ${issuer} --client-id 'it'\\''s'`), ended.hint);
    const [prompt, signedIn] = await login(ours, "--resume", issuer);
    assert.deepEqual([prompt.event, signedIn.event], ["prompt", "signed_in"]);
  });
}

test("a sign-in tells the same events as the one in Rust, warnings included", async (t) => {
  const [at, issuer] = [folder(t), await demo(t, { grant_scope: "read write", refresh_ttl: 3600 })];
  const words = ["login", "--json", issuer, "--client-id", "app", "--scope", "read", "--profile", "work"];
  const tell = async (command) => {
    const said = await command(...words);
    assert.equal(said.code, 0, said.stderr);
    return events(said).map((one) => ({ ...one, user_code: 0, verification_uri_complete: 0, expires_at: 0, store: 0, warnings: one.warnings?.map((w) => w.replace(/\d{4}-\S+Z/, "")) }));
  };
  const told = await tell(both(join(at, "a")).ours);
  assert.deepEqual(told, await tell(both(join(at, "b")).theirs));
  assert.ok(told[1].warnings.some((warning) => warning.includes('"write"')));
});

test("the same exits for the same words", async (t) => {
  const [home, issuer] = [join(folder(t), "h"), await demo(t, { decide: { deny: {} } })];
  const { ours, theirs } = both(home);
  const at = [issuer, "--client-id", "app"];
  const lines = [
    [], ["dance"], ["token"], ["headers"], ["login"], ["login", ...at], ["login", ...at, "--json"], ["token", "--json"],
    ["token", "https://nobody.example"], ["login", "nonsense"], ["login", "--scope"], ["login", ...at, "--param", "a"],
    ["login", ...at, "--param", "a=1", "--param", "a=2"], ["login", ...at, "--client-secret-env", "NOT_SET"],
    ["login", ...at, "--client-auth", "post"], ["login", ...at, "--timeout", "0"], ["login", ...at, "--timeout", "soon"],
    ["login", "http://x.example", "--client-id", "c"], ["login", issuer, "--issuer", issuer], ["login", issuer, issuer],
    ["token", "--min-ttl", "soon"], ["token", "--min-ttl", "0"], ["token", "--reject-env", "NOT_SET"], ["token", "--scope", "a"],
    ["headers", "--json"], ["status", "--key", "pocket"], ["status", "--store", "cloud"], ["status", "--store", "memory"],
    ["status", "--store", "redis"], ["status", "--store", "redis", "--key", "file"], ["logout", issuer],
    ["--home", home, "status"], ["-v", "status"], ["--store", "memory", "login", ...at], ["login", ...at, "--resume"],
    ["login", ...at, "--unattended", "--key", "keyring"], ["--issuer", issuer, "status"], ["status", "--ca", "absent.pem"],
    ["login", ...at, "--paste", "--open"], ["login", ...at, "--paste", "--resume"], ["login", ...at, "--paste", "--device-endpoint", issuer],
    ["login", ...at, "--redirect-uri", "https://a.example/"], ["login", ...at, "--paste", "--redirect-uri", "nonsense"],
    ["login", ...at, "--paste", "http://127.0.0.1/?code=x"], ["login", ...at, "--paste", "--json"], ["token", issuer, "--paste"],
    ["--version"], ["--help"], ["login", "--help"],
  ];
  for (const words of lines) {
    const [one, other] = [await ours(...words), await theirs(...words)];
    assert.equal(one.code, other.code, `${words.join(" ")}: ${one.stderr}${one.stdout} / ${other.stderr}${other.stdout}`);
    assert.equal(Boolean(one.stdout), Boolean(other.stdout), words.join(" "));
    assert.doesNotMatch(one.stderr, /\n\s+at /, "a stack");
  }
});

test("--ca trusts one's own root besides, and is told where it is none", async (t) => {
  const [at, issuer] = [folder(t), await demo(t)];
  certificates(at);
  const secure = async (kind) => {
    const options = { key: readFileSync(join(at, `${kind}.key`)), cert: readFileSync(join(at, `${kind}.pem`)) };
    const server = createServer(options, (incoming, outgoing) => {
      const { host, ...headers } = incoming.headers;
      const onward = request(new URL(incoming.url, issuer), { method: incoming.method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
      });
      incoming.pipe(onward);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close().closeAllConnections());
    const origin = `https://127.0.0.1:${server.address().port}`;
    return ["--client-id", "app", "--device-endpoint", `${origin}/device_authorization`, "--token-endpoint", `${origin}/token`];
  };
  const { ours } = both(join(at, "h"));
  const refused = async (code, ...words) => {
    const said = await ours("login", "--json", ...words);
    const [told] = events(said);
    assert.deepEqual([told.code, said.code], [code, told.exit]);
    return told;
  };
  const good = await secure("good");
  await refused("tls_untrusted", ...good);
  const ca = ["--ca", join(at, "ca.pem")];
  const [, signedIn] = await login(ours, ...good, ...ca);
  assert.equal(signedIn.event, "signed_in");
  const first = (await ours("token")).stdout;
  const env = { DEVICEGRANT_HOME: join(at, "h"), OLD: first.trim() };
  const renewed = await run(process.execPath, [CLI, ...ca, "token", "--reject-env", "OLD"], { env });
  assert.equal(renewed.code, 0, renewed.stderr);
  assert.notEqual(renewed.stdout, first);
  for (const [kind, code] of [["expired", "tls_expired"], ["wrong-host", "tls_wrong_host"], ["self-signed", "tls_untrusted"]]) {
    await refused(code, ...(await secure(kind)), ...ca);
  }
  for (const text of [undefined, "", "nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]) {
    const file = join(at, "roots.pem");
    if (text !== undefined) writeFileSync(file, text);
    const told = await refused("bad_option", ...good, "--ca", file);
    assert.ok(told.message.startsWith(`--ca ${file} cannot be used: `), told.message);
  }
});

test("-v logs what is asked, and no secret; twice the parameters' names", async (t) => {
  const [home, issuer] = [join(folder(t), "h"), await demo(t)];
  const { ours, env } = both(home, { THE_SECRET: "canary-client-secret" });
  const said = await ours("-vv", "login", issuer, "--client-id", "app", "--client-secret-env", "THE_SECRET", "--client-auth", "post");
  assert.equal(said.code, 0, said.stderr);
  assert.ok(said.stderr.includes(`POST ${issuer}/token: HTTP 200`), said.stderr);
  assert.match(said.stderr, /client_id="app"/);
  assert.match(said.stderr, /device_code=\[redacted\]/);
  const token = (await ours("token")).stdout.trim();
  for (const secret of [env.THE_SECRET, token]) assert.ok(!said.stderr.includes(secret));
});

test("--store redis: one login for both commands", async (t) => {
  const { ours, theirs, env } = both(join(folder(t), "h"), { DEVICEGRANT_KEY: Buffer.alloc(32, 3).toString("base64url") });
  const issuer = await demo(t);
  assert.equal((await ours("status", "--store", "redis")).code, 2);
  env.DEVICEGRANT_REDIS_URL = `redis://127.0.0.1:${await redis(t)}/0`;
  const at = ["--store", "redis"];
  const without = await ours("status", ...at);
  assert.equal(without.code, 2);
  assert.match(without.stderr, /npm install redis/);
  for (const library of ["redis", "ioredis"]) {
    const place = join("node_modules", library);
    symlinkSync(join(process.env.DEVICEGRANT_ROOT, "node/node_modules", library), place);
    try {
      await login(ours, issuer, "--client-id", library, ...at);
      const token = (await theirs("token", "--client-id", library, ...at)).stdout.trim();
      assert.equal((await ours("token", "--client-id", library, ...at)).stdout.trim(), token);
      assert.ok(token);
      const told = events(await ours("status", "--json", ...at));
      assert.deepEqual([told[0].event, told[1].client_id, told[1].state], ["store", library, "fresh"]);
      assert.equal((await ours("logout", ...at)).code, 0);
      assert.equal((await ours("status", ...at, "--client-id", library)).code, 3);
      const gone = await run(process.execPath, [CLI, "status", ...at], { env: { ...env, DEVICEGRANT_REDIS_URL: "redis://u:canary@127.0.0.1:1/0" } });
      assert.equal(gone.code, 7, gone.stderr);
      assert.ok(!gone.stderr.includes("canary"));
    } finally {
      rmSync(place);
    }
  }
});
