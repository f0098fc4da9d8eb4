// Connections that look open and are not served: an upstream that stands still in the middle of calls, and a client that reads
// no more. Nothing is lost, nothing runs twice, nobody else waits.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clean, tally } from '../lib/drops.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { messageOf, RawSession, Received } from '../lib/mcp.mjs';
import { connectV1, connectV2 } from '../lib/sdk.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, sleep, within } from '../lib/waiting.mjs';

/** Longer than the gateway's own time limits, the longest of which is 30 s. */
const still = Number(process.env.E2E_STILL_MS ?? 40_000);
const progress = messages => messages.filter(message => message.method === 'notifications/progress').map(message => message.params.progress);

describe('half-open', { skip: unlessControl, concurrency: true }, () => {
  let upstream;
  let gateway;
  before(async () => {
    upstream = await Upstream.start('sdk-v1.mjs');
    gateway = await Gateway.start(upstream.url);
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  test('an upstream stands still under open calls, and new ones come', { timeout: still + 120_000 }, async () => {
    const frozen = await Upstream.start('sdk-v1.mjs');
    const before = await Gateway.start(frozen.url);
    const sessions = await Promise.all(Array.from({ length: 6 }, () => RawSession.open(before.url)));
    const peers = await Promise.all([connectV1, connectV2, connectV1, connectV2].map(connect => connect(before.url)));
    const total = { ...clean };
    const count = (tag, steps) => ({ name: 'count', arguments: { steps, milliseconds: 100, tag } });
    const open = [
      ...sessions.map(async (session, index) => {
        const { message, events } = await session.call('count', { steps: 30, milliseconds: 100, tag: `raw-${index}` }, { progressToken: index, timeout: still + 60_000 });
        assert.equal(message?.result?.content[0].text, `counted 30 raw-${index}`, JSON.stringify(message));
        tally(total, progress(events.filter(messageOf).map(messageOf)), 30);
      }),
      ...peers.map(async (peer, index) => {
        const numbers = [];
        const options = { onprogress: each => numbers.push(each.progress), timeout: still + 60_000 };
        await (index % 2 ? peer.client.callTool(count(`sdk-${index}`, 30), options) : peer.client.callTool(count(`sdk-${index}`, 30), undefined, options));
        tally(total, numbers, 30);
      }),
    ];
    await eventually(20_000, 'every call runs', () => frozen.executions().size === open.length);
    await sleep(500);
    process.kill(frozen.pid, 'SIGSTOP');
    const meanwhile = [
      ...sessions.map((session, index) => session.call('echo', { text: `text ${index}`, tag: `new-${index}` }, { timeout: still + 60_000 })
        .then(({ message }) => assert.equal(message?.result?.content[0].text, `text ${index}`, JSON.stringify(message)))),
      RawSession.open(before.url).then(session => session.call('echo', { text: 'opened', tag: 'opened' })),
    ];
    await sleep(still);
    process.kill(frozen.pid, 'SIGCONT');
    await within(60_000, 'every call ends', Promise.all([...open, ...meanwhile]));
    const wrong = [...frozen.executions()].filter(([, executed]) => executed !== 1);
    figures('half-open/upstream', { still, calls: open.length + meanwhile.length, executedTwice: wrong.length, ...total });
    assert.deepEqual(total, clean);
    assert.deepEqual(wrong, []);
    await Promise.all(peers.map(peer => peer.close()));
    await before.stop();
    await frozen.stop();
  });

  for (const [timeout, status] of [['1s', 504], ['3s', 200]]) {
    test(`an upstream that never begins its answer: an error after \`upstream.answer-timeout\` (${timeout})`, { timeout: 60_000 }, async () => {
      const rough = await Upstream.start('rough.mjs');
      const before = await Gateway.start(rough.url, { env: { SHADOWCAT_UPSTREAM_ANSWER_TIMEOUT: timeout } });
      const session = await RawSession.open(before.url);
      const answer = await session.call('hang', {}, { timeout: 15_000 });
      assert.equal(answer.status, status, 'an answer that was slow in coming is a stream already');
      assert.equal(answer.message.error.data.outcome, 'unknown');
      assert.equal(rough.executions().get('hang'), 1);
      figures('half-open/answer-timeout', { timeout, status, error: JSON.stringify(answer.message.error.message) });
      await before.stop();
      await rough.stop();
    });
  }

  test('a client that reads no more: its next connection gets the rest, and others do not wait', { timeout: 120_000 }, async () => {
    const session = await RawSession.open(gateway.url);
    const id = session.nextId();
    const steps = 1_500;
    const answer = await session.startCall('count', { steps, milliseconds: 1, padding: 4_000, tag: 'unread' }, { id, progressToken: 'p' });
    const received = new Received();
    for await (const event of answer.events()) {
      received.add(event);
      if (received.events.length === 10) {
        answer.cut('abandon'); // before the loop leaves, which would close the connection
        break;
      }
    }
    const other = await RawSession.open(gateway.url);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => other.call('echo', { text: `text ${index}` })));
    assert.deepEqual(answers.map(({ message }) => message?.result?.content[0].text), Array.from({ length: 20 }, (_, index) => `text ${index}`));
    const ended = () => upstream.requests().some(request => request.what === 'closed' && request.tag === 'unread');
    await eventually(60_000, 'the upstream is read to the end although its client reads nothing', ended, 250);
    const resumed = await session.get({ cursor: received.cursor });
    assert.equal(resumed.status, 200);
    await within(60_000, 'the rest', (async () => { for await (const event of resumed.events()) received.add(event); })());
    const total = { ...clean };
    tally(total, progress(received.messages), steps);
    figures('half-open/client', { steps, bytes: steps * 4_000, repeatedIds: received.repeatedIds, ...total });
    assert.deepEqual({ ...total, repeatedIds: received.repeatedIds }, { ...clean, repeatedIds: 0 });
    assert.equal(received.answerTo(id).result.content[0].text, `counted ${steps} unread`);
    answer.socket.destroy();
  });
});
