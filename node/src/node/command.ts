// Running a program without a shell: its output read, killed when its time is over.
import type { KeyAnswer } from "../machines.js";

/** More than any key; the rest is not read. */
const LARGEST = 4096;

/** How a program ended; `said` is what it complained of, where that was asked for. */
export type Ran = KeyAnswer & { status?: number; said?: string };

/**
 * Standard error stays ours, but with `listen`: what a key command says there is for whoever set it,
 * and is neither read nor repeated in an error.
 */
export async function run(argv: string[], timeoutMs: number, input?: string, listen = false): Promise<Ran> {
  // Seldom needed, and the dearest part of an import.
  const { spawn } = await import("node:child_process");
  const [program, ...rest] = argv as [string, ...string[]];
  return new Promise((resolve) => {
    let said = "";
    const silent = (why: string, status?: number) => resolve({ kind: "silent", why, status, said });
    const child = spawn(program, rest, { stdio: [input === undefined ? "ignore" : "pipe", "pipe", listen ? "pipe" : "inherit"], windowsHide: true });
    const parts: Buffer[] = [];
    let length = 0;
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      // A grandchild may hold the pipe for ever.
      child.stdout!.destroy();
      child.stderr?.destroy();
      silent("timed_out");
    }, timeoutMs);
    child.on("error", (why: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      silent(`could not be started: ${why.code}`);
    });
    child.stdin?.on("error", () => {}).end(input);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(0, 200)));
    child.stdout!.on("data", (part: Buffer) => {
      if (length < LARGEST) parts.push(part.subarray(0, LARGEST - length));
      length += part.length;
    });
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      if (status !== 0) return silent(`ended with ${signal ?? `exit status ${status}`}`, status ?? undefined);
      try {
        resolve({ kind: "text", text: new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts)) });
      } catch {
        silent("printed what is no text");
      }
    });
  });
}
