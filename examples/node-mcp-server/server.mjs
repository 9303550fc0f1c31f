// An MCP server on stdio whose tool asks an API that wants the person's token. Whoever runs it needs no
// browser here: the person is asked through their MCP client, and approves on any device.
//
//     API=https://api.example.com ISSUER=https://auth.example.com CLIENT_ID=my-server node server.mjs
//
// Logins are kept where the command `devicegrant` keeps them, so an operator may also sign in with
// `devicegrant login $ISSUER --client-id $CLIENT_ID --scope read`, and nobody is ever asked here.
import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { Client } from "devicegrant";
import { ensure } from "devicegrant/mcp";
import { z } from "zod";

const { API, ISSUER, CLIENT_ID } = process.env;
const client = new Client({ issuer: ISSUER, clientId: CLIENT_ID, scopes: "read" });

serveStdio(() => {
  const server = new McpServer({ name: "example", version: "1.0.0" });
  server.registerTool(
    "get",
    { description: "What the API answers", inputSchema: z.object({ path: z.string().startsWith("/") }) },
    async ({ path }, context) => {
      const why = "The API wants to know whose data you mean.";
      // A model chose the path, and `//elsewhere/` is one: the token goes to the API alone.
      const api = await ensure(context, server, client, { why, origin: API });
      if (api.result) return api.result;
      // Brings the token, and renews it where it is answered 401.
      const answer = await api.fetch(new URL(path, API));
      return { content: [{ type: "text", text: await answer.text() }], isError: !answer.ok };
    },
  );
  return server;
});
