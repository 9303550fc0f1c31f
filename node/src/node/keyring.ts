// The system's keyring: by the optional peer `@napi-rs/keyring`, whose entries are those of
// keyring-rs and of Python's keyring; without it, on Linux, by libsecret's own `secret-tool`.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { KeyAnswer } from "../machines.js";
import type { Ran } from "./command.js";
import { run } from "./command.js";

const SERVICE = "devicegrant";
const LABEL = "devicegrant: the key of your logins";
const LINUX = process.platform === "linux";

interface Entry {
  getPassword(): Promise<string | null | undefined>;
  setPassword(text: string): Promise<void>;
  deletePassword?(): Promise<unknown>;
}

/** None where the peer is not installed. */
async function entry(account: string): Promise<Entry | undefined> {
  // A name that bundlers do not follow.
  const peer = ["@napi-rs", "keyring"].join("/");
  try {
    const { AsyncEntry } = await import(peer);
    // Without a keyring this throws, where the peer would take the kernel's keys in its place.
    return new AsyncEntry(SERVICE, account, { linux: { store: "secret-service" } }) as Entry;
  } catch (why) {
    const { code } = why as NodeJS.ErrnoException;
    if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") return undefined;
    throw why;
  }
}

/** Without a session's bus there is no keyring to ask. */
function hasBus(): boolean {
  const { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: runtime } = process.env;
  return Boolean(address) || Boolean(runtime && existsSync(join(runtime, "bus")));
}

/** Whether the kernel holds it, which forgets at logout: what an old peer falls back to in silence. */
function isVolatile(account: string): boolean {
  try {
    return readFileSync("/proc/keys", "utf8").includes(account);
  } catch {
    return false;
  }
}

export async function recall(account: string, timeoutMs: number): Promise<KeyAnswer> {
  if (LINUX && !hasBus()) return { kind: "silent", why: "absent" };
  return bounded(timeoutMs, async () => {
    const there = await entry(account);
    if (there) {
      const text = (await there.getPassword()) ?? undefined;
      if (text && LINUX && isVolatile(account)) return { kind: "silent", why: "volatile" };
      return { kind: "text", text };
    }
    if (!LINUX) return noPeer();
    const words = ["secret-tool", "lookup", "service", SERVICE, "username", account];
    const said = await run(words, timeoutMs, undefined, true);
    // It ends with 1, and says nothing, where there is no such entry.
    if (said.kind === "silent" && said.status === 1 && !said.said) return { kind: "text" };
    return started(said);
  });
}

export async function remember(account: string, text: string, timeoutMs: number): Promise<KeyAnswer> {
  if (LINUX && !hasBus()) return { kind: "silent", why: "absent" };
  return bounded(timeoutMs, async () => {
    const there = await entry(account);
    if (there) {
      await there.setPassword(text);
      if (!LINUX || !isVolatile(account)) return { kind: "kept" };
      await there.deletePassword?.();
      return { kind: "silent", why: "volatile" };
    }
    if (!LINUX) return noPeer();
    const words = ["secret-tool", "store", `--label=${LABEL}`, "service", SERVICE, "username", account];
    const said = await run(words, timeoutMs, text, true);
    return said.kind === "text" ? { kind: "kept" } : started(said);
  });
}

function noPeer(): KeyAnswer {
  return { kind: "silent", why: "cannot be reached: npm install @napi-rs/keyring" };
}

function started(said: Ran): KeyAnswer {
  if (said.kind !== "silent" || !said.why) return said;
  const remedy = "cannot be reached: npm install @napi-rs/keyring, or install secret-tool (libsecret-tools)";
  if (said.why.includes("ENOENT")) return { kind: "silent", why: remedy };
  return said.said ? silence(said.said) : said;
}

/** A locked keychain may wait for somebody who is not there. */
async function bounded(timeoutMs: number, act: () => Promise<KeyAnswer>): Promise<KeyAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<KeyAnswer>((resolve) => {
    timer = setTimeout(() => resolve({ kind: "silent", why: "timed_out" }), timeoutMs);
  });
  try {
    return await Promise.race([act(), late]);
  } catch (why) {
    return silence(why instanceof Error ? why.message : String(why));
  } finally {
    clearTimeout(timer);
  }
}

/** What a library or a tool complains of, in the words that core knows; none of them repeats a secret. */
function silence(said: string): KeyAnswer {
  const words = said.trim().split("\n")[0]!;
  if (/did not receive a reply/i.test(words)) return { kind: "silent", why: "timed_out" };
  if (/\blocked\b|prompt was dismissed/i.test(words)) return { kind: "silent", why: "locked" };
  if (/ServiceUnknown|NameHasNoOwner|not provided by any|address is empty|No such file|Connection refused/i.test(words)) {
    return { kind: "silent", why: "absent" };
  }
  return { kind: "silent", why: `failed: ${words}` };
}
