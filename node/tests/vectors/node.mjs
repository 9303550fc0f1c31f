// Node by `import`, Deno and Bun.
import * as dg from "devicegrant";
import { readFileSync } from "node:fs";
import { all } from "./all.mjs";

const { played, failures } = await all(dg, JSON.parse(readFileSync("vectors.json", "utf8")));
for (const failure of failures) console.error(`FAILED ${failure}\n`);
console.log(`${played - failures.length} of ${played} vectors passed`);
process.exitCode = failures.length ? 1 : 0;
