// What a call of a client takes, and what the command of this package is told besides.
import type { DeviceGrantError } from "./errors.js";
import type * as wasm from "./machines.js";
import type { OnPrompt } from "./options.js";

/** An abort rejects at once with `signal.reason`; an exchange on its way is kept all the same. */
export interface Abortable {
  signal?: AbortSignal;
}

export interface SignIn extends Abortable {
  /** In place of the client's own. */
  onPrompt?: OnPrompt;
  onEvent?: (event: wasm.Event) => void;
  /**
   * The `WWW-Authenticate` of a 401 or 403, several joined by commas: discovery follows it, and where
   * it says `insufficient_scope` what it demands is asked for besides what was asked for before. The
   * wider login takes the narrower one's place. What was asked for already is not asked for again:
   * `Refused` with the code `scope_loop`.
   */
  challenge?: string;
}

export interface TokenNeed extends Abortable {
  /** The least time that it should live, in seconds (60); above half of its lifetime it counts as half. */
  minTtl?: number;
  /** The token that was just answered 401: another one is given. */
  reject?: string;
  /** Scopes that have to have been asked for at the sign-in. */
  scopes?: readonly string[];
  /**
   * The `WWW-Authenticate` that came with the 401 or 403. Where it says `insufficient_scope`, another
   * token is given if it has the scopes, else it is `SignInNeeded` with the code `more_scopes`, for
   * which `login` takes the challenge; or `Refused` with the code `scope_loop`.
   */
  challenge?: string;
  /** Renew in any case. */
  force?: boolean;
}

/** What became of the tokens at the server. */
export interface Revoked {
  how: "nothing" | "at_server" | "not_offered" | "failed";
  error?: DeviceGrantError;
}

export interface Inside {
  look(): Promise<wasm.Found>;
  /** Whoever cannot keep the login should not ask for it. */
  chooseKey(): Promise<unknown>;
  end(signal: AbortSignal | undefined): Promise<Revoked>;
  signedIn(): wasm.Login | undefined;
}
