// Traps that real SDK peers set for a gateway; each was seen before this suite was written.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCutter } from '../lib/cutter.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { messageOf, RawSession, readAnswer, Received } from '../lib/mcp.mjs';
import { connectV1, connectV2 } from '../lib/sdk.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, inParallel, sleep, within } from '../lib/waiting.mjs';

describe('traps', { skip: unlessControl, concurrency: true }, () => {
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

  for (const [line, connect] of [['v1', connectV1], ['v2', connectV2]]) {
    test(`a finished stream with an error makes no reconnect loop (${line})`, { timeout: 60_000 }, async () => {
      const cutter = await startCutter(gateway.url);
      const peer = await connect(cutter.url);
      await assert.rejects(peer.client.readResource({ uri: 'test://nowhere' }), /not found/i);
      await sleep(12_000);
      const resumes = cutter.sent(/last-event-id:/gi);
      figures(`traps/finished-with-error-${line}`, { resumesIn12s: resumes });
      assert.ok(resumes <= 1, `${resumes} resumes`);
      await peer.close();
      cutter.stop();
    });
  }

  test('a GET on a finished stream with nothing after the cursor gets 405', async () => {
    const session = await RawSession.open(gateway.url);
    const { events } = await session.call('count', { steps: 2, tag: 'finished' }, { progressToken: 'p' });
    const again = await session.get({ cursor: events.at(-1).id });
    assert.equal(again.status, 405);
    again.cut('close');
    const fromTheMiddle = await readAnswer(await session.get({ cursor: events[1].id }), undefined);
    assert.deepEqual(fromTheMiddle.events.filter(messageOf).map(event => event.id), events.slice(2).map(event => event.id), 'the rest of it is still served');
  });

  test('malformed cursors and unknown streams get 400', async () => {
    const session = await RawSession.open(gateway.url);
    for (const cursor of ['nonsense', '1', '-1', '1-', 'zzzz-1', '9-1', '0-zzzzzzzzzzzzzzzzzzzz', '1--1', ' ']) {
      const answer = await session.get({ cursor });
      const text = answer.eventStream ? '' : await answer.text();
      answer.cut('close');
      assert.equal(answer.status, cursor.trim() === '' ? answer.status : 400, `cursor ${JSON.stringify(cursor)}: ${text}`);
    }
  });

  test('a gap on a finished stream is told, then the stored answer comes', { timeout: 120_000 }, async () => {
    const session = await RawSession.open(gateway.url);
    const id = session.nextId();
    const answer = await session.startCall('count', { steps: 12_000, tag: 'gap' }, { id, progressToken: 'p' });
    const whole = await within(90_000, 'a long answer', readAnswer(answer, id));
    assert.equal(whole.events.filter(messageOf).length, 12_001);
    const begun = performance.now();
    const first = whole.events.find(event => event.id);
    const resumed = await session.get({ cursor: first.id });
    assert.equal(resumed.status, 200);
    const received = new Received();
    await within(30_000, 'what is left', (async () => { for await (const event of resumed.events()) received.add(event); })());
    assert.equal(received.messages[0].method, 'notifications/message', 'the gap is told first');
    assert.equal(received.messages[0].params.level, 'warning');
    assert.equal(received.messages.at(-1).result.content[0].text, 'counted 12000 gap', 'the final answer is never removed');
    figures('traps/gap', { kept: received.events.length - 1, milliseconds: Math.round(performance.now() - begun) });
  });

  test('two clients on one session do not take the stream from each other for ever', { timeout: 120_000 }, async () => {
    const cutter = await startCutter(gateway.url);
    const first = await connectV1(cutter.url);
    const second = await connectV1(cutter.url, { transport: { sessionId: first.transport.sessionId } });
    second.transport.setProtocolVersion('2025-11-25');
    await second.transport.resumeStream(undefined).catch(() => {});
    await sleep(25_000);
    const gets = cutter.sent(/^GET /gm);
    figures('traps/two-clients', { getsIn25s: gets });
    assert.ok(gets <= 16, `${gets} GETs in 25 s`);
    await Promise.all([first.close(), second.close()]);
    cutter.stop();
  });

  test('a stream replaced 4 times in 10 s keeps its holder; others get 409', async () => {
    const session = await RawSession.open(gateway.url);
    const statuses = [];
    const open = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      const stream = await session.get();
      statuses.push(stream.status);
      open.push(stream);
      await sleep(50);
    }
    for (const stream of open) stream.cut('close');
    assert.deepEqual(statuses.slice(0, 4), [200, 200, 200, 200], 'the newest connection wins');
    assert.equal(statuses.at(-1), 409, `${statuses}`);
  });

  test('the newest connection wins, and the replaced one is closed', async () => {
    const session = await RawSession.open(gateway.url);
    const old = await session.get();
    const oldEnds = (async () => { for await (const event of old.events()) assert.equal(event.data, ''); })().catch(() => {});
    const newest = await session.get();
    await within(20_000, 'the replaced connection is closed', oldEnds);
    await session.call('announce', { count: 1, tag: 'newest' });
    const received = new Received();
    await within(20_000, 'the announcement', (async () => {
      for await (const event of newest.events()) {
        received.add(event);
        if (received.events.length > 0) return;
      }
    })());
    assert.equal(received.messages[0].params.data.tag, 'newest');
  });

  test('a restarted client that counts its ids from 0 gets its own answers', async () => {
    const session = await RawSession.open(gateway.url);
    const slow = session.call('count', { steps: 10, milliseconds: 150, tag: 'slow' }, { id: 0, progressToken: 'slow' });
    await eventually(20_000, 'the first call runs', () => upstream.executions().get('slow'));
    const quick = await within(20_000, 'the second call', session.call('echo', { text: 'quick', tag: 'quick' }, { id: 0 }));
    assert.equal(quick.message.result.content[0].text, 'quick');
    assert.equal(quick.message.id, 0);
    const first = await within(30_000, 'the first call', slow);
    assert.equal(first.message.result.content[0].text, 'counted 10 slow');
    assert.equal(first.message.id, 0);
    assert.equal(first.events.filter(event => messageOf(event)?.method === 'notifications/progress').length, 10);
  });

  test('`cancelled` names the id that the upstream knows', async () => {
    const session = await RawSession.open(gateway.url);
    const tagged = tag => upstream.requests().filter(request => request.what === 'request' && request.tag === tag);
    const first = session.call('count', { steps: 40, milliseconds: 100, tag: 'keeps' }, { id: 7, progressToken: 'a' });
    await eventually(20_000, 'the first runs', () => tagged('keeps').length);
    const second = await session.startCall('count', { steps: 100, milliseconds: 100, tag: 'cancelled' }, { id: 7, progressToken: 'b' });
    const secondEnds = readAnswer(second, 7);
    await eventually(20_000, 'the second runs', () => tagged('cancelled').length);
    assert.equal(await session.notify('notifications/cancelled', { requestId: 7, reason: 'enough' }), 202);
    const { message } = await within(30_000, 'the cancelled stream ends', secondEnds);
    assert.equal(message, undefined, 'a cancelled request ends without an answer');
    const upstreamId = tagged('cancelled')[0].id;
    assert.notEqual(upstreamId, 7);
    const cancelled = await eventually(20_000, 'the upstream is told', () => upstream.requests().find(request => request.what === 'request' && request.rpc === 'notifications/cancelled' && request.session === tagged('cancelled')[0].session));
    assert.equal(cancelled.params.requestId, upstreamId);
    assert.equal((await within(30_000, 'the other call', first)).message.result.content[0].text, 'counted 40 keeps');
  });

  test('a cancelled call of an SDK client: its stream ends, the upstream\'s is closed after 5 s', { timeout: 60_000 }, async () => {
    const peer = await connectV1(gateway.url);
    const stop = new AbortController();
    const call = peer.client.callTool({ name: 'count', arguments: { steps: 300, milliseconds: 100, tag: 'aborted' } }, undefined, { signal: stop.signal, onprogress: () => {} });
    await eventually(20_000, 'it runs', () => upstream.executions().get('aborted'));
    stop.abort('enough');
    await assert.rejects(call);
    const closed = () => upstream.requests().find(request => request.what === 'closed' && request.tag === 'aborted');
    const { at } = await eventually(20_000, 'the upstream connection is closed', closed);
    const told = upstream.requests().find(request => request.rpc === 'notifications/cancelled' && request.what === 'request' && request.session === closed().session);
    figures('traps/cancelled', { upstreamClosedAfter: at - told.at });
    assert.equal((await peer.client.callTool({ name: 'echo', arguments: { text: 'goes on' } })).content[0].text, 'goes on');
    await peer.close();
  });

  test('a server request is answered through the gateway, and a late answer gets 202', { timeout: 60_000 }, async () => {
    const session = await RawSession.open(gateway.url, { capabilities: { sampling: {} } });
    const id = session.nextId();
    const answer = await session.startCall('ask', { tag: 'question' }, { id });
    const received = new Received();
    for await (const event of answer.events()) {
      received.add(event);
      const message = messageOf(event);
      if (message?.method !== 'sampling/createMessage') continue;
      const reply = { jsonrpc: '2.0', id: message.id, result: { role: 'assistant', model: 'm', content: { type: 'text', text: 'a sample' } } };
      assert.equal((await session.post(reply)).status, 202);
      assert.equal((await session.post(reply)).status, 202, 'the second answer goes nowhere');
    }
    assert.equal(received.answerTo(id).result.content[0].text, 'asked question: a sample');
  });

  // Node closes idle connections after 5 s without a hint: a gateway that takes one from its pool at that moment does not know
  // whether the call was processed.
  test('stale pooled connections: calls 4 to 6 s apart', { timeout: 900_000 }, async () => {
    const calls = Number(process.env.E2E_STALE_CALLS ?? 1_000);
    const rounds = calls >= 10_000 ? 20 : 5;
    const width = Math.ceil(calls / rounds);
    const sessions = await inParallel(width, 20, () => RawSession.open(gateway.url));
    let unknown = 0;
    const problems = [];
    await Promise.all(sessions.map(async (session, index) => {
      for (let round = 0; round < rounds; round++) {
        await sleep(4_000 + ((index * 37 + round * 611) % 2_000));
        const { status, message } = await session.call('echo', { text: 't', tag: `stale-${index}-${round}` });
        if (message?.result) continue;
        unknown++;
        problems.push(`${status} ${JSON.stringify(message)}`);
      }
    }));
    const executions = upstream.executions();
    const wrong = [...executions].filter(([tag, count]) => tag.startsWith('stale-') && count !== 1).length;
    figures('traps/stale-connections', { calls: width * rounds, unknown, executedTwice: wrong });
    assert.deepEqual(problems.slice(0, 5), []);
    assert.equal(wrong, 0);
  });
});
