// Gives up in the middle, and tells what is left: `abort.mjs wait|request|kept|progress|exchange ENDPOINTS`.
import { writeSync } from "node:fs";
import { Client } from "devicegrant";

const [where, endpoints] = process.argv.slice(2);
let shown;
const prompted = new Promise((resolve) => (shown = resolve));
const client = new Client({ ...JSON.parse(endpoints), clientId: "app", store: "memory", onPrompt: () => shown() });
const leave = new AbortController();
let call;
let first;
if (where === "exchange") {
  await client.login();
  first = await client.token();
  call = client.token({ reject: first, signal: leave.signal });
} else if (where === "kept") {
  await client.keep(await client.begin());
  call = client.resume({ signal: leave.signal });
  await prompted;
} else if (where === "progress") {
  call = (async () => {
    for await (const step of client.progress({ signal: leave.signal })) if (step.event === "prompt") shown();
  })();
  await prompted;
} else {
  call = client.login({ signal: leave.signal });
  if (where === "wait") await prompted;
}
await new Promise((resolve) => setTimeout(resolve, 300));
const begun = performance.now();
leave.abort("mine");
const reason = await call.catch((reason) => reason);
const settledMs = performance.now() - begun;
await client.finish();
const renewed = first && (await client.token()) !== first;
// An exchange that has ended may keep its connection for the next; it does not keep the process.
await new Promise((resolve) => setTimeout(resolve, 20));
// All of it: stdout is not touched before.
const active = process.getActiveResourcesInfo();
writeSync(1, JSON.stringify({ reason, settledMs, active, renewed }));
