// Nodes of an older version (e2e/build-previous) and of this one share a store: an upgrade, the way back, and take-overs from one to the other.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Cluster } from '../lib/cluster.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway, launcher as current, previous, withoutPrevious } from '../lib/gateway.mjs';
import { Broken } from '../lib/http.mjs';
import { RawSession, Received } from '../lib/mcp.mjs';
import { Postgres, Redis } from '../lib/stores.mjs';
import { sleep } from '../lib/waiting.mjs';

const clients = Number(process.env.E2E_CLIENTS ?? 50);
const longest = Number(process.env.E2E_TAKE_OVER_MS ?? 10_000);

const newerTables = `INSERT INTO shadowcat.shadowcat_schema
  SELECT installed_rank + 1, '2', description, type, script, checksum, installed_by, installed_on, execution_time, success
  FROM shadowcat.shadowcat_schema ORDER BY installed_rank DESC LIMIT 1`;
const stores = [
  ['PostgreSQL', Postgres, store => store.query(newerTables)],
  ['Redis', Redis, store => store.command('HSET', 'shadowcat:store', 'format', '2')],
];

for (const [name, Store, makeNewer] of stores) {
  describe(`two versions on ${name}`, { skip: Cluster.missing(Store) || withoutPrevious() }, () => {
    let cluster;
    after(() => cluster?.stop());

    test('start', { timeout: 400_000 }, async () => {
      cluster = await Cluster.on(Store, { gateway: () => ({ version: previous }) });
    });

    test(`an upgrade, a step back and two kills under ${clients} clients`, { timeout: 300_000 }, async () => {
      await cluster.underCalls(`upgrade/${name}`, { seed: 54, clients }, async traffic => {
        const [account] = traffic.accounts.values();
        const broken = { previous: 0, current: 0 };
        const stops = { previous: [], current: [] };
        const takeOvers = [];
        /** Stops a node in good order, and starts a version in its place. */
        const replace = async (gateway, version) => {
          const kind = gateway.version === current ? 'current' : 'previous';
          await sleep(500);
          const [before, began] = [told(account), performance.now()];
          const { code } = await gateway.stop();
          assert.equal(code, 0);
          stops[kind].push(Math.round(performance.now() - began));
          await start(gateway, version);
          broken[kind] += told(account) - before;
        };
        const [first, second, third] = cluster.gateways;
        await replace(first, current);
        await replace(first, previous); // none of the others is of this version
        for (const gateway of cluster.gateways) await replace(gateway, current);
        await replace(first, previous);
        await replace(third, current); // hands over to both
        for (const gateway of [first, second]) { // what the one held the other takes
          traffic.kills++;
          takeOvers.push(await cluster.takeOver(gateway, () => gateway.kill()));
          await start(gateway, gateway.version);
        }
        assert.ok(Math.max(...takeOvers) < longest, `${takeOvers} ms`);
        // The older version closed connections with a request under way when it stopped: what breaks then is its own fault.
        assert.equal(broken.current, 0, 'clients that saw an error where a node of this version stopped');
        return { brokenByOldStops: broken.previous, brokenByStops: broken.current, oldStops: stops.previous.join('/'), stops: stops.current.join('/'), takeOvers: takeOvers.join('/') };
      });
    });

    test('a session goes from one version to the other and back', { timeout: 120_000 }, async () => {
      const [older, newer] = cluster.gateways;
      assert.deepEqual([older.version, newer.version], [previous, current]);
      await thereAndBack(older, newer);
      await thereAndBack(newer, older);
    });

    test('what a newer version made is refused by both, and left as it is', { timeout: 60_000 }, async () => {
      await makeNewer(cluster.store);
      for (const version of [previous, current]) {
        await assert.rejects(Gateway.start(cluster.upstream.url, { flags: ['--store', cluster.store.url], version }),
          /"code":1[^]*the store has format 2, but this version of Shadowcat reads up to 1: use the version that wrote it, or a newer one/);
      }
    });

    async function start(gateway, version) {
      gateway.version = version;
      await gateway.restart();
      await cluster.ready();
    }

    /** A call begun at one node goes on at the other when the first one stops, and ends at the first one when the other stops. */
    async function thereAndBack(one, other) {
      const session = await RawSession.open(one.url);
      const received = new Received();
      const tag = `there-and-back-${one.port}`;
      const id = session.nextId();
      const call = await session.startCall('count', { steps: 50, milliseconds: 50, tag }, { id, progressToken: tag });
      await readUntil(3, received, call);
      const [{ id: begin }] = received.events;
      session.url = other.url;
      await readOn(session, received, received.messages.length + 3); // sent on to who holds it
      await one.stop();
      await readOn(session, received, received.messages.length + 3);
      await start(one, one.version);
      await other.stop();
      session.url = one.url;
      await readOn(session, received, 51);
      await start(other, other.version);
      assert.deepEqual(received.messages.slice(0, 50).map(message => message.params?.progress), Array.from({ length: 50 }, (_, step) => step + 1));
      assert.equal(received.messages[50].id, id);
      assert.equal(received.repeatedIds, 0);
      for (const gateway of cluster.gateways) {
        session.url = gateway.url;
        const replayed = new Received();
        replayed.cursor = begin;
        await readOn(session, replayed, 50);
        assert.deepEqual(replayed.events, received.events.slice(1), `all of it, from the node at ${gateway.url}`);
      }
      figures(`upgrade/${name}/there-and-back`, { events: received.events.length, executed: cluster.upstream.executions().get(tag) });
      assert.equal(cluster.upstream.executions().get(tag), 1);
      (await session.delete()).cut('close');
    }
  });
}

/** How many calls their clients were told of something else than their result. */
function told({ brokenBeforeId, refused, errors }) {
  return brokenBeforeId + refused + errors;
}

async function readOn(session, received, messages) {
  while (received.messages.length < messages) {
    const answer = await session.get({ cursor: received.cursor }).catch(ofTheNetwork);
    if (answer?.eventStream) await readUntil(messages, received, answer).catch(ofTheNetwork);
    else await sleep(20);
  }
}

async function readUntil(messages, received, answer) {
  for await (const event of answer.events()) {
    received.add(event);
    if (received.messages.length >= messages) return;
  }
}

function ofTheNetwork(error) {
  if (!(error instanceof Broken)) throw error;
}
