// A store that fails, stands still, is slow or runs full under open calls, and kill -9 in each of these: nothing is lost, doubled
// or put in another order, each call has one answer, and /ready says what is true and is well again by itself.
//   E2E_FAULT_ROUNDS    how often each fault comes
//   E2E_FAULT_CLIENTS   clients of each kind (by hand, SDK, listening) before each upstream
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { clean } from '../lib/drops.mjs';
import { FaultyGateway } from '../lib/faulty-gateway.mjs';
import { figures } from '../lib/figures.mjs';
import { unlessControl } from '../lib/gateway.mjs';
import { exchange } from '../lib/http.mjs';
import { initializeRequest } from '../lib/mcp.mjs';
import { chance } from '../lib/random.mjs';
import { Readiness } from '../lib/readiness.mjs';
import { SmallDisk, smallStore } from '../lib/small-disk.mjs';
import { Traffic } from '../lib/traffic.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, sleep } from '../lib/waiting.mjs';

const rounds = Number(process.env.E2E_FAULT_ROUNDS ?? 1);
const clients = Number(process.env.E2E_FAULT_CLIENTS ?? 3);
const atOnce = 1_000; // /ready has to say what is wrong within it
const longestBackoff = 5_000;
const disk = unlessControl ? undefined : SmallDisk.mount(160);
const timeout = 120_000 + rounds * 120_000;

