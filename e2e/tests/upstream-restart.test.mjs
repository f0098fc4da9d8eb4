// The upstream is killed and started again: clients keep their session, calls that were not processed are sent again, calls of
// unknown outcome get an error, and many refused requests cause one initialize.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { messageOf, RawSession } from '../lib/mcp.mjs';
import { connectV1, connectV2 } from '../lib/sdk.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, sleep, within } from '../lib/waiting.mjs';

for (const forgotten of [404, 400, 401]) {
  describe(`an upstream that answers a forgotten session with ${forgotten}`, { skip: unlessControl }, () => {
    let upstream;
    let gateway;
    before(async () => {
      upstream = await Upstream.start('sdk-v1.mjs', { FORGOTTEN: String(forgotten) });
      gateway = await Gateway.start(upstream.url);
    });
    after(async () => {
      await gateway?.stop();
      await upstream?.stop();
    });

    /** How many requests of a method the upstream got since it was last started. */
    const since = (at, rpc) => upstream.requests().filter(request => request.what === 'request' && request.at >= at && request.rpc === rpc);

    for (const [line, connect] of [['v1', connectV1], ['v2', connectV2]]) {
      test(`between calls of an SDK client of the ${line} line`, { timeout: 120_000 }, async () => {
        const peer = await connect(gateway.url);
        const { sessionId } = peer.transport;
        await peer.client.callTool({ name: 'echo', arguments: { text: 'before', tag: `${line}-before` } });
        await upstream.restart();
        const started = performance.now();
        const result = await within(10_000, 'a call after the restart', peer.client.callTool({ name: 'echo', arguments: { text: 'after', tag: `${line}-after` } }));
        const milliseconds = Math.round(performance.now() - started);
        assert.equal(result.content[0].text, 'after');
        assert.equal(peer.transport.sessionId, sessionId, 'the client keeps its session id');
        assert.equal(upstream.executions().get(`${line}-after`), 1);
        await eventually(5_000, 'list_changed for what the server declared', () =>
          ['tools', 'resources', 'prompts'].every(kind => peer.heard.some(message => message.method === `notifications/${kind}/list_changed`)));
        figures(`upstream-restart/${forgotten}/between-${line}`, { milliseconds });
        await peer.close();
      });
    }

    test('50 requests refused at once cause one initialize, and each gets its answer', { timeout: 120_000 }, async () => {
      const session = await RawSession.open(gateway.url);
      await session.call('echo', { text: 'before' });
      const at = Date.now();
      await upstream.restart();
      const answers = await within(20_000, '50 answers', Promise.all(Array.from({ length: 50 }, (_, index) =>
        session.call('echo', { text: `text ${index}`, tag: `burst-${index}` }))));
      assert.deepEqual(answers.filter(({ message }, index) => message?.result?.content[0].text !== `text ${index}`).map(({ message }) => message), []);
      const initializes = since(at, 'initialize').length;
      const executions = upstream.executions();
      for (let index = 0; index < 50; index++) assert.equal(executions.get(`burst-${index}`), 1);
      figures(`upstream-restart/${forgotten}/burst`, { requests: 50, initializes });
      assert.equal(initializes, 1);
    });

    test('what the session had set up is set up again', { timeout: 120_000 }, async () => {
      const session = await RawSession.open(gateway.url, { name: 'set-up' });
      await session.request('logging/setLevel', { level: 'warning' });
      await session.request('resources/subscribe', { uri: 'test://counter' });
      const at = Date.now();
      await upstream.restart();
      await session.call('echo', { text: 'after' });
      await eventually(5_000, 'the log level and the subscription', () => since(at, 'logging/setLevel').length > 0 && since(at, 'resources/subscribe').length > 0);
      const order = upstream.requests().filter(request => request.what === 'request' && request.at >= at && request.method === 'POST').map(request => request.rpc);
      const initialize = order.indexOf('initialize');
      assert.ok(order.indexOf('notifications/initialized') > initialize, `initialized follows initialize: ${order}`);
      assert.equal(since(at, 'initialize')[0].params.clientInfo.name, 'set-up', 'the stored parameters');
      assert.equal(since(at, 'logging/setLevel')[0].params.level, 'warning');
      assert.equal(since(at, 'resources/subscribe')[0].params.uri, 'test://counter');
    });

    test('during calls: an unknown outcome gets an error, and no tool runs twice', { timeout: 180_000 }, async () => {
      const session = await RawSession.open(gateway.url);
      const calls = Array.from({ length: 10 }, (_, index) =>
        session.call('count', { steps: 100, milliseconds: 100, tag: `during-${forgotten}-${index}` }, { progressToken: index }));
      await eventually(10_000, 'all calls run', () => upstream.executions().get(`during-${forgotten}-9`));
      await sleep(500);
      await upstream.kill();
      // Sent while nobody listens: surely not processed.
      const down = Array.from({ length: 5 }, (_, index) => session.call('echo', { text: 'down', tag: `down-${forgotten}-${index}` }));
      await sleep(1_500);
      await upstream.launch();
      const listening = performance.now();
      const ends = await within(45_000, 'each call ends', Promise.all(calls));
      const milliseconds = Math.round(performance.now() - listening);
      for (const { message, events } of ends) {
        assert.ok(message?.error, `an error, not ${JSON.stringify(message)}`);
        assert.equal(events.filter(event => messageOf(event)?.id === message.id).length, 1, 'exactly one answer');
      }
      const downEnds = await within(45_000, 'each call sent while the upstream was down ends', Promise.all(down));
      const executions = upstream.executions();
      for (let index = 0; index < 10; index++) assert.equal(executions.get(`during-${forgotten}-${index}`), 1);
      const resent = downEnds.filter(({ message }) => message?.result).length;
      for (const [index, { message }] of downEnds.entries()) {
        assert.ok(message?.result || message?.error, 'an answer');
        assert.equal(executions.get(`down-${forgotten}-${index}`) ?? 0, message.result ? 1 : 0, 'executed exactly where the answer says so');
      }
      figures(`upstream-restart/${forgotten}/during`, { calls: 10, errors: 10, milliseconds, down: 5, resent, error: JSON.stringify(ends[0].message.error.message) });
      assert.ok(milliseconds < 30_000);
      const { message } = await session.call('echo', { text: 'after', tag: `after-${forgotten}` });
      assert.equal(message.result.content[0].text, 'after', 'the session goes on');
    });
  });
}
