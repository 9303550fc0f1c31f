// Makes dist/ of src/ and build/ (which `cargo xtask wasm` makes).
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { build } from "esbuild";
import { deflateSync } from "fflate";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");

const common = {
  bundle: true, target: "es2022", charset: "utf8", outdir: "dist", legalComments: "none",
  // Names and lines stay: a stack that can be read is worth some bytes.
  logLevel: "warning",
  define: { VERSION: JSON.stringify(version) },
};
const wasm = readFileSync("build/devicegrant.wasm");
writeFileSync("dist/devicegrant.wasm", wasm);
// See src/entry/packed.ts. By the same code everywhere: a newer zlib may give other bytes.
const text = Buffer.from(deflateSync(wasm, { level: 9, mem: 12 })).toString("base64");
writeFileSync("dist/bytes.js", `globalThis[Symbol.for("devicegrant ${version} machines")]="${text}";\n`);

const node = { ...common, platform: "node", format: "cjs", outExtension: { ".js": ".cjs" } };
const apart = ["./bytes.js", "./machines.cjs"];
// Generated: nobody reads it in a stack, and without its blanks it loads sooner.
await build({ ...node, entryPoints: { machines: "build/devicegrant.js" }, minifyWhitespace: true });
await build({ ...node, entryPoints: { main: "src/entry/node.ts" }, external: apart });
await build({
  ...node, entryPoints: { cli: "src/cli/main.ts" }, external: apart, banner: { js: "#!/usr/bin/env node" },
});
// It asks the package for its classes, so that there is one of each, whoever imports what.
const mcp = { ...common, platform: "neutral", entryPoints: { mcp: "src/entry/mcp.ts" }, external: ["devicegrant"] };
await build({ ...mcp, format: "cjs", outExtension: { ".js": ".cjs" } });
await build({ ...mcp, format: "esm", entryPoints: { "mcp-web": "src/entry/mcp.ts" }, outExtension: { ".js": ".mjs" } });
await build({
  ...common, platform: "neutral", format: "esm", splitting: true, chunkNames: "shared-[hash]",
  entryPoints: { web: "src/entry/web.ts", workerd: "src/entry/workerd.ts" },
  outExtension: { ".js": ".mjs" }, external: ["./bytes.js", "./devicegrant.wasm"],
});

cpSync("node_modules/fflate/LICENSE", "dist/LICENSE-fflate");

// `import` gives the very classes that `require` gives. By way of a variable: Node would read the
// whole file a second time, in search of names that are written out here.
writeFileSync("dist/index.cjs", 'const all = require("./main.cjs");\nmodule.exports = all;\n');
const require = createRequire(import.meta.url);
for (const name of ["index", "mcp"]) {
  const names = Object.keys(require(`../dist/${name}.cjs`));
  writeFileSync(`dist/${name}.mjs`, `import all from "./${name}.cjs";\nexport const { ${names.join(", ")} } = all;\n`);
}

execFileSync("node_modules/.bin/tsc", ["-p", "."], { stdio: "inherit" });
mkdirSync("dist/build");
for (const types of ["devicegrant.d.ts", "stores.d.ts"]) cpSync(`build/${types}`, `dist/build/${types}`);
const types = (entry) => `export * from "./types/entry/${entry}.js";\n`;
writeFileSync("dist/index.d.cts", types("node"));
writeFileSync("dist/index.d.mts", types("node"));
writeFileSync("dist/web.d.mts", types("web"));
writeFileSync("dist/mcp.d.cts", types("mcp"));
writeFileSync("dist/mcp.d.mts", types("mcp"));
