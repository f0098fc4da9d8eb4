// A real browser: a page of an allowed origin opens a session, reads an answer as it comes, hears announcements and resumes a
// call that it dropped, with the headers that the SDK sends; the browser itself keeps a page of another origin from it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startChromium, withoutChromium } from '../lib/chromium.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { Upstream } from '../lib/upstream.mjs';

describe('a page in Chromium', { skip: unlessControl || withoutChromium() }, () => {
  let upstream;
  let browser;
  let gateway;
  before(async () => {
    upstream = await Upstream.start('sdk-v1.mjs');
    browser = await startChromium();
    gateway = await Gateway.start(upstream.url, { flags: ['--allow-origin', `http://app.example:${browser.port}`] });
  });
  after(async () => {
    await browser?.stop();
    await gateway?.stop();
    await upstream?.stop();
  });

  for (const host of ['localhost', 'app.example']) {
    test(`an MCP client on ${host}`, { timeout: 60_000 }, async () => {
      const page = await browser.page(host);
      const seen = await page.evaluate(useGateway, gateway.url);
      assert.match(seen.session, /^[\w-]{22}$/, 'the session id is exposed to the page');
      assert.deepEqual(seen.called, [1, 2, 3]);
      assert.equal(seen.announced, 'page');
      assert.ok(seen.beforeDrop.length > 0 && seen.beforeDrop.length < 10, `dropped after ${seen.beforeDrop}`);
      assert.deepEqual([...seen.beforeDrop, ...seen.afterDrop], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      assert.equal(seen.ended, 200);
    });
  }

  test('a page of an origin that is not allowed gets nothing', { timeout: 60_000 }, async () => {
    const page = await browser.page('evil.example');
    await assert.rejects(page.evaluate(useGateway, gateway.url), /Failed to fetch/);
  });
});

/** Runs in the page; everything it needs is inside it. */
async function useGateway(url) {
  let session;
  const request = (method, body, headers = {}, signal = undefined) => fetch(url, {
    method,
    signal,
    body: body && JSON.stringify({ jsonrpc: '2.0', ...body }),
    headers: {
      accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(session ? { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' } : {}),
      authorization: 'Bearer page',
      ...headers,
    },
  });
  async function* events(response) {
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
      text += value;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n');
        const field = name => lines.find(line => line.startsWith(`${name}: `))?.slice(name.length + 2);
        text = text.slice(end + 2);
        yield { id: field('id'), message: field('data') && JSON.parse(field('data')) };
      }
    }
  }
  const count = (id, steps, milliseconds) => ({ id, method: 'tools/call', params: { name: 'count', arguments: { steps, milliseconds, tag: `page-${id}` }, _meta: { progressToken: id } } });
  const progressOf = message => (message?.method === 'notifications/progress' ? [message.params.progress] : []);

  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'page', version: '1' } };
  const begun = await request('POST', { id: 0, method: 'initialize', params });
  session = begun.headers.get('mcp-session-id');
  await begun.text();
  await request('POST', { method: 'notifications/initialized' });

  const called = [];
  for await (const event of events(await request('POST', count(1, 3, 20)))) called.push(...progressOf(event.message));

  const standalone = await request('GET');
  await (await request('POST', { id: 2, method: 'tools/call', params: { name: 'announce', arguments: { count: 1, milliseconds: 50, tag: 'page' } } })).text();
  let announced;
  for await (const event of events(standalone)) {
    announced = event.message?.params?.data?.tag;
    if (announced) break;
  }

  const dropped = new AbortController();
  const beforeDrop = [];
  let cursor;
  for await (const event of events(await request('POST', count(3, 10, 100), {}, dropped.signal))) {
    cursor = event.id ?? cursor;
    beforeDrop.push(...progressOf(event.message));
    if (beforeDrop.length === 3) break;
  }
  dropped.abort();
  const afterDrop = [];
  for await (const event of events(await request('GET', undefined, { 'last-event-id': cursor }))) afterDrop.push(...progressOf(event.message));

  const ended = (await request('DELETE')).status;
  return { session, called, announced, beforeDrop, afterDrop, ended };
}
