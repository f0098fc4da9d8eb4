// The stateless era (2026-07-28) through the gateway: passed on by its own rules, and a dropped client cancels.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { exchange } from '../lib/http.mjs';
import { readAnswer } from '../lib/mcp.mjs';
import { connectV2 } from '../lib/sdk.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, within } from '../lib/waiting.mjs';

let upstream;
let gateway;

before(async () => {
  upstream = await Upstream.start('stateless.mjs');
  gateway = await Gateway.start(upstream.url);
});
after(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
};

function call(name, args, { headers = {}, meta = {}, url = gateway.url } = {}) {
  return exchange(url, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream', 'content-type': 'application/json', 'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call', 'mcp-name': name, ...headers,
    },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args, _meta: { ...envelope, ...meta } } },
  });
}

test('an SDK client of the v2 line that speaks 2026-07-28', { timeout: 60_000 }, async () => {
  const peer = await connectV2(gateway.url, { client: { versionNegotiation: { mode: { pin: '2026-07-28' } } } });
  assert.equal(peer.transport.sessionId, undefined);
  const steps = [];
  const result = await peer.client.callTool({ name: 'count', arguments: { steps: 5, milliseconds: 20, tag: 'modern' } }, { onprogress: progress => steps.push(progress.progress) });
  assert.equal(result.content[0].text, 'counted 5 modern');
  assert.deepEqual(steps, [1, 2, 3, 4, 5]);
  await peer.close();
});

test('no session, no event ids, unknown headers forwarded', async () => {
  const answer = await call('count', { steps: 3, tag: 'headers' }, { headers: { 'mcp-param-colour': 'blue' }, meta: { progressToken: 'p' } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['mcp-session-id'], undefined);
  const ids = [];
  for await (const event of answer.events()) if (event.id !== undefined) ids.push(event.id);
  assert.deepEqual(ids, []);
  const seen = upstream.requests().find(request => request.tag === 'headers' && request.what === 'request');
  assert.equal(seen.headers['mcp-param-colour'], 'blue');
  assert.equal(seen.headers['mcp-name'], 'count');
  const get = await exchange(gateway.url, { headers: { accept: 'text/event-stream', 'mcp-protocol-version': '2026-07-28' } });
  assert.equal(get.status, 405);
  get.cut('close');
});

test('a dropped client closes the upstream request', { timeout: 60_000 }, async () => {
  for (const how of ['reset', 'close']) {
    const tag = `dropped-${how}`;
    const answer = await call('count', { steps: 200, milliseconds: 100, tag }, { meta: { progressToken: 'p' } });
    await within(5_000, 'a first event', answer.events().next());
    const cutAt = Date.now();
    answer.cut(how);
    const closed = await eventually(5_000, 'the upstream request is closed', () => upstream.requests().find(request => request.what === 'closed' && request.tag === tag));
    figures(`stateless/dropped-${how}`, { closedAfter: closed.at - cutAt });
  }
});

test('a comment that keeps the connection open never falls into an event that comes in pieces', { timeout: 60_000, skip: unlessControl }, async () => {
  const rough = await Upstream.start('rough.mjs');
  const beating = await Gateway.start(rough.url, { flags: ['--heartbeat', '1s'] });
  const { message } = await readAnswer(await call('halves', {}, { url: beating.url }), 1);
  assert.equal(message?.result.content[0].text, 'in one piece');
  await beating.stop();
  await rough.stop();
});
