// Sentinel makes a replica the master of the Redis that three nodes share, under calls. What the old one had confirmed and the new one
// lacks is told to clients as a gap; nothing else is missing, doubled or reordered.
//   E2E_STORE_ROUNDS    how often
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../lib/cluster.mjs';
import { unlessControl } from '../lib/gateway.mjs';
import { withoutNginx } from '../lib/nginx.mjs';
import { Redis, Sentinels } from '../lib/stores.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { sleep } from '../lib/waiting.mjs';

const rounds = Number(process.env.E2E_STORE_ROUNDS ?? 1);
const clients = Number(process.env.E2E_CLIENTS ?? 50);
const options = { skip: unlessControl || withoutNginx() || Redis.missing(), timeout: 120_000 + rounds * 120_000 };

test('Sentinel makes a replica the master', options, async t => {
  const [upstream, master, replica] = await started(t);
  await replica.follow(master.port);
  const sentinels = await Sentinels.start(master);
  t.after(() => sentinels.stop());
  const cluster = await clusterOn(t, upstream, sentinels);
  const account = await cluster.underCalls('redis-failover/sentinel', { seed: 55, clients, gaps: true }, async (traffic, random, readiness) => {
    const failovers = [];
    let servers = [master, replica];
    for (let round = 0; round < rounds; round++) {
      await sleep(2_000);
      const killed = Date.now();
      await servers[0].kill('SIGKILL');
      for (const each of readiness) await each.until(killed, 503);
      await cluster.ready();
      failovers.push(Date.now() - killed);
      servers.reverse();
      await servers[1].launch(); // Sentinel makes it a replica
      await sleep(2_000);
    }
    return { failovers: failovers.join('/') };
  });
  assert.ok(account.completed > 0);
});

async function started(t) {
  const upstream = await Upstream.start('sdk-v1.mjs', { EVENT_IDS: '1' });
  const servers = [await Redis.start(), await Redis.start()];
  for (const each of [upstream, ...servers]) t.after(() => each.stop());
  return [upstream, ...servers];
}

async function clusterOn(t, upstream, store) {
  const cluster = await Cluster.start(upstream, store);
  t.after(() => cluster.stop());
  await cluster.ready();
  return cluster;
}
