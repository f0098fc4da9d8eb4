// The command line as its user meets it: the README's commands, the demo's tour pasted into a shell, and every mistake's one line.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Gateway, launcher, unlessControl } from '../lib/gateway.mjs';
import { RawSession, faults } from '../lib/mcp.mjs';
import { Child, freePort, temporaryFolder } from '../lib/processes.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually } from '../lib/waiting.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const seconds = 1_000;

/** Runs the launcher to its end. */
function shadowcat(args, { env = {}, timeout = 60 * seconds } = {}) {
  const { status, stdout, stderr } = spawnSync(launcher, args, { encoding: 'utf8', timeout, env: { ...process.env, ...env } });
  return { status, stdout, stderr, lines: stdout.split('\n').filter(Boolean) };
}

function bash(script, { env = {}, timeout = 60 * seconds } = {}) {
  return spawnSync('bash', ['-c', script], { encoding: 'utf8', timeout, cwd: root, env: { ...process.env, ...env } });
}

/** The numbers of the progress notifications and the final answers in what curl printed. */
function read(output) {
  const messages = output.split('\n').filter(line => line.startsWith('data: {')).map(line => JSON.parse(line.slice(6)));
  return {
    progress: messages.filter(message => message.method === 'notifications/progress').map(message => message.params.progress),
    answers: messages.filter(message => message.id === 1),
  };
}

describe('the demo', { skip: unlessControl }, () => {
  test('its tour, pasted as it stands: a drop in the middle, then the rest, each step once', { timeout: 120 * seconds }, async () => {
    const demo = new Child('demo', launcher, ['demo', '--listen', `127.0.0.1:${await freePort()}`, '--admin', '127.0.0.1:0']);
    await demo.line(/^Ctrl-C here ends the demo/, 60 * seconds);
    const tour = demo.lines.join('\n');
    const block = number => tour.slice(tour.indexOf(`# ${number}. `)).split(/\n\n/)[0];
    // Ctrl-C after three seconds is what `timeout` does to curl here.
    const drop = block(2).replace(/curl /, 'timeout -s INT 3 curl ');
    assert.notEqual(drop, block(2));
    const pasted = bash(`${block(1)}\n${drop}\necho "== dropped"\n${block(3)}\n`);
    const [dropped, resumed] = pasted.stdout.split('== dropped').map(read);
    assert.ok(dropped.progress.length > 0, `some steps came before the drop: ${pasted.stdout}${pasted.stderr}`);
    assert.equal(dropped.answers.length, 0);
    assert.deepEqual(faults([...dropped.progress, ...resumed.progress], 20), { lost: 0, doubled: 0, reordered: 0 });
    assert.equal(resumed.answers.length, 1);
    assert.deepEqual(await demo.kill('SIGTERM'), { code: 0, signal: null });
  });
});

