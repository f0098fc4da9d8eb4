// Three nodes and their store on hosts of their own, and the networks between them cut under calls: the store from all, the store
// from one, the nodes from one another. Nothing that had an id is lost, and /ready tells who is cut off.
//   E2E_CUT_MS          how long each cut lasts
import assert from 'node:assert/strict';
import { describe, after, test } from 'node:test';
import { Cluster } from '../lib/cluster.mjs';
import { Network } from '../lib/network.mjs';
import { Postgres, Redis } from '../lib/stores.mjs';
import { sleep } from '../lib/waiting.mjs';

const cut = Number(process.env.E2E_CUT_MS ?? 4_000);
const clients = Number(process.env.E2E_CLIENTS ?? 50);
const nodes = ['node-0', 'node-1', 'node-2'];

for (const [name, Store] of [['PostgreSQL', Postgres], ['Redis', Redis]]) {
  describe(`networks are cut, on ${name}`, { skip: Cluster.missing(Store) || Network.missing() }, () => {
    let network;
    let cluster;
    after(async () => {
      await cluster?.stop();
      network?.remove();
    });

    test('start', { timeout: 400_000 }, async () => {
      network = new Network({ clients: [...nodes, 'store'], store: [...nodes, 'store'], nodes });
      const at = host => ({ address: network.address(host, 'clients'), listen: '0.0.0.0', run: network.run(host) });
      cluster = await Cluster.on(Store, {
        host: { ...at('store'), at: network.address('store', 'store') },
        upstream: { HOST: network.address('tests', 'clients') },
        gateway: node => ({
          host: at(nodes[node]),
          flags: port => ['--node-address', `${network.address(nodes[node], 'nodes')}:${port}`, '--allow-host', network.address(nodes[node], 'clients'),
            '--allow-host', network.address(nodes[0], 'clients')],
        }),
      });
    });

    test('the store from all nodes', { timeout: 240_000 + cut }, async () => {
      await cluster.underCalls(`network-cut/${name}/store`, { seed: 57, clients }, async (traffic, random, readiness) => {
        const untilTold = await whileCut([['store', 'store']], async since => Math.max(...await Promise.all(readiness.map(each => each.until(since, 503)))));
        return { untilTold, untilReady: await readyAgain() };
      });
    });

    test('the store from one node', { timeout: 240_000 + cut }, async () => {
      await cluster.underCalls(`network-cut/${name}/store-of-one`, { seed: 58, clients }, async (traffic, random, readiness) => {
        const lonely = random.between(0, 2);
        const began = Date.now();
        const untilTold = await whileCut([[nodes[lonely], 'store']], since => readiness[lonely].until(since, 503));
        const others = readiness.filter((_, node) => node !== lonely);
        assert.deepEqual(others.flatMap(each => each.since(began, 503)), [], 'the others are as ready as before');
        return { untilTold, untilReady: await readyAgain() };
      });
    });

    test('the nodes from one another', { timeout: 240_000 + cut }, async () => {
      await cluster.underCalls(`network-cut/${name}/split`, { seed: 59, clients }, async (traffic, random, readiness) => {
        const began = Date.now();
        await whileCut(nodes.map(node => [node, 'nodes']), () => {});
        assert.deepEqual(readiness.flatMap(each => each.since(began, 503)), [], 'each of them serves what it holds');
        return { untilReady: await readyAgain() };
      });
    });

    /** Cuts, waits for what is asked and for the rest of the time, and heals. */
    async function whileCut(places, ask) {
      await sleep(1_500);
      const began = Date.now();
      for (const [host, from] of places) network.cut(host, from);
      try {
        const answer = await ask(began);
        await sleep(Math.max(0, began + cut - Date.now()));
        return answer;
      } finally {
        for (const [host, from] of places) network.heal(host, from);
      }
    }

    async function readyAgain() {
      const healed = Date.now();
      await cluster.ready(60_000);
      await sleep(1_500);
      return Date.now() - healed - 1_500;
    }
  });
}
