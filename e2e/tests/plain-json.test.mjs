// A server that only knows plain JSON, and a slow tool: its answer becomes resumable.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCutter } from '../lib/cutter.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { RawSession, Received } from '../lib/mcp.mjs';
import { chance } from '../lib/random.mjs';
import { connectV1, connectV2 } from '../lib/sdk.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { inParallel, sleep, within } from '../lib/waiting.mjs';

const runs = Number(process.env.E2E_RUNS ?? 20);
const slow = 10_000;

let upstream;
let gateway;

before(async () => {
  upstream = await Upstream.start('sdk-v1.mjs', { JSON: '1' });
  gateway = await Gateway.start(upstream.url);
});
after(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

test('a quick call stays plain JSON', async () => {
  const session = await RawSession.open(gateway.url);
  const { headers, message } = await session.call('echo', { text: 'quick', tag: 'quick' });
  assert.match(headers['content-type'], /^application\/json/);
  assert.equal(message.result.content[0].text, 'quick');
});

test('a call of 10 s, cut after 2 s, is resumed by hand', { skip: unlessControl, timeout: 120_000 }, async () => {
  const random = chance(20);
  await inParallel(runs, runs, async run => {
    const tag = `slow-raw-${run}`;
    const session = await RawSession.open(gateway.url);
    await session.call('echo', { text: 'credentials are accepted' });
    const id = session.nextId();
    let answer = await session.startCall('wait', { milliseconds: slow, tag }, { id });
    assert.ok(answer.eventStream, 'the slow answer is an event stream');
    const received = new Received();
    for (let cut = 0; cut < 2; cut++) {
      const before = received.primings;
      const events = answer.events();
      while (received.primings === before) received.add((await within(5_000, 'a priming event', events.next())).value);
      assert.equal(received.events.length, 0, 'priming carries no data');
      await sleep(random.between(0, 2_500));
      answer.cut(random.oneOf(['reset', 'close']));
      answer = await session.get({ cursor: received.cursor });
      assert.equal(answer.status, 200);
    }
    await within(20_000, 'the answer', (async () => { for await (const event of answer.events()) received.add(event); })());
    assert.equal(received.events.length, 1, 'exactly one answer');
    assert.equal(received.answerTo(id).result.content[0].text, `waited ${tag}`);
  });
  const executions = upstream.executions();
  for (let run = 0; run < runs; run++) assert.equal(executions.get(`slow-raw-${run}`), 1);
  figures('plain-json/raw', { runs, lost: 0, doubled: 0 });
});

for (const [line, connect] of [['v1', connectV1], ['v2', connectV2]]) {
  test(`a call of 10 s, cut at random, is resumed by the SDK of the ${line} line`, { skip: unlessControl, timeout: 120_000 }, async () => {
    const random = chance(21);
    await inParallel(runs, runs, async run => {
      const tag = `slow-${line}-${run}`;
      const cutter = await startCutter(gateway.url);
      const peer = await connect(cutter.url);
      await peer.client.listTools();
      const call = peer.client.callTool({ name: 'wait', arguments: { milliseconds: slow, tag } });
      await sleep(random.between(2_500, 6_500));
      const link = [...cutter.links].find(candidate => candidate.sent.includes(`"${tag}"`));
      link.cut(random.oneOf(['reset', 'close', 'half']));
      const result = await within(30_000, `the answer of ${tag}`, call);
      assert.equal(result.content[0].text, `waited ${tag}`);
      assert.equal(peer.heard.filter(message => message.result?.content?.[0]?.text === `waited ${tag}`).length, 1);
      await peer.close();
      cutter.stop();
    });
    const executions = upstream.executions();
    for (let run = 0; run < runs; run++) assert.equal(executions.get(`slow-${line}-${run}`), 1);
    figures(`plain-json/sdk-${line}`, { runs, lost: 0, doubled: 0 });
  });
}
