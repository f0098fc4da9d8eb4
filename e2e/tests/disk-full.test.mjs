// The disk of the store fills up under open calls: events wait, nothing is lost, and everything goes on once there is room. It
// needs a small file system of its own, which only root may mount.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { clean, tally } from '../lib/drops.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { exchange } from '../lib/http.mjs';
import { initializeRequest, messageOf, RawSession } from '../lib/mcp.mjs';
import { connectV1 } from '../lib/sdk.mjs';
import { SmallDisk, smallStore } from '../lib/small-disk.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, sleep, within } from '../lib/waiting.mjs';

const disk = unlessControl ? undefined : SmallDisk.mount(160);

describe('a full disk', { skip: unlessControl || (!disk && 'no file system can be mounted here') }, () => {
  let upstream;
  let gateway;
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  test('calls wait for room, new sessions are refused, nothing is lost', { timeout: 180_000 }, async () => {
    upstream = await Upstream.start('sdk-v1.mjs');
    gateway = await Gateway.start(upstream.url, { data: join(disk.folder, 'data'), flags: smallStore });
    const sessions = await Promise.all(Array.from({ length: 10 }, () => RawSession.open(gateway.url)));
    const peers = await Promise.all(Array.from({ length: 5 }, () => connectV1(gateway.url)));
    const total = { ...clean };
    let over = 0;
    const steps = 400; // events of 4 kB, so that the log soon needs the room that is left
    const args = tag => ({ steps, milliseconds: 10, padding: 4_000, tag });
    const calls = [
      ...sessions.map(async (session, index) => {
        const { message, events } = await session.call('count', args(`raw-${index}`), { progressToken: index, timeout: 120_000 });
        over++;
        assert.equal(message?.result?.content[0].text, `counted ${steps} raw-${index}`, JSON.stringify(message));
        tally(total, events.filter(messageOf).map(messageOf).filter(each => each.method).map(each => each.params.progress), steps);
      }),
      ...peers.map(async (peer, index) => {
        const numbers = [];
        await peer.client.callTool({ name: 'count', arguments: args(`sdk-${index}`) }, undefined, { onprogress: each => numbers.push(each.progress), timeout: 120_000 });
        over++;
        tally(total, numbers, steps);
      }),
    ];
    await eventually(20_000, 'every call runs', () => upstream.executions().size === calls.length);
    disk.fill();
    const ready = async () => (await fetch(`${gateway.admin}/ready`)).status;
    // What RocksDB reclaims meanwhile is taken as well.
    await eventually(30_000, 'the gateway says that its store takes nothing', async () => { disk.fill(); return (await ready()) !== 200; }, 200);
    const finished = over;
    const refused = await exchange(gateway.url, initializeRequest);
    const refusal = refused.status;
    refused.cut('close');
    await sleep(2_000);
    const stuck = calls.length - over;
    disk.free();
    await within(90_000, 'every call ends', Promise.all(calls));
    await eventually(30_000, 'the gateway is ready again', async () => (await ready()) === 200, 200);
    const wrong = [...upstream.executions()].filter(([, executed]) => executed !== 1);
    const { code } = await gateway.stop();
    await gateway.restart();
    const again = await RawSession.open(gateway.url);
    const kept = await sessions[0].call('echo', { text: 'kept' });
    figures('disk-full', { calls: calls.length, finishedBefore: finished, waited: stuck, refusal, executedTwice: wrong.length, code, ...total });
    assert.deepEqual(total, clean);
    assert.deepEqual(wrong, []);
    assert.ok(stuck > 0, 'the disk is full while calls are open');
    assert.equal(refusal, 503);
    assert.equal(code, 0);
    assert.equal(kept.message.result.content[0].text, 'kept');
    assert.equal((await again.call('echo', { text: 'again' })).message.result.content[0].text, 'again');
    await Promise.all(peers.map(peer => peer.close()));
  });
});
