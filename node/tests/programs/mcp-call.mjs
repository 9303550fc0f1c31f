// A client of an MCP server that shares a login: says it is ready, waits for a line, calls the tool.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client as DeviceGrant } from "devicegrant";
import { deviceAuth, deviceOAuthProvider } from "devicegrant/mcp";

const [generation, address, home] = process.argv.slice(2);
const login = new DeviceGrant({ server: address, home });
const url = new URL(address);
const info = { name: "unattended", version: "1" };
const [client, transport] = generation === "second"
  ? [new Client(info), new StreamableHTTPClientTransport(url, { authProvider: deviceAuth(login) })]
  : [new FirstClient(info), new FirstTransport(url, { authProvider: deviceOAuthProvider(login) })];
await client.connect(transport);
console.log("ready");
for await (const line of process.stdin.setEncoding("utf8")) {
  if (line.trim() === "end") break;
  const result = await client.callTool({ name: "weather", arguments: {} });
  console.log(JSON.stringify(result.content[0].text));
}
await client.close();
