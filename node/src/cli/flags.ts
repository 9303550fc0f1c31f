// What can be written behind `devicegrant`: the flags and exits of the command in Rust, for what the
// operator of a JavaScript program needs. The rest is in that one.
import { parseArgs } from "node:util";

import { newError } from "../errors.js";
import type { ClientOptions } from "../options.js";
import { quoted } from "./output.js";

/** They may stand before the command's name too. */
const PLACE = {
  home: { type: "string" }, key: { type: "string" }, store: { type: "string" }, ca: { type: "string" },
  verbose: { type: "boolean", short: "v", multiple: true }, help: { type: "boolean", short: "h" },
} as const;
const WHICH = {
  issuer: { type: "string" }, server: { type: "string" }, provider: { type: "string" }, "client-id": { type: "string" },
  resource: { type: "string" }, profile: { type: "string" }, "device-endpoint": { type: "string" },
  "token-endpoint": { type: "string" }, "expect-sub": { type: "string" }, "expect-account": { type: "string" },
} as const;
const JSON_TOO = { json: { type: "boolean" } } as const;
const LOGIN = {
  "client-secret-env": { type: "string" }, "client-auth": { type: "string" }, "client-metadata": { type: "string" }, scope: { type: "string", multiple: true },
  audience: { type: "string" }, param: { type: "string", multiple: true }, pkce: { type: "boolean" },
  timeout: { type: "string" }, resume: { type: "boolean" }, paste: { type: "boolean" }, "redirect-uri": { type: "string" }, unattended: { type: "boolean" }, "no-qr": { type: "boolean" },
  plain: { type: "boolean" }, spoken: { type: "boolean" }, open: { type: "boolean" },
} as const;
const NEED = { "min-ttl": { type: "string" }, "reject-env": { type: "string" } } as const;

export const COMMANDS: Record<string, [about: string, flags: object]> = {
  login: ["Sign in: shows an address and a code, waits for the approval, keeps the tokens", { ...LOGIN, ...JSON_TOO }],
  token: ["Print the access token of a login, renewed where that is due", { ...NEED, ...JSON_TOO }],
  headers: ["Print the header that a request needs, as JSON", NEED],
  status: ["Say how the logins are doing, and how they are kept; no server is asked", JSON_TOO],
  logout: ["Sign out: revoke the tokens at the server and remove them here", JSON_TOO],
};

export type Flags = Record<string, any> & { target?: string };

/** The command's name, and all the other words. */
export function named(words: string[]): [name: string | undefined, rest: string[]] {
  const { tokens } = parseArgs({ args: words, options: PLACE, strict: false, allowPositionals: true, tokens: true });
  const at = tokens.find(({ kind }) => kind === "positional")?.index ?? words.length;
  return [words[at], [...words.slice(0, at), ...words.slice(at + 1)]];
}

/** Throws a `TypeError` for what cannot be read. */
export function parse(command: string, words: string[]): Flags {
  const options = { ...PLACE, ...WHICH, ...COMMANDS[command]![1] } as any;
  const read = parseArgs({ args: words, options, allowPositionals: true, strict: true });
  const [values, positionals] = [read.values as Flags, read.positionals];
  if (positionals.length > 1) throw new TypeError(`one target at most, not ${positionals.length}`);
  const places = [positionals[0], values.issuer, values.server, values.provider].filter(Boolean);
  if (places.length > 1) throw new TypeError("a target, --issuer, --server and --provider cannot stand together");
  oneOf("--store", values.store, ["auto", "file", "memory", "redis"]);
  oneOf("--key", values.key, ["keyring", "env", "command", "passphrase", "file"]);
  if (values["client-auth"] && !values["client-secret-env"]) throw new TypeError("--client-auth needs --client-secret-env");
  for (const name of ["resume", "open", "device-endpoint"]) {
    if (values.paste && values[name] !== undefined) throw new TypeError(`--paste and --${name} cannot stand together`);
  }
  if (values["redirect-uri"] !== undefined && !values.paste) throw new TypeError("--redirect-uri needs --paste");
  for (const name of ["min-ttl", "timeout"]) if (values[name] !== undefined) values[name] = seconds(values[name]);
  if (values.timeout === 0) throw new TypeError("--timeout 0 leaves no time");
  return { ...values, target: positionals[0] };
}

