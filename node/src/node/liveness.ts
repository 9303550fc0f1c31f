// Telling whether the process behind a claim still lives. A number alone tells nothing: it is used
// again, and in another container it means another process.
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

import type { FileAnswer, Owner } from "../machines.js";

const LINUX = process.platform === "linux" || process.platform === "android";

/** This process. */
export function thisProcess(): Owner {
  return { pid: process.pid, start: LINUX ? stat(process.pid)?.start : undefined, space: space() };
}

/** Where a number means one process: on Linux the boot and the pid namespace. */
function space(): string {
  if (process.platform === "win32") return process.env.COMPUTERNAME ?? "";
  if (!LINUX) return hostname();
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    // Without /proc nothing can be compared.
    return "";
  }
}

/** Fields 3 and 22 of proc_pid_stat(5). The second, the program's name, may hold spaces and brackets. */
function stat(pid: number): { state: string; start: string } | undefined {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = text.slice(text.lastIndexOf(")") + 1).trim().split(/\s+/);
  const [state, start] = [fields[0], fields[19]];
  return state && start ? { state, start } : undefined;
}

type Liveness = Extract<FileAnswer["kind"], "dead" | "alive" | "unknown">;

/** Whether `owner` lives. Only an owner of this space is ever told dead. */
export function liveness(owner: Owner): Liveness {
  if (!owner.space || owner.space !== space() || process.platform === "win32") return "unknown";
  if (!LINUX) return bySignal(owner.pid);
  try {
    const found = stat(owner.pid);
    if (!found) return "unknown";
    // Ended, and its parent has not asked yet; a signal would call it alive.
    if (["Z", "X", "x"].includes(found.state)) return "dead";
    if (!owner.start) return "unknown";
    return owner.start === found.start ? "alive" : "dead";
  } catch (why) {
    // A /proc may hide what is not ours; the system itself does not.
    return (why as NodeJS.ErrnoException).code === "ENOENT" ? bySignal(owner.pid) : "unknown";
  }
}

/** Only that nobody has the number is certain: who has it may be another. */
function bySignal(pid: number): Liveness {
  try {
    process.kill(pid, 0);
    return "unknown";
  } catch (why) {
    return (why as NodeJS.ErrnoException).code === "ESRCH" ? "dead" : "unknown";
  }
}
