// Browsers, and whatever a bundler makes.
// @ts-ignore: written by the build
import "./bytes.js";
import { inflateSync } from "fflate";
import * as glue from "../../build/devicegrant.js";
import { startWith } from "../machines.js";
import { setPlatform } from "../platform.js";
import { webPlatform } from "../web-platform.js";
import { packed } from "./packed.js";

export * from "../public.js";

setPlatform(webPlatform);
const text = packed();
startWith(() => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  // Streams inflate too, but none of them at once.
  glue.initSync({ module: inflateSync(bytes) });
  return glue;
});
