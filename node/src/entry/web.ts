// Browsers, and whatever a bundler makes.
// @ts-ignore: written by the build
import { bytes } from "./bytes.mjs";
import { startWith } from "../machines.js";
import { setPlatform } from "../platform.js";
import { webPlatform } from "../web-platform.js";

export * from "../public.js";

setPlatform(webPlatform);
startWith(() => Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0)));
