// One line of standard input after the other, of which each may hold a code. On a terminal none is
// shown, so that no scrollback and no recording keeps it, and none is cut off where a terminal's own
// editing would end it: some codes are longer.
import { newError } from "../errors.js";

/** What lies behind is read and forgotten. */
const LONGEST = 64 * 1024;

const [INTERRUPT, END_OF_INPUT, ERASE_LINE, RETURN, NEWLINE] = [0x03, 0x04, 0x15, 0x0d, 0x0a];
const BACKSPACE = [0x08, 0x7f];

export class Lines {
  #input = process.stdin;
  /** What came behind the last line. */
  #left: Buffer = Buffer.alloc(0);
  #leave: (() => void) | undefined;

  get areHidden(): boolean {
    return Boolean(this.#input.isTTY);
  }

  /** None where the input has ended. Rejects with `SignInNeeded` (`no_prompt`) where it cannot be read. */
  next(): Promise<string | undefined> {
    this.close();
    const input = this.#input;
    const edited = this.areHidden;
    return new Promise((resolve, reject) => {
      const line: number[] = [];
      const done = (ended: boolean) => {
        this.close();
        resolve(ended && !line.length ? undefined : Buffer.from(line).toString());
      };
      const read = (bytes: Buffer) => {
        for (const [at, byte] of bytes.entries()) {
          const isEnd = byte === NEWLINE || (edited && byte === RETURN);
          if (isEnd || (edited && byte === END_OF_INPUT && !line.length)) {
            this.#left = bytes.subarray(at + 1);
            return done(!isEnd);
          }
          if (edited && byte === INTERRUPT) process.emit("SIGINT", "SIGINT");
          else if (edited && byte === ERASE_LINE) line.length = 0;
          else if (edited && BACKSPACE.includes(byte)) line.pop();
          else if (line.length < LONGEST) line.push(byte);
        }
      };
      const end = () => done(true);
      const fail = (why: Error) => {
        this.close();
        reject(newError("no_prompt", `standard input could not be read: ${why.message}`, why));
      };
      input.on("data", read).on("end", end).on("error", fail);
      this.#leave = () => void input.off("data", read).off("end", end).off("error", fail);
      const left = this.#left;
      this.#left = Buffer.alloc(0);
      if (edited) input.setRawMode(true);
      if (left.length) read(left);
      if (!this.#leave) return;
      if (input.readableEnded) return end();
      input.ref?.();
      input.resume();
    });
  }

  /** Nobody reads any more, and the terminal is as it was. Nothing of it keeps the process alive. */
  close(): void {
    if (!this.#leave) return;
    this.#leave();
    this.#leave = undefined;
    if (this.areHidden) this.#input.setRawMode(false);
    this.#input.pause();
    // A pipe that is paused still would; a file has no such method.
    this.#input.unref?.();
  }
}
