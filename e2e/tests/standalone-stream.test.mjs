// The standalone stream (GET): messages that belong to no call survive cut connections, with upstreams that give ids and without.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCutter } from '../lib/cutter.mjs';
import { clean, tally } from '../lib/drops.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { RawSession, Received } from '../lib/mcp.mjs';
import { chance } from '../lib/random.mjs';
import { connectV1, connectV2 } from '../lib/sdk.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, inParallel, sleep, within } from '../lib/waiting.mjs';

const runs = Math.ceil(Number(process.env.E2E_RUNS ?? 20) / 2);

for (const [name, eventIds] of [['with event ids', '1'], ['without event ids', '0']]) {
  // The SDK's server primes no standalone stream, so directly a client cut before its first message has no cursor to come back with.
  describe(`standalone stream, an upstream ${name}`, { skip: unlessControl }, () => {
    let upstream;
    let gateway;

    before(async () => {
      upstream = await Upstream.start('sdk-v1.mjs', { EVENT_IDS: eventIds });
      gateway = await Gateway.start(upstream.url);
    });
    after(async () => {
      await gateway?.stop();
      await upstream?.stop();
    });
    // What the SDK's server has to say before its standalone stream is open, it says to nobody.
    const streams = () => upstream.requests().filter(request => request.what === 'request' && request.method === 'GET').length;
    const opened = count => eventually(15_000, `${count} standalone streams at the upstream`, () => streams() >= count);

    for (const [line, connect] of [['v1', connectV1], ['v2', connectV2]]) {
      test(`an SDK client of the ${line} line whose GET is cut twice`, { timeout: 600_000 }, async () => {
        const random = chance(10);
        const total = { ...clean };
        let cuts = 0;
        const before = streams();
        await inParallel(runs, runs, async run => {
          const cutter = await startCutter(gateway.url);
          const peer = await connect(cutter.url);
          const count = 40;
          const tag = `${line}-${eventIds}-${run}`;
          const isOpen = link => link.sent.includes('GET ') && link.answer > 0;
          await eventually(10_000, 'the standalone stream is open', () => [...cutter.links].some(isOpen));
          await opened(before + runs);
          await peer.client.callTool({ name: 'announce', arguments: { count, milliseconds: 200, tag } });
          for (let cut = 0; cut < 2; cut++) {
            await sleep(random.between(100, 1_500));
            const link = [...cutter.links].findLast(isOpen);
            if (!link) continue;
            link.cut(random.oneOf(['reset', 'close', 'half']));
            cuts++;
            await eventually(15_000, 'the client comes back', () => [...cutter.links].some(other => other !== link && isOpen(other) && !other.half));
          }
          const numbers = () => peer.heard.filter(message => message.params?.data?.tag === tag).map(message => message.params.data.number);
          await eventually(30_000, `the last announcement of ${tag}`, () => numbers().includes(count)).catch(() => {});
          tally(total, numbers(), count);
          await peer.close();
          cutter.stop();
        });
        figures(`standalone-stream/${line}${eventIds === '0' ? '/no-ids' : ''}`, { runs, cuts, ...total });
        assert.ok(cuts >= runs, 'streams are cut');
        assert.deepEqual(total, clean);
      });
    }

    test('by hand, cut again and again; without a cursor it goes on where it was', { timeout: 600_000 }, async () => {
      const random = chance(11);
      const total = { ...clean };
      let cuts = 0;
      let repeatedIds = 0;
      const before = streams();
      await inParallel(runs, runs, async run => {
        const session = await RawSession.open(gateway.url);
        const count = 40;
        const tag = `raw-${eventIds}-${run}`;
        const received = new Received();
        let stream = await session.get();
        assert.equal(stream.status, 200);
        await opened(before + runs);
        await session.call('announce', { count, milliseconds: 50, tag });
        while (received.events.length < count) {
          const limit = { left: random.between(50, 2_000) };
          await within(30_000, `more of ${tag}`, readSome(stream, limit, received, count));
          if (received.events.length >= count) break;
          cuts++;
          stream = await session.get({ cursor: received.cursor });
          assert.equal(stream.status, 200);
        }
        repeatedIds += received.repeatedIds;
        tally(total, received.messages.map(message => message.params.data.number), count);
        await session.delete();
      });
      figures(`standalone-stream/raw${eventIds === '0' ? '/no-ids' : ''}`, { runs, cuts, repeatedIds, ...total });
      assert.deepEqual({ ...total, repeatedIds }, { ...clean, repeatedIds: 0 });
    });

    test('each GET begins with an event that has an id and no data, and with `retry`', async () => {
      const session = await RawSession.open(gateway.url);
      const stream = await session.get();
      const first = {};
      for await (const event of stream.events()) {
        Object.assign(first, event);
        if (event.id !== undefined) break;
      }
      assert.match(first.id, /^0-[0-9a-z]+$/);
      assert.equal(first.data, '');
      const retry = Number(first.retry);
      assert.ok(retry >= 2_400 && retry <= 3_600, `retry is 3 s ± 20 % (${first.retry})`);
      assert.equal(stream.headers['x-accel-buffering'], 'no');
      stream.cut('close');
    });
  });
}

async function readSome(stream, limit, received, count) {
  for await (const event of stream.events({ limit })) {
    received.add(event);
    if (received.events.length >= count) return;
  }
}