describe('the README', { skip: unlessControl }, () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const commands = readme.split('\n\n').filter(block => block.startsWith('    ') && /^\s*(\.|curl|mvn|e2e|docker|[A-Z_]+=)/.test(block))
    .map(block => block.replace(/^ {4}/gm, ''));
  let upstream;
  let gateway;

  before(async () => {
    upstream = await Upstream.start('sdk-v1.mjs', { EVENT_IDS: '1' });
    gateway = await Gateway.start(upstream.url);
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
  });

  /** A README command against this test's gateway, upstream and folder. */
  function here(command) {
    return command.replaceAll('http://127.0.0.1:8080/mcp', gateway.url).replaceAll('http://127.0.0.1:9090', gateway.admin)
      .replaceAll('http://127.0.0.1:3000/mcp', upstream.url).replaceAll('./shadowcat', `'${launcher}'`);
  }

  test('each of its commands is run by a test', () => {
    const runHere = [/^\.\/shadowcat (demo|gateway|doctor|sessions|events)\b/, /^curl /, /^SESSION=/, /^LAST_ID=/];
    const runByCi = [/^mvn -q verify$/, /^\.ci\/run$/, /^e2e\/run$/];
    const lines = commands.flatMap(block => block.split('\n')).filter(line => /^\S/.test(line) && !line.startsWith('#'));
    assert.ok(lines.length > 8);
    for (const line of lines) {
      assert.ok([...runHere, ...runByCi].some(known => known.test(line)), `no test runs: ${line}`);
    }
  });

  test('resuming by hand with curl, against the demo', { timeout: 60 * seconds }, async () => {
    const demo = new Child('demo', launcher, ['demo', '--listen', `127.0.0.1:${await freePort()}`, '--admin', '127.0.0.1:0']);
    const [, url] = await demo.line(/^shadowcat: listening on (http\S+)/, 60 * seconds);
    const [open, call, resume] = ['SESSION=', 'tools/call', 'LAST_ID='].map(part =>
      commands.find(block => block.includes(part)).replaceAll('http://127.0.0.1:8080/mcp', url));
    const { stdout, stderr } = bash(`cd "$(mktemp -d)"\n${open}\n${call.replace(/curl /, 'timeout -s INT 3 curl ')}\necho "== dropped"\n${resume}`);
    const [dropped, resumed] = stdout.split('== dropped').map(read);
    assert.ok(dropped.progress.length > 0 && dropped.answers.length === 0, stdout + stderr);
    assert.deepEqual(faults([...dropped.progress, ...resumed.progress], 20), { lost: 0, doubled: 0, reordered: 0 });
    assert.equal(resumed.answers.length, 1);
    await demo.kill('SIGTERM');
  });

  test('metrics, health, readiness and sessions over the admin port', async () => {
    for (const block of commands.filter(block => block.includes('http://127.0.0.1:9090'))) {
      const { status, stdout, stderr } = bash(`set -e\n${here(block)}`);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /sessions_open 1|"status"|persistence_/, block);
    }
  });

  test('doctor, sessions and events say what is there, live and, after the end, from the files', { timeout: 90 * seconds }, async () => {
    const place = ['--data', gateway.data];
    const session = await RawSession.open(gateway.url);
    await session.call('count', { steps: 3, tag: 'events-command' }, { progressToken: 'p' });
    const doctor = shadowcat(['doctor', '--upstream', upstream.url, ...place,
      '--listen', `127.0.0.1:${await freePort()}`, '--admin', '127.0.0.1:0']);
    assert.equal(doctor.status, 0, doctor.stdout);
    assert.match(doctor.stdout, /^ok {4}jdk: /m);
    assert.match(doctor.stdout, /^ok {4}upstream.*speaks MCP/m);

    const live = shadowcat(['sessions', ...place]);
    assert.ok(live.lines.map(line => JSON.parse(line)).some(line => JSON.stringify(line).includes(session.id)), live.stdout + live.stderr);
    const events = shadowcat(['events', session.id, ...place]);
    assert.ok(events.lines.length > 0, events.stderr);

    const follower = new Child('events --follow', launcher, ['events', session.id, '--follow', ...place]);
    await follower.line(/./);
    await session.call('echo', { text: 'seen by the follower' });
    await follower.line(/seen by the follower/);
    await follower.kill('SIGTERM');

    await gateway.stop();
    const stored = shadowcat(['events', session.id, ...place]);
    assert.ok(stored.lines.length > events.lines.length, 'what came after is in the files too');
    assert.deepEqual(stored.lines.slice(0, events.lines.length).map(idOf), events.lines.map(idOf));
    assert.ok(shadowcat(['sessions', ...place]).stdout.includes(session.id));
    await gateway.restart();
  });
});

function idOf(line) {
  return JSON.parse(line).id;
}

describe('mistakes', { skip: unlessControl }, () => {
  const place = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--data', temporaryFolder('mistakes')];

  function file(text) {
    const path = join(temporaryFolder('config'), 'shadowcat.yaml');
    writeFileSync(path, text);
    return path;
  }

  for (const [what, args, said, env = {}] of [
    ['an unknown flag', ['gateway', '--upstraem', 'http://127.0.0.1:1/mcp'], /--upstraem/],
    ['a flag without its value', ['gateway', '--upstream'], /--upstream/],
    ['no upstream at all', ['gateway', ...place], /--upstream URL/],
    ['an upstream that is no URL', ['gateway', '--upstream', 'localhost:3000', ...place], /upstream.*localhost:3000/],
    ['an unknown durability', ['gateway', '--upstream', 'http://127.0.0.1:1/mcp', '--durability', 'always', ...place], /durability.*batched.*sync.*none/],
    ['a number below its bound', ['gateway', '--upstream', 'http://127.0.0.1:1/mcp', '--queue-capacity', '1', ...place], /queue-capacity.*but was 1/],
    ['a variable out of range', ['gateway', '--upstream', 'http://127.0.0.1:1/mcp', ...place], /SHADOWCAT_HEARTBEAT|heartbeat/, { SHADOWCAT_HEARTBEAT: 'soon' }],
    ['an unknown key in the file', ['gateway', '--config', file('upstream: http://127.0.0.1:1/mcp\nqueue:\n  capasity: 7\n')], /shadowcat\.yaml.*3.*queue\.capasity/],
    ['a file that is not YAML', ['gateway', '--config', file('queue: [')], /shadowcat\.yaml:1:9: is not YAML: .*found '<stream end>'/],
    ['a file that is not there', ['gateway', '--config', '/nowhere/shadowcat.yaml'], /\/nowhere\/shadowcat\.yaml/],
    ['an unknown command', ['gatway'], /gatway/],
  ]) {
    test(`${what} ends with 2 and one line`, () => {
      const { status, stdout, stderr } = shadowcat(args, { env });
      assert.equal(status, 2, stderr);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
      assert.match(stderr, said);
      assert.equal(stdout, '');
    });
  }

  test('a launcher that is not built, where it cannot be, says what to run', () => {
    const folder = temporaryFolder('unbuilt');
    copyFileSync(join(root, 'shadowcat'), join(folder, 'shadowcat'));
    writeFileSync(join(folder, 'gateway'), 'in the way of what a build writes');
    const { status, stdout, stderr } = spawnSync(join(folder, 'shadowcat'), ['gateway'], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^shadowcat: is not built.* run `\S+\/shadowcat build` as who owns it\n$/);
  });

  test('a taken port ends with 1 and names its holder', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { status, stderr } = await run(['gateway', '--upstream', 'http://127.0.0.1:1/mcp', '--listen', `127.0.0.1:${holder.address().port}`,
      '--admin', '127.0.0.1:0', '--data', temporaryFolder('taken')]);
    holder.close();
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`cannot listen on 127\\.0\\.0\\.1:\\d+.*${process.pid}.*--listen HOST:PORT`));
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  });

  test('a store that another gateway holds ends with 1 and names the holder', async () => {
    const gateway = await Gateway.start('http://127.0.0.1:1/mcp');
    const { status, stderr } = await run(['gateway', '--upstream', 'http://127.0.0.1:1/mcp', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0',
      '--data', gateway.data]);
    assert.equal(status, 1);
    assert.ok(stderr.includes(gateway.data), stderr);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.deepEqual(await gateway.stop(), { code: 0, signal: null });
  });

  test('a killed gateway leaves no copy of a library in the temporary folder', async () => {
    const temporary = temporaryFolder('tmp');
    const gateway = await Gateway.start('http://127.0.0.1:1/mcp', { env: { SHADOWCAT_JAVA_OPTS: `-Djava.io.tmpdir=${temporary}` } });
    await gateway.kill();
    assert.deepEqual(readdirSync(temporary), []);
  });

  test('doctor names an upstream that is not there, and ends with 1', () => {
    const { status, stdout } = shadowcat(['doctor', '--upstream', 'http://127.0.0.1:1/mcp', ...place]);
    assert.equal(status, 1);
    assert.match(stdout, /^FAIL {2}upstream.*127\.0\.0\.1:1/m);
  });

  /** Like `shadowcat`, for a test that must go on serving meanwhile. */
  async function run(args) {
    const child = new Child('shadowcat', launcher, args);
    const { code } = await child.ended;
    return { status: code, stderr: child.errors };
  }
});

