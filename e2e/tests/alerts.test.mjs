// The alerts of deploy/prometheus: their unit tests, and a real Prometheus that tells when a gateway's store fails and when it is
// well again. The rules are the shipped ones, but that their minutes are seconds.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { FaultyGateway } from '../lib/faulty-gateway.mjs';
import { figures } from '../lib/figures.mjs';
import { unlessControl } from '../lib/gateway.mjs';
import { faults, RawSession } from '../lib/mcp.mjs';
import { freePort } from '../lib/processes.mjs';
import { deploy, Prometheus, promtool, withoutPrometheus } from '../lib/prometheus.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually } from '../lib/waiting.mjs';

const file = name => join(deploy, 'prometheus', name);
const timeout = 180_000;

describe('alerts', { skip: unlessControl || withoutPrometheus(), timeout }, () => {
  test('the rules and the example are right, and the unit tests of the rules pass', () => {
    for (const args of [['check', 'config', file('prometheus.yml')], ['check', 'rules', file('shadowcat.rules.yml')],
      ['test', 'rules', file('shadowcat.rules.test.yml')]]) {
      const { status, said } = promtool(...args);
      assert.equal(status, 0, said);
    }
  });

  describe('of a gateway whose store fails', () => {
    let upstream;
    let gateway;
    let prometheus;

    before(async () => {
      upstream = await Upstream.start('sdk-v1.mjs');
      gateway = await FaultyGateway.startBefore({ ids: upstream.url }, { flags: ['--queue-capacity', '50'] });
      prometheus = await Prometheus.start([new URL(gateway.admin).host]);
      // Its first scrape may take longer than there is time for, while much is run for the first time.
      await eventually(20_000, 'the gateway is scraped, and all is well', async () =>
        (await prometheus.query('gateway_ready == 1')).length && (await prometheus.alerts()).length === 0);
    });
    after(async () => {
      for (const started of [prometheus, gateway, upstream]) await started?.stop();
    });

    test('go pending, fire and are resolved by themselves', { timeout }, async () => {
      const sessions = await Promise.all(Array.from({ length: 10 }, () => RawSession.open(gateway.urlOf('ids'))));
      await gateway.have('outage');
      const calls = sessions.map((session, index) =>
        session.call('count', { steps: 50, milliseconds: 5, tag: `alerts-${index}` }, { progressToken: 'p', timeout }));

      const expected = ['ShadowcatNotReady', 'ShadowcatQueueNearlyFull', 'ShadowcatRetryQueueGrowing'];
      const fire = await eventually(60_000, `${expected} fire`, async () => allFiring(await prometheus.alerts(), expected));
      await gateway.have('none');
      await eventually(60_000, 'all alerts are resolved', async () => (await prometheus.alerts()).length === 0);

      for (const alert of expected) await wentPendingThenFired(prometheus, alert);
      assert.deepEqual(fire.map(alert => alert.labels.instance), expected.map(() => new URL(gateway.admin).host));
      for (const { events } of await Promise.all(calls)) {
        const progress = events.filter(event => event.data).map(event => JSON.parse(event.data).params?.progress).filter(Boolean);
        assert.deepEqual(faults(progress, 50), { lost: 0, doubled: 0, reordered: 0 });
      }
    });

    test('tell that it is gone, and that it is back', { timeout }, async () => {
      await gateway.kill();
      await eventually(30_000, 'ShadowcatDown fires', async () => allFiring(await prometheus.alerts(), ['ShadowcatDown']));
      await gateway.restart();
      await eventually(30_000, 'all alerts are resolved', async () => (await prometheus.alerts()).length === 0);
      await wentPendingThenFired(prometheus, 'ShadowcatDown');
    });
  });

  test('each of them can fire, says how grave it is and what to look at, and has its section in the runbook', { timeout }, async () => {
    const target = await badGateway();
    const gone = `127.0.0.1:${await freePort()}`;
    const prometheus = await Prometheus.start([target.address, gone]);
    const rules = await prometheus.rules();
    const names = rules.map(rule => rule.name);
    assert.ok(rules.length >= 15);
    const firing = await eventually(90_000, 'every alert fires', async () => allFiring(await prometheus.alerts(), names)).catch(async error => {
      throw new Error(`${error.message}; not firing: ${notFiring(await prometheus.alerts(), names)}`);
    });
    for (const { labels, annotations } of firing) {
      assert.match(labels.severity, /^(page|ticket)$/, labels.alertname);
      assert.equal(labels.instance, labels.alertname === 'ShadowcatDown' ? gone : target.address);
      assert.ok(annotations.summary.startsWith(labels.instance), annotations.summary);
      assert.doesNotMatch(annotations.summary, /error|no value|%!|NaN|Inf/);
      assert.ok(annotations.description.length > 40, labels.alertname);
      assert.equal(annotations.runbook, `docs/runbook.md#${labels.alertname.toLowerCase()}`);
    }
    const runbook = readFileSync(join(deploy, '../docs/runbook.md'), 'utf8');
    const sections = new Map([...runbook.matchAll(/^### (Shadowcat\w+)\n\n\*(\w+)\.\*(?=[^#]+\*\*Clients\*\*[^#]+\*\*Look at\*\*[^#]+\*\*Do\*\*)/gm)].map(([, name, severity]) => [name, severity]));
    assert.deepEqual(Object.fromEntries([...sections].sort()), Object.fromEntries(rules.map(rule => [rule.name, rule.labels.severity]).sort()));
    const tested = readFileSync(file('shadowcat.rules.test.yml'), 'utf8');
    assert.deepEqual(names.filter(name => !tested.includes(`"${name}", alertstate="firing"`)), [], 'a unit test lets each fire');
    figures('alerts', { rules: rules.length, fired: firing.length });
    await prometheus.stop();
    target.stop();
  });
});

/** Of each name the alert that fires, in the order of the names; undefined where one does not. */
function allFiring(alerts, names) {
  const found = names.map(name => alerts.find(alert => alert.labels.alertname === name && alert.state === 'firing'));
  return found.every(Boolean) ? found : undefined;
}

function notFiring(alerts, names) {
  return names.filter(name => !allFiring(alerts, [name]));
}

/** By what Prometheus recorded itself, since a look from outside may come too late. */
async function wentPendingThenFired(prometheus, alert) {
  const states = new Map((await prometheus.query(`ALERTS{alertname="${alert}"}[10m]`)).map(({ metric, values }) => [metric.alertstate, values]));
  assert.ok(states.get('pending')?.[0][0] < states.get('firing')?.[0][0], `${alert} was pending before it fired`);
}

/** Metrics of a gateway on which nothing is well, as text that anyone can read who knows the names. */
async function badGateway() {
  const began = Date.now();
  const perSecond = {
    'persistence_dropped_total{reason="refused"}': 1, persistence_unstored_delivered_total: 5, upstream_failures_total: 5, sse_gaps_total: 1,
    'requests_forward_failures_total{reason="silent"}': 5, sessions_lost_total: 1, 'session_claims_total{outcome="taken_over"}': 1,
    sse_slow_clients_total: 2, activity_updates_total: 2_000, persistence_coalesced_total: 100, memory_bytes_per_session_sum: 600_000,
    memory_bytes_per_session_count: 100, string_intern_hits_total: 10, string_intern_misses_total: 90, session_evictions_total: 50,
    threads_started_total: 50, 'persistence_latency_seconds_bucket{le="1"}': 10, 'persistence_latency_seconds_bucket{le="2.5"}': 100,
    'persistence_latency_seconds_bucket{le="+Inf"}': 100, persistence_latency_seconds_count: 100, persistence_retry_queue_depth: 10,
  };
  const always = { gateway_ready: 0, persistence_queue_depth: 950, persistence_queue_capacity: 1_000, activity_queue_depth: 900, memory_session_count: 5_000 };
  const server = createServer((request, response) => {
    const seconds = (Date.now() - began) / 1_000;
    const samples = [...Object.entries(always), ...Object.entries(perSecond).map(([name, rate]) => [name, rate * seconds])];
    response.end(samples.map(([name, value]) => `${name} ${value}\n`).join(''));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: `127.0.0.1:${server.address().port}`, stop: () => { server.close(); server.closeAllConnections(); } };
}
