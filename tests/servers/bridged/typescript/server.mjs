// A real MCP server of the TypeScript SDK (1.x) on 127.0.0.1, protected by an authorization server.
// One JSON line on stdout says where it listens.
//
//   server.mjs ISSUER [--port N] [--refused FILE]
//
// Whose SHA-256 stands in FILE, a line each, is refused though the authorization server vouches for it.
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { parseArgs } from 'node:util';

import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express from 'express';
import { z } from 'zod';

const { values: opt, positionals: [issuer] } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string', default: '0' }, refused: { type: 'string' } },
});

const secret = Buffer.from('basic:basic%3As3cret%2B%2F%25%26%3D').toString('base64');

async function verifyAccessToken(token) {
  const said = await (await fetch(`${issuer}/token/introspection`, {
    method: 'POST',
    headers: { authorization: `Basic ${secret}` },
    body: new URLSearchParams({ token }),
  })).json();
  const digest = createHash('sha256').update(token).digest('hex');
  const refused = opt.refused && readFileSync(opt.refused, 'utf8').includes(digest);
  if (refused || said.active !== true || said.aud !== `${origin}/mcp`) throw new InvalidTokenError('no such token');
  // The SDK wants an end; a server that tells none has an endless token.
  return { token, clientId: said.client_id, scopes: said.scope.split(' '), expiresAt: said.exp ?? 2 ** 40 };
}

function weather(calls) {
  const server = new McpServer({ name: 'weather', version: '1' });
  const text = (said) => ({ content: [{ type: 'text', text: said }] });
  server.registerTool('whoami', { description: 'Who is signed in, with which scopes.' }, ({ authInfo }) => text(
    JSON.stringify({ client_id: authInfo.clientId, scopes: authInfo.scopes, pid: process.pid }),
  ));
  server.registerTool('count', { description: 'Not to be carried out twice.' }, () => text(String(++calls.count)));
  server.registerTool('slow', { inputSchema: { seconds: z.number() } }, async ({ seconds }) => {
    await new Promise((done) => { setTimeout(done, seconds * 1000); });
    return text('done');
  });
  server.registerTool('publish', { description: 'A tool.' }, () => text('published'));
  return server;
}

let origin;
const calls = { count: 0 };
const sessions = new Map();
const app = express();
let isReady;
const ready = new Promise((done) => { isReady = done; });
// The port is known before the routes are; whoever comes in between waits.
const server = http.createServer((request, response) => ready.then(() => app(request, response)));
server.listen(Number(opt.port), '127.0.0.1', async () => {
  origin = `http://127.0.0.1:${server.address().port}`;
  const resourceServerUrl = new URL(`${origin}/mcp`);
  const oauthMetadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  app.use(mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl, scopesSupported: ['read', 'write'] }));
  const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(resourceServerUrl);
  const guard = requireBearerAuth({ verifier: { verifyAccessToken }, requiredScopes: ['read'], resourceMetadataUrl });
  app.all('/mcp', guard, express.json(), async (request, response) => {
    const id = request.headers['mcp-session-id'];
    if (id) {
      const known = sessions.get(id);
      if (known) return known.handleRequest(request, response, request.body);
      return response.status(404).json({ jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null });
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (fresh) => sessions.set(fresh, transport),
    });
    await weather(calls).connect(transport);
    return transport.handleRequest(request, response, request.body);
  });
  isReady();
  process.stdout.write(`${JSON.stringify({ address: `${origin}/mcp`, pid: process.pid })}\n`);
});
// Should whoever started this die, the pipe closes.
process.stdin.resume().on('end', () => process.exit(0));
