// Stores that nodes share, out of Debian's packages, each on a free port with a folder of its own.
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { Child, freePort, temporaryFolder } from './processes.mjs';
import { eventually } from './waiting.mjs';

const versions = '/usr/lib/postgresql';
const redis = '/usr/bin/redis-server';

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

  static async start() {
    const server = new this();
    server.programs = join(versions, readdirSync(versions).sort((a, b) => a - b).at(-1), 'bin');
    server.folder = temporaryFolder('postgres');
    server.port = await freePort();
    // It refuses to run as root; Debian's package brings a user for it.
    server.asUser = process.getuid() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', '--'] : [];
    if (server.asUser.length) chownSync(server.folder, Number(id('-u')), Number(id('-g')));
    const [program, ...args] = [...server.asUser, join(server.programs, 'initdb'), '-D', server.folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
    execFileSync(program, args, { stdio: 'ignore', cwd: '/' });
    await server.launch();
    server.url = `postgresql://postgres@127.0.0.1:${server.port}/postgres`;
    return server;
  }

  async launch() {
    const [program, ...args] = [...this.asUser, join(this.programs, 'postgres'), '-D', this.folder, '-p', this.port,
      '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='];
    this.child = new Child('postgres', program, args, { cwd: '/' });
    await eventually(30_000, `PostgreSQL answers (${this.child.said()})`, () => accepts(this.port));
  }

  /** Ends it at once, and loses nothing that it confirmed. */
  async stop() {
    await this.child.kill('SIGQUIT').catch(() => this.child.kill('SIGKILL'));
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

  static async start() {
    const server = new this();
    server.folder = temporaryFolder('redis');
    server.port = await freePort();
    writeFileSync(join(server.folder, 'redis.conf'), [
      `port ${server.port}`, 'bind 127.0.0.1', `dir ${server.folder}`, 'appendonly yes', 'appendfsync always', 'save ""',
      'maxmemory-policy noeviction', 'daemonize no'].join('\n'));
    await server.launch();
    server.url = `redis://127.0.0.1:${server.port}`;
    return server;
  }

  async launch() {
    this.child = new Child('redis', redis, [join(this.folder, 'redis.conf')]);
    await eventually(30_000, `Redis answers (${this.child.said()})`, () => accepts(this.port));
  }

  async stop() {
    await this.child.kill('SIGTERM').catch(() => this.child.kill('SIGKILL'));
  }
}

function accepts(port) {
  return new Promise(resolve => {
    const socket = createConnection(port, '127.0.0.1');
    socket.on('connect', () => { socket.destroy(); resolve(true); }).on('error', () => resolve(false));
  });
}
