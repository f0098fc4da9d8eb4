// The store that three nodes share is restarted under calls, orderly, at once and by kill -9: nothing that had an id is lost.
//   E2E_STORE_ROUNDS    how often in each way
//   E2E_STORE_DOWN_MS   how long it is gone
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../lib/cluster.mjs';
import { Postgres, Redis } from '../lib/stores.mjs';
import { sleep } from '../lib/waiting.mjs';

const rounds = Number(process.env.E2E_STORE_ROUNDS ?? 1);
const down = Number(process.env.E2E_STORE_DOWN_MS ?? 1_500);
const clients = Number(process.env.E2E_CLIENTS ?? 50);
const stores = [
  { name: 'PostgreSQL', Store: Postgres, ways: { fast: 'SIGINT', immediate: 'SIGQUIT', 'kill -9': 'SIGKILL' } },
  { name: 'Redis', Store: Redis, ways: { stopped: 'SIGTERM', 'kill -9': 'SIGKILL' } },
];

for (const { name, Store, ways } of stores) {
  const timeout = 120_000 + Object.keys(ways).length * rounds * (down + 60_000);
  test(`${name} is restarted: ${Object.keys(ways).join(', ')}`, { skip: Cluster.missing(Store), timeout }, async t => {
    const cluster = await Cluster.on(Store);
    t.after(() => cluster.stop());
    const { store } = cluster;
    const account = await cluster.underCalls(`store-restart/${name}`, { seed: 54, clients }, async (traffic, random, readiness) => {
      const [untilTold, untilReady] = [[], []];
      for (let round = 0; round < rounds; round++) {
        for (const signal of Object.values(ways)) {
          await sleep(1_000);
          const gone = Date.now();
          await store.kill(signal);
          untilTold.push(await said(readiness, gone, 503));
          await sleep(Math.max(0, gone + down - Date.now()));
          const back = Date.now();
          await store.launch();
          untilReady.push(await said(readiness, back, 200));
        }
      }
      await sleep(1_000);
      return { untilTold: untilTold.join('/'), untilReady: untilReady.join('/') };
    });
    assert.ok(account.completed > 0);
  });
}

/** How long it took until each node said so of itself, in milliseconds since a moment. */
async function said(readiness, since, status) {
  return Math.max(...await Promise.all(readiness.map(each => each.until(since, status))));
}
