// The folder that holds logins and the user's own providers.
import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

import { newError } from "../errors.js";

/** No honest provider file is larger. */
const LARGEST_PROVIDER = 64 * 1024;

/**
 * The folder that was given, else `DEVICEGRANT_HOME`, else the platform's. Nothing is created here.
 * Throws `StoreError` (`store_unreadable`) where the system names no home directory.
 */
export function homeFolder(given?: string): string {
  const named = given ?? process.env.DEVICEGRANT_HOME;
  if (named) return named;
  const absolute = (path: string | undefined) => (path && isAbsolute(path) ? path : undefined);
  const user = absolute(homedir());
  switch (user && process.platform) {
    case undefined:
    case "":
      throw newError("store_unreadable", "this account has no home directory: set DEVICEGRANT_HOME, or give --home");
    case "win32":
      return join(absolute(process.env.APPDATA) ?? join(user!, "AppData", "Roaming"), "devicegrant", "devicegrant", "data");
    case "darwin":
      return join(user!, "Library", "Application Support", "org.devicegrant.devicegrant");
    default:
      return join(absolute(process.env.XDG_DATA_HOME) ?? join(user!, ".local", "share"), "devicegrant");
  }
}

/** The user's own `NAME.json`. Throws `Usage` (`malformed_provider`) for one that cannot be read. */
export function ownProvider(home: string, name: string): string | undefined {
  const path = join(home, "providers", `${name}.json`);
  const unreadable = (why: string) => newError("malformed_provider", `${path} cannot be read: ${why}`);
  try {
    const about = statSync(path);
    if (!about.isFile() || about.size > LARGEST_PROVIDER) throw unreadable("it is no file of at most 64 KiB");
    return readFileSync(path, "utf8");
  } catch (why) {
    const error = why as NodeJS.ErrnoException;
    if (error.code === "ENOENT") return undefined;
    throw error.syscall ? unreadable(error.message) : error;
  }
}
