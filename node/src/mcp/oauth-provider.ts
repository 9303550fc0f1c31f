// For clients of `@modelcontextprotocol/sdk` 1.
import type { Client } from "devicegrant";
import { Bearer } from "./bearer.js";
import { newError } from "./errors.js";

interface Issued {
  access_token: string;
  token_type: string;
  refresh_token: string;
  issuer: string;
}

/** An `OAuthClientProvider` of `@modelcontextprotocol/sdk`. */
export interface DeviceOAuthProvider {
  readonly redirectUrl: string;
  readonly clientMetadata: { redirect_uris: string[]; client_name: string };
  clientInformation(): { client_id: string; issuer: string };
  tokens(): Promise<Issued | undefined>;
  saveTokens(): void;
  redirectToAuthorization(): never;
  saveCodeVerifier(): void;
  codeVerifier(): string;
  validateResourceURL(): Promise<undefined>;
  discoveryState(): Promise<{
    authorizationServerUrl: string;
    resourceMetadata: { resource: string };
    authorizationServerMetadata: {
      issuer: string;
      authorization_endpoint: string;
      token_endpoint: string;
      response_types_supported: string[];
    };
  }>;
}

/** A name that never resolves: whatever goes wrong, nothing is asked of anybody there. */
const NOWHERE = "https://devicegrant.invalid/";
/** Stands where the SDK looks for a secret; the real ones stay in the store. */
const KEPT = "kept-by-devicegrant";
/** What the SDK is told is issued: only that there is something. */
const ANSWER = JSON.stringify({ access_token: KEPT, token_type: "Bearer" });

/**
 * The option `authProvider` of a transport, as `deviceAuth` is for the second generation of the SDK.
 * That SDK would discover, register and exchange by itself, without a lease, and lose the login where
 * two processes share it. So after a 401 it is told a state in which all that has been done: the
 * exchange goes by way of the client, and the token endpoint that the SDK then asks is a `data:`
 * address, which answers without a server.
 */
export function deviceOAuthProvider(client: Client): DeviceOAuthProvider {
  const bearer = new Bearer(client);
  return {
    redirectUrl: NOWHERE,
    clientMetadata: { redirect_uris: [], client_name: "devicegrant" },
    clientInformation: () => ({ client_id: KEPT, issuer: NOWHERE }),
    async tokens() {
      const token = await bearer.token();
      if (token === undefined) return undefined;
      return { access_token: token, token_type: "Bearer", refresh_token: KEPT, issuer: NOWHERE };
    },
    // The first thing that the SDK asks after a 401, and before it would send anything.
    async discoveryState() {
      await bearer.renew();
      return {
        authorizationServerUrl: NOWHERE,
        resourceMetadata: { resource: NOWHERE },
        authorizationServerMetadata: {
          issuer: NOWHERE,
          authorization_endpoint: NOWHERE,
          token_endpoint: `data:application/json,${encodeURIComponent(ANSWER)}`,
          response_types_supported: ["code"],
        },
      };
    },
    validateResourceURL: async () => undefined,
    saveTokens() {},
    saveCodeVerifier() {},
    codeVerifier: () => "",
    redirectToAuthorization() {
      throw newError("no_prompt", "a browser is never opened: sign in first, with authorize(client)");
    },
  };
}
