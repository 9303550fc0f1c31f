// The prompt of a program that brings none of its own.
import type { OnPrompt } from "../options.js";
import type { PastePrompt, Prompt } from "../values.js";

function set(name: string): boolean {
  return Boolean(process.env[name]);
}

/** Plain lines for a screen reader, or where nothing is drawn. */
export function isPlain(): boolean {
  return set("ACCESSIBLE") || set("NO_COLOR") || !process.stderr.isTTY;
}

function write(lines: string[]): void {
  process.stderr.write(`${lines.join("\n")}\n`);
}

/** Sentences that are each written once, on stderr. */
export const plainPrompt: OnPrompt = (prompt) => write([prompt.plain, "Waiting for your approval."]);

/** Address, code and scopes on stderr, with a QR code where it leaves the address in sight. */
export const terminalPrompt: OnPrompt = (prompt) => {
  if (isPlain()) return plainPrompt(prompt);
  write([...drawn(prompt), prompt.text, "", "Waiting for your approval …", ""]);
};

/** The QR code in white on black, whatever the terminal's own colours: cameras want it so. */
export function drawn(prompt: Prompt | PastePrompt, size: { columns?: number; rows?: number } = process.stderr): string[] {
  const { columns = 80, rows = 24 } = size;
  const lines = prompt.qr?.lines ?? [];
  const words = prompt.text.split("\n");
  const tall = words.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
  if (!lines.length || [...lines[0]!].length > columns || lines.length + tall + 4 > rows) return [];
  return [...lines.map((line) => `\x1b[38;2;255;255;255m\x1b[48;2;0;0;0m${line}\x1b[0m`), ""];
}

/** None where nobody reads: a server's stderr is a log file. */
export function terminal(): OnPrompt | undefined {
  return process.stderr.isTTY ? terminalPrompt : undefined;
}
