// A replica takes over from the Redis that three nodes share, under calls: by Sentinel, and by hand with the last moments lost, which one
// of the nodes may see late. What is lost is told to the client as a gap; nothing else is missing, doubled or reordered.
//   E2E_STORE_ROUNDS    how often each
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../lib/cluster.mjs';
import { Relay } from '../lib/relay.mjs';
import { Redis, Sentinels } from '../lib/stores.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { sleep } from '../lib/waiting.mjs';

const rounds = Number(process.env.E2E_STORE_ROUNDS ?? 1);
const clients = Number(process.env.E2E_CLIENTS ?? 50);
const options = { skip: Cluster.missing(Redis), timeout: 120_000 + rounds * 120_000 };

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

test('a replica that lacks the last moments is made the master by hand', options, async t => {
  await byHand(t, 'redis-failover/by-hand', async () => {});
});

test('one of the nodes finds that master later than the others by more than a lease', options, async t => {
  await byHand(t, 'redis-failover/by-hand/late', async ([late]) => {
    late.child.process.kill('SIGSTOP');
    await sleep(2_500);
    late.child.process.kill('SIGCONT');
  });
});

async function byHand(t, name, onceMoved) {
  const [upstream, master, replica] = await started(t);
  const replication = await Relay.start(master.port);
  t.after(() => replication.stop());
  await replica.follow(replication.port);
  const address = await Relay.start(master.port);
  t.after(() => address.stop());
  const cluster = await clusterOn(t, upstream, { url: `redis://127.0.0.1:${address.port}` });
  const account = await cluster.underCalls(name, { seed: 56, clients, gaps: true }, async () => {
    await sleep(2_000);
    replication.cut = true;
    await sleep(700); // what is confirmed now is on the master alone
    await master.kill('SIGKILL');
    await replica.command('REPLICAOF', 'NO', 'ONE');
    address.moveTo(replica.port);
    await onceMoved(cluster.gateways);
    await sleep(500);
    await cluster.ready();
    await sleep(2_000);
  });
  assert.ok(account.toldMissing + account.toldTwice > 0, 'what was lost is told');
  assert.deepEqual(account.forgottenTags, [], 'who serves a call puts anew what the replica lacks of it');
}

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
