// A sessionful server on the official SDK, v1 line.
//   PORT, HOST      where it listens; HOST is 127.0.0.1 by default
//   EVENT_IDS=0     no event store: events without ids
//   JSON=1          answers as plain JSON, never as a stream
//   FORGOTTEN=404   what a session of an earlier life gets: 404, 400, 401, 410 or 503
//   AUTH            bearer tokens, see bearer.mjs
//   SLOW=ping:1500  takes every request of that method so many milliseconds later
//   RETRY_MS        the `retry` it sends with priming events
//   LEDGER, LOG     see notes.mjs
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { bearer } from './bearer.mjs';
import { StreamStore } from './event-store.mjs';
import { fixtureServer } from './fixture-tools.mjs';
import { log } from './notes.mjs';

const forgotten = Number(process.env.FORGOTTEN ?? 404);
const auth = bearer(process.env.AUTH);
const [slowMethod, slowMilliseconds] = (process.env.SLOW ?? '').split(':');
const transports = new Map();

createServer((request, response) => serve(request, response).catch(error => {
  console.error(error);
  if (!response.headersSent) refuse(response, 500, String(error));
})).listen(Number(process.env.PORT), process.env.HOST ?? '127.0.0.1', () => console.log('listening'));

async function serve(request, response) {
  if (new URL(request.url, 'http://localhost').pathname !== '/mcp') return refuse(response, 404, 'no such path');
  const body = await bodyOf(request);
  const session = request.headers['mcp-session-id'];
  logRequest(request, response, session, body);
  if (slowMethod && body?.method === slowMethod) await sleep(Number(slowMilliseconds));
  const refusal = auth.refusal(request, session);
  if (refusal) return refuse(response, refusal, 'refused');
  if (session !== undefined) {
    const transport = transports.get(session);
    return transport ? transport.handleRequest(request, response, body) : refuse(response, forgotten, 'Session not found');
  }
  if (!isInitializeRequest(body)) return refuse(response, 400, 'Bad Request: no session');
  const transport = newTransport(request);
  await fixtureServer().connect(transport);
  return transport.handleRequest(request, response, body);
}

function newTransport(request) {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    enableJsonResponse: process.env.JSON === '1',
    eventStore: process.env.EVENT_IDS === '0' || process.env.JSON === '1' ? undefined : new StreamStore(),
    retryInterval: process.env.RETRY_MS ? Number(process.env.RETRY_MS) : undefined,
    onsessioninitialized: id => {
      transports.set(id, transport);
      auth.opened(request, id);
    },
    onsessionclosed: id => transports.delete(id),
  });
  return transport;
}

async function bodyOf(request) {
  if (request.method !== 'POST') return undefined;
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}

function refuse(response, status, message) {
  response.writeHead(status, { 'content-type': 'application/json', ...(status === 401 ? { 'www-authenticate': 'Bearer realm="e2e"' } : {}) });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: status === 404 ? -32001 : -32000, message } }));
}

function logRequest(request, response, session, body) {
  const entry = {
    method: request.method, session, rpc: body?.method, id: body?.id, tag: body?.params?.arguments?.tag, params: body?.params,
    cursor: request.headers['last-event-id'], authorization: request.headers.authorization, cookie: request.headers.cookie,
    traceparent: request.headers.traceparent,
  };
  log({ what: 'request', ...entry });
  response.on('close', () => log({ what: 'closed', ...entry, status: response.statusCode, finished: response.writableFinished }));
}
