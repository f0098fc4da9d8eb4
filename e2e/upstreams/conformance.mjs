// The fixture that the official conformance suite expects behind a server URL, on the official SDK's second line: requests of
// 2026-07-28 are served one by one, those of the earlier revisions in sessions with an event store. PORT names its port.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { hostHeaderValidation, NodeStreamableHTTPServerTransport, originValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, createRequestStateCodec, McpServer } from '@modelcontextprotocol/server';
import { addFeatures } from './conformance-features.mjs';
import { StreamStore } from './event-store.mjs';

const stateCodec = createRequestStateCodec({ key: 'a key of thirty-two bytes or more, for tests' });
const loopback = ['localhost', '127.0.0.1', '[::1]'];
const hostIsAllowed = hostHeaderValidation(loopback);
const originIsAllowed = originValidation(loopback);
const sessions = new Map();

function newServer(change) {
  const server = new McpServer({ name: 'conformance-fixture', version: '1.0.0' }, {
    capabilities: {
      tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true, listChanged: true }, logging: {}, completions: {},
    },
    requestState: { verify: stateCodec.verify },
  });
  addFeatures(server, { stateCodec, change });
  return server;
}

const modern = createMcpHandler(() => newServer({ tools: () => modern.notify.toolsChanged(), prompts: () => modern.notify.promptsChanged() }), { legacy: 'reject' });
const serveModern = toNodeHandler(modern);

createServer((request, response) => serve(request, response).catch(error => {
  console.error(error);
  if (!response.headersSent) refuse(response, 500, String(error));
})).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));

async function serve(request, response) {
  if (!hostIsAllowed(request, response) || !originIsAllowed(request, response)) return undefined;
  const body = await bodyOf(request);
  const session = request.headers['mcp-session-id'];
  if (session !== undefined && sessions.has(session)) return sessions.get(session).handleRequest(request, response, body);
  if (isOfSessions(request, body)) {
    if (body?.method === 'initialize') return openSession(request, response, body);
    return session === undefined ? refuse(response, 400, 'Bad Request: no session') : refuse(response, 404, 'Session not found');
  }
  return lacksSampling(body) ? refuseForCapability(response, body) : serveModern(request, response, body);
}

/** The SDK makes a tool's error a result, so what a missing capability gets is said here. */
function lacksSampling(body) {
  const declared = body?.params?._meta?.['io.modelcontextprotocol/clientCapabilities'];
  return body?.method === 'tools/call' && body.params?.name === 'test_missing_capability' && declared && !declared.sampling;
}

function refuseForCapability(response, { id }) {
  response.writeHead(400, { 'content-type': 'application/json' });
  const error = { code: -32021, message: 'Missing required client capabilities: sampling', data: { requiredCapabilities: { sampling: {} } } };
  response.end(JSON.stringify({ jsonrpc: '2.0', id, error }));
}

/** True for what belongs to the earlier revisions: no modern version in the header, no modern envelope in the body. */
function isOfSessions(request, body) {
  const version = request.headers['mcp-protocol-version'];
  const envelope = body?.params?._meta?.['io.modelcontextprotocol/protocolVersion'];
  return envelope === undefined && (version === undefined || version < '2026-07-28');
}

async function openSession(request, response, body) {
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    eventStore: new StreamStore(),
    retryInterval: 500,
    onsessioninitialized: id => sessions.set(id, transport),
    onsessionclosed: id => sessions.delete(id),
  });
  await newServer({ tools: () => {}, prompts: () => {} }).connect(transport);
  return transport.handleRequest(request, response, body);
}

async function bodyOf(request) {
  if (request.method !== 'POST') return undefined;
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}

function refuse(response, status, message) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: status === 404 ? -32001 : -32000, message } }));
}