function oneOf(flag: string, value: string | undefined, known: string[]): void {
  if (value !== undefined && !known.includes(value)) throw new TypeError(`${flag} is ${known.slice(0, -1).join(", ")} or ${known.at(-1)}`);
}

/** Whether anything was named. */
export function namesAny(flags: Flags): boolean {
  return Boolean(flags.target) || Object.keys(WHICH).some((name) => flags[name] !== undefined);
}

const UNITS: [RegExp, number][] = [
  [/^(ms|msec|millis)$/, 0.001], [/^(s|sec|secs|second|seconds)?$/, 1], [/^(m|min|mins|minute|minutes)$/, 60],
  [/^(h|hr|hrs|hour|hours)$/, 3600], [/^(d|day|days)$/, 86_400], [/^(w|week|weeks)$/, 604_800],
];

/** A time in seconds: `90`, `90s`, `5m`, `1h 30m`. */
function seconds(text: string): number {
  const parts = [...text.matchAll(/(\d+)\s*([a-z]+|$)\s*/g)];
  const sizes = parts.map(([, , unit]) => UNITS.find(([names]) => names.test(unit!))?.[1]);
  if (!parts.length || sizes.includes(undefined) || parts.map((part) => part[0]).join("") !== text.trim()) {
    throw new TypeError(`${JSON.stringify(text)} is no time: write it as seconds, or as in 90s, 5m, 1h`);
  }
  return parts.reduce((sum, [, n], at) => sum + Number(n) * sizes[at]!, 0);
}

/** A secret comes by the environment: arguments can be read by every user of the machine. */
export function fromEnv(name: string | undefined, what: string): string | undefined {
  if (name === undefined) return undefined;
  const text = process.env[name];
  if (!text) throw newError("bad_option", `the environment variable ${name} holds no ${what}`);
  return text;
}

const AUTHS: Record<string, ClientOptions["clientAuth"]> = {
  basic: "client_secret_basic", client_secret_basic: "client_secret_basic",
  post: "client_secret_post", client_secret_post: "client_secret_post",
};

export function clientOptions(flags: Flags): ClientOptions {
  const auth = flags["client-auth"];
  if (auth !== undefined && !AUTHS[auth]) throw new TypeError("write --client-auth client_secret_basic or client_secret_post");
  const params: Record<string, string> = {};
  for (const pair of flags.param ?? []) {
    const at = pair.indexOf("=");
    if (at < 1) throw new TypeError("write --param NAME=VALUE");
    const name = pair.slice(0, at);
    if (name in params) throw newError("bad_option", `--param ${name} is given twice`);
    params[name] = pair.slice(at + 1);
  }
  return {
    server: flags.target ?? flags.server, issuer: flags.issuer, provider: flags.provider, clientId: flags["client-id"],
    resource: flags.resource, redirectUri: flags["redirect-uri"], profile: flags.profile, deviceEndpoint: flags["device-endpoint"],
    tokenEndpoint: flags["token-endpoint"], home: flags.home, unattended: flags.unattended,
    clientSecret: fromEnv(flags["client-secret-env"], "client secret"), clientAuth: auth && AUTHS[auth], clientMetadata: flags["client-metadata"],
    scopes: flags.scope ?? [], audience: flags.audience, params, pkce: flags.pkce,
    expectedSub: flags["expect-sub"], expectedAccount: flags["expect-account"],
  };
}

/** The command that goes on with a sign-in, to be pasted into a shell. */
export function resumption(flags: Flags): string {
  const words = ["devicegrant", "login", "--resume", ...(flags.target ? [flags.target] : [])];
  for (const name of [...Object.keys(WHICH), "client-metadata", "home", "store", "ca"]) {
    if (flags[name] !== undefined) words.push(`--${name}`, flags[name]);
  }
  return words.map(quoted).join(" ");
}
