// SIGTERM of the gateway under open calls and standalone streams, and a start right after it: it ends with 0 within 10 s, its
// clients are told when to come back, and nothing is lost. Where the server gives no event ids, a call that ends while the
// gateway drains still gets its answer: the server holds those calls until the gateway was told to stop.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { clean, tally } from '../lib/drops.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { Broken } from '../lib/http.mjs';
import { RawSession, Received } from '../lib/mcp.mjs';
import { connectV1, connectV2 } from '../lib/sdk.mjs';
import { temporaryFolder } from '../lib/processes.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, sleep, within } from '../lib/waiting.mjs';

const steps = 40;
const each = 8;

for (const [name, eventIds] of [['with event ids', '1'], ['without event ids', '0']]) {
  describe(`SIGTERM, an upstream ${name}`, { skip: unlessControl }, () => {
    let upstream;
    let gateway;
    after(async () => {
      await gateway?.stop();
      await upstream?.stop();
    });

    test('open calls and standalone streams go on after the restart', { timeout: 180_000 }, async () => {
      const gate = join(temporaryFolder('gate'), 'open');
      const milliseconds = eventIds === '1' ? 100 : 20;
      upstream = await Upstream.start('sdk-v1.mjs', { EVENT_IDS: eventIds, ...(eventIds === '1' ? {} : { GATE: gate }) });
      gateway = await Gateway.start(upstream.url);
      const run = { total: { ...clean }, errors: 0, retries: [] };
      const raw = await Promise.all(Array.from({ length: each }, () => RawSession.open(gateway.url)));
      const sdk = await Promise.all(Array.from({ length: each }, (_, index) => (index % 2 ? connectV1 : connectV2)(gateway.url)));
      const listeners = raw.map(session => new Listener(session, run));
      await Promise.all(listeners.map(listener => listener.open()));
      const announcing = [...raw.map((session, index) => session.call('announce', { count: steps, milliseconds: 100, tag: `raw-${index}` })),
        ...sdk.map((peer, index) => peer.client.callTool({ name: 'announce', arguments: { count: steps, milliseconds: 100, tag: `sdk-${index}` } }))];
      await Promise.all(announcing);
      const calls = [...raw.map((session, index) => rawCall(session, index, run, milliseconds)), ...sdk.map((peer, index) => sdkCall(peer, index, run, milliseconds))];
      for (const call of calls) call.catch(() => {}); // it is awaited below, after other waits that may fail first
      await eventually(20_000, 'every call runs', () => upstream.executions().size >= 4 * each);
      await sleep(1_000);

      const began = performance.now();
      const stopping = gateway.stop();
      await sleep(500);
      writeFileSync(gate, '');
      const { code, signal } = await stopping;
      const stopped = Math.round(performance.now() - began);
      const left = Math.min(...listeners.map(listener => listener.leftAt ?? Infinity));
      await gateway.launch();
      const away = Math.round(performance.now() - left); // SDK clients try twice, and give up after twice `retry`

      await within(120_000, `every call ends (clients were away for ${away} ms)`, Promise.all(calls));
      await Promise.all(listeners.map((listener, index) => listener.reopen(`raw-${index}`, eventIds === '1' ? steps : 0)));
      const announced = { ...clean };
      if (eventIds === '1') {
        const numbers = (messages, tag) => messages.filter(message => message.params?.data?.tag === tag).map(message => message.params.data.number);
        await eventually(30_000, 'the announcements to the SDK clients', () => sdk.every((peer, index) => numbers(peer.heard, `sdk-${index}`).length >= steps)).catch(() => {});
        for (const [index, peer] of sdk.entries()) tally(announced, numbers(peer.heard, `sdk-${index}`), steps);
        for (const [index, listener] of listeners.entries()) tally(announced, numbers(listener.received.messages, `raw-${index}`), steps);
      }
      const executions = upstream.executions();
      const twice = [...executions].filter(([, count]) => count !== 1);
      figures(`sigterm${eventIds === '0' ? '/no-ids' : ''}`, {
        calls: calls.length, errors: run.errors, code, signal, stopped, away, retry: `${Math.min(...run.retries)}-${Math.max(...run.retries)}`, executedTwice: twice.length, ...run.total,
        announcementsLost: announced.lost, announcementsDoubled: announced.doubled,
      });
      assert.equal(code, 0, `exit ${code} ${signal}: ${gateway.child.said()}`);
      assert.ok(stopped < 10_000, `stopped after ${stopped} ms`);
      assert.deepEqual(run.total, clean);
      assert.deepEqual(announced, clean);
      assert.deepEqual(twice, []);
      assert.ok(new Set(run.retries).size > 1, 'they do not come back all at once');
      assert.equal(run.errors, 0, 'calls that end within the shutdown deadline, or can be resumed, end with their result');
      for (const retry of run.retries) assert.ok(retry >= 5_600 && retry <= 10_400, `retry ${retry}: 8 s, 30 % more or less`);
      await Promise.all(sdk.map(peer => peer.close()));
    });
  });
}

