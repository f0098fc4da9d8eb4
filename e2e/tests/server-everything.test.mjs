// The reference server of the protocol's own repository behind the gateway, which replays other streams' events on a resume.
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startCutter } from '../lib/cutter.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { RawSession, Received, faults } from '../lib/mcp.mjs';
import { Child, freePort } from '../lib/processes.mjs';
import { connectV1 } from '../lib/sdk.mjs';
import { eventually, sleep, within } from '../lib/waiting.mjs';

const program = join(dirname(fileURLToPath(import.meta.url)), '../node_modules/@modelcontextprotocol/server-everything/dist/index.js');

let server;
let direct;
let gateway;

before(async () => {
  const port = await freePort();
  server = new Child('server-everything', process.execPath, [program, 'streamableHttp'], { env: { ...process.env, PORT: String(port) } });
  direct = `http://127.0.0.1:${port}/mcp`;
  await eventually(20_000, 'server-everything answers', async () => (await fetch(direct).catch(() => undefined))?.status);
  gateway = await Gateway.start(direct);
});
after(async () => {
  await gateway?.stop();
  await server?.kill();
});

test('what it offers is the same behind the gateway', async () => {
  const [one, other] = [await connectV1(direct), await connectV1(gateway.url)];
  for (const list of ['listTools', 'listPrompts', 'listResources', 'listResourceTemplates']) {
    assert.deepEqual(await other.client[list](), await one.client[list](), list);
  }
  assert.deepEqual(other.client.getServerCapabilities(), one.client.getServerCapabilities());
  const tools = await other.client.listTools();
  figures('server-everything', { tools: tools.tools.length });
  await Promise.all([one.close(), other.close()]);
});

test('its long operation reports progress and survives a cut', { skip: unlessControl, timeout: 60_000 }, async () => {
  const cutter = await startCutter(gateway.url);
  const peer = await connectV1(cutter.url);
  const numbers = [];
  const call = peer.client.callTool({ name: 'trigger-long-running-operation', arguments: { duration: 6, steps: 12 } }, undefined, { onprogress: progress => numbers.push(progress.progress) });
  await sleep(2_000);
  [...cutter.links].find(link => link.sent.includes('trigger-long-running-operation')).cut('reset');
  const result = await within(30_000, 'the answer', call);
  assert.match(result.content[0].text, /completed/i);
  assert.deepEqual(numbers, Array.from({ length: 12 }, (_, index) => index + 1));
  figures('server-everything/cut', { steps: 12, lost: 0, doubled: 0 });
  await peer.close();
  cutter.stop();
});

test('two calls at once, one resumed: no event of the other', { skip: unlessControl, timeout: 60_000 }, async () => {
  const session = await RawSession.open(gateway.url);
  const start = token => session.startCall('trigger-long-running-operation', { duration: 3, steps: 6 }, { progressToken: token });
  const [one, other] = [await start('one'), await start('other')];
  let cursor;
  for await (const event of one.events()) {
    cursor = event.id;
    if (cursor !== undefined) break;
  }
  one.cut('reset');
  const resumed = await session.get({ cursor });
  const tokens = new Set();
  await within(20_000, 'the rest', (async () => {
    for await (const event of resumed.events()) {
      const message = event.data ? JSON.parse(event.data) : {};
      if (message.params?.progressToken !== undefined) tokens.add(message.params.progressToken);
      if (message.result) return;
    }
  })());
  other.cut('close');
  assert.deepEqual([...tokens], ['one']);
});

test('a call under way when the gateway is killed ends, though the server says nothing on a resumed stream', { skip: unlessControl, timeout: 90_000 }, async () => {
  const session = await RawSession.open(gateway.url);
  const id = session.nextId();
  const open = await session.startCall('trigger-long-running-operation', { duration: 8, steps: 8 }, { id, progressToken: 'p' });
  const received = new Received();
  for await (const event of open.events()) {
    received.add(event);
    if (received.events.length === 2) break;
  }
  await gateway.kill();
  await gateway.restart();
  const resumed = await session.get({ cursor: received.cursor });
  await within(50_000, 'the answer', (async () => { for await (const event of resumed.events()) received.add(event); })());
  const steps = received.messages.filter(message => message.method === 'notifications/progress').map(message => message.params.progress);
  const wrong = faults(steps, 8);
  figures('server-everything/kill', wrong);
  assert.deepEqual(wrong, { lost: 0, doubled: 0, reordered: 0 });
  assert.ok(received.answerTo(id)?.result, JSON.stringify(received.messages.at(-1)));
});
