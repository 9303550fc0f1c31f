// What a caller gives.
import { call, newError } from "./errors.js";
import type { Event, Options } from "./machines.js";
import { machines } from "./machines.js";
import type { Store } from "./stored.js";
import type { KeyLike, Prompt } from "./values.js";

/** Shows a prompt and returns; the sign-in waits, not the prompt. What it throws ends the sign-in. */
export type OnPrompt = (prompt: Prompt) => void | PromiseLike<void>;

/** Where a home that is new keeps its key. */
export type KeySource = "keyring" | "env" | "command" | "passphrase" | "file";

export interface ClientOptions {
  /**
   * An address, of an authorization server or of a protected resource such as an MCP server (RFC 9728),
   * or a provider as `NAME` or `NAME/ARGUMENT`.
   */
  server?: string;
  /** An issuer's address (RFC 8414). */
  issuer?: string;
  provider?: string;
  /** Instead of what would be found. */
  deviceEndpoint?: string;
  tokenEndpoint?: string;
  /** Without one the client is registered at the server (RFC 7591), once for each issuer. */
  clientId?: string;
  /** Or it is named by the https address of its own metadata document. */
  clientMetadata?: string;
  clientSecret?: string;
  clientAuth?: "client_secret_basic" | "client_secret_post" | "none";
  scopes?: string | readonly string[];
  audience?: string;
  /** What the token is for (RFC 8707). */
  resource?: string;
  /** More parameters of the device authorization request. */
  params?: Readonly<Record<string, string>>;
  pkce?: boolean;
  /** The `sub` of the account that has to approve, exactly; somebody else's approval is `wrong_account`. */
  expectedSub?: string;
  /** The same by what a person knows: a verified `email`, a `preferred_username`, or the `sub`. Where you serve several people, expect the `sub`. */
  expectedAccount?: string;
  /** A name for the login. */
  profile?: string;
  /** The folder of logins, before `DEVICEGRANT_HOME`. */
  home?: string;
  /** `"auto"` are files, shared with the command and with Python; `"memory"` is gone with the process. */
  store?: "auto" | "file" | "memory" | Store;
  /** In place of any source. A store of your own needs it, or `DEVICEGRANT_KEY` or `DEVICEGRANT_KEY_COMMAND`. */
  key?: KeyLike;
  keySource?: KeySource;
  /** Refuse a key that a service, which has no desktop session, cannot reach. */
  unattended?: boolean;
  /** Sends requests in place of the global `fetch`. */
  fetch?: typeof globalThis.fetch;
  /** Asks the person in place of the terminal. */
  onPrompt?: OnPrompt;
  /** What happens, without a secret; durations in seconds. */
  onEvent?: (event: Event) => void;
  /** The start of the address that explains an error's code. */
  helpBase?: string;
}

export type Given = ClientOptions;

const PLAIN = {
  server: "target", issuer: "issuer", provider: "provider", deviceEndpoint: "device_endpoint",
  tokenEndpoint: "token_endpoint", clientId: "client_id", clientMetadata: "client_metadata", clientSecret: "client_secret",
  clientAuth: "client_auth", audience: "audience", resource: "resource", params: "params",
  expectedSub: "expected_sub", expectedAccount: "expected_account", pkce: "pkce", profile: "profile", helpBase: "help_base",
} as const;
const ELSEWHERE = ["scopes", "home", "store", "key", "keySource", "unattended", "fetch", "onPrompt", "onEvent"];

/** Throws `Usage` (`bad_option`). */
export function optionsOf(given: Given): Options {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const known = PLAIN[name as keyof typeof PLAIN];
    if (!known && !ELSEWHERE.includes(name)) throw newError("bad_option", `there is no option ${name}`);
    if (known && value != null) plain[known] = value;
  }
  const { scopes } = given;
  plain.scopes = typeof scopes === "string" ? scopes.split(" ").filter(Boolean) : (scopes ?? []);
  return call(() => new (machines().Options)(plain));
}
