// A hundred processes of two languages, one login: one exchange per expiry, also where some are killed
// or stopped in the middle.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";

import { Client } from "devicegrant";
import { COMMAND, demo, folder, front, run, sleep } from "./help.mjs";

const KEY = Buffer.alloc(32, 9);
const ALL = 100;

async function signedIn(t, script) {
  const home = join(folder(t), "h");
  const before = await front(t, await demo(t, script), { lateMs: 300 });
  const env = { DEVICEGRANT_HOME: home, DEVICEGRANT_KEY: KEY.toString("base64url") };
  // By the variable, so that home.json says where the others have it from.
  process.env.DEVICEGRANT_KEY = env.DEVICEGRANT_KEY;
  const client = new Client({ ...before.endpoints, clientId: "app", home, onPrompt: () => {} });
  await client.login();
  return { ...before, env, client };
}

/** Every other one is of Node; as many at once as the machine takes. */
function start(env, n) {
  const node = [process.execPath, ["tests/programs/token.mjs"]];
  return run(...(n % 2 ? node : [COMMAND, ["token"]]), { env, timeoutMs: 180_000 });
}

test("a hundred processes that find an expired token are one exchange", async (t) => {
  const { env, exchanges } = await signedIn(t, { access_ttl: 4 });
  await sleep(4200);
  const begun = performance.now();
  const all = [];
  const next = Array.from({ length: ALL }, (_, n) => n);
  const expiries = [];
  const work = async () => {
    while (next.length) {
      const said = await start(env, next.pop());
      all.push(said);
      expiries.push(exchanges());
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  const failed = all.filter(({ code }) => code !== 0);
  assert.deepEqual(failed.map(({ stderr }) => stderr), []);
  const tokens = new Set(all.map(({ stdout }) => stdout.trim()));
  const seconds = (performance.now() - begun) / 1000;
  t.diagnostic(`${ALL} processes in ${seconds.toFixed(1)} s: ${exchanges()} exchanges, ${tokens.size} tokens`);
  // Each exchange brought the token that somebody was given; nobody spent one for nothing.
  assert.ok(tokens.size === exchanges(), `${exchanges()} exchanges for ${tokens.size} tokens`);
  assert.ok(exchanges() <= Math.ceil(seconds / 2) + 1, "it is renewed more often than it ends");
});

test("who is killed or stopped with the lease does not lose the login", async (t) => {
  const { env, client, exchanges } = await signedIn(t, { access_ttl: 3600 });
  const reject = await client.token();
  const program = (how) => spawn(process.execPath, ["tests/programs/token.mjs", reject], { env: { ...process.env, ...env }, stdio: how });
  // Killed before its request has left: the claim of a dead process is nobody's.
  const victim = spawn(process.execPath, ["tests/programs/hold.mjs", reject], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  await once(victim.stdout, "data");
  victim.kill("SIGKILL");
  await once(victim, "exit");
  assert.equal(exchanges(), 0);
  const begun = performance.now();
  const after = program(["ignore", "pipe", "inherit"]);
  let said = "";
  after.stdout.setEncoding("utf8").on("data", (text) => (said += text));
  const [code] = await once(after, "close");
  assert.equal(code, 0);
  assert.notEqual(said, reject);
  t.diagnostic(`after kill -9 the next call took ${(performance.now() - begun).toFixed(0)} ms, its process included`);
  assert.equal(exchanges(), 1);

  // Stopped in the middle of its exchange, and let go on: what it brings is what everybody gets.
  const stopped = spawn(process.execPath, ["tests/programs/token.mjs", said], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  let brought = "";
  stopped.stdout.setEncoding("utf8").on("data", (text) => (brought += text));
  const until = Date.now() + 30_000;
  while (exchanges() < 2 && Date.now() < until) await sleep(5);
  stopped.kill("SIGSTOP");
  const waiting = start({ ...env, DEVICEGRANT_REJECT: said }, 1);
  await sleep(1500);
  stopped.kill("SIGCONT");
  await once(stopped, "close");
  assert.equal((await waiting).stdout.trim(), brought.trim());
  assert.equal(exchanges(), 2);
});
