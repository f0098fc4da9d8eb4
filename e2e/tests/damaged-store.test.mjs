// Files of the store that rotted, were cut off or lie on a disk that may not be written: the gateway starts, or it says in one
// line which folder, what is wrong and what to do, ends with 1, and leaves the folder as it was.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { RawSession } from '../lib/mcp.mjs';
import { temporaryFolder } from '../lib/processes.mjs';
import { SmallDisk } from '../lib/small-disk.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { within } from '../lib/waiting.mjs';

const disk = unlessControl ? undefined : SmallDisk.mount(64);
let refused = 0;

describe('a damaged store', { skip: unlessControl, timeout: 180_000 }, () => {
  let upstream;
  let killed;
  let session;
  let echoed;

  before(async () => {
    upstream = await Upstream.start('sdk-v1.mjs');
    const gateway = await Gateway.start(upstream.url);
    killed = gateway.data;
    // Killed twice: the first start after a kill makes table files of the log.
    for (let life = 0; life < 2; life++) {
      session = await RawSession.open(gateway.url);
      echoed = await session.call('count', { steps: 200, padding: 1_000, tag: `life-${life}` }, { progressToken: 1 });
      assert.equal(echoed.message.result.content[0].text, `counted 200 life-${life}`);
      await gateway.kill();
      if (life === 0) await gateway.restart();
    }
  });
  after(() => {
    figures('damaged-store', { refused });
    return upstream?.stop();
  });

  const files = (data, pattern) => readdirSync(join(data, 'rocksdb')).filter(name => pattern.test(name)).map(name => join(data, 'rocksdb', name));
  const largest = (data, pattern) => files(data, pattern).sort((one, other) => statSync(other).size - statSync(one).size)[0];

  test('a log that was torn off by the kill is no damage', async () => {
    const data = copyOf(killed);
    const log = largest(data, /\.log$/);
    truncateSync(log, statSync(log).size - 5);
    const gateway = await Gateway.start(upstream.url, { data });
    const again = new RawSession(gateway.url, { id: session.id, version: session.version });
    again.lastId = 100;
    const { message } = await again.call('echo', { text: 'still here' });
    assert.equal(message.result.content[0].text, 'still here');
    await gateway.stop();
  });

  const damages = {
    'a hole in the log': data => overwrite(largest(data, /\.log$/), 0.5, 16),
    'a table file cut off': data => truncateSync(largest(data, /\.sst$/), statSync(largest(data, /\.sst$/)).size - 100),
    'a table file that is gone': data => rmSync(largest(data, /\.sst$/)),
    'a garbled MANIFEST': data => overwrite(largest(data, /^MANIFEST-/), 0, 64),
    'a garbled CURRENT': data => writeFileSync(join(data, 'rocksdb/CURRENT'), 'nonsense'),
    'a missing CURRENT': data => rmSync(join(data, 'rocksdb/CURRENT')),
  };
  for (const [name, damage] of Object.entries(damages)) {
    test(name, async () => {
      const data = copyOf(killed);
      damage(data);
      const before = checksums(data);
      const line = await refusal(data);
      assert.match(line, /is damaged; nothing was changed: .+\. Restore the folder from a copy, or name another one \(--data\)$/);
      assert.deepEqual(checksums(data), before, 'nothing was changed');
    });
  }

  test('a disk that may only be read', { skip: !disk && 'no file system can be mounted here' }, async () => {
    const data = join(disk.folder, 'data');
    mkdirSync(data);
    cpSync(killed, data, { recursive: true });
    disk.remount('ro');
    const line = await refusal(data);
    disk.remount('rw');
    assert.match(line, /Read-only file system/i);
  });

  /** The one line of a gateway that does not start. */
  async function refusal(data) {
    const gateway = new Gateway(upstream.url, [], {});
    Object.assign(gateway, { port: 0, adminPort: 0, data });
    gateway.spawn();
    const { code } = await within(60_000, 'the end of the gateway', gateway.child.ended);
    const lines = gateway.child.errors.trim().split('\n');
    assert.equal(code, 1, gateway.child.said());
    assert.equal(lines.length, 1, gateway.child.said());
    assert.ok(lines[0].startsWith('shadowcat: ') && lines[0].includes(data), lines[0]);
    refused++;
    return lines[0];
  }
});

function copyOf(data) {
  const copy = join(temporaryFolder('damaged'), 'data');
  cpSync(data, copy, { recursive: true });
  return copy;
}

function overwrite(file, where, length) {
  const bytes = readFileSync(file);
  const start = Math.floor(bytes.length * where);
  for (let offset = start; offset < Math.min(start + length, bytes.length); offset++) bytes[offset] ^= 0x55;
  writeFileSync(file, bytes);
}

/** What the data files hold; RocksDB's own running commentary is no data, nor who has the folder. */
function checksums(data) {
  return Object.fromEntries(readdirSync(data, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.startsWith('LOG') && entry.name !== 'gateway.lock')
    .map(entry => join(entry.parentPath, entry.name))
    .map(file => [file, createHash('sha256').update(readFileSync(file)).digest('hex')])
    .sort());
}
