// Compiled, not run: that the SDKs of MCP take what the package gives, and the other way round.
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { AuthProvider } from "@modelcontextprotocol/client";
import type { OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer as FirstServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { McpServer, createRequestStateCodec } from "@modelcontextprotocol/server";
import type { ServerContext } from "@modelcontextprotocol/server";
import { Client } from "devicegrant";
import { Upstream, authorize, deviceAuth, deviceOAuthProvider } from "devicegrant/mcp";
import { z } from "zod";

const client = new Client({ server: "https://mcp.example/mcp" });
const authProvider: AuthProvider = deviceAuth(client);
const oauth: OAuthClientProvider = deviceOAuthProvider(client);
const url = new URL("https://mcp.example/mcp");
const done: Promise<void> = authorize(client, { signal: AbortSignal.timeout(1) });
export const transports = [
  new StreamableHTTPClientTransport(url, { authProvider }),
  new FirstTransport(url, { authProvider: oauth }),
];

const codec = createRequestStateCodec<string>({ key: "0".repeat(32) });
const upstream = new Upstream({
  client: { issuer: "https://auth.example", clientId: "a", store: "memory" },
  user: (context: ServerContext) => ({ key: String(context.http?.authInfo?.clientId), expectedSub: "alice" }),
  mint: (handle, context: ServerContext) => codec.mint(handle, context),
  hold: 30,
});

const second = new McpServer({ name: "a", version: "1" }, { requestState: { verify: codec.verify } });
second.registerTool("weather", { inputSchema: z.object({ city: z.string() }) }, async ({ city }, context) => {
  const login = await upstream.ensure(context, second, { scopes: ["read"] });
  if (login.result) return login.result;
  const token: string = login.token;
  return { content: [{ type: "text", text: `${city} ${token.length} ${(await login.fetch("https://api.example")).status}` }] };
});

const alone = new Upstream({ client: { issuer: "https://auth.example", clientId: "a" }, onePerson: true });
const first = new FirstServer({ name: "a", version: "1" });
first.registerTool("weather", { inputSchema: { city: z.string() } }, async ({ city }, context) => {
  const login = await alone.ensure(context, first);
  if (login.result) return login.result;
  return { content: [{ type: "text", text: `${city} ${login.token}` }] };
});

// @ts-expect-error: a key names whose login it is
new Upstream({ client: {}, user: () => ({ expectedSub: "alice" }) });
// @ts-expect-error: the person is asked through their client
new Upstream({ client: { onPrompt() {} } });
export { done };
