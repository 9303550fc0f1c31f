// The key of a home in a real GNOME keyring: by the peer, by secret-tool, locked, frozen and absent.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { COMMAND, demo, folder, run, sleep } from "./help.mjs";

const CLI = "node_modules/devicegrant/dist/cli.cjs";
const PEER = "node_modules/@napi-rs";

/** A session bus and a keyring of the test's own; without a password it is locked, where there is one. */
async function session(t, at, password) {
  writeFileSync(join(at, "bus.conf"), `<busconfig><type>session</type><listen>unix:path=${at}/bus</listen><policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`);
  rmSync(join(at, "bus"), { force: true });
  const bus = spawn("dbus-daemon", [`--config-file=${at}/bus.conf`, "--nofork", "--print-address"], { stdio: ["ignore", "pipe", "ignore"] });
  const [address] = await once(createInterface({ input: bus.stdout }), "line");
  const env = { DBUS_SESSION_BUS_ADDRESS: address, HOME: at, XDG_DATA_HOME: join(at, "data"), XDG_RUNTIME_DIR: at };
  const words = ["--foreground", "--components=secrets", ...(password === undefined ? [] : ["--unlock"])];
  const keyring = spawn("gnome-keyring-daemon", words, { env: { ...process.env, ...env }, stdio: ["pipe", "ignore", "ignore"] });
  keyring.stdin.end(password ?? "");
  const ask = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"];
  for (let tries = 0; ; tries++) {
    if ((await run("dbus-send", ask, { env })).stdout.includes("true")) break;
    if (tries > 200) throw new Error("the keyring did not come up");
    await sleep(50);
  }
  const end = async () => {
    for (const one of [keyring, bus]) {
      if (one.exitCode !== null || one.signalCode !== null) continue;
      one.kill("SIGKILL");
      await once(one, "exit");
    }
  };
  t.after(end);
  return { env, end, freeze: () => keyring.kill("SIGSTOP") };
}

const withPeer = () => cpSync(join(process.env.DEVICEGRANT_ROOT, "node", PEER), PEER, { recursive: true });
const withoutPeer = () => rmSync(PEER, { recursive: true, force: true });
const login = (env, home, issuer) => run(process.execPath, [CLI, "login", issuer, "--client-id", "app", "--home", home], { env });
const token = (env, home) => run(process.execPath, [CLI, "token", "--home", home], { env });
const source = (home) => JSON.parse(readFileSync(join(home, "home.json"), "utf8")).key.source;

for (const [how, prepare] of [["the peer", withPeer], ["secret-tool", withoutPeer]]) {
  test(`by ${how}: chosen here, read by the command in Rust, and the other way round`, async (t) => {
    prepare();
    t.after(withoutPeer);
    const [at, issuer] = [folder(t), await demo(t)];
    const there = await session(t, at, "a password");
    const signedIn = await login(there.env, join(at, "one"), issuer);
    assert.equal(signedIn.code, 0, signedIn.stderr);
    assert.equal(source(join(at, "one")), "keyring");
    const rust = await run(COMMAND, ["token", issuer, "--home", join(at, "one")], { env: there.env });
    assert.equal(rust.code, 0, rust.stderr);
    assert.equal((await token(there.env, join(at, "one"))).stdout, rust.stdout);

    const other = await run(COMMAND, ["login", issuer, "--client-id", "app", "--home", join(at, "two")], { env: there.env });
    assert.equal(other.code, 0, other.stderr);
    assert.equal(source(join(at, "two")), "keyring");
    const here = await token(there.env, join(at, "two"));
    assert.equal(here.code, 0, here.stderr);

    // Frozen: it takes calls and never answers.
    there.freeze();
    const begun = performance.now();
    const frozen = await token(there.env, join(at, "two"));
    assert.equal(frozen.code, 7);
    assert.match(frozen.stderr, /did not answer within 3 seconds/);
    assert.ok(performance.now() - begun < 8000);
    await there.end();

    const locked = await session(t, at);
    const refused = await token(locked.env, join(at, "two"));
    assert.equal(refused.code, 7, refused.stdout);
    assert.match(refused.stderr, /the system's keyring, which .*(locked|did not answer|no entry)/);
    await locked.end();

    const gone = await token({ DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: at, HOME: at }, join(at, "two"));
    assert.equal(gone.code, 7);
    assert.match(gone.stderr, /keyring, which (is not there|failed)/);
  });
}

test("where there is no keyring the key is a file, and neither the kernel's nor nothing", async (t) => {
  withPeer();
  t.after(withoutPeer);
  const [at, issuer] = [folder(t), await demo(t)];
  mkdirSync(join(at, "run"));
  const env = { DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: join(at, "run"), HOME: at };
  const signedIn = await login(env, join(at, "h"), issuer);
  assert.equal(signedIn.code, 0, signedIn.stderr);
  assert.equal(source(join(at, "h")), "file");
});

test("without the peer and without secret-tool the remedy is told", async (t) => {
  const [at, issuer] = [folder(t), await demo(t)];
  const there = await session(t, at, "a password");
  const signedIn = await login(there.env, join(at, "h"), issuer);
  assert.equal(signedIn.code, 0, signedIn.stderr);
  const said = await token({ ...there.env, PATH: "" }, join(at, "h"));
  assert.equal(said.code, 7);
  assert.match(said.stderr, /npm install @napi-rs\/keyring/);
});

test("a key command, a passphrase and a variable", async (t) => {
  const [at, issuer] = [folder(t), await demo(t)];
  const key = Buffer.alloc(32, 5).toString("base64url");
  const ways = {
    command: { DEVICEGRANT_KEY_COMMAND: `sh -c 'printf %s ${key}'` },
    passphrase: { DEVICEGRANT_PASSPHRASE: "correct horse" },
    env: { DEVICEGRANT_KEY: key },
  };
  for (const [name, env] of Object.entries(ways)) {
    const home = join(at, name);
    const signedIn = await login(env, home, issuer);
    assert.equal(signedIn.code, 0, signedIn.stderr);
    assert.equal(source(home), name);
    const rust = await run(COMMAND, ["token", issuer, "--home", home], { env });
    assert.equal(rust.code, 0, rust.stderr);
    assert.equal((await token(env, home)).stdout, rust.stdout);
    assert.equal((await token({}, home)).code, 7);
  }
});
