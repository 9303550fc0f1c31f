// Packs the package, installs it into an empty folder, and runs every test against what came out.
// `npm test -- NAME` runs the tests whose name contains NAME.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const folder = mkdtempSync(join(tmpdir(), "devicegrant-node-"));
const wanted = process.argv[2] ?? "";
const npm = process.platform === "win32" ? "npm.cmd" : "npm";
let failed = 0;

function step(name, act) {
  if (!name.includes(wanted)) return;
  const begun = performance.now();
  let words = "ok";
  try {
    act();
  } catch (why) {
    failed += 1;
    words = `FAILED: ${why.message}`;
  }
  console.log(`${words}  ${name} (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
}

function run(program, words, more = {}) {
  const env = { ...process.env, DEVICEGRANT_ROOT: dirname(root), NO_COLOR: "1", ...more.env };
  const { status, error } = spawnSync(program, words, { cwd: folder, stdio: "inherit", ...more, env });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program.split("/").pop()} ended with ${status}`);
}

function vectors() {
  const from = join(root, "../tests/vectors");
  const all = {};
  for (const group of readdirSync(from, { withFileTypes: true })) {
    if (!group.isDirectory()) continue;
    for (const file of readdirSync(join(from, group.name))) {
      if (!file.endsWith(".json")) continue;
      all[`${group.name}/${file.slice(0, -5)}`] = JSON.parse(readFileSync(join(from, group.name, file), "utf8"));
    }
  }
  return all;
}

try {
  const [packed] = JSON.parse(execFileSync(npm, ["pack", "--json", "--pack-destination", folder], { cwd: root, encoding: "utf8" }));
  console.log(`packed: ${packed.size} bytes, unpacked ${packed.unpackedSize}`);
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--offline"];
  execFileSync(npm, ["install", ...quiet, join(folder, packed.filename)], { cwd: folder, stdio: "inherit" });
  cpSync(here, join(folder, "tests"), { recursive: true });
  cpSync(join(root, "../examples/node-mcp-server"), join(folder, "example"), { recursive: true });
  // The SDKs that the package is used with, as a program that uses it would have them.
  for (const name of ["@modelcontextprotocol", "zod"]) symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name), "junction");
  mkdirSync(join(folder, "home"), { mode: 0o700 });
  writeFileSync(join(folder, "vectors.json"), JSON.stringify(vectors()));

  const tools = join(root, "node_modules");
  const binary = (...at) => join(tools, ...at);
  const [deno, bun, workerd] = [binary("@deno/linux-x64-glibc/deno"), binary("@oven/bun-linux-x64/bin/bun"), binary("@cloudflare/workerd-linux-64/bin/workerd")];
  step("vectors: node, import", () => run(process.execPath, ["tests/vectors/node.mjs"]));
  step("vectors: node, require", () => run(process.execPath, ["tests/vectors/node.cjs"]));
  // A system that these have no binaries for is told, not passed over in silence.
  const has = (name, program) => existsSync(program) || console.log(`SKIPPED vectors: ${name}: not for this system`);
  if (has("deno", deno)) step("vectors: deno", () => run(deno, ["run", "-A", "--node-modules-dir=manual", "tests/vectors/node.mjs"]));
  if (has("bun", bun)) step("vectors: bun", () => run(bun, ["run", "tests/vectors/node.mjs"]));
  if (has("workerd", workerd)) {
    step("vectors: workerd", () => {
      run(binary(".bin/esbuild"), ["tests/vectors/workerd.mjs", "--bundle", "--format=esm", "--conditions=workerd",
        "--external:*.wasm", "--external:./vectors.json", "--outfile=worker.mjs", "--log-level=warning"]);
      cpSync(join(folder, "node_modules/devicegrant/dist/devicegrant.wasm"), join(folder, "devicegrant.wasm"));
      cpSync(join(folder, "tests/vectors/workerd.capnp"), join(folder, "workerd.capnp"));
      run(workerd, ["test", "workerd.capnp"]);
    });
  }
  step("package: publint", () => run(binary(".bin/publint"), ["run", "--strict", "node_modules/devicegrant"]));
  step("package: are the types wrong", () => run(binary(".bin/attw"), [packed.filename]));
  const strict = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2023,dom,dom.iterable,dom.asynciterable"];
  for (const how of ["nodenext", "bundler"]) {
    const module = how === "bundler" ? "esnext" : how;
    step(`package: types, ${how}`, () => run(binary(".bin/tsc"), [...strict, "--types", "", "--module", module, "--moduleResolution", how, "tests/types.ts"]));
  }
  const sdk = ["--module", "nodenext", "--moduleResolution", "nodenext", "--skipLibCheck", "--types", "node", "--typeRoots", join(tools, "@types")];
  step("package: types, with the SDKs of MCP", () => run(binary(".bin/tsc"), [...strict, ...sdk, "tests/mcp-types.ts"]));
  const tests = readdirSync(join(folder, "tests")).filter((name) => name.endsWith(".test.mjs"));
  const tested = (names, ...more) => run(process.execPath, ["--test", `--test-reporter=${process.env.REPORTER ?? "dot"}`, ...more, ...names.map((name) => `tests/${name}`)]);
  const mcp = tests.filter((name) => name.startsWith("mcp-"));
  for (const name of tests.filter((name) => !mcp.includes(name))) step(`tests: ${name}`, () => tested([name]));
  // Most of their time they wait for a server's interval.
  step("tests: mcp", () => tested(mcp, "--test-concurrency=4"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
