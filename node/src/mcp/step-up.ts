// More scopes in mid-session: a 403 that says so (RFC 6750 §3.1, `insufficient_scope`), or a 401 as some
// servers have it.
import type { Client, SignIn, TokenNeed } from "devicegrant";
import { SignInNeeded, isStepUp } from "devicegrant";
import { sameOrigin } from "./origin.js";

/** Where the error of a request keeps what the server demanded. */
const CHALLENGE = Symbol.for("devicegrant.challenge");

/**
 * The option `fetch` of a transport, in either generation of the SDK. Where a server refuses because
 * the token has too few scopes, another one is sent if the login has got them meanwhile; else the request
 * rejects with `SignInNeeded` (`more_scopes`), which `stepUp` knows what to do with.
 */
export function stepUpFetch(client: Client, more: { fetch?: typeof fetch } = {}): typeof fetch {
  return async (input, init) => {
    const send = more.fetch ?? globalThis.fetch;
    const first = new Request(input, init);
    const refused = /^Bearer (.+)$/i.exec(first.headers.get("authorization") ?? "")?.[1];
    // A body is sent once only.
    const second = first.clone();
    const answer = await send(first);
    const challenge = answer.headers.get("www-authenticate");
    // One that went without a token did so for a reason: its host gets none now either.
    if (!refused || ![401, 403].includes(answer.status) || !challenge || !isStepUp(challenge)) {
      second.body?.cancel().catch(() => {});
      return answer;
    }
    await answer.body?.cancel();
    sameOrigin(answer, first.url);
    second.headers.set("authorization", `Bearer ${await wider(client, { reject: refused, challenge })}`);
    return send(second);
  };
}

/** A token that is good for what the challenge demands; the error that there is none tells what that was. */
export async function wider(client: Client, need: TokenNeed): Promise<string> {
  try {
    return await client.token(need);
  } catch (error) {
    const { challenge } = need;
    if (challenge && error instanceof SignInNeeded) Object.defineProperty(error, CHALLENGE, { value: challenge });
    throw error;
  }
}

/**
 * Calls `act`, and where a server demands more scopes for it, has a person sign in for those besides what
 * was asked for before, once, and calls it again: outside of any request, which would run out of its time
 * meanwhile. `act` is one operation, such as a `callTool`.
 */
export async function stepUp<T>(client: Client, act: () => Promise<T>, options: SignIn = {}): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const challenge = demanded(error);
    if (challenge === undefined) throw error;
    await client.login({ ...options, challenge });
    return act();
  }
}

/** What `stepUpFetch` was told, or the SDK's own error: `InsufficientScopeError` of the second generation. */
function demanded(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { [CHALLENGE]: challenge, requiredScope } = error as { [CHALLENGE]?: string; requiredScope?: unknown };
  if (challenge !== undefined || typeof requiredScope !== "string") return challenge;
  return `Bearer error="insufficient_scope", scope="${requiredScope.replace(/["\\]/g, "")}"`;
}
