// The gateway behind an nginx with default proxy settings: nothing is held back, drops are resumed, the conformance suite passes.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { conformance, lostBehind, passed } from '../lib/conformance.mjs';
import { clean, dropRawClients, dropSdkClients, runs } from '../lib/drops.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { startNginx, withoutNginx } from '../lib/nginx.mjs';
import { chance } from '../lib/random.mjs';
import { connectV1 } from '../lib/sdk.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, within } from '../lib/waiting.mjs';

describe('behind nginx', { skip: withoutNginx() }, () => {
  let upstream;
  let fixture;
  let gateway;
  let conforming;
  let nginx;
  let nginxOfConforming;

  before(async () => {
    upstream = await Upstream.start('sdk-v1.mjs');
    fixture = await Upstream.start('conformance.mjs');
    [gateway, conforming] = [await Gateway.start(upstream.url), await Gateway.start(fixture.url)];
    [nginx, nginxOfConforming] = [await startNginx(gateway.url), await startNginx(conforming.url)];
  });
  after(async () => {
    for (const started of [nginx, nginxOfConforming, gateway, conforming, upstream, fixture]) await started?.stop();
  });

  test('events pass at once, on calls and on the standalone stream', { timeout: 60_000 }, async () => {
    const peer = await connectV1(nginx.url);
    await eventually(5_000, 'the standalone stream', () => upstream.requests().some(request => request.method === 'GET'));
    const sent = performance.now();
    const arrivals = [];
    await within(20_000, 'the call', peer.client.callTool({ name: 'count', arguments: { steps: 5, milliseconds: 500, tag: 'nginx' } }, undefined, {
      onprogress: () => arrivals.push(Math.round(performance.now() - sent)),
    }));
    assert.ok(arrivals[0] < 1_200, `the first event is not held back: ${arrivals}`);
    await peer.client.callTool({ name: 'announce', arguments: { count: 1, tag: 'nginx' } });
    await eventually(2_000, 'the announcement', () => peer.heard.some(message => message.params?.data?.tag === 'nginx'));
    figures('nginx/first-event', { milliseconds: arrivals[0] });
    await peer.close();
  });

  test('drop and resume', { skip: unlessControl, timeout: 300_000 }, async () => {
    for (const [name, dropped] of [['sdk-v1', await dropSdkClients(nginx.url, 'v1', chance(60))], ['raw', await dropRawClients(nginx.url, chance(61))]]) {
      figures(`nginx/drop-and-resume/${name}`, { runs, cuts: dropped.cuts, ...dropped.total });
      assert.deepEqual(dropped.total, clean);
    }
  });

  for (const revision of ['2025-11-25', '2026-07-28']) {
    test(`conformance ${revision}`, { timeout: 400_000 }, async () => {
      const direct = await conformance(fixture.url, revision);
      const behind = await conformance(nginxOfConforming.url, revision);
      const lost = lostBehind(direct, behind);
      figures(`nginx/conformance/${revision}`, { directly: passed(direct).length, behind: passed(behind).length, lost: lost.length });
      assert.deepEqual(lost, []);
    });
  }
});
