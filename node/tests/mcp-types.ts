// Compiled, not run: that the SDKs of MCP take what the package gives, and the other way round.
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { AuthProvider } from "@modelcontextprotocol/client";
import type { OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer as FirstServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { McpServer } from "@modelcontextprotocol/server";
import { Client } from "devicegrant";
import { PerUser, authorize, deviceAuth, deviceOAuthProvider, ensure, stepUp, stepUpFetch } from "devicegrant/mcp";
import type { InputRequiredResult } from "devicegrant/mcp";
import { z } from "zod";

const client = new Client({ server: "https://mcp.example/mcp" });
const authProvider: AuthProvider = deviceAuth(client);
const oauth: OAuthClientProvider = deviceOAuthProvider(client);
const url = new URL("https://mcp.example/mcp");
const done: Promise<void> = authorize(client, { signal: AbortSignal.timeout(1) });
export const transports = [
  new StreamableHTTPClientTransport(url, { authProvider }),
  new FirstTransport(url, { authProvider: oauth, fetch: stepUpFetch(client) }),
];
export const seven: Promise<number> = stepUp(client, async () => 7, { onPrompt() {} });

const api = new PerUser({
  issuer: "https://auth.example", clientId: "a", store: "memory",
  expectedAccount: (user) => user.claims?.email as string | undefined,
});
const second = new McpServer({ name: "a", version: "1" });
second.registerTool("weather", { inputSchema: z.object({ city: z.string() }) }, async ({ city }, context) => {
  const login = await ensure(context, second, api, { reject: "x", challenge: "Bearer", user: { subject: String(context.http?.authInfo?.clientId) } });
  if (login.result) return login.result;
  const token: string = login.token;
  return { content: [{ type: "text", text: `${city} ${token.length} ${(await login.fetch("https://api.example")).status}` }] };
});
second.registerPrompt("hello", { argsSchema: z.object({ city: z.string() }) }, async ({ city }, context) => {
  const login = await ensure(context, second, api);
  if (login.result) return login.result as InputRequiredResult;
  return { messages: [{ role: "user", content: { type: "text", text: city } }] };
});
second.registerResource("me", "me://self", {}, async (uri, context) => {
  const login = await ensure(context, second, api);
  return (login.result as InputRequiredResult) ?? { contents: [{ uri: uri.href, text: "" }] };
});

const first = new FirstServer({ name: "a", version: "1" });
first.registerTool("weather", { inputSchema: { city: z.string() } }, async ({ city }, context) => {
  const login = await ensure(context, first, client, { singleUser: true, hold: 30 });
  if (login.result) return login.result;
  return { content: [{ type: "text", text: `${city} ${login.token}` }] };
});

// @ts-expect-error: somebody has to be expected, and by name
new PerUser({ expectedSub: "alice" });
// @ts-expect-error: the person is asked through their client
new PerUser({ expectedSub: () => "alice", onPrompt() {} });
export { done };
