// Errors, sorted by what the caller can do next.
import { machines } from "./machines.js";
import type { Details, Failure } from "./machines.js";
import { here } from "./platform.js";

/** Everything that can end a call. It never holds a secret, and its texts are safe to print. */
export class DeviceGrantError extends Error {
  /** Stable; `devicegrant explain CODE` says what it means. */
  readonly code: string;
  /** What to do next, in one sentence. */
  readonly hint: string;
  /** The address that explains the code, where there is one. */
  declare readonly help?: string;
  /** What the server said (RFC 6749 §5.2), cleaned. */
  declare readonly error?: string;
  declare readonly errorDescription?: string;
  declare readonly errorUri?: string;
  /** The logins that fit, where the code is `ambiguous_login`. */
  declare readonly candidates?: string[];
  /** What a command that ends with this error exits with. */
  readonly exit: number;

  constructor(details: Details, help?: string, cause?: unknown) {
    super(details.message, cause === undefined ? undefined : { cause });
    // Not by the constructor: minifiers rename it.
    this.name = details.class;
    this.code = details.code;
    this.hint = details.hint;
    this.exit = details.exit;
    if (help) this.help = help;
    if (details.error) this.error = details.error;
    if (details.error_description) this.errorDescription = details.error_description;
    if (details.error_uri) this.errorUri = details.error_uri;
    if (details.candidates.length) this.candidates = details.candidates;
  }
}

/** Ask a person to sign in (again). */
export class SignInNeeded extends DeviceGrantError {}
/** The person said no. */
export class Denied extends DeviceGrantError {}
/** The code ran out before anybody approved; begin again. */
export class CodeExpired extends DeviceGrantError {}
/** The server cannot be reached or is failing; nothing is wrong with the login. */
export class TryLater extends DeviceGrantError {}
/** The configuration has to change before this can work. */
export class Refused extends DeviceGrantError {}
/** The place where logins are kept does not answer. */
export class StoreError extends DeviceGrantError {}
/** The call itself cannot be carried out as it was made. */
export class Usage extends DeviceGrantError {}

const CLASSES: Record<string, typeof DeviceGrantError> = {
  SignInNeeded, Denied, CodeExpired, TryLater, Refused, StoreError, Usage,
};

/** The error of a failure, with the address that explains it where there is a base for one. */
export function errorOf(failure: Failure, helpBase?: string, cause?: unknown): DeviceGrantError {
  const details = failure.details();
  failure.free();
  const base = helpBase ?? here().env("DEVICEGRANT_HELP");
  const kind = CLASSES[details.class] ?? DeviceGrantError;
  return new kind(details, base ? base + details.code : undefined, cause);
}

/** An error of this host's own, by a code of the catalog. */
export function newError(code: string, message: string, cause?: unknown): DeviceGrantError {
  return errorOf(new (machines().Failure)(code, message), undefined, cause);
}

/** What a flow is told of an error. */
export function failureOf(error: DeviceGrantError): Failure {
  return new (machines().Failure)(error.code, error.message);
}

/** Calls the machines: what they throw becomes an error. */
export function call<T>(act: () => T, helpBase?: string, cause?: unknown): T {
  try {
    return act();
  } catch (thrown) {
    throw thrown instanceof machines().Failure ? errorOf(thrown, helpBase, cause) : thrown;
  }
}
