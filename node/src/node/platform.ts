// Node, Deno and Bun.
import { newError } from "../errors.js";
import { onceKey } from "../keys.js";
import type { Platform } from "../platform.js";
import { FileStore } from "./file-store.js";
import { homeFolder, ownProvider } from "./home-folder.js";
import { fromVariables, openHome } from "./key-source.js";
import { terminal } from "./terminal.js";

declare const VERSION: string;

export const nodePlatform: Platform = {
  userAgent: `devicegrant/${VERSION} (javascript)`,
  env: (name) => process.env[name] || undefined,
  provider: (given, name) => ownProvider(homeFolder(given.home), name),
  files(given) {
    const home = homeFolder(given.home);
    if (typeof home !== "string") throw newError("bad_option", "home is the name of a folder");
    const keys = onceKey(async (create) => (await openHome(home, given.keySource, create, given.unattended))?.key);
    return { store: new FileStore(home), keys };
  },
  variables: () => onceKey(fromVariables),
  terminal,
};
