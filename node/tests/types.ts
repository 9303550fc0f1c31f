// Compiled, not run: what the types promise.
import { Client, MemoryStore, Pending, RedisStore, SignInNeeded, Tokens, authFetch } from "devicegrant";
import type { ClientOptions, Health, Progress, Store } from "devicegrant";

const given: ClientOptions = { issuer: "https://a.example", clientId: "a", scopes: ["read"], store: new MemoryStore() };
const client = new Client(given);
const token: Promise<string> = client.token({ minTtl: 120, reject: "x", signal: AbortSignal.timeout(1) });
const polled: Promise<Pending | Tokens> = client.begin().then((pending) => client.poll(pending));
const health: Promise<Health> = client.health();
const send: typeof fetch = authFetch(client);
const store: Store = new RedisStore({ sendCommand: async () => null });
async function watch(): Promise<Progress[]> {
  const all: Progress[] = [];
  for await (const step of client.progress()) all.push(step);
  return all;
}
const next = (error: unknown): string | undefined => (error instanceof SignInNeeded ? error.code : undefined);
// @ts-expect-error: there is no such option
new Client({ clientID: "a" });
// @ts-expect-error: a token is no secret object but a string
const wrong: Promise<number> = client.token();
// @ts-expect-error: a store has four methods
const lame: Store = { load: () => null };
export { token, polled, health, send, store, watch, next, wrong, lame };
