// Bundled by esbuild and by vite, and run in headless Chromium.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { folder } from "./help.mjs";
import { isPlayed } from "./vectors/all.mjs";

const tools = createRequire(join(process.env.DEVICEGRANT_ROOT, "node/package.json"));
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
  "--disable-background-networking", "--disable-component-update",
];

/** Opens a page of `root` in Chromium, and returns what it tells. */
async function visit(t, root) {
  let tell;
  const told = new Promise((resolve) => (tell = resolve));
  const server = createServer((incoming, outgoing) => {
    if (incoming.url === "/told") {
      let body = "";
      incoming.on("data", (part) => (body += part)).on("end", () => (outgoing.end(), tell(JSON.parse(body))));
      return;
    }
    const name = incoming.url === "/" ? "index.html" : incoming.url.slice(1);
    const types = { html: "text/html", js: "text/javascript", mjs: "text/javascript", json: "application/json" };
    try {
      const content = name === "vectors.json" ? readFileSync("vectors.json") : readFileSync(join(root, name));
      outgoing.setHeader("content-type", types[name.split(".").pop()] ?? "application/octet-stream").end(content);
    } catch {
      outgoing.writeHead(404).end();
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const profile = folder(t);
  const chromium = spawn("chromium", [...FLAGS, `--user-data-dir=${profile}`, `http://127.0.0.1:${server.address().port}/`], { stdio: "ignore" });
  const ended = once(chromium, "exit").then(() => assert.fail("Chromium ended early"));
  ended.catch(() => {});
  const late = setTimeout(() => tell({ failures: ["nothing was told within a minute"] }), 60_000);
  try {
    return await Promise.race([told, ended]);
  } finally {
    clearTimeout(late);
    chromium.kill();
    await once(chromium, "exit").catch(() => {});
    server.closeAllConnections();
    server.close();
  }
}

/** Every vector that stands in the repository and is for this language. */
function wanted() {
  const at = join(process.env.DEVICEGRANT_ROOT, "tests/vectors");
  const groups = readdirSync(at, { withFileTypes: true }).filter((one) => one.isDirectory());
  const names = groups.flatMap(({ name }) => readdirSync(join(at, name)).map((file) => `${name}/${file}`));
  return names.filter((name) => name.endsWith(".json") && isPlayed(name));
}

function check(told) {
  assert.deepEqual(told.failures, []);
  assert.equal(told.played, wanted().length);
}

test("esbuild", async (t) => {
  const root = folder(t);
  const { build } = await import(pathToFileURL(tools.resolve("esbuild")));
  await build({ entryPoints: ["tests/programs/page.mjs"], bundle: true, format: "esm", outfile: join(root, "page.js"), logLevel: "error" });
  writeFileSync(join(root, "index.html"), '<!doctype html><script type="module" src="/page.js"></script>');
  check(await visit(t, root));
});

test("vite", async (t) => {
  const root = folder(t);
  const { build } = await import(pathToFileURL(join(process.env.DEVICEGRANT_ROOT, "node/node_modules/vite/dist/node/index.js")));
  writeFileSync("index.html", '<!doctype html><script type="module" src="/tests/programs/page.mjs"></script>');
  await build({ root: process.cwd(), logLevel: "error", build: { outDir: root, emptyOutDir: true, target: "es2022" } });
  const assets = readdirSync(join(root, "assets")).map((name) => statSync(join(root, "assets", name)).size);
  t.diagnostic(`bundled: ${assets} bytes`);
  check(await visit(t, root));
});