describe('a store with faults', { skip: unlessControl, timeout }, () => {
  let upstreams;
  before(async () => {
    upstreams = { ids: await Upstream.start('sdk-v1.mjs'), plain: await Upstream.start('sdk-v1.mjs', { EVENT_IDS: '0' }) };
  });
  after(() => Promise.all(Object.values(upstreams ?? {}).map(upstream => upstream.stop())));

  test('three in ten appends fail', { timeout }, () => withTraffic(40, 'random', async run => {
    await run.gateway.have('random:30');
    await sleep(4_000);
    run.failed = (await run.gateway.report()).failures;
    await run.traffic.kill(run.gateway);
    await sleep(3_000);
    await heal(run);
    assert.ok(run.failed > 10, `${run.failed} appends failed`);
  }));

  test('nothing is written for 10 s', { timeout }, () => withTraffic(41, 'outage', async run => {
    await run.gateway.have('outage');
    await toldOfFailure(run, /told to fail/);
    const refusal = await initialize(run.gateway.urlOf('ids'));
    await sleep(10_000 - refusal.milliseconds);
    assert.equal(refusal.status, 503, 'no session begins that could not be kept');
    await heal(run);
    await sleep(1_000);
    await run.gateway.have('outage');
    await sleep(500);
    await run.traffic.kill(run.gateway);
    await toldOfFailure(run, /told to fail/);
    await heal(run);
  }));

  test('nothing is written or read for 3 s', { timeout }, () => withTraffic(42, 'outage-of-reads', async run => {
    await run.gateway.have('outage-of-reads');
    await toldOfFailure(run, /told to fail/);
    await sleep(3_000);
    await heal(run);
  }));

  test('the disk is full', { timeout, skip: !disk && 'no file system can be mounted here' }, () => withTraffic(44, 'disk-full', async run => {
    disk.fill();
    await toldOfFailure(run, /the disk is full/, () => disk.fill());
    await sleep(2_000);
    await run.traffic.kill(run.gateway, async () => {
      run.gateway.spawn();
      const end = await Promise.race([run.gateway.child.ended, run.gateway.child.line(/^shadowcat: listening on/)]);
      run.startOnFullDisk = end.code === undefined ? 'listens' : `exit ${end.code}: ${run.gateway.child.errors.trim()}`;
      await run.gateway.child.kill();
      disk.free();
    });
    await heal(run);
    await sleep(1_000);
    assert.match(run.startOnFullDisk, /^listens$|^exit 1: .*the disk of .* is full$/);
  }, { data: disk && join(disk.folder, 'data'), flags: smallStore, padding: 4_000 }));

  test('each batch takes 200 ms', { timeout }, () => withTraffic(43, 'slow', async run => {
    const told = await run.gateway.have('slow:200');
    await sleep(4_000);
    assert.deepEqual(run.readiness.since(told, 503), [], 'a slow store is no failing one');
    await run.traffic.kill(run.gateway);
    await sleep(3_000);
    await heal(run);
  }));

  /** Lets the work be done under traffic, again and again, and looks at what became of the calls. */
  async function withTraffic(seed, name, work, { data, flags, padding = 0 } = {}) {
    const random = chance(seed);
    const gateway = await FaultyGateway.startBefore(Object.fromEntries(Object.entries(upstreams).map(([key, { url }]) => [key, url])), { data, flags });
    const routes = Object.entries(upstreams).map(([key, upstream]) => ({ name: key, url: gateway.urlOf(key), upstream, eventIds: key === 'ids' }));
    const settings = { random, byHand: clients, sdk: clients, listeners: clients, steps: [10, 60], pauses: [20, 60], padding, drops: 2 };
    const traffic = await Traffic.open(routes, settings);
    const readiness = new Readiness(gateway);
    const run = { gateway, traffic, readiness, untilToldOf: [], untilWell: [] };
    try {
      traffic.start();
      await sleep(1_000);
      for (let round = 0; round < rounds; round++) await work(run);
      await traffic.finish();
    } finally {
      traffic.abandon();
      await readiness.stop();
      run.end = await gateway.stop();
      const { kills, slowestRestart } = traffic;
      const delays = { untilToldOf: Math.max(0, ...run.untilToldOf), untilWell: Math.max(0, ...run.untilWell) };
      for (const route of routes) figures(`faults/${name}/${route.name}`, { kills, slowestRestart, ...delays, ...traffic.figures(route) });
    }
    judge(run, routes);
  }

  function judge({ traffic, readiness, gateway, end, healed }, routes) {
    assert.deepEqual(traffic.problems, []);
    for (const route of routes) {
      const account = traffic.accounts.get(route);
      assert.deepEqual(account.total, clean, route.name);
      assert.deepEqual(traffic.executedWrongly(route), [], 'no tool is executed twice, nor after a refusal');
      assert.equal(account.calls, account.completed + account.brokenBeforeId + account.refused + account.errors + account.gaveUp, 'each call has one end');
      if (route.eventIds || traffic.kills === 0) assert.equal(account.errors, 0, `${route.name}: an upstream that can be resumed leaves no call in doubt`);
      if (traffic.kills === 0) assert.equal(account.brokenBeforeId, 0, 'only a kill breaks a connection without a word');
    }
    assert.deepEqual(readiness.since(healed + longestBackoff + atOnce, 503), [], 'it stays well');
    assert.equal(end.code, 0, gateway.child.said());
  }
});

/** How long /ready took to say it, counted from the first append that failed. */
async function toldOfFailure({ gateway, traffic, readiness, untilToldOf }, reason, meanwhile = () => {}) {
  const began = await eventually(20_000, 'an append fails', async () => { meanwhile(); return (await gateway.report()).failedAt; }, 10);
  const failedAt = Math.max(began, traffic.restartedAt);
  const told = await eventually(10_000, '/ready says that the store fails', () => readiness.firstAfter(failedAt, 503), 10);
  untilToldOf.push(told.at - failedAt);
  assert.match(told.text, reason);
  assert.ok(told.at - failedAt <= atOnce, `/ready told of it after ${told.at - failedAt} ms`);
}

/** Takes the fault away, and waits for /ready to be well by itself. */
async function heal(run) {
  run.healed = await run.gateway.have('none');
  const well = await eventually(30_000, '/ready is well again', () => run.readiness.firstAfter(run.healed, 200), 10);
  run.untilWell.push(well.at - run.healed);
  assert.ok(well.at - run.healed <= longestBackoff + atOnce, `/ready was well after ${well.at - run.healed} ms`);
}

async function initialize(url) {
  const began = performance.now();
  const answer = await exchange(url, initializeRequest);
  answer.cut('close');
  return { status: answer.status, milliseconds: performance.now() - began };
}
