// What bad input gets, from clients and from upstreams: one clear answer each, and nothing else suffers.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { exchange } from '../lib/http.mjs';
import { RawSession, readAnswer } from '../lib/mcp.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, within } from '../lib/waiting.mjs';

const accept = 'application/json, text/event-stream';
const json = { accept, 'content-type': 'application/json' };

describe('bad input of clients', { skip: unlessControl }, () => {
  let upstream;
  let gateway;
  let session;
  before(async () => {
    upstream = await Upstream.start('sdk-v1.mjs');
    gateway = await Gateway.start(upstream.url);
    session = await RawSession.open(gateway.url);
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  const own = () => ({ ...json, 'mcp-session-id': session.id, 'mcp-protocol-version': '2025-11-25' });
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };

  /** Sends it and returns {status, error}. */
  async function send({ method = 'POST', headers = own(), body = ping, path = '' } = {}) {
    const answer = await exchange(gateway.url + path, { method, headers, body: method === 'POST' ? body : undefined });
    if (answer.eventStream) {
      answer.cut('close');
      return { status: answer.status };
    }
    const text = await answer.text();
    return { status: answer.status, error: text.startsWith('{') ? JSON.parse(text).error : undefined, text };
  }

  const without = name => Object.fromEntries(Object.entries(own()).filter(([key]) => key !== name));

  const rows = [
    ['a body that is not JSON', () => ({ body: '{"jsonrpc":' }), 400, -32700],
    ['JSON that is not JSON-RPC', () => ({ body: '{"hello":1}' }), 400, -32600],
    ['a body over max-request-bytes', () => ({ body: { ...ping, params: { x: 'x'.repeat(5 * 1024 * 1024) } } }), 413],
    ['a POST that accepts no event-stream', () => ({ headers: { ...own(), accept: 'application/json' } }), 406],
    ['a POST that accepts no JSON', () => ({ headers: { ...own(), accept: 'text/event-stream' } }), 406],
    ['a POST that accepts event-stream with q=0', () => ({ headers: { ...own(), accept: 'application/json, text/event-stream;q=0' } }), 406],
    ['a GET that accepts no event-stream', () => ({ method: 'GET', headers: { ...own(), accept: 'application/json' } }), 406],
    ['no session id after initialize', () => ({ headers: without('mcp-session-id') }), 400],
    ['an unknown session id', () => ({ headers: { ...own(), 'mcp-session-id': 'AAAAAAAAAAAAAAAAAAAAAA' } }), 404],
    ['a session id of no form that ever was', () => ({ headers: { ...own(), 'mcp-session-id': '../../etc/passwd' } }), 404],
    ['an unsupported protocol version', () => ({ headers: { ...own(), 'mcp-protocol-version': '1999-01-01' } }), 400],
    ['a batch from 2025-06-18 on', () => ({ body: [ping] }), 400, -32600],
    ['another method', () => ({ method: 'PUT' }), 405],
    ['another path', () => ({ path: '/nowhere' }), 404],
  ];
  for (const [what, request, status, code] of rows) {
    test(`${what} gets ${status}`, async () => {
      const answer = await send(request());
      assert.equal(answer.status, status, answer.text);
      if (code !== undefined) assert.equal(answer.error?.code, code, answer.text);
    });
  }

  test('wildcards count in Accept', async () => {
    assert.equal((await send({ headers: { ...own(), accept: '*/*' } })).status, 200);
    assert.equal((await send({ headers: { ...own(), accept: 'application/*, text/*' } })).status, 200);
  });

  test('the supported versions are named', async () => {
    const { text } = await send({ headers: { ...own(), 'mcp-protocol-version': '1999-01-01' } });
    for (const version of ['2025-03-26', '2025-06-18', '2025-11-25']) assert.ok(text.includes(version), text);
  });

  test('a batch of 2025-03-26 is served', async () => {
    const old = await RawSession.open(gateway.url, { version: '2025-03-26' });
    const answer = await old.post([{ jsonrpc: '2.0', id: 'a', method: 'ping' }, { jsonrpc: '2.0', id: 'b', method: 'ping' }]);
    assert.equal(answer.status, 200);
    const messages = answer.eventStream ? (await readAnswer(answer, 'none')).events.filter(event => event.data).map(event => JSON.parse(event.data)) : await answer.json();
    assert.deepEqual(messages.flat().map(message => message.id).sort(), ['a', 'b']);
  });

  test('a client of an earlier revision gets no event without data', async () => {
    const old = await RawSession.open(gateway.url, { version: '2025-06-18' });
    const { events } = await old.call('count', { steps: 2, tag: 'old' }, { progressToken: 'p' });
    assert.deepEqual(events.filter(event => event.data === ''), []);
    assert.equal(events.filter(event => event.data).length, 3);
  });

  test('HTTP/1.0 is served, never chunked', async () => {
    for (const message of [ping, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'count', arguments: { steps: 2 } } }]) {
      const answer = await exchange(gateway.url, { method: 'POST', headers: own(), body: message, version: '1.0' });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['transfer-encoding'], undefined);
      const { message: result } = await within(10_000, 'the answer', readAnswer(answer, message.id));
      assert.ok(result.result);
    }
  });

  test('bytes that are not HTTP harm nobody', async () => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('\x16\x03\x01\x02\x00 nonsense\r\n\r\n');
    await within(15_000, 'the connection is closed', new Promise(resolve => socket.on('close', resolve).resume()));
    assert.equal((await send()).status, 200);
  });

  test('DELETE ends the session', async () => {
    const other = await RawSession.open(gateway.url);
    assert.ok([200, 202, 204].includes((await other.delete()).status));
    assert.equal((await other.post(ping)).status, 404);
    assert.equal((await other.get()).status, 404);
  });
});

