// What each command does, and how it ends.
import { Client } from "../client.js";
import type { TokenNeed } from "../calls.js";
import { DeviceGrantError, newError } from "../errors.js";
import { open } from "./client.js";
import { fromEnv } from "./flags.js";
import type { Flags } from "./flags.js";
import { hinting, login, shower } from "./login.js";
import { event, fail, line, note, rfc3339 } from "./output.js";
import { status } from "./status.js";

export interface Job {
  client: Client;
  flags: Flags;
  /** Aborts where the command is told to end. */
  signal: AbortSignal;
  /** Whether a person was asked. */
  asked: () => boolean;
}

type Command = (job: Job) => Promise<number>;

function need({ flags, signal }: Job): TokenNeed {
  return { minTtl: flags["min-ttl"], reject: fromEnv(flags["reject-env"], "token"), signal };
}

/** A token that could not be kept is good all the same, but whoever runs this has to know. */
function unsaved(client: Client): number {
  return client.unsaved ? fail(client.unsaved, false) : 0;
}

const token: Command = async (job) => {
  const tokens = await job.client.tokens(need(job));
  if (job.flags.json) {
    const { accessToken: access_token, tokenType: token_type, issuer } = tokens;
    event({ access_token, token_type, expires_at: rfc3339(tokens.expiresAt), scope: tokens.scopes.join(" "), issuer });
  } else {
    line(tokens.accessToken);
  }
  return unsaved(job.client);
};

const headers: Command = async (job) => {
  event({ Authorization: `Bearer ${await job.client.token(need(job))}` });
  return unsaved(job.client);
};

const REASONS: Record<string, string> = { nothing: "nobody was signed in", not_offered: "the server does not offer revocation" };

const logout: Command = async ({ client, flags, signal }) => {
  const { how, error } = await Client.inside(client).end(signal);
  const reason = error?.message ?? REASONS[how];
  if (flags.json) event({ event: "signed_out", revoked: how === "at_server", reason, code: error?.code });
  else if (how === "nothing") note("Nobody was signed in here.");
  else if (how === "at_server") note("Signed out: the server has revoked the tokens.");
  else {
    note("Signed out: the tokens are no longer kept here.");
    note(`warning: they were not revoked at the server and live until they expire: ${reason}`);
  }
  return 0;
};

const COMMANDS: Record<string, Command> = { login, token, headers, status, logout };

/** Runs a command; an interrupt ends it as core's own error does. */
export async function run(name: string, flags: Flags): Promise<number> {
  const stop = new AbortController();
  const interrupt = () => stop.abort(newError("interrupted", "interrupted"));
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const one of signals) process.once(one, interrupt);
  let asked = false;
  let close = () => {};
  try {
    const [client, end] = await open(flags, shower(flags, () => (asked = true)));
    close = end;
    try {
      return await COMMANDS[name]!({ client, flags, signal: stop.signal, asked: () => asked });
    } finally {
      await settle(client);
    }
  } catch (error) {
    if (!(error instanceof DeviceGrantError)) throw error;
    if (error.code === "interrupted" && name !== "login") hinting(error, "Run the command again; nothing was lost.");
    return fail(error, Boolean(flags.json));
  } finally {
    close();
    for (const one of signals) process.off(one, interrupt);
  }
}

/** Waits for the exchanges that must be kept before the process ends. */
async function settle(client: Client): Promise<void> {
  const words = "A request is on its way, and its answer has to be kept; that takes a moment.";
  const timer = setTimeout(() => note(words), 1000);
  await client.finish();
  clearTimeout(timer);
}
