// The official conformance suite against a server directly, and against the same server behind the gateway: every check that
// passes directly passes behind it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { conformance, lostBehind, passed } from '../lib/conformance.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway } from '../lib/gateway.mjs';
import { Upstream } from '../lib/upstream.mjs';

let upstream;
let gateway;

before(async () => {
  upstream = await Upstream.start('conformance.mjs');
  gateway = await Gateway.start(upstream.url);
});
after(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

for (const revision of ['2025-11-25', '2026-07-28']) {
  test(`what ${revision} requires`, { timeout: 600_000 }, async () => {
    const direct = await conformance(upstream.url, revision);
    const behind = await conformance(gateway.url, revision);
    const lost = lostBehind(direct, behind);
    figures(`conformance/${revision}`, { checks: direct.size, directly: passed(direct).length, behind: passed(behind).length, lost: lost.length });
    assert.deepEqual(lost, []);
    assert.ok(passed(direct).length > 60, 'the fixture passes directly');
  });
}
