// The dashboard of deploy/grafana: its form, and that each of its expressions, and each of the rules', gives data in a real
// Prometheus while a gateway is under load. Every name of a metric, in it, in the rules and on the pages, is one that there is.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { RawSession } from '../lib/mcp.mjs';
import { deploy, Prometheus, withoutPrometheus } from '../lib/prometheus.mjs';
import { chance } from '../lib/random.mjs';
import { Traffic } from '../lib/traffic.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, sleep } from '../lib/waiting.mjs';

const timeout = 300_000;
const dashboard = JSON.parse(readFileSync(join(deploy, 'grafana/shadowcat.json'), 'utf8'));
const panels = dashboard.panels.filter(panel => panel.type !== 'row');
const expressions = panels.flatMap(panel => panel.targets.map(target => ({ what: `panel "${panel.title}"`, expression: target.expr })));

describe('the form of the dashboard', () => {
  test('asks what an operator asks, in that order', () => {
    const rows = dashboard.panels.filter(panel => panel.type === 'row');
    assert.deepEqual(rows.map(row => row.title), ['Is it keeping up?', 'Is anything lost?', 'Who waits?', 'What does it cost?']);
  });

  test('each panel says what it shows and in which unit, of the gateways and from the source that were chosen', () => {
    for (const { title, description, fieldConfig, datasource, targets, type } of panels) {
      assert.ok(['stat', 'timeseries'].includes(type), title);
      assert.ok(description?.length > 20 && fieldConfig.defaults.unit, title);
      for (const source of [datasource, ...targets.map(target => target.datasource)]) assert.deepEqual(source, { type: 'prometheus', uid: '${datasource}' }, title);
      for (const { expr, legendFormat } of targets) {
        const selectors = expr.match(/\{[^}]*\}/g);
        assert.ok(selectors.every(selector => selector.includes('instance=~"$instance"')) && legendFormat.includes('{{instance}}'), `${title}: ${expr}`);
      }
    }
    assert.deepEqual(dashboard.templating.list.map(({ name, type }) => [name, type]), [['datasource', 'datasource'], ['instance', 'query']]);
    assert.ok(dashboard.schemaVersion >= 39 && dashboard.uid && dashboard.id === null);
  });

  test('what several gateways do for each other, and to each other, is shown', () => {
    for (const name of ['requests_forwarded_total', 'requests_forward_failures_total', 'session_claims_total', 'sessions_lost_total']) {
      assert.ok(expressions.some(({ expression }) => expression.includes(`${name}{`)), name);
    }
  });

  test('no panel lies on another or beyond the 24 columns, and each has an id of its own', () => {
    const taken = new Set();
    for (const { title, gridPos: { x, y, w, h } } of dashboard.panels) {
      assert.ok(w > 0 && h > 0 && x >= 0 && x + w <= 24, title);
      for (let row = y; row < y + h; row++) {
        for (let column = x; column < x + w; column++) {
          assert.ok(!taken.has(`${row} ${column}`), `${title} lies on another panel`);
          taken.add(`${row} ${column}`);
        }
      }
    }
    assert.equal(new Set(dashboard.panels.map(panel => panel.id)).size, dashboard.panels.length);
  });
});

