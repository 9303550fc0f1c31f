// A `fetch` that brings the token.
import type { Client } from "./client.js";
import { newError } from "./errors.js";
import { machines } from "./machines.js";
import { isFrom } from "./origin.js";

/**
 * A `fetch` that adds the token, and where that is answered 401 asks once for another one: of however
 * many requests that meet a 401 together, one renews it. Rejects with `SignInNeeded` where a person
 * has to sign in. The token goes to https addresses and to this machine only, and with `origin` to
 * that one only: give it wherever somebody else has a say in the address.
 */
export function authFetch(client: Client, more: { fetch?: typeof fetch; origin?: string } = {}): typeof fetch {
  const origin = more.origin === undefined ? undefined : new URL(more.origin).origin;
  return async (input, init) => {
    const send = more.fetch ?? globalThis.fetch;
    const first = new Request(input, init);
    const url = new URL(first.url);
    // As it will be asked: `127.1` has become `127.0.0.1`. A path may hold more than core's addresses do.
    if (!machines().mayCarryToken(url.origin)) {
      throw newError("bad_option", `${url.origin} is neither https nor this machine: it gets no token`);
    }
    if (origin !== undefined && url.origin !== origin) {
      throw newError("bad_option", `${url.origin} is not ${origin}: it gets no token`);
    }
    // A body is sent once only.
    const second = first.clone();
    const { signal } = first;
    const token = await client.token({ signal });
    first.headers.set("authorization", `Bearer ${token}`);
    const answer = await send(first);
    if (answer.status !== 401 || !isFrom(answer, url)) {
      second.body?.cancel().catch(() => {});
      return answer;
    }
    const other = await client.token({ reject: token, signal });
    await answer.body?.cancel();
    second.headers.set("authorization", `Bearer ${other}`);
    return send(second);
  };
}
