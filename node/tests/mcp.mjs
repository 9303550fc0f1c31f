// What the tests of MCP share: the SDKs, real servers on 127.0.0.1, and clients that can or cannot ask.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { Client as SecondClient, StreamableHTTPClientTransport as SecondHttp } from "@modelcontextprotocol/client";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FirstHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter } from "@modelcontextprotocol/sdk/server/auth/router.js";
import { requireBearerAuth as firstGate } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { McpServer as FirstServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport as FirstServing } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { ElicitRequestSchema, ElicitationCompleteNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import {
  McpServer as SecondServer, OAuthError, OAuthErrorCode, createMcpHandler, oauthMetadataResponse, requireBearerAuth,
} from "@modelcontextprotocol/server";

export { ElicitRequestSchema, ElicitationCompleteNotificationSchema, FirstServer, SecondServer };

const ROOT = process.env.DEVICEGRANT_ROOT;
const express = createRequire(join(ROOT, "node/package.json"))("express");

/** npm oidc-provider, with what it was asked. */
export async function oidc(t, options = {}) {
  const program = join(ROOT, "tests/servers/oidc-provider/server.mjs");
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [program, "--watch-stdin", ...words], { stdio: ["pipe", "pipe", "ignore"] });
  t.after(async () => {
    child.kill();
    await once(child, "exit");
  });
  const asked = [];
  const lines = createInterface({ input: child.stdout });
  const [first] = await once(lines, "line");
  lines.on("line", (line) => asked.push(JSON.parse(line)));
  const { issuer, origin } = JSON.parse(first);
  const count = (grant) => asked.filter((one) => one.endpoint === "token" && one.grant_type === grant && one.status === 200).length;
  const devices = () => asked.filter((one) => one.endpoint === "device_authorization").length;
  const polls = () => asked.filter((one) => one.endpoint === "token" && /device_code$/.test(one.grant_type)).length;
  const registrations = () => asked.filter((one) => one.endpoint === "registration").length;
  return { issuer, origin, asked, exchanges: () => count("refresh_token"), devices, polls, registrations };
}

/** A server on a free port; `handle(request, response)` may come later. */
export async function listen(t) {
  const there = { handle: undefined };
  const server = createServer((request, response) => there.handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  there.origin = `http://127.0.0.1:${server.address().port}`;
  there.address = `${there.origin}/mcp`;
  return there;
}

/** What oidc-provider says of a token. */
export async function introspected(issuer, token) {
  const basic = Buffer.from("basic:basic%3As3cret%2B%2F%25%26%3D").toString("base64");
  const answer = await fetch(`${issuer}/token/introspection`, {
    method: "POST", headers: { authorization: `Basic ${basic}` }, body: new URLSearchParams({ token }),
  });
  const said = await answer.json();
  if (!said.active) return undefined;
  return {
    token, clientId: said.client_id, scopes: (said.scope ?? "").split(" "), expiresAt: said.exp,
    resource: said.aud ? new URL(said.aud) : undefined, extra: { sub: said.sub },
  };
}

/** An MCP server of the second generation, which takes the tokens of `issuer` and no others. */
export async function secondProtected(t, issuer, factory, { refuse = new Set(), tooFew = 403 } = {}) {
  const there = await listen(t);
  const resourceServerUrl = new URL(there.address);
  const oauthMetadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  const verifier = {
    async verifyAccessToken(token) {
      const said = refuse.has(token) ? undefined : await introspected(issuer, token);
      if (!said) throw new OAuthError(OAuthErrorCode.InvalidToken, "this token is no good");
      return said;
    },
  };
  const gate = requireBearerAuth({
    verifier, requiredScopes: ["read"], expectedResource: resourceServerUrl,
    resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resourceServerUrl),
  });
  const mcp = createMcpHandler(factory);
  there.unauthorized = 0;
  there.handle = toNodeHandler({
    async fetch(request) {
      const metadata = oauthMetadataResponse(request, { oauthMetadata, resourceServerUrl, scopesSupported: ["read", "write"], dangerouslyAllowInsecureIssuerUrl: true });
      if (metadata) return metadata;
      const authInfo = await gate(request);
      if (authInfo instanceof Response) {
        there.unauthorized += authInfo.status === 401;
        return authInfo;
      }
      const answer = await mcp.fetch(request, { authInfo });
      // As fastmcp has it.
      return answer.status === 403 ? new Response(answer.body, { status: tooFew, headers: answer.headers }) : answer;
    },
  });
  return there;
}

/** The same of the first generation. */
export async function firstProtected(t, issuer, factory, { refuse = new Set() } = {}) {
  const there = await listen(t);
  const resourceServerUrl = new URL(there.address);
  const oauthMetadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  const app = express();
  app.use(express.json());
  app.use(mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl, scopesSupported: ["read", "write"] }));
  const verifier = {
    async verifyAccessToken(token) {
      const said = refuse.has(token) ? undefined : await introspected(issuer, token);
      if (!said) throw new InvalidTokenError("this token is no good");
      return said;
    },
  };
  app.use(firstGate({
    verifier, requiredScopes: ["read"], expectedResource: resourceServerUrl,
    resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resourceServerUrl),
  }));
  app.post("/mcp", sessions(factory));
  app.get("/mcp", (_, response) => response.status(405).end());
  there.handle = app;
  return there;
}

/** Serves the first generation, one transport for each session. */
export function sessions(factory) {
  const open = new Map();
  return async (request, response) => {
    let transport = open.get(request.headers["mcp-session-id"]);
    if (!transport) {
      transport = new FirstServing({ sessionIdGenerator: () => crypto.randomUUID(), onsessioninitialized: (id) => open.set(id, transport) });
      await factory().connect(transport);
    }
    await transport.handleRequest(request, response, request.body);
  };
}

const INFO = { name: "tests", version: "1" };

/** A client of the second generation; `means` is what it declares, `answer` what its person does. */
export function second({ means, answer, era = "auto" } = {}) {
  const capabilities = means ? { elicitation: means } : {};
  const client = new SecondClient(INFO, { capabilities, versionNegotiation: { mode: era } });
  if (answer) client.setRequestHandler("elicitation/create", (request) => answer(request.params));
  return client;
}

/** A client of the first generation. */
export function first({ means, answer, completed } = {}) {
  const client = new FirstClient(INFO, { capabilities: means ? { elicitation: means } : {} });
  if (answer) client.setRequestHandler(ElicitRequestSchema, (request) => answer(request.params));
  if (completed) client.setNotificationHandler(ElicitationCompleteNotificationSchema, (told) => completed(told.params.elicitationId));
  return client;
}

export const overHttp = {
  second: (address, more) => new SecondHttp(new URL(address), more),
  first: (address, more) => new FirstHttp(new URL(address), more),
};

export const textOf = (result) => result.content.map(({ text }) => text).join("\n");

/** Address and code out of words for a person. */
export function readPrompt(text) {
  return { address: /open (\S+)/.exec(text)?.[1], code: /[Cc]ode ([A-Z0-9-]{6,})/.exec(text)?.[1] };
}