describe('dashboard and rules under load', { skip: unlessControl || withoutPrometheus(), timeout }, () => {
  let upstream;
  let gateway;
  let prometheus;
  let traffic;
  let others;
  let over = false;

  before(async () => {
    upstream = await Upstream.start('sdk-v1.mjs');
    gateway = await Gateway.start(upstream.url, { env: { SHADOWCAT_JAVA_OPTS: '-Xmn8m' } }); // so that it collects garbage soon
    prometheus = await Prometheus.start([new URL(gateway.admin).host]);
    traffic = await Traffic.open([{ url: gateway.url, upstream, eventIds: true }],
      { random: chance(70), byHand: 3, sdk: 1, listeners: 1, steps: [5, 20], pauses: [5, 20], drops: 2 });
    traffic.start();
    others = whatTrafficLeavesOut();
  }, { timeout: 60_000 });
  after(async () => {
    over = true;
    traffic?.abandon();
    for (const started of [prometheus, gateway, upstream]) await started?.stop();
  });

  /** Sessions that begin and end, and requests that fail. */
  async function whatTrafficLeavesOut() {
    while (!over) {
      const session = await RawSession.open(gateway.url);
      await session.request('no/such-method', {});
      (await session.delete()).cut('close');
      await sleep(100);
    }
  }

  /** Whether an expression gives a number for any series. */
  async function finite(expression) {
    const series = await prometheus.query(expression.replaceAll('$instance', '.+').replaceAll('[$__rate_interval]', '[10s]'));
    return series.some(({ value }) => Number.isFinite(Number(value[1])));
  }

  test('every expression gives data', { timeout }, async () => {
    const rules = await prometheus.rules();
    const asked = [...expressions, ...rules.map(rule => ({ what: rule.name, expression: withoutComparisons(rule.query) }))];
    let without = asked;
    const allGive = async () => {
      const given = await Promise.all(without.map(({ expression }) => finite(expression)));
      without = without.filter((_, index) => !given[index]);
      return without.length === 0;
    };
    await eventually(60_000, 'every expression gives data', allGive, 250).catch(error => {
      throw new Error([error.message, ...without.map(({ what, expression }) => `${what}: ${expression}`)].join('\n'));
    });
    over = true;
    await others;
    await traffic.finish();
    assert.deepEqual(traffic.problems, []);
    figures('dashboard', { panels: panels.length, expressions: asked.length });
  });

  test('every metric that is named exists, and every one that exists is documented', { timeout }, async () => {
    const page = name => readFileSync(join(deploy, '../docs', name), 'utf8');
    const rows = name => [...page(name).matchAll(/^\| `([\w.]+)` \|/gm)].map(([, metric]) => metric);
    const durations = rows('telemetry.md').map(name => `${name.replaceAll('.', '_')}_seconds`);
    const documented = new Set([...rows('metrics.md'), ...durations]);
    const scraped = await prometheus.metrics();
    const rooms = new Set([...documented].map(name => name.replace(/_.*/, '')));
    const labels = new Set(await prometheus.labels());
    // A name in quotes is a value of a label.
    const mentioned = text => [...text.matchAll(/(?<!["\w])[a-z]+(?:_[a-z0-9]+)+\b/g)].map(([name]) => name)
      .filter(name => rooms.has(name.replace(/_.*/, '')) && !labels.has(name));

    const rules = await prometheus.rules();
    const inExpressions = [...expressions.map(({ expression }) => expression), ...rules.map(rule => rule.query)].flatMap(metricsOf);
    const inTexts = [page('metrics.md'), page('runbook.md'), ...rules.map(({ annotations }) => annotations.description),
      ...panels.map(panel => panel.description)].flatMap(mentioned);
    const known = name => scraped.has(name) || scraped.has(name.replace(/_(bucket|sum|count)$/, ''));
    assert.ok(new Set(inExpressions).size > 30);
    assert.deepEqual([...new Set(inExpressions.filter(name => name !== 'up' && !known(name)))], [], 'named in an expression, and not there');
    assert.deepEqual([...new Set(inTexts.filter(name => !known(name) && !documented.has(name)))], [], 'named in a text, and not there');
    assert.deepEqual([...scraped.keys()].filter(name => !documented.has(name)), [], 'there, and not documented');
  });
});

/** Every comparison is with a plain number; what matchers of labels compare with is quoted. */
function withoutComparisons(expression) {
  return expression.replace(/ (==|!=|[<>]=?) [\d.]+/g, '');
}

/** The metrics that an expression asks for: what is neither a label nor a function nor a word of the language. */
function metricsOf(expression) {
  const bare = expression.replace(/\{[^}]*\}/g, '').replace(/\[[^\]]*\]/g, '').replace(/\b(by|without|on|ignoring) ?\([^)]*\)/g, '');
  return [...bare.matchAll(/\b[a-z][a-z0-9_]*\b(?!\s*\()/g)].map(([name]) => name).filter(name => !/^(and|or|unless|by)$/.test(name));
}