describe('bad answers of upstreams', { skip: unlessControl }, () => {
  let upstream;
  let gateway;
  let session;
  before(async () => {
    upstream = await Upstream.start('rough.mjs');
    gateway = await Gateway.start(upstream.url);
    session = await RawSession.open(gateway.url);
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  for (const tool of ['html', 'drop', 'drop-midway', 'too-long', 'endless-line']) {
    test(`${tool}: an error in the request's id, at most 30 s later, and the tool ran once`, { timeout: 60_000 }, async () => {
      const { status, message } = await session.call(tool, {}, { timeout: 35_000 });
      assert.ok(message?.error, `${status} ${JSON.stringify(message)?.slice(0, 200)}`);
      assert.equal(message.id, session.lastId);
      assert.equal(upstream.executions().get(tool), 1, 'a tool call of unknown outcome is not sent again');
      if (tool === 'html') assert.equal(status, 502);
    });
  }

  test('what follows broken data is still delivered', async () => {
    const { message } = await session.call('broken', {}, { timeout: 35_000 });
    assert.ok(message?.error || message?.result.content[0].text === 'after what is broken', JSON.stringify(message));
  });

  test('an answer on a stream that is not its own is dropped', async () => {
    const { events, message } = await session.call('foreign', {});
    assert.equal(message.result.content[0].text, 'yours');
    assert.ok(!JSON.stringify(events).includes('not yours'));
  });

  test('a plain answer to another request is none: 502 in the request\'s own id', async () => {
    const { status, message } = await session.call('json-foreign', {});
    assert.equal(status, 502);
    assert.equal(message.id, session.lastId);
    assert.ok(message.error && !JSON.stringify(message).includes('not yours'));
  });

  test('ids that cross are restored in a plain batch too', async () => {
    const old = await RawSession.open(gateway.url, { version: '2025-03-26' });
    const open = old.startCall('hang', {}, { id: 7, timeout: 60_000 });
    open.catch(() => {}); // it ends with the session
    await eventually(5_000, 'the first call is under way', () => upstream.executions().get('hang'));
    const batch = [7, 8].map(id => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'any', arguments: { text: `answer ${id}` } } }));
    const answer = await old.post(batch);
    assert.deepEqual((await answer.json()).map(({ id, result }) => [id, result.content[0].text]), [[7, 'answer 7'], [8, 'answer 8']]);
    await old.delete();
  });

  test('DELETE answers the calls that are still open', { timeout: 30_000 }, async () => {
    const other = await RawSession.open(gateway.url);
    const before = upstream.executions().get('hang') ?? 0;
    const open = other.startCall('hang', {});
    await eventually(5_000, 'the call is under way', () => upstream.executions().get('hang') > before);
    assert.equal((await other.delete()).status, 200);
    const answer = await within(5_000, 'an answer', open);
    assert.equal(answer.status, 502, 'it was sent, so nobody may take it for one that was not');
    assert.equal((await answer.json()).error.data.outcome, 'unknown');
  });

  for (const status of [403, 429, 500]) {
    test(`an HTTP ${status} of the upstream is passed on or told`, async () => {
      const answer = await session.call(`refuse-${status}`, {}, { timeout: 35_000 }).catch(error => ({ unreadable: error }));
      // A 403 is passed on whole, so its body is the upstream's own text.
      if (status === 403) assert.ok(answer.unreadable || answer.status === 403);
      else assert.ok(answer.unreadable || answer.message?.error || answer.status === status);
      assert.equal(upstream.executions().get(`refuse-${status}`), 1);
    });
  }

  test('affinity cookies are kept with the session, no cookie reaches another', async () => {
    const { message } = await session.call('cookie', {});
    assert.match(message.result.content[0].text, /AWSALB=node-7/);
    const other = await RawSession.open(gateway.url);
    const before = upstream.requests().filter(request => request.rpc === 'initialize').at(-1);
    assert.equal(before.cookie, undefined, 'a new session begins without cookies');
    assert.match((await other.call('cookie', {})).message.result.content[0].text, /AWSALB=node-7/);
  });
});

test('an upstream that is not there: 502 with an error in the request\'s id', { skip: unlessControl, timeout: 60_000 }, async () => {
  const gateway = await Gateway.start('http://127.0.0.1:1/mcp');
  const answer = await new RawSession(gateway.url).post({
    jsonrpc: '2.0', id: 'first', method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'n', version: '1' } },
  }, { timeout: 40_000 });
  assert.equal(answer.status, 502);
  const message = await answer.json();
  assert.equal(message.id, 'first');
  assert.ok(message.error.message.length > 10);
  await gateway.stop();
});
