// 10,000 logins at once in one process, interval 60 s, no network: memory, CPU, lateness.
// `node --expose-gc bench/crowd.mjs [LOGINS] [SECONDS]`
import { setMaxListeners } from "node:events";
import { createRequire } from "node:module";

const { Client } = createRequire(import.meta.url)("../dist/index.cjs");
const [logins = 10_000, seconds = 150] = process.argv.slice(2).map(Number);
const DEVICE = JSON.stringify({ device_code: "d".repeat(40), user_code: "WDJB-MJHT", verification_uri: "https://auth.example.com/device", expires_in: 3600, interval: 60 });
const PENDING = JSON.stringify({ error: "authorization_pending" });
let polls = 0;
const lateness = [];
const before = (globalThis.gc?.(), process.memoryUsage().rss);
const leave = new AbortController();
setMaxListeners(0, leave.signal);
// Begun over ten seconds, as people are not all of one moment.
const all = [];
for (let n = 0; n < logins; n++) {
  if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1_000_000 / logins));
  let due;
  const fetch = async (url) => {
    const now = performance.now();
    if (String(url).endsWith("/token")) {
      polls += 1;
      lateness.push(now - due);
      due = now + 72_000;
      return new Response(PENDING, { status: 400 });
    }
    due = now + 72_000;
    return new Response(DEVICE);
  };
  const client = new Client({
    deviceEndpoint: "https://auth.example.com/device", tokenEndpoint: "https://auth.example.com/token",
    clientId: "app", store: "memory", onPrompt: () => {}, fetch,
  });
  all.push(client.login({ signal: leave.signal }).catch(() => {}));
}
await new Promise((resolve) => setTimeout(resolve, 5000));
globalThis.gc?.();
const rss = process.memoryUsage().rss;
const cpu = process.cpuUsage();
await new Promise((resolve) => setTimeout(resolve, seconds * 1000 - 5000));
const { user, system } = process.cpuUsage(cpu);
leave.abort();
await Promise.all(all);
lateness.sort((a, b) => a - b);
const at = (share) => lateness[Math.floor(lateness.length * share)]?.toFixed(1);
console.log(`${logins} logins: ${((rss - before) / logins / 1024).toFixed(1)} KiB each, ${polls} polls`);
console.log(`CPU per poll ${((user + system) / polls).toFixed(0)} µs, lateness p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
