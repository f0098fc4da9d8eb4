// Three nodes on one store behind nginx, without stickiness: kill -9, a pause, an orderly stop of one node after the other.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Cluster } from '../lib/cluster.mjs';
import { clean } from '../lib/drops.mjs';
import { figures } from '../lib/figures.mjs';
import { unlessControl } from '../lib/gateway.mjs';
import { RawSession, Received } from '../lib/mcp.mjs';
import { withoutNginx } from '../lib/nginx.mjs';
import { chance } from '../lib/random.mjs';
import { Postgres, Redis } from '../lib/stores.mjs';
import { Traffic } from '../lib/traffic.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { sleep } from '../lib/waiting.mjs';

const kills = Number(process.env.E2E_KILLS ?? 3);
const clients = Number(process.env.E2E_CLIENTS ?? 50);
const pause = Number(process.env.E2E_PAUSE_MS ?? 10_000);

for (const [name, Store] of [['PostgreSQL', Postgres], ['Redis', Redis]]) {
  describe(`three nodes on ${name}`, { skip: unlessControl || withoutNginx() || Store.missing() }, () => {
    let upstream;
    let store;
    let cluster;
    after(async () => {
      await cluster?.stop();
      await store?.stop();
      await upstream?.stop();
    });

    test('start', { timeout: 400_000 }, async () => {
      upstream = await Upstream.start('sdk-v1.mjs', { EVENT_IDS: '1' });
      store = await Store.start();
      cluster = await Cluster.start(upstream, store);
      await cluster.ready();
    });

    test('any node serves any request of a session', async () => {
      const session = await RawSession.open(cluster.url);
      for (let call = 0; call < 9; call++) {
        const answer = await session.startCall('count', { steps: 1, milliseconds: 1, tag: `any-${name}-${call}` });
        assert.equal(answer.status, 200);
        const received = new Received();
        for await (const event of answer.events()) received.add(event);
        assert.match(received.messages.at(-1).result.content[0].text, /counted 1/);
      }
      assert.ok(await cluster.metric('requests_forwarded_total') >= 3, 'requests reach their session from elsewhere');
      await session.delete();
      for (let node = 0; node < 3; node++) assert.equal((await session.startCall('count', { steps: 1, milliseconds: 1, tag: 'gone' })).status, 404);
    });

    /** Lets faults loose on calls under way, and accounts for them. */
    async function underCalls(seed, what, disturb) {
      const random = chance(seed);
      const route = { url: cluster.url, upstream, eventIds: true };
      const traffic = await Traffic.open([route], { random, byHand: Math.ceil(clients / 2), sdk: Math.floor(clients / 2) });
      traffic.start();
      await disturb(traffic, random);
      await traffic.finish();
      const account = traffic.accounts.get(route);
      figures(`cluster/${name}/${what}`, { clients, lost: await cluster.metric('sessions_lost_total'), ...traffic.figures(route) });
      assert.deepEqual(traffic.problems, []);
      assert.deepEqual(traffic.executedWrongly(route), [], 'no tool is executed twice');
      assert.deepEqual(account.total, clean);
      assert.deepEqual(account.said, [], 'an upstream with event ids is resumed: no call ends in an error');
      assert.equal(account.calls, account.completed + account.brokenBeforeId + account.refused + account.gaveUp, 'each call has one end');
      return account;
    }

    test(`${kills} kills under ${clients} clients`, { timeout: kills * 60_000 + 240_000 }, async () => {
      const account = await underCalls(51, 'kill', async (traffic, random) => {
        for (let kill = 0; kill < kills; kill++) {
          await sleep(random.between(500, 3_000));
          const gateway = random.oneOf(cluster.gateways);
          traffic.kills++;
          await gateway.kill();
          await gateway.restart();
          await cluster.ready();
        }
      });
      assert.ok(account.resumed > 0, 'some calls are resumed over a kill');
    });

    test(`a node that stands still for ${pause} ms`, { timeout: pause + 240_000 }, async () => {
      await underCalls(52, 'pause', async (traffic, random) => {
        await sleep(2_000);
        const gateway = random.oneOf(cluster.gateways);
        process.kill(gateway.pid, 'SIGSTOP');
        try {
          await sleep(pause);
        } finally {
          process.kill(gateway.pid, 'SIGCONT');
        }
        await sleep(3_000);
        await cluster.ready();
      });
    });

    test('each node is stopped and started in its turn', { timeout: 240_000 }, async () => {
      await underCalls(53, 'rolling', async () => {
        for (const gateway of cluster.gateways) {
          await sleep(1_000);
          assert.equal((await gateway.stop()).code, 0);
          await gateway.restart();
          await cluster.ready();
        }
      });
    });

    test('how long a take-over takes', { timeout: kills * 60_000 + 120_000 }, async () => {
      const after = { kill: [], stop: [] };
      for (let round = 0; round < kills; round++) {
        for (const how of ['kill', 'stop']) {
          const [holder, other] = [cluster.gateways[round % 3], cluster.gateways[(round + 1) % 3]];
          const session = await RawSession.open(holder.url);
          const received = new Received();
          const tag = `over-${name}-${how}-${round}`;
          const answer = await session.startCall('count', { steps: 400, milliseconds: 25, tag }, { id: session.nextId(), progressToken: tag });
          for await (const event of answer.events()) {
            received.add(event);
            if (received.messages.length === 3) break;
          }
          const gone = how === 'kill' ? holder.kill() : holder.stop();
          if (how === 'kill') await gone;
          const began = performance.now();
          const before = received.messages.length;
          session.url = other.url;
          while (received.messages.length === before) {
            const resumed = await session.get({ cursor: received.cursor }).catch(() => undefined);
            if (!resumed?.eventStream) {
              await sleep(20);
              continue;
            }
            for await (const event of resumed.events()) {
              received.add(event);
              if (received.messages.length > before) break;
            }
          }
          after[how].push(Math.round(performance.now() - began));
          await gone;
          await holder.restart();
          await cluster.ready();
        }
      }
      figures(`cluster/${name}/take-over`, { afterKill: after.kill.join('/'), afterStop: after.stop.join('/') });
      assert.ok(Math.max(...after.kill) < 10_000, 'a node that is gone is not waited for much longer than its lease');
      assert.ok(Math.max(...after.stop) < 5_000, 'one that stops does not leave its lease to run out');
    });
  });
}
