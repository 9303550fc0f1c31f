// One flow with three polls, and token() on a fresh record: `node bench/speed.mjs`, after a build.
import { createRequire } from "node:module";

const dg = createRequire(import.meta.url)("../dist/index.cjs");
const wasm = dg.machines();
const encode = (value) => new TextEncoder().encode(JSON.stringify(value));
const answer = (status, json) => ({ kind: "response", status, headers: ["content-type", "application/json"], bytes: encode(json) });
const DEVICE = answer(200, { device_code: "d".repeat(40), user_code: "WDJB-MJHT", verification_uri: "https://auth.example.com/device", expires_in: 1800, interval: 5 });
const PENDING = answer(400, { error: "authorization_pending" });
const TOKENS = answer(200, { access_token: "a".repeat(200), token_type: "Bearer", expires_in: 3600, refresh_token: "r".repeat(40) });
const GO = { kind: "go" };
const options = new wasm.Options({ device_endpoint: "https://auth.example.com/device_authorization", token_endpoint: "https://auth.example.com/token", client_id: "app" });
const grant = wasm.Flow.discover(options).step(0, 0, GO).output;
const random = new Uint8Array(32).fill(1);

function host() {
  let [at, sent] = [1e6, 0];
  return {
    wallMs: () => 1.7e12 + at, steadyMs: () => at, onEvent: undefined, helpBase: undefined,
    send: async () => [DEVICE, PENDING, PENDING, TOKENS][sent++],
    show: async (prompt) => prompt.free(),
    sleepUntil: async (until) => void (at = until),
  };
}

async function measure(name, times, act) {
  for (let n = 0; n < times / 4; n++) await act();
  const rounds = [];
  for (let round = 0; round < 5; round++) {
    const begun = performance.now();
    for (let n = 0; n < times; n++) await act();
    rounds.push(((performance.now() - begun) * 1000) / times);
  }
  rounds.sort((a, b) => a - b);
  console.log(`${name.padEnd(46)} ${rounds[2].toFixed(2)} µs (best ${rounds[0].toFixed(2)})`);
}

await measure("one flow, three polls, through the driver", 10_000, async () => {
  const tokens = await dg.drive(wasm.Flow.login(grant, random), host());
  tokens.free();
});
const bytes = new TextEncoder().encode(JSON.stringify({ access_token: "a".repeat(200), token_type: "Bearer", expires_in: 3600, refresh_token: "r" }));
const reply = (url) => new Response(String(url).endsWith("token") ? bytes : encode({ device_code: "d", user_code: "A", verification_uri: "https://auth.example.com/d", expires_in: 600, interval: 1 }));
const client = new dg.Client({
  deviceEndpoint: "https://auth.example.com/device", tokenEndpoint: "https://auth.example.com/token", clientId: "app",
  store: "memory", onPrompt: () => {}, fetch: async (url) => reply(url),
});
await client.login();
await client.token();
await measure("token() on a fresh record", 200_000, () => client.token());
