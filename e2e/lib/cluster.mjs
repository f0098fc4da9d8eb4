// Gateways that share a store, behind Debian's nginx, which sends each request to the next of them.
import assert from 'node:assert/strict';
import { clean } from './drops.mjs';
import { figures } from './figures.mjs';
import { Gateway, unlessControl } from './gateway.mjs';
import { RawSession, Received } from './mcp.mjs';
import { startNginx, withoutNginx } from './nginx.mjs';
import { chance } from './random.mjs';
import { Readiness } from './readiness.mjs';
import { Traffic } from './traffic.mjs';
import { Upstream } from './upstream.mjs';
import { eventually, inParallel, sleep, within } from './waiting.mjs';

export class Cluster {
  /** False where all is there that one on such a store needs, otherwise the reason to skip; in CI what is missing fails instead. */
  static missing(Store) {
    return unlessControl || withoutNginx() || Store.missing();
  }

  /**
   * One that is ready, with a store and an upstream of its own that end with it. `host` is the store's, where that is not the tests',
   * `upstream` settings of the upstream; the others are those of `start`.
   */
  static async on(Store, { host, upstream: env, ...options } = {}) {
    const upstream = await Upstream.start('sdk-v1.mjs', { EVENT_IDS: '1', ...env });
    const store = await Store.start({ host });
    const cluster = await this.start(upstream, store, options);
    cluster.own = [store, upstream];
    await cluster.ready();
    return cluster;
  }

  /** `gateway(node)` are the options of each; its flags, for which it may need its port, stand beside those of all. */
  static async start(upstream, store, { nodes = 3, flags = [], gateway = () => ({}) } = {}) {
    const cluster = new this();
    cluster.upstream = upstream;
    cluster.store = store;
    cluster.gateways = [];
    // The first makes the schema; all at once is the store's tests' business.
    for (let node = 0; node < nodes; node++) {
      const { flags: own = () => [], ...options } = gateway(node);
      cluster.gateways.push(await Gateway.start(upstream.url, { flags: port => ['--store', store.url, ...flags, ...own(port)], ...options }));
    }
    cluster.nginx = await startNginx(...cluster.gateways.map(gateway => gateway.url));
    cluster.url = cluster.nginx.url;
    return cluster;
  }

  async ready(milliseconds = 30_000) {
    await eventually(milliseconds, 'every node is ready', async () => {
      const answers = await inParallel(this.gateways.length, this.gateways.length, node =>
        fetch(`${this.gateways[node].admin}/ready`).catch(() => undefined));
      return answers.every(answer => answer?.status === 200);
    }, 20);
  }

  /** The sum of a metric over all nodes. */
  async metric(name) {
    let sum = 0;
    for (const gateway of this.gateways) sum += (await gateway.metrics()).get(name) ?? 0;
    return sum;
  }

  /**
   * Lets faults loose on calls of many clients, all the time under way, and accounts for them: of none that has an id is anything lost,
   * doubled or reordered, none is left without an answer, no tool is executed twice. `disturb(traffic, random, readiness)` may return
   * figures of its own; `readiness` hears what each node says of itself.
   */
  async underCalls(name, { seed, clients, gaps = false }, disturb) {
    const random = chance(seed);
    const route = { url: this.url, upstream: this.upstream, eventIds: true };
    const traffic = await Traffic.open([route], { random, byHand: Math.ceil(clients / 2), sdk: Math.floor(clients / 2), gaps });
    const readiness = this.gateways.map(gateway => new Readiness(gateway));
    let own;
    try {
      traffic.start();
      own = await disturb(traffic, random, readiness);
      await traffic.finish();
    } finally {
      traffic.abandon();
      for (const each of readiness) await each.stop();
      figures(name, { clients, ...own, ...traffic.figures(route), problems: traffic.problems.length });
    }
    const account = traffic.accounts.get(route);
    assert.deepEqual(traffic.problems, []);
    assert.deepEqual(traffic.executedWrongly(route), [], 'no tool is executed twice');
    assert.deepEqual(account.total, clean);
    if (!gaps) assert.deepEqual(account.said, [], 'an upstream with event ids is resumed: no call ends in an error');
    assert.equal(account.calls, account.completed + account.brokenBeforeId + account.refused + account.errors + account.gaveUp + account.forgotten, 'each call has one end');
    return account;
  }

