// Node, Deno and Bun, by `require` and by `import`.
import { startWith } from "../machines.js";
import { nodePlatform } from "../node/platform.js";
import { setPlatform } from "../platform.js";
import { packed } from "./packed.js";

export * from "../public.js";
export { plainPrompt, terminalPrompt } from "../node/terminal.js";

setPlatform(nodePlatform);
// Loaded when it is first needed: to import the package costs next to nothing.
startWith(() => {
  const machines = require("./machines.cjs") as typeof import("../../build/devicegrant.js");
  require("./bytes.js");
  const { inflateRawSync } = require("node:zlib") as typeof import("node:zlib");
  machines.initSync({ module: inflateRawSync(Buffer.from(packed(), "base64")) });
  return machines;
});
