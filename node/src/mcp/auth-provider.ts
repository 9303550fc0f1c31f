// For clients of `@modelcontextprotocol/client` 2.
import type { Client } from "devicegrant";
import { Bearer } from "./bearer.js";
import { sameOrigin } from "./origin.js";

/** An `AuthProvider` of `@modelcontextprotocol/client`. */
export interface DeviceAuth {
  token(): Promise<string | undefined>;
  onUnauthorized(context?: { response: Response; serverUrl?: URL }): Promise<void>;
}

/**
 * The option `authProvider` of a transport: each request brings the client's token, renewed where that
 * is due; a 401 of the server's own renews it once. It asks nobody and opens no browser: where a person
 * has to sign in, the request rejects with `SignInNeeded`. So call `authorize(client)` before
 * `connect()`, which would run out of the request's time while a person looks for their phone.
 */
export function deviceAuth(client: Client): DeviceAuth {
  const bearer = new Bearer(client);
  return {
    token: () => bearer.token(),
    async onUnauthorized(context) {
      if (context?.serverUrl) sameOrigin(context.response, context.serverUrl);
      await bearer.renew(context?.response.headers.get("www-authenticate"));
    },
  };
}
