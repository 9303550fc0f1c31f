// Cold import and require, each in a process of its own, beside others of the kind. CPU stands
// beside the time that passed: on a machine that others use it is the one to compare.
// `npm ci` in bench/, then `node bench/import.mjs`.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const own = createRequire(import.meta.url).resolve("../dist/index.cjs");
const use = 'new d.Client({ issuer: "https://a.example", clientId: "a", store: "memory" })';
const programs = {
  "nothing": ["", ""],
  "devicegrant": [`await import(${JSON.stringify(own.replace(".cjs", ".mjs"))})`, `require(${JSON.stringify(own)})`],
  "devicegrant and a Client": [`const d = await import(${JSON.stringify(own.replace(".cjs", ".mjs"))}); ${use}`, `const d = require(${JSON.stringify(own)}); ${use}`],
};
for (const name of ["oauth4webapi", "openid-client", "@azure/msal-node", "@octokit/auth-oauth-device"]) {
  programs[name] = [`await import(${JSON.stringify(name)})`, undefined];
}
programs["@azure/msal-node"][1] = 'require("@azure/msal-node")';

function measure(flags, code) {
  const timed = `const c = process.cpuUsage(), b = performance.now(); ${code};
    const wall = performance.now() - b, { user, system } = process.cpuUsage(c);
    process.stdout.write(JSON.stringify([wall, (user + system) / 1000]))`;
  const one = () => JSON.parse(execFileSync(process.execPath, [...flags, "-e", timed], { cwd: here, encoding: "utf8" }));
  const all = Array.from({ length: 15 }, one);
  const [wall, cpu] = [0, 1].map((at) => all.map((each) => each[at]).sort((a, b) => a - b)[7]);
  return `${wall.toFixed(1)} ms (CPU ${cpu.toFixed(1)})`;
}

for (const [name, [imported, required]] of Object.entries(programs)) {
  const told = [measure(["--input-type=module"], imported)];
  if (required !== undefined) told.push(measure(["--input-type=commonjs"], required));
  console.log(name.padEnd(30), told.join("   "));
}
