// What can be written behind `devicegrant`: the flags and exits of the command in Rust, for what the
// operator of a JavaScript program needs. The rest is in that one.
import { parseArgs } from "node:util";

import { newError } from "../errors.js";
import type { ClientOptions } from "../options.js";

const PLACE = { home: { type: "string" }, key: { type: "string" }, help: { type: "boolean", short: "h" } } as const;
const WHICH = {
  issuer: { type: "string" }, provider: { type: "string" }, "client-id": { type: "string" },
  resource: { type: "string" }, profile: { type: "string" }, "device-endpoint": { type: "string" },
  "token-endpoint": { type: "string" }, "expect-sub": { type: "string" }, "expect-account": { type: "string" },
  json: { type: "boolean" },
} as const;
const LOGIN = {
  "client-secret-env": { type: "string" }, "client-auth": { type: "string" }, scope: { type: "string", multiple: true },
  audience: { type: "string" }, param: { type: "string", multiple: true }, pkce: { type: "boolean" },
  timeout: { type: "string" }, resume: { type: "boolean" }, "no-qr": { type: "boolean" }, plain: { type: "boolean" },
  spoken: { type: "boolean" }, open: { type: "boolean" },
} as const;
const NEED = { "min-ttl": { type: "string" }, "reject-env": { type: "string" } } as const;

export const COMMANDS: Record<string, [about: string, flags: object]> = {
  login: ["Sign in: shows an address and a code, waits for the approval, keeps the tokens", LOGIN],
  token: ["Print the access token of a login, renewed where that is due", NEED],
  headers: ["Print the header that a request needs, as JSON", NEED],
  status: ["Say how a login is doing", {}],
  logout: ["Sign out: revoke the tokens at the server and remove them here", {}],
};

export type Flags = Record<string, any> & { target?: string };

/** Throws a `TypeError` for what cannot be read. */
export function parse(command: string, words: string[]): Flags {
  const options = { ...PLACE, ...WHICH, ...COMMANDS[command]![1] } as any;
  const read = parseArgs({ args: words, options, allowPositionals: true, strict: true });
  const [values, positionals] = [read.values as Flags, read.positionals];
  if (positionals.length > 1) throw new TypeError(`one target at most, not ${positionals.length}`);
  const named = [positionals[0], values.issuer, values.provider].filter(Boolean);
  if (named.length > 1) throw new TypeError("a target, --issuer and --provider cannot stand together");
  return { ...values, target: positionals[0] };
}

/** A time in seconds: `90`, `90s`, `5m`, `1h 30m`. */
export function seconds(text: string): number {
  const units: Record<string, number> = { ms: 0.001, s: 1, sec: 1, m: 60, min: 60, h: 3600, d: 86400, "": 1 };
  const parts = [...text.matchAll(/(\d+)\s*(ms|sec|s|min|m|h|d|$)\s*/g)];
  const sum = parts.reduce((sum, [, n, unit]) => sum + Number(n) * units[unit!]!, 0);
  if (!sum || parts.map((part) => part[0]).join("") !== text) {
    throw new TypeError(`${JSON.stringify(text)} is no time: write it as seconds, or as in 90s, 5m, 1h`);
  }
  return sum;
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
    server: flags.target, issuer: flags.issuer, provider: flags.provider, clientId: flags["client-id"],
    resource: flags.resource, profile: flags.profile, deviceEndpoint: flags["device-endpoint"],
    tokenEndpoint: flags["token-endpoint"], home: flags.home, keySource: flags.key,
    clientSecret: fromEnv(flags["client-secret-env"], "client secret"), clientAuth: auth && AUTHS[auth],
    scopes: flags.scope ?? [], audience: flags.audience, params, pkce: flags.pkce,
    expectedSub: flags["expect-sub"], expectedAccount: flags["expect-account"],
  };
}
