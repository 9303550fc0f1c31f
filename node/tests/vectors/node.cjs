// Node by `require`; the classes are the very ones that `import` gives.
const { readFileSync } = require("node:fs");
const dg = require("devicegrant");

(async () => {
  const imported = await import("devicegrant");
  if (imported.Client !== dg.Client || imported.machines() !== dg.machines()) throw new Error("two instances");
  const { all } = await import("./all.mjs");
  const { played, failures } = await all(dg, JSON.parse(readFileSync("vectors.json", "utf8")));
  for (const failure of failures) console.error(`FAILED ${failure}\n`);
  console.log(`${played - failures.length} of ${played} vectors passed`);
  process.exitCode = failures.length ? 1 : 0;
})();
