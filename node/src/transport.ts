// Requests over the host's `fetch`, so that its proxies, agents and mocks work.
import type { Answer, Request } from "./machines.js";
import { here } from "./platform.js";

/** Why there is no answer, where there is none. */
export interface Sent {
  answer: Answer;
  cause?: unknown;
}

/** Sends one request. Rejects only where `signal` ended it. */
export type Send = (request: Request, signal: AbortSignal) => Promise<Sent>;

type Why = Extract<Answer, { kind: "unreachable" }>["why"];

export function sendBy(given: typeof globalThis.fetch | undefined): Send {
  return async (request, signal) => {
    const { url, method, timeoutMs, maxBody } = request;
    const headers = request.headers;
    const body = method === "POST" ? request.body : undefined;
    const agent = here().userAgent;
    if (agent) headers.push(["user-agent", agent]);
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(TIMED_OUT), timeoutMs);
    const abort = () => limit.abort(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      const send = given ?? globalThis.fetch;
      const response = await send(url, {
        method, headers, body: body as BodyInit | undefined,
        // A device code or a secret is never sent on to another place.
        redirect: "manual", signal: limit.signal,
        ...(given ? {} : { credentials: "omit", cache: "no-store" }),
      });
      const bytes = await bounded(response, maxBody + 1);
      const pairs: string[] = [];
      response.headers.forEach((value, name) => pairs.push(name, value));
      // A browser hides where a redirect leads; that it is one is enough.
      const status = response.type === "opaqueredirect" ? 302 : response.status;
      return { answer: { kind: "response", status, headers: pairs, bytes } };
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      const why = limit.signal.aborted ? "timed_out" : reason(cause);
      return { answer: { kind: "unreachable", why }, cause };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  };
}

const TIMED_OUT = "the time limit of the request";

/** Reads at most so many bytes and leaves the rest. */
async function bounded(response: Response, most: number): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  while (reader && length < most) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value.subarray(0, most - length));
    length += parts[parts.length - 1]!.length;
  }
  if (length >= most) reader?.cancel().catch(() => {});
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const KNOWN: [RegExp, Why][] = [
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|certificate (has )?expired|: Expired|NotValidYet/i, "tls_expired"],
  [/ERR_TLS_CERT_ALTNAME_INVALID|NotValidForName|HOSTNAME_MISMATCH/, "tls_wrong_host"],
  [/SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_UNTRUSTED|UnknownIssuer|CaUsedAsEndEntity|BadSignature/, "tls_untrusted"],
  [/ERR_SSL|ERR_TLS|EPROTO|invalid peer certificate/, "tls"],
  [/ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused|FailedToOpenSocket|Connection refused|dns error/, "not_sent"],
];

/** What the runtime tells of a `fetch` that failed; seldom enough to be sure that nothing arrived. */
function reason(error: unknown): Why {
  const words: string[] = [];
  const seen = new Set<unknown>();
  const look = (at: any) => {
    if (at == null || typeof at !== "object" || seen.has(at)) return;
    seen.add(at);
    words.push(String(at.code ?? ""), String(at.message ?? ""));
    look(at.cause);
    if (Array.isArray(at.errors)) at.errors.forEach(look);
  };
  look(error);
  const text = words.join(" ");
  return KNOWN.find(([known]) => known.test(text))?.[1] ?? "maybe_sent";
}
