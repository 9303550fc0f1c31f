// The few things done to files, each complete or not done (LOCKING.md).
import * as fs from "node:fs";
import { join } from "node:path";

import { newError } from "../errors.js";
import type { FileAnswer } from "../machines.js";
import { random } from "../platform.js";

/** How a file is called until it is complete. */
const TEMPORARY = ".new-";
/** A temporary this old was left behind by a crash. */
const LEFT_BEHIND_MS = 3_600_000;
/** Core refuses a folder of more names. */
const MOST_NAMES = 10_000;
const WINDOWS = process.platform === "win32";

function code(why: unknown): string {
  return (why as NodeJS.ErrnoException)?.code ?? "";
}

/** The system's words, without the path that they repeat. */
function failed(name: string, path: string, why: unknown): Error {
  const words = why instanceof Error ? why.message.replace(/, \w+ '.*$/, "") : String(why);
  return newError(name, `${path}: ${words}`, why);
}

/** Of another user or open to others: why it must not be used. */
function notOursAlone(about: fs.Stats): string | undefined {
  if (WINDOWS) return undefined;
  if (about.uid !== process.geteuid?.()) return "it belongs to another user";
  if (about.mode & 0o077) return `others may use it (mode ${(about.mode & 0o777).toString(8)})`;
  return undefined;
}

/** Makes a folder that is ours alone, and those above it that are missing. */
export function makeDir(path: string): void {
  let about: fs.Stats;
  try {
    // Not by itself: Deno refuses to make what is there.
    if (!fs.existsSync(path)) fs.mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (why) {
    throw failed("store_unwritable", path, why);
  }
  try {
    about = fs.lstatSync(path);
  } catch (why) {
    throw failed("store_unreadable", path, why);
  }
  const unfit = about.isDirectory() ? notOursAlone(about) : "it is no folder of its own";
  if (unfit) throw newError("store_unsafe", `${path}: ${unfit}`);
}

/** The names in a folder; one that is absent is empty. What a crash left behind is removed. */
export function list(path: string): string[] {
  let all: string[];
  try {
    all = fs.readdirSync(path);
  } catch (why) {
    if (code(why) === "ENOENT") return [];
    throw failed("store_unreadable", path, why);
  }
  const names = all.filter((name) => !name.startsWith(TEMPORARY));
  for (const name of all) if (name.startsWith(TEMPORARY)) clear(join(path, name));
  return names.slice(0, MOST_NAMES + 1);
}

function clear(path: string): void {
  try {
    if (Date.now() - fs.lstatSync(path).mtimeMs > LEFT_BEHIND_MS) remove(path);
  } catch {
    // Gone meanwhile.
  }
}

/** Reads a whole file that is ours alone. */
export function read(path: string, max: number): FileAnswer {
  const refused = (why: string): FileAnswer => ({ kind: "unsafe", why: `${path}: ${why}` });
  let file: number;
  try {
    if (WINDOWS && !fs.lstatSync(path).isFile()) return refused("it is no regular file");
    // A link may lead anywhere, and a pipe would keep us waiting.
    const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
    file = patiently(() => fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  } catch (why) {
    if (code(why) === "ENOENT") return { kind: "absent" };
    // FreeBSD says EMLINK where others say ELOOP.
    if (code(why) === "ELOOP" || code(why) === "EMLINK") return refused("it is a link");
    throw failed("store_unreadable", path, why);
  }
  try {
    // Of what was opened, not of what the name means by now.
    const about = fs.fstatSync(file);
    if (!about.isFile() || about.size > max) return refused(`it is no regular file of at most ${max} bytes`);
    const unfit = notOursAlone(about);
    if (unfit) return refused(unfit);
    const bytes = new Uint8Array(about.size);
    let length = 0;
    for (let n = 1; n > 0 && length < bytes.length; length += n) {
      n = fs.readSync(file, bytes, length, bytes.length - length, null);
    }
    return { kind: "bytes", bytes: bytes.subarray(0, length) };
  } catch (why) {
    throw failed("store_unreadable", path, why);
  } finally {
    fs.closeSync(file);
  }
}

const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK", "ENOSYS", "EXDEV", "EACCES", "EISDIR", "UNKNOWN"]);

/**
 * Publishes a file under a name that was never used: complete or absent, and never over another.
 * False where the name is taken. Flushes run off the loop.
 */
export async function publish(folder: string, name: string, bytes: Uint8Array, durable: boolean, link = fs.linkSync): Promise<boolean> {
  const [path, temporary] = [join(folder, name), join(folder, TEMPORARY + Buffer.from(random(8)).toString("hex"))];
  try {
    await write(temporary, bytes, durable);
    try {
      patiently(() => link(temporary, path));
    } catch (why) {
      if (!NO_LINKS.has(code(why))) throw why;
      // No links here: then not complete or absent, and core knows a torn file by its length.
      await write(path, bytes, durable);
    }
  } catch (why) {
    if (code(why) === "EEXIST") return false;
    throw failed("store_unwritable", path, why);
  } finally {
    remove(temporary);
  }
  if (durable && !WINDOWS) await flushFolder(folder);
  return true;
}

async function write(path: string, bytes: Uint8Array, durable: boolean): Promise<void> {
  if (!durable) {
    fs.writeFileSync(path, bytes, { flag: "wx", mode: 0o600 });
    return;
  }
  const file = await fs.promises.open(path, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Some file systems have no such thing as a flush of a folder. */
async function flushFolder(path: string): Promise<void> {
  try {
    const folder = await fs.promises.open(path, "r");
    await folder.sync().finally(() => folder.close());
  } catch (why) {
    if (!["EINVAL", "ENOTSUP", "EOPNOTSUPP"].includes(code(why))) throw failed("store_unwritable", path, why);
  }
}

/** Removes a file; one that is absent is fine, and so is one that stays: a newer one stands. */
export function remove(path: string): void {
  try {
    patiently(() => fs.unlinkSync(path));
  } catch {
    // See above.
  }
}

/** On Windows whoever looks at a file (a virus scanner, an indexer) keeps others off for a moment. */
function patiently<T>(act: () => T): T {
  const begun = performance.now();
  for (;;) {
    try {
      return act();
    } catch (why) {
      const busy = WINDOWS && ["EACCES", "EBUSY", "EPERM"].includes(code(why));
      if (!busy || performance.now() - begun > 1000) throw why;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
