// An MCP client in a browser page of an allowed origin works; one of another origin gets 403.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { browserFetch } from '../lib/browser.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { exchange } from '../lib/http.mjs';
import { connectV1, connectV2 } from '../lib/sdk.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually } from '../lib/waiting.mjs';

describe('browser clients', { skip: unlessControl }, () => {
  let upstream;
  let gateway;
  before(async () => {
    upstream = await Upstream.start('sdk-v1.mjs');
    gateway = await Gateway.start(upstream.url, { flags: ['--allow-origin', 'https://app.example'] });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  for (const origin of ['http://localhost:6274', 'https://app.example']) {
    for (const [line, connect] of [['v1', connectV1], ['v2', connectV2]]) {
      test(`an SDK client of the ${line} line on a page of ${origin}`, { timeout: 60_000 }, async () => {
        const fetch = browserFetch(origin);
        const streams = upstream.requests().filter(request => request.method === 'GET').length;
        const peer = await connect(gateway.url, { transport: { fetch, requestInit: { headers: { authorization: 'Bearer x' } } } });
        assert.ok(peer.transport.sessionId, 'the session id is exposed to the page');
        const steps = [];
        const call = { name: 'count', arguments: { steps: 3, tag: 'browser' } };
        const options = { onprogress: progress => steps.push(progress.progress) };
        await (line === 'v1' ? peer.client.callTool(call, undefined, options) : peer.client.callTool(call, options));
        assert.deepEqual(steps, [1, 2, 3]);
        await eventually(5_000, 'the standalone stream', () => upstream.requests().filter(request => request.method === 'GET').length > streams);
        await peer.client.callTool({ name: 'announce', arguments: { count: 1, tag: `${line}-${origin}` } });
        await eventually(5_000, 'an announcement', () => peer.heard.some(message => message.params?.data?.tag === `${line}-${origin}`));
        await peer.transport.resumeStream('0-0').catch(error => assert.doesNotMatch(String(error), /CORS/));
        await peer.transport.terminateSession();
        assert.deepEqual(peer.errors.filter(error => /CORS/.test(String(error))), []);
        figures(`browser/${line}`, { preflights: fetch.preflights });
        await peer.close();
      });
    }
  }

  test('other origins and other host names get 403', async () => {
    const init = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'n', version: '1' } } };
    const base = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
    const statusOf = async headers => {
      const answer = await exchange(gateway.url, { method: 'POST', headers: { ...base, ...headers }, body: init });
      answer.cut('close');
      return answer.status;
    };
    assert.equal(await statusOf({ origin: 'https://evil.example' }), 403);
    assert.equal(await statusOf({ origin: 'https://app.example.evil.example' }), 403);
    assert.equal(await statusOf({ origin: 'null' }), 403);
    assert.equal(await statusOf({ host: 'evil.example' }), 403);
    assert.equal(await statusOf({ origin: 'https://app.example' }), 200);
    await assert.rejects(connectV1(gateway.url, { transport: { fetch: browserFetch('https://evil.example') } }), /CORS/);
  });
});
