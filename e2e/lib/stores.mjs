// Stores that nodes share, out of Debian's packages, each on a free port with a folder of its own.
import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { thisHost } from './gateway.mjs';
import { Child, freePort, temporaryFolder } from './processes.mjs';
import { eventually } from './waiting.mjs';

const versions = '/usr/lib/postgresql';
/** Another one that speaks its language (Valkey) may be named. */
const redis = process.env.SHADOWCAT_TEST_REDIS ?? '/usr/bin/redis-server';

/** False where the program is there, otherwise the reason to skip; in CI a missing one fails instead. */
function without(there, program, debian) {
  if (there) return false;
  const reason = `${program} is missing: apt-get install ${debian}`;
  if (process.env.CI === 'true') throw new Error(reason);
  return reason;
}

/** A PostgreSQL server that syncs, as one does that is to keep what it was given. */
export class Postgres {
  static missing() {
    return without(existsSync(versions), 'PostgreSQL', 'postgresql');
  }

  /**
   * `settings` are lines of its configuration, `files` further files of its folder by name; `host` has `at`, its address for gateways, where
   * that is not the tests'.
   */
  static async start({ host = thisHost, settings = [], files = {} } = {}) {
    const server = new this();
    server.host = host;
    server.programs = join(versions, readdirSync(versions).sort((a, b) => a - b).at(-1), 'bin');
    server.folder = temporaryFolder('postgres');
    server.port = await freePort();
    // It refuses to run as root; Debian's package brings a user for it.
    server.asUser = process.getuid() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', '--'] : [];
    server.own(server.folder);
    const [program, ...args] = [...server.asUser, join(server.programs, 'initdb'), '-D', server.folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
    execFileSync(program, args, { stdio: 'ignore', cwd: '/' });
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(server.folder, name), content, { mode: 0o600 });
      server.own(join(server.folder, name));
    }
    appendFileSync(join(server.folder, 'postgresql.conf'), settings.join('\n') + '\n');
    if (host !== thisHost) appendFileSync(join(server.folder, 'pg_hba.conf'), 'host all all samenet trust\n');
    await server.launch();
    server.url = `postgresql://postgres@${host.at ?? host.address}:${server.port}/postgres`;
    return server;
  }

  own(path) {
    if (this.asUser.length) chownSync(path, Number(id('-u')), Number(id('-g')));
  }

  /** Starts it, again and again where what a killed one left still runs. */
  async launch() {
    const [program, ...args] = [...this.host.run, ...this.asUser, join(this.programs, 'postgres'), '-D', this.folder, '-p', this.port,
      '-c', `listen_addresses=${this.host.listen ?? this.host.address}`, '-c', 'unix_socket_directories='];
    await eventually(30_000, 'PostgreSQL answers', () => {
      if (!this.child || this.child.exit) this.child = new Child('postgres', program, args, { cwd: '/' });
      return accepts(this.port, this.host.address);
    }).catch(error => { throw new Error(`${error.message}: ${this.child.said()}`); });
  }

  /** Says something to it in SQL. */
  async query(sql) {
    await promisify(execFile)(join(this.programs, 'psql'), ['-q', '-v', 'ON_ERROR_STOP=1', '-c', sql, this.url], { cwd: '/' });
  }

  kill(signal) {
    return this.child.kill(signal);
  }

  /** Ends it at once, and loses nothing that it confirmed. */
  async stop() {
    await this.kill('SIGQUIT').catch(() => this.kill('SIGKILL'));
  }
}

function id(of) {
  return execFileSync('id', [of, 'postgres'], { encoding: 'utf8' }).trim();
}

/** A Redis server that syncs each write: one that does not may forget what it confirmed. */
export class Redis {
  static missing() {
    return without(existsSync(redis), 'Redis', 'redis-server');
  }

  /** As PostgreSQL's; `settings` may need its port. */
  static async start({ host = thisHost, settings = () => [] } = {}) {
    const server = new this();
    server.host = host;
    server.folder = temporaryFolder('redis');
    server.port = await freePort();
    writeFileSync(join(server.folder, 'redis.conf'), [
      `port ${server.port}`, `bind ${host.listen ?? host.address}`, `dir ${server.folder}`, 'appendonly yes', 'appendfsync always', 'save ""',
      'maxmemory-policy noeviction', 'protected-mode no', 'daemonize no', ...settings(server.port)].join('\n'));
    await server.launch();
    server.url = `redis://${host.at ?? host.address}:${server.port}`;
    return server;
  }

  async launch() {
    const [program, ...args] = [...this.host.run, redis, join(this.folder, 'redis.conf')];
    this.child = new Child('redis', program, args);
    await eventually(30_000, `Redis answers (${this.child.said()})`, () => accepts(this.port, this.host.address));
  }

  /** Says something to it by its own command line; the answer. */
  async command(...words) {
    const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(this.port), ...words]);
    return stdout.trim();
  }

  /** Makes it the replica of another one, or of what has its address; returns once it has all of it. */
  async follow(port) {
    await this.command('REPLICAOF', '127.0.0.1', String(port));
    await eventually(30_000, 'the replica has all', async () => /master_link_status:up/.test(await this.command('INFO', 'replication')));
  }

  kill(signal) {
    return this.child.kill(signal);
  }

  async stop() {
    await this.kill('SIGTERM').catch(() => this.kill('SIGKILL'));
  }
}

/** Three Sentinels that watch over a master and its replicas, and agree by two of them. */
export class Sentinels {
  static async start(master) {
    const sentinels = new this();
    sentinels.servers = [];
    for (let number = 0; number < 3; number++) {
      const folder = temporaryFolder('sentinel');
      const port = await freePort();
      const file = join(folder, 'sentinel.conf');
      writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, `sentinel monitor main 127.0.0.1 ${master.port} 2`,
        'sentinel down-after-milliseconds main 1000', 'sentinel failover-timeout main 5000'].join('\n'));
      const child = new Child('sentinel', redis, [file, '--sentinel']);
      await eventually(30_000, `the Sentinel answers (${child.said()})`, () => accepts(port));
      sentinels.servers.push({ port, child });
    }
    sentinels.url = `redis-sentinel://${sentinels.servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}/0#main`;
    await eventually(30_000, 'the Sentinels know the replica and one another', async () => {
      const known = await sentinels.command('MASTER', 'main');
      return /num-slaves\n1\n/.test(known) && /num-other-sentinels\n2\n/.test(known);
    });
    return sentinels;
  }

  async command(...words) {
    const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(this.servers[0].port), 'SENTINEL', ...words]);
    return stdout;
  }

  async stop() {
    for (const { child } of this.servers) await child.kill('SIGTERM').catch(() => child.kill());
  }
}

function accepts(port, address = '127.0.0.1') {
  return new Promise(resolve => {
    const socket = createConnection(port, address);
    socket.on('connect', () => { socket.destroy(); resolve(true); }).on('error', () => resolve(false));
  });
}
