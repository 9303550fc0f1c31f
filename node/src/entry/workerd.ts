// workerd compiles no bytes at run time: it imports the module.
// @ts-ignore: written by the build
import module from "./devicegrant.wasm";
import * as glue from "../../build/devicegrant.js";
import { startWith } from "../machines.js";
import { setPlatform } from "../platform.js";
import { webPlatform } from "../web-platform.js";

export * from "../public.js";

setPlatform(webPlatform);
startWith(() => {
  glue.initSync({ module: module as WebAssembly.Module });
  return glue;
});
