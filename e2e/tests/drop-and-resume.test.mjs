// A client loses its connection in the middle of an answer and comes back: by the SDK's own reconnect, by hand with a raw GET,
// and from a second process. Every event arrives, once, in order, and the tool runs once. Upstreams with event ids and without.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clean, dropRawClients, dropSdkClients, runs, tally } from '../lib/drops.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { Child } from '../lib/processes.mjs';
import { chance } from '../lib/random.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { inParallel, sleep } from '../lib/waiting.mjs';

for (const [name, eventIds] of [['an upstream with event ids', '1'], ['an upstream without event ids', '0']]) {
  const withoutIds = eventIds === '0';
  describe(`drop and resume, ${name}`, { skip: withoutIds && unlessControl }, () => {
    const label = `drop-and-resume/${withoutIds ? 'no-ids/' : ''}`;
    let upstream;
    let gateway;

    before(async () => {
      upstream = await Upstream.start('sdk-v1.mjs', { RETRY_MS: '1000', EVENT_IDS: eventIds });
      gateway = await Gateway.start(upstream.url);
    });
    after(async () => {
      await gateway?.stop();
      await upstream?.stop();
    });

    const assertOnceEach = tags => {
      const executions = upstream.executions();
      assert.deepEqual(tags.filter(tag => executions.get(tag) !== 1), [], 'every tool call is executed once');
    };

    for (const [index, line] of ['v1', 'v2'].entries()) {
      test(`the SDK's own reconnect, client of the ${line} line`, { timeout: 900_000 }, async () => {
        const { total, tags, cuts } = await dropSdkClients(gateway.url, line, chance(index));
        figures(`${label}sdk-${line}`, { runs, cuts, ...total });
        assert.equal(cuts, runs, 'every run is cut');
        assert.deepEqual(total, clean);
        assertOnceEach(tags);
      });
    }

    test('by hand: a raw GET with the last id, cut again and again, in every revision', { timeout: 900_000 }, async () => {
      const { total, tags, cuts, repeatedIds } = await dropRawClients(gateway.url, chance(3));
      figures(`${label}raw`, { runs, cuts, repeatedIds, ...total });
      assert.ok(cuts >= runs * 0.8, `enough runs are cut (${cuts} of ${runs})`);
      assert.deepEqual({ ...total, repeatedIds }, { ...clean, repeatedIds: 0 });
      assertOnceEach(tags);
    });

    test('from a second process, after the first was killed', { timeout: 900_000 }, async () => {
      const random = chance(4);
      const total = { ...clean };
      const tags = [];
      let killed = 0;
      await inParallel(runs, 4, async run => {
        const tag = `process-${run}`;
        const steps = random.between(8, 15);
        tags.push(tag);
        const call = { tool: 'count', args: { steps, milliseconds: 100, tag } };
        const first = startClient({ url: gateway.url, ...call });
        // A priming id, or a whole event: of an event whose id alone was said nobody knows whether the client had it.
        await first.line(/^\{"message":|^\{"token":"(?:[0-9a-z]+-0|.*\/1)"/, 30_000);
        await sleep(random.between(0, steps * 100));
        if (!first.lines.some(line => line.startsWith('{"result"'))) killed++;
        await first.kill('SIGKILL');
        const before = first.lines.filter(complete).map(line => JSON.parse(line));
        const session = before.find(line => line.session).session;
        // The client says the token of an event, then its message: where the kill fell between the two, the event does not count.
        const lastMessage = before.findLastIndex(line => line.message);
        const kept = lastMessage < 0 ? before.slice(0, before.findIndex(line => line.token) + 1) : before.slice(0, lastMessage + 1);
        const { token } = kept.findLast(line => line.token);
        const received = kept.filter(line => line.message).map(line => line.message);
        if (!received.some(message => message.result)) {
          const second = startClient({ url: gateway.url, session, token, ...call });
          await second.line(/^\{"result":/, 60_000);
          received.push(...second.lines.filter(complete).map(line => JSON.parse(line)).filter(line => line.message).map(line => line.message));
          await second.ended;
        }
        tally(total, received.filter(message => message.method === 'notifications/progress').map(message => message.params.progress), steps);
        assert.equal(received.at(-1).result.content[0].text, `counted ${steps} ${tag}`);
      });
      figures(`${label}second-process`, { runs, killed, ...total });
      assert.ok(killed > 0, 'some clients are killed in the middle of their call');
      assert.deepEqual(total, clean);
      assertOnceEach(tags);
    });
  });
}

function complete(line) {
  return line.startsWith('{') && line.endsWith('}');
}

function startClient(what) {
  return new Child('client', process.execPath, [fileURLToPath(new URL('../lib/client-process.mjs', import.meta.url)), JSON.stringify(what)]);
}
