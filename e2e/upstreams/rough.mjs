// A server written by hand that answers as a test tells it to: a tool's name says what is wrong with its answer.
//   refuse-503 …    that HTTP status, as plain text
//   html            200 with a page instead of MCP
//   hang            never answers
//   drop            closes the connection without a byte of answer
//   drop-midway     closes an event stream after one event
//   too-long        an event of 6 MiB
//   endless-line    a line that never ends
//   broken          events whose data is no JSON, then the answer
//   foreign         an answer to another request, then the right one
//   json-foreign    the same as plain JSON, and nothing else
//   halves          an event in two pieces, 2.5 s apart
//   cookie          the Cookie header it got, as text
import { createServer } from 'node:http';
import { executed, log } from './notes.mjs';

const stream = { 'content-type': 'text/event-stream' };
const event = message => `data: ${JSON.stringify(message)}\n\n`;
const answerTo = (id, text) => ({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });

const answers = {
  html: (_id, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>hello</h1>'),
  hang: () => {},
  drop: (_id, response) => response.socket.resetAndDestroy(),
  'drop-midway': (_id, response) => {
    response.writeHead(200, stream).write(event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'one' } }));
    setTimeout(() => response.socket.resetAndDestroy(), 100);
  },
  'too-long': (id, response) => response.writeHead(200, stream).end(event(answerTo(id, 'x'.repeat(6 * 1024 * 1024)))),
  'endless-line': (_id, response) => {
    response.writeHead(200, stream).write('data: ');
    const more = setInterval(() => response.write('x'.repeat(256 * 1024)), 5);
    response.on('close', () => clearInterval(more));
  },
  broken: (id, response) => response.writeHead(200, stream).end(`data: {"broken\n\n${event(answerTo(id, 'after what is broken'))}`),
  foreign: (id, response) => response.writeHead(200, stream).end(event(answerTo('somebody else', 'not yours')) + event(answerTo(id, 'yours'))),
  'json-foreign': (_id, response) => respond(response, answerTo('somebody else', 'not yours')),
  halves: (id, response) => {
    const whole = event(answerTo(id, 'in one piece'));
    response.writeHead(200, stream).write(whole.slice(0, 40));
    setTimeout(() => response.end(whole.slice(40)), 2_500);
  },
  cookie: (id, response, request) => respond(response, answerTo(id, request.headers.cookie ?? 'none')),
};

createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = parts.length > 0 ? JSON.parse(Buffer.concat(parts).toString('utf8')) : undefined;
  if (Array.isArray(body)) return respond(response, body.map(({ id, params }) => answerTo(id, params.arguments.text)));
  const name = body?.params?.name;
  log({ what: 'request', method: request.method, rpc: body?.method, tag: name, cookie: request.headers.cookie, headers: request.headers });
  if (request.method === 'GET') return response.writeHead(405).end();
  if (request.method === 'DELETE') return response.writeHead(200).end();
  if (body.method === 'initialize') return initialize(body, response);
  if (body.id === undefined || body.method === undefined) return response.writeHead(202).end();
  if (body.method !== 'tools/call') return respond(response, { jsonrpc: '2.0', id: body.id, result: {} });
  executed(name, body.params.arguments?.tag ?? name);
  const status = /^refuse-(\d+)$/.exec(name)?.[1];
  if (status) return response.writeHead(Number(status), { 'content-type': 'text/plain' }).end('refused');
  return answers[name](body.id, response, request);
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));

function initialize(body, response) {
  response.setHeader('mcp-session-id', Math.random().toString(36).slice(2));
  response.setHeader('set-cookie', ['AWSALB=node-7; Path=/', 'tracking=you; Path=/']);
  respond(response, {
    jsonrpc: '2.0', id: body.id,
    result: { protocolVersion: body.params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'rough', version: '1' } },
  });
}

function respond(response, message) {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(message));
}
