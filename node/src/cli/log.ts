// `-v`: what is asked of servers, without secrets and codes.
import { note } from "./output.js";

/** Whose values everybody may know. */
const PUBLIC = new Set(["grant_type", "client_id", "scope", "audience", "resource", "code_challenge_method"]);

/** A `fetch` that says what is sent and received; with `parameters` also what forms hold. */
export function logged(send: typeof fetch, parameters: boolean): typeof fetch {
  return async (input, init) => {
    // A query of an endpoint's address is the caller's own, and may be a secret.
    const what = `${init?.method ?? "GET"} ${String(input).split(/[?#]/)[0]}`;
    note(`DEBUG devicegrant: ${what}`);
    if (parameters && init?.body) note(`TRACE devicegrant: ${what} with ${form(new TextDecoder().decode(init.body as Uint8Array))}`);
    const begun = performance.now();
    const took = () => `${Math.round(performance.now() - begun)} ms`;
    try {
      const answer = await send(input, init);
      note(`DEBUG devicegrant: ${what}: HTTP ${answer.status}, ${took()}`);
      return answer;
    } catch (why) {
      note(`DEBUG devicegrant: ${what}: no answer, ${took()}`);
      throw why;
    }
  };
}

function form(body: string): string {
  if (body.startsWith("{")) return `${body.length} characters of JSON`;
  const shown = ([name, value]: [string, string]) => `${name}=${PUBLIC.has(name) ? JSON.stringify(value) : "[redacted]"}`;
  return [...new URLSearchParams(body)].map(shown).join(" ");
}
