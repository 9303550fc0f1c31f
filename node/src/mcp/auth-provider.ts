// For clients of `@modelcontextprotocol/client` 2.
import type { Client } from "devicegrant";
import { Bearer } from "./bearer.js";

/** An `AuthProvider` of `@modelcontextprotocol/client`. */
export interface DeviceAuth {
  token(): Promise<string | undefined>;
  onUnauthorized(context?: { response: Response }): Promise<void>;
}

/**
 * The option `authProvider` of a transport: each request brings the client's token, renewed where that
 * is due; a 401 renews it once. It asks nobody and opens no browser: where a person has to sign in, the
 * request rejects with `SignInNeeded`. So call `authorize(client)` before `connect()`, which would run
 * out of the request's time while a person looks for their phone.
 */
export function deviceAuth(client: Client): DeviceAuth {
  const bearer = new Bearer(client);
  return {
    token: () => bearer.token(),
    onUnauthorized: (context) => bearer.renew(context?.response.headers.get("www-authenticate")),
  };
}