  /**
   * Takes the node away that has a call under way, and reads on by another one: the longest time that nothing came, in milliseconds, until
   * what came was made long after.
   */
  async takeOver(holder, leave) {
    const session = await RawSession.open(holder.url);
    const received = new Received();
    const tag = `over-${holder.port}-${Date.now()}`;
    let answer = await session.startCall('count', { steps: 400, milliseconds: 25, tag }, { id: session.nextId(), progressToken: tag });
    const other = this.gateways.find(gateway => gateway !== holder);
    const progress = () => received.messages.length;
    let [longest, last, gone] = [0, 0, undefined];
    await within(90_000, `${tag} goes on`, (async () => {
      while (progress() <= 103) {
        try {
          for await (const event of answer?.eventStream ? answer.events() : []) {
            const before = progress();
            received.add(event);
            if (progress() === before) continue;
            if (gone) longest = Math.max(longest, performance.now() - last);
            last = performance.now();
            if (progress() === 3) gone = Promise.resolve(leave());
            if (progress() === 3 || progress() > 103) break;
          }
        } catch (broken) {
          if (!gone || !broken.phase) throw broken; // a connection that breaks is one to come back from
        }
        session.url = other.url;
        answer = await session.get({ cursor: received.cursor }).catch(() => undefined);
        if (!answer?.eventStream) await sleep(20);
      }
    })());
    await gone;
    assert.deepEqual(received.messages.slice(0, 103).map(message => message.params.progress), Array.from({ length: 103 }, (_, step) => step + 1));
    answer?.cut('close');
    (await session.delete()).cut('close');
    return Math.round(longest);
  }

  /**
   * Stops the node in good order that has so many calls under way, each of which comes back to another node as soon as its stream ends,
   * and reads on until all have gone on: milliseconds from the signal to the first event elsewhere, and what each was told to wait before
   * it comes back (`retry`).
   */
  async handOver(holder, calls) {
    const others = this.gateways.filter(gateway => gateway !== holder);
    const begun = await inParallel(calls, calls, async index => {
      const session = await RawSession.open(holder.url);
      const tag = `hand-over-${holder.port}-${index}-${Date.now()}`;
      const counting = { steps: 2_000, milliseconds: 40, tag };
      return { session, received: new Received(), answer: await session.startCall('count', counting, { id: session.nextId(), progressToken: tag }) };
    });
    let signalled;
    let gone = 0;
    const all = begun.map(async ({ session, received, answer }, index) => {
      let retry;
      for await (const event of answer.events()) {
        retry = event.retry ?? retry;
        received.add(event);
      }
      session.url = others[index % others.length].url;
      const before = received.messages.length;
      let resumed;
      while (!resumed?.eventStream) resumed = await session.get({ cursor: received.cursor }).catch(() => sleep(5));
      let took;
      for await (const event of resumed.events()) {
        received.add(event);
        if (took === undefined && received.messages.length > before) {
          took = performance.now() - signalled;
          gone++;
        }
        if (gone === calls) break;
      }
      assert.deepEqual(received.messages.map(message => message.params.progress), received.messages.map((_, step) => step + 1));
      resumed.cut('close');
      (await session.delete()).cut('close');
      return { took, retry: Number(retry) };
    });
    await sleep(4_000); // what began them is over, and the holder has been compiled
    signalled = performance.now();
    const stopping = holder.stop();
    const ends = await within(60_000, 'every call goes on elsewhere', Promise.all(all));
    assert.equal((await stopping).code, 0);
    return ends;
  }

  async stop() {
    await this.nginx.stop();
    for (const each of [...this.gateways, ...this.own ?? []]) await each.stop();
  }
}