/** A call by hand: it is told `retry` when it is sent away, and comes back. */
async function rawCall(session, index, run, milliseconds) {
  const id = session.nextId();
  const received = new Received();
  const read = async answer => {
    let retry;
    for await (const event of answer.events()) {
      retry = event.retry ?? retry;
      received.add(event);
    }
    return Number(retry);
  };
  const told = await read(await session.startCall('count', { steps, milliseconds, tag: `raw-call-${index}` }, { id, progressToken: index })).catch(broken);
  if (!received.answerTo(id)) {
    run.retries.push(told);
    await eventually(60_000, 'the gateway is back', () => session.get({ cursor: received.cursor }).then(read).then(() => received.answerTo(id), unreachable), 500);
  }
  const answer = received.answerTo(id);
  if (answer.error) return void run.errors++;
  tally(run.total, received.messages.filter(message => message.method === 'notifications/progress').map(message => message.params.progress), steps);
}

async function sdkCall(peer, index, run, milliseconds) {
  const numbers = [];
  const call = { name: 'count', arguments: { steps, milliseconds, tag: `sdk-call-${index}` } };
  const options = { onprogress: progress => numbers.push(progress.progress) };
  try {
    await (index % 2 ? peer.client.callTool(call, undefined, options) : peer.client.callTool(call, options));
  } catch (error) {
    const said = peer.errors.map(String).join('; ');
    if (!(error.code <= -32_000) || /timed out/i.test(error.message)) throw new Error(`${call.arguments.tag}: ${error.message}; the client said: ${said}`);
    return void run.errors++;
  }
  tally(run.total, numbers, steps);
}

/** A standalone stream read by hand, before the restart and after it. */
class Listener {
  received = new Received();

  constructor(session, run) {
    this.session = session;
    this.run = run;
  }

  async open() {
    const answer = await this.session.get();
    this.reading = this.#read(answer);
  }

  async #read(answer, enough = () => false) {
    let retry;
    for await (const event of answer.events()) {
      retry = event.retry ?? retry;
      this.received.add(event);
      if (enough()) return;
    }
    if (this.leftAt) return;
    this.leftAt = performance.now();
    this.run.retries.push(Number(retry));
  }

  async reopen(tag, count) {
    await this.reading.catch(broken);
    const numbers = () => this.received.messages.filter(message => message.params?.data?.tag === tag).length;
    if (numbers() >= count) return;
    const answer = await this.session.get({ cursor: this.received.cursor });
    await within(30_000, `the announcements of ${tag}`, this.#read(answer, () => numbers() >= count)).catch(() => answer.cut('close'));
  }
}

function broken(error) {
  if (!(error instanceof Broken)) throw error;
}

/** While the gateway is down; everything else is a fault. */
function unreachable(error) {
  if (error instanceof Broken) return undefined;
  throw error;
}