describe('what operators set', { skip: unlessControl }, () => {
  test('an admin port beyond loopback warns, and shows no key to a session', async () => {
    const upstream = await Upstream.start('sdk-v1.mjs');
    const port = await freePort();
    const gateway = new Child('gateway', launcher, ['gateway', '--upstream', upstream.url, '--listen', '127.0.0.1:0', '--admin', `0.0.0.0:${port}`,
      '--data', temporaryFolder('admin')]);
    const [, url] = await gateway.line(/^shadowcat: listening on (http\S+)/, 60 * seconds);
    await gateway.line(/^shadowcat: admin on/);
    await eventually(5 * seconds, 'the warning', () => /admin.*0\.0\.0\.0/.test(gateway.errors));
    const session = await RawSession.open(url);
    const sessions = await (await fetch(`http://127.0.0.1:${port}/sessions`)).text();
    assert.ok(sessions.includes(session.id.slice(0, 4)) && !sessions.includes(session.id), sessions);
    assert.notEqual((await fetch(`http://127.0.0.1:${port}/sessions/${session.id}/streams/0/events`)).status, 200);
    await gateway.kill('SIGTERM');
    await upstream.stop();
  });

  test('several upstreams by name, with headers of their own from the environment', async () => {
    const [first, second] = await Promise.all([Upstream.start('sdk-v1.mjs'), Upstream.start('sdk-v1.mjs')]);
    const config = join(temporaryFolder('config'), 'shadowcat.yaml');
    writeFileSync(config, `upstreams:
  first:
    url: ${first.url}
    headers: {Authorization: "Bearer \${env:FIRST_TOKEN}"}
  second:
    url: ${second.url}
`);
    const gateway = new Child('gateway', launcher, ['gateway', '--config', config, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0',
      '--data', temporaryFolder('named')], { env: { ...process.env, FIRST_TOKEN: 'secret-of-the-first' } });
    const [, port] = await gateway.line(/^shadowcat: listening on http:\/\/127\.0\.0\.1:(\d+)/, 60 * seconds);
    for (const [name, upstream] of [['first', first], ['second', second]]) {
      const session = await RawSession.open(`http://127.0.0.1:${port}/mcp/${name}`);
      const { message } = await session.call('echo', { text: name, tag: name });
      assert.equal(message.result.content[0].text, name);
      assert.equal(upstream.executions().get(name), 1);
      const other = new RawSession(`http://127.0.0.1:${port}/mcp/${name === 'first' ? 'second' : 'first'}`, { id: session.id });
      assert.equal((await other.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status, 404, 'a session is of one upstream only');
    }
    assert.ok(first.requests().every(request => request.authorization === 'Bearer secret-of-the-first'));
    assert.ok(second.requests().every(request => !request.authorization));
    assert.ok(!gateway.errors.includes('secret-of-the-first') && !gateway.lines.join('').includes('secret-of-the-first'));
    await gateway.kill('SIGTERM');
    await Promise.all([first.stop(), second.stop()]);
  });
});
