// What goes to stdout for programs, and to stderr for people.
import { DeviceGrantError } from "../errors.js";

export function line(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function event(fields: Record<string, unknown>): void {
  line(JSON.stringify(fields, (_, value) => value ?? null));
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** RFC 3339, whole seconds. */
export function rfc3339(at: Date | undefined | null): string | null {
  return at ? `${at.toISOString().slice(0, 19)}Z` : null;
}

/** Tells an error, and returns the exit code. */
export function fail(error: DeviceGrantError, asJson: boolean): number {
  const help = error.help ?? `devicegrant explain ${error.code}`;
  if (asJson) {
    const { code, message, hint, exit } = error;
    const said = { error: error.error, error_description: error.errorDescription, error_uri: error.errorUri };
    event({ event: "error", code, message, hint, help, ...said, exit });
    return exit;
  }
  note(`error: ${error.message}`);
  for (const candidate of error.candidates ?? []) note(`  ${candidate}`);
  note(`hint:  ${error.hint}`);
  note(`help:  ${help}`);
  return error.exit;
}
