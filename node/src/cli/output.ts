// What goes to stdout for programs, and to stderr for people.
import { DeviceGrantError } from "../errors.js";
import type { Header } from "../machines.js";

export function line(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What is not known is null: every event of a name has the same fields. */
export function event(fields: Record<string, unknown>): void {
  line(JSON.stringify(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value ?? null]))));
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

/** Whose login it is. There is no secret in it. */
export function whose({ login }: Header): Record<string, unknown> {
  const { profile, issuer, target, client_id, resource, account } = login;
  return { profile, issuer, target, client_id, resource, account };
}

/** How a person names this login and no other. */
export function named({ login }: Header): string {
  const { profile, target, issuer, client_id, resource, expected } = login;
  if (profile) return `--profile ${profile}`;
  // Another account's login may stand at the same place.
  const more = { resource, "expect-sub": expected?.sub, "expect-account": expected?.account };
  const words = Object.entries(more).map(([name, value]) => (value ? ` --${name} ${quoted(value)}` : ""));
  return `${target ?? issuer ?? ""} --client-id ${client_id}${words.join("")}`;
}

/** One word of a shell. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
