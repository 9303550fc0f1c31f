// What client.py is for Python: a real MCP client by either generation of the TypeScript SDK, signed in
// by `devicegrant/mcp`. It is driven by the same lines, and tells the same events.
//
//   client.mjs --sdk node1|node2 --url ADDRESS [--alone]
//
// With --alone nobody signs in before it connects. HTTPS_PROXY leads every request, where it is set.
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { connect as secure } from "node:tls";
import { parseArgs } from "node:util";

import { Client as SecondClient, StreamableHTTPClientTransport as SecondHttp } from "@modelcontextprotocol/client";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FirstHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client as DeviceGrant } from "devicegrant";
import { authorize, deviceAuth, deviceOAuthProvider } from "devicegrant/mcp";

const { values: opt } = parseArgs({ options: { sdk: { type: "string" }, url: { type: "string" }, alone: { type: "boolean" } } });
const SDKS = {
  node1: () => [new FirstClient(INFO), FirstHttp, deviceOAuthProvider],
  node2: () => [new SecondClient(INFO, { versionNegotiation: { mode: "auto" } }), SecondHttp, deviceAuth],
};
const INFO = { name: "tests", version: "1" };

const tell = (event, fields) => console.log(JSON.stringify({ event, ...fields }));

/** The runtime's own `fetch`, by way of a proxy. Before Node 22 it knows of none by itself. */
async function led(proxy) {
  // The class of its agents has no other way out.
  await fetch("data:,");
  const { constructor: Agent } = globalThis[Symbol.for("undici.globalDispatcher.1")];
  const through = ({ hostname, port }, then) => {
    const told = (error) => then(error, null);
    const raw = connect(proxy.port, proxy.hostname).once("error", told);
    raw.write(`CONNECT ${hostname}:${port || 443} HTTP/1.1\r\n\r\n`);
    raw.once("data", () => {
      const socket = secure({ socket: raw, servername: hostname, ALPNProtocols: ["http/1.1"] }).once("error", told);
      socket.once("secureConnect", () => then(null, socket.off("error", told)));
    });
  };
  const dispatcher = new Agent({ connect: through });
  return (input, init) => fetch(input, { ...init, dispatcher });
}

async function call(client, { call: name, arguments: given = {}, as = "" }) {
  try {
    const { content, isError = false } = await client.callTool({ name, arguments: given });
    tell("result", { of: as, text: content[0].text, error: isError });
  } catch (error) {
    tell("failed", { of: as, kind: error.name, code: error.code, text: String(error) });
  }
}

try {
  const fetch = process.env.HTTPS_PROXY ? await led(new URL(process.env.HTTPS_PROXY)) : undefined;
  const login = new DeviceGrant({
    server: opt.url, fetch,
    onPrompt: ({ userCode, verificationUri, scopes }) => tell("prompt", { code: userCode, address: verificationUri, scopes }),
  });
  const [client, Http, auth] = SDKS[opt.sdk]();
  if (!opt.alone) {
    await authorize(login);
    tell("authorized");
  }
  await client.connect(new Http(new URL(opt.url), { authProvider: auth(login), fetch }));
  tell("connected");
  const calls = [];
  for await (const line of createInterface({ input: process.stdin })) calls.push(call(client, JSON.parse(line)));
  await Promise.all(calls);
  await client.close();
} catch (error) {
  tell("ended", { kind: error.name, code: error.code, text: String(error) });
}
