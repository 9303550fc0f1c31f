// One instance of the package, however its entries are loaded.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { PerUser, deviceAuth } from "devicegrant/mcp";
import { folder, run } from "./help.mjs";

const root = join(process.env.DEVICEGRANT_ROOT, "node");
const tools = createRequire(join(root, "package.json"));
const PROGRAM = fileURLToPath(new URL("./programs/mcp-entry.mjs", import.meta.url));
const EXPECTED = { errors: [true, true], token: null, kinds: ["function", "function"] };

test("import and require give the same", () => {
  const required = createRequire(import.meta.url)("devicegrant/mcp");
  assert.equal(required.PerUser, PerUser);
  assert.equal(required.deviceAuth, deviceAuth);
});

test("node", async () => {
  const said = await run(process.execPath, [PROGRAM]);
  assert.deepEqual(JSON.parse(said.stdout), EXPECTED, said.stderr);
});

const deno = join(root, "node_modules/@deno/linux-x64-glibc/deno");
if (existsSync(deno)) {
  test("deno", async () => {
    const said = await run(deno, ["run", "-A", "--node-modules-dir=manual", PROGRAM]);
    assert.deepEqual(JSON.parse(said.stdout), EXPECTED, said.stderr);
  });
} else {
  console.log("SKIPPED deno: not for this system");
}

for (const conditions of [["browser"], ["node"], []]) {
  test(`bundled by esbuild, ${conditions.join() || "no conditions"}`, async (t) => {
    const outfile = join(folder(t), "bundle.mjs");
    const platform = conditions[0] ?? "neutral";
    const banner = platform === "node" && { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' };
    await tools("esbuild").build({ entryPoints: [PROGRAM], bundle: true, format: "esm", platform, outfile, logLevel: "error", ...(banner && { banner }) });
    const said = await run(process.execPath, [outfile]);
    assert.deepEqual(JSON.parse(said.stdout), EXPECTED, said.stderr);
  });
}
