// kill -9 of the gateway at random moments under 50 clients with calls in flight, restarted each time.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { clean } from '../lib/drops.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { chance } from '../lib/random.mjs';
import { Traffic } from '../lib/traffic.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { sleep } from '../lib/waiting.mjs';

const kills = Number(process.env.E2E_KILLS ?? 3);
const clients = Number(process.env.E2E_CLIENTS ?? 50);

for (const [name, eventIds] of [['with event ids', true], ['without event ids', false]]) {
  describe(`kill -9, an upstream ${name}`, { skip: unlessControl }, () => {
    let upstream;
    let gateway;
    after(async () => {
      await gateway?.stop();
      await upstream?.stop();
    });

    test(`${kills} kills under ${clients} clients`, { timeout: kills * 60_000 + 120_000 }, async () => {
      upstream = await Upstream.start('sdk-v1.mjs', { EVENT_IDS: eventIds ? '1' : '0' });
      gateway = await Gateway.start(upstream.url);
      const random = chance(30 + Number(eventIds));
      const route = { url: gateway.url, upstream, eventIds };
      const traffic = await Traffic.open([route], { random, byHand: Math.ceil(clients / 2), sdk: Math.floor(clients / 2) });
      traffic.start();
      for (let kill = 0; kill < kills; kill++) {
        // Longer than `retry`, so that an SDK client can use up its two tries on one kill only.
        await sleep(random.between(4_000, 8_000));
        await traffic.kill(gateway);
      }
      await traffic.finish();
      const account = traffic.accounts.get(route);
      figures(`gateway-kill${eventIds ? '' : '/no-ids'}`, { kills, clients, slowestRestart: traffic.slowestRestart, ...traffic.figures(route) });
      assert.deepEqual(traffic.problems, []);
      assert.deepEqual(traffic.executedWrongly(route), [], 'no tool is executed twice');
      assert.ok(account.resumed > 0, 'some calls are resumed over a kill');
      assert.deepEqual(account.total, clean);
      if (eventIds) assert.equal(account.errors, 0, 'an upstream with event ids is resumed: no call ends in an error');
      assert.equal(account.calls, account.completed + account.brokenBeforeId + account.errors + account.gaveUp, 'each call has one end');
    });
  });
}
