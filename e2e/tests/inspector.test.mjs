// The Inspector's command line against the gateway says what it says against the server.
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { figures } from '../lib/figures.mjs';
import { Gateway } from '../lib/gateway.mjs';
import { Child, temporaryFolder } from '../lib/processes.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { within } from '../lib/waiting.mjs';

const program = join(dirname(fileURLToPath(import.meta.url)), '../node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');

let upstream;
let gateway;

before(async () => {
  upstream = await Upstream.start('sdk-v1.mjs');
  gateway = await Gateway.start(upstream.url);
});
after(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

async function inspect(url, ...args) {
  const child = new Child('inspector', process.execPath, [program, '--cli', url, '--transport', 'http', ...args], {
    env: { ...process.env, HOME: temporaryFolder('inspector') },
  });
  const { code } = await within(60_000, `inspector ${args.join(' ')}`, child.ended);
  assert.equal(code, 0, child.said());
  return JSON.parse(child.lines.join('\n'));
}

const commands = [
  ['--method', 'tools/list'],
  ['--method', 'prompts/list'],
  ['--method', 'resources/list'],
  ['--method', 'resources/read', '--uri', 'test://counter'],
  ['--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', 'text=hello'],
];

for (const command of commands) {
  test(`inspector --cli ${command.join(' ')}`, { timeout: 150_000 }, async () => {
    const [direct, behind] = [await inspect(upstream.url, ...command), await inspect(gateway.url, ...command)];
    assert.deepEqual(behind, direct);
    figures(`inspector/${command[1]}`, { same: true });
  });
}
