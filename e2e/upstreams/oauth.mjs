// A server that demands OAuth, with its authorization server at the same address: everyone who asks is let in, with PKCE.
//   PORT, LEDGER, LOG   as in sdk-v1.mjs
//   METADATA=1          its 401 names the address of its resource metadata, as itself knows it
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { fixtureServer } from './fixture-tools.mjs';
import { log } from './notes.mjs';

const origin = `http://127.0.0.1:${process.env.PORT}`;
const transports = new Map();
const challenges = new Map();
const tokens = new Set();

const routes = {
  '/.well-known/oauth-protected-resource/mcp': () => ({ resource: `${origin}/mcp`, authorization_servers: [origin], scopes_supported: ['tools'] }),
  '/.well-known/oauth-authorization-server': () => ({
    issuer: origin, authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token`, registration_endpoint: `${origin}/register`,
    response_types_supported: ['code'], grant_types_supported: ['authorization_code'], code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
  }),
  '/register': body => ({ ...JSON.parse(body), client_id: randomUUID() }),
  '/token': body => token(new URLSearchParams(body)),
};

createServer(async (request, response) => {
  const url = new URL(request.url, origin);
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts).toString('utf8');
  log({ what: 'request', method: request.method, path: url.pathname, resource: new URLSearchParams(body).get('resource') });
  if (url.pathname === '/mcp') return serve(request, response, body ? JSON.parse(body) : undefined);
  if (url.pathname === '/authorize') return authorize(url, response);
  const route = routes[url.pathname];
  const answer = route?.(body);
  response.writeHead(!route ? 404 : answer.error ? 400 : url.pathname === '/register' ? 201 : 200, { 'content-type': 'application/json' });
  return response.end(JSON.stringify(answer ?? { error: 'not_found' }));
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));

function authorize(url, response) {
  const code = randomUUID();
  challenges.set(code, url.searchParams.get('code_challenge'));
  const back = new URL(url.searchParams.get('redirect_uri'));
  back.searchParams.set('code', code);
  if (url.searchParams.has('state')) back.searchParams.set('state', url.searchParams.get('state'));
  response.writeHead(302, { location: back.href });
  response.end();
}

function token(form) {
  const verifier = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
  if (challenges.get(form.get('code')) !== verifier) return { error: 'invalid_grant' };
  challenges.delete(form.get('code'));
  const value = randomUUID();
  tokens.add(value);
  return { access_token: value, token_type: 'Bearer', expires_in: 3600 };
}

async function serve(request, response, body) {
  if (!tokens.has((request.headers.authorization ?? '').replace(/^Bearer /, ''))) {
    const metadata = process.env.METADATA === '1' ? `, resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"` : '';
    response.writeHead(401, { 'content-type': 'application/json', 'www-authenticate': `Bearer realm="oauth"${metadata}` });
    return response.end('{"error":"invalid_token"}');
  }
  const session = request.headers['mcp-session-id'];
  if (session !== undefined && !transports.has(session)) {
    response.writeHead(404);
    return response.end();
  }
  const transport = transports.get(session) ?? new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(), onsessioninitialized: id => transports.set(id, transport),
  });
  if (session === undefined) await fixtureServer().connect(transport);
  return transport.handleRequest(request, response, body);
}
