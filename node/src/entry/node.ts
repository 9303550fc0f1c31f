// Node, Deno and Bun, by `require` and by `import`.
import { startWith } from "../machines.js";
import { nodePlatform } from "../node/platform.js";
import { setPlatform } from "../platform.js";

export * from "../public.js";
export { plainPrompt, terminalPrompt } from "../node/terminal.js";

setPlatform(nodePlatform);
// Loaded when it is first needed: to import the package costs next to nothing.
startWith(() => Buffer.from((require("./bytes.cjs") as { bytes: string }).bytes, "base64"));
