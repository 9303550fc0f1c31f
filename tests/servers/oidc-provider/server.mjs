// A real authorization server (npm oidc-provider) on 127.0.0.1, for the end-to-end tests.
// One JSON line on stdout says where it listens; one JSON line per request says what was asked.
// See ../README.md for the options and for this server's oddities.
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import http from 'node:http';
import { parseArgs } from 'node:util';

// The library's notices belong on stderr: stdout is one protocol, a JSON object per line.
console.info = console.error;
console.warn = console.error;
const { Provider } = await import('oidc-provider');

// Every option is also read from OP_<NAME>, so that a fixture in any language can set it.
const env = (name, fallback) => process.env[`OP_${name.toUpperCase().replaceAll('-', '_')}`] ?? fallback;
const { values: opt } = parseArgs({
  options: {
    port: { type: 'string', default: env('port', '0') },
    issuer: { type: 'string', default: env('issuer') }, // another origin, when a proxy stands in front
    device: { type: 'string', default: env('device', 'true') }, // false: no device grant, so no endpoint for it
    'device-ttl': { type: 'string', default: env('device-ttl', '600') },
    'access-ttl': { type: 'string', default: env('access-ttl', '3600') },
    'refresh-ttl': { type: 'string', default: env('refresh-ttl', '86400') },
    rotate: { type: 'string', default: env('rotate', 'true') }, // false: one refresh token serves for ever
    'expires-in': { type: 'string', default: env('expires-in', 'true') }, // false: no token says when it ends
    'token-delay-ms': { type: 'string', default: env('token-delay-ms', '0') },
    log: { type: 'string', default: env('log') }, // a file; without it the lines go to stdout
    'watch-stdin': { type: 'boolean', default: false }, // end when whoever started us is gone
  },
});

const device = 'urn:ietf:params:oauth:grant-type:device_code';
const client = (client_id, token_endpoint_auth_method, extra) => ({
  client_id,
  client_name: `Test client ${client_id}`,
  token_endpoint_auth_method,
  application_type: 'native',
  grant_types: [device, 'refresh_token'],
  response_types: [],
  redirect_uris: [],
  ...extra,
});

const code = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] };
const all = [
  client('public', 'none'),
  // The odd characters show whether a client form-encodes before it base64s (RFC 6749 §2.3.1).
  client('basic', 'client_secret_basic', { client_secret: 'basic:s3cret+/%&=' }),
  client('post', 'client_secret_post', { client_secret: 'post:s3cret+/%&=' }),
  client('no-device', 'none', {
    grant_types: ['authorization_code'], response_types: ['code'], redirect_uris: ['http://127.0.0.1/cb'],
  }),
  // For people who sign in by a pasted address; the port is the command's own to choose (RFC 8252 §7.3).
  client('code', 'none', { ...code, redirect_uris: ['http://127.0.0.1/callback'] }),
  client('code-basic', 'client_secret_basic', { ...code, client_secret: 'code-basic:s3cret+/%&=', redirect_uris: ['https://app.example.com/landed'] }),
];

// Whose name begins with "un" has not shown that the address is theirs.
const claimsOf = (sub) => ({
  sub, preferred_username: sub, email: `${sub}@example.com`, email_verified: !sub.startsWith('un'),
});

const configuration = {
  clients: all.map((one) => ({ ...one, grant_types: one.grant_types.filter((type) => opt.device !== 'false' || type !== device) })),
  scopes: ['openid', 'offline_access', 'read', 'write'],
  // What a person is called stands in userinfo alone, as the specification has it (Core §5.4).
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
  cookies: { keys: [createHash('sha256').update(`${process.pid}`).digest('hex')] },
  ttl: {
    DeviceCode: Number(opt['device-ttl']),
    AccessToken: Number(opt['access-ttl']),
    RefreshToken: Number(opt['refresh-ttl']),
    Grant: 86400, Session: 86400, Interaction: 3600, IdToken: 3600,
  },
  issueRefreshToken: (ctx, asking) => asking.grantTypeAllowed('refresh_token'),
  expiresWithSession: () => false,
  rotateRefreshToken: opt.rotate !== 'false',
  findAccount: (ctx, sub) => ({ accountId: sub, claims: () => claimsOf(sub) }),
  features: {
    deviceFlow: { enabled: opt.device !== 'false' },
    devInteractions: { enabled: true }, // any login and any password; approve.py fills the forms
    introspection: { enabled: true },
    revocation: { enabled: true },
    clientCredentials: { enabled: true },
    registration: { enabled: true },
    // Any `resource` is welcome and none is needed, so MCP tests may use it and others need not know.
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource) => ({
        scope: 'read write', audience: resource, accessTokenFormat: 'opaque',
        accessTokenTTL: Number(opt['access-ttl']),
      }),
    },
  },
};

const write = (line) => {
  const text = `${JSON.stringify(line)}\n`;
  if (opt.log) appendFileSync(opt.log, text);
  else process.stdout.write(text);
};

// Tells logins apart in the log without telling their codes.
const digest = (secret) => secret && createHash('sha256').update(secret).digest('hex').slice(0, 8);

async function logged(ctx, next) {
  const time = Date.now() / 1000;
  try {
    await next();
  } finally {
    const { route, body = {}, client: asking } = ctx.oidc ?? {};
    if (['token', 'device_authorization', 'registration', 'revocation', 'userinfo'].includes(route)) {
      write({
        time,
        endpoint: route,
        client_id: asking?.clientId ?? null,
        grant_type: body?.grant_type ?? null,
        code: digest(body?.device_code ?? ctx.body?.device_code) ?? null,
        status: ctx.status,
        error: ctx.body?.error ?? null,
      });
      if (route === 'token' && opt['expires-in'] === 'false') delete ctx.body?.expires_in;
      if (route === 'token' && Number(opt['token-delay-ms']) > 0) {
        await new Promise((done) => { setTimeout(done, Number(opt['token-delay-ms'])); });
      }
    }
  }
}

// The port must be known before the issuer is, so the listener comes first.
const server = http.createServer();
server.listen(Number(opt.port), '127.0.0.1', () => {
  const here = `http://127.0.0.1:${server.address().port}`;
  const issuer = opt.issuer ?? here;
  const provider = new Provider(issuer, configuration);
  provider.use(logged);
  provider.on('server_error', (ctx, error) => console.error(error));
  server.on('request', provider.callback());
  process.stdout.write(`${JSON.stringify({
    ready: true,
    pid: process.pid,
    issuer,
    origin: here,
    device_endpoint: `${issuer}/device/auth`,
    token_endpoint: `${issuer}/token`,
  })}\n`);
});

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
if (opt['watch-stdin']) process.stdin.resume().on('end', () => process.exit(0));
