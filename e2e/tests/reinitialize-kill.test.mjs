// kill -9 of the gateway in the middle of a re-initialization, at each of its steps: afterwards the session goes on, on an
// upstream session that was told everything.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { Broken } from '../lib/http.mjs';
import { RawSession, Received } from '../lib/mcp.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, within } from '../lib/waiting.mjs';

const lists = ['tools', 'resources', 'prompts'].map(kind => `notifications/${kind}/list_changed`);
const restored = ['notifications/initialized', 'logging/setLevel', 'resources/subscribe'];

describe('kill -9 in the middle of a re-initialization', { skip: unlessControl, concurrency: 2 }, () => {
  for (const step of ['initialize', ...restored]) {
    test(`while the upstream is at ${step}`, { timeout: 120_000 }, async () => {
      const upstream = await Upstream.start('sdk-v1.mjs', { SLOW: `${step}:1000` });
      const gateway = await Gateway.start(upstream.url);
      const session = await RawSession.open(gateway.url);
      await session.request('logging/setLevel', { level: 'warning' });
      await session.request('resources/subscribe', { uri: 'test://counter' });
      const listening = new Received();
      const before = await session.get();
      const beforeEnds = listen(before, listening);
      await eventually(10_000, 'the standalone stream', () => listening.cursor !== undefined);

      const at = Date.now();
      const since = rpc => upstream.requests().filter(request => request.what === 'request' && request.at >= at && request.rpc === rpc);
      await upstream.restart();
      const lost = session.call('echo', { text: 'lost', tag: 'lost' }).catch(broken);
      await eventually(10_000, `the upstream is at ${step}`, () => since(step).length);
      await gateway.kill();
      await Promise.all([lost, beforeEnds]);
      await gateway.restart();

      const { message } = await session.call('echo', { text: 'again', tag: 'again' });
      assert.equal(message?.result?.content[0].text, 'again', JSON.stringify(message));
      const used = since('tools/call').findLast(request => request.tag === 'again').session;
      const told = restored.filter(rpc => since(rpc).some(request => request.session === used));
      const after = await session.get({ cursor: listening.cursor });
      const afterEnds = listen(after, listening);
      const heard = () => lists.filter(method => listening.messages.some(each => each.method === method));
      await eventually(5_000, 'list_changed for what the server declared', () => heard().length === lists.length).catch(() => {});
      after.cut('close');
      await afterEnds;
      const executions = upstream.executions();
      figures(`reinitialize-kill/${step}`, { initializes: since('initialize').length, told: told.length, listChanged: heard().length, executed: executions.get('again') });
      assert.deepEqual(told, restored, 'the upstream session in use was told what the session had set up');
      assert.deepEqual(heard(), lists);
      assert.equal(executions.get('again'), 1);
      assert.equal(executions.get('lost') ?? 0, 0, 'what was refused and never sent again is not executed');
      await gateway.stop();
      await upstream.stop();
    });
  }
});

async function listen(answer, received) {
  try {
    for await (const event of answer.events()) received.add(event);
  } catch (error) {
    broken(error);
  }
}

function broken(error) {
  if (!(error instanceof Broken)) throw error;
}
