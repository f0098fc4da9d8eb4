// The gateway under test, as its own process. SHADOWCAT names the launcher; SHADOWCAT_CONTROL=1 leaves the gateway out, so
// that a test which then fails shows a fault of the test or of a peer and not of the gateway.
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, freePort, temporaryFolder } from './processes.mjs';

const here = dirname(fileURLToPath(import.meta.url));

export const launcher = resolve(process.env.SHADOWCAT ?? `${here}/../../shadowcat`);
/** The launcher of an older version that may run beside it; e2e/build-previous makes one. */
export const previous = process.env.E2E_PREVIOUS && resolve(process.env.E2E_PREVIOUS);
export const control = process.env.SHADOWCAT_CONTROL === '1';
/** For tests that ask for what no upstream does by itself. */
export const unlessControl = control ? 'the gateway is left out (SHADOWCAT_CONTROL=1)' : false;

/** False where an older version is there, otherwise the reason to skip; in CI a missing one fails instead, unless the clone has no history to build it from. */
export function withoutPrevious() {
  if (previous) return false;
  const reason = 'no older version is there: E2E_PREVIOUS names its launcher, which e2e/build-previous builds';
  const git = `${here}/../../.git`;
  const history = existsSync(git) && !existsSync(`${git}/shallow`);
  if (process.env.CI === 'true' && history) throw new Error(reason);
  return reason;
}

/** This machine, and what is to be typed before a command to run it there. */
export const thisHost = { address: '127.0.0.1', run: [] };

/** One gateway before one upstream, with ports and a data folder that outlive a restart. `flags` may need the port: then a function. */
export class Gateway {
  host = thisHost;
  /** The launcher of which it is started, now and at a restart. */
  version = launcher;

  static async start(upstream, { flags = [], env = {}, data, host = thisHost, version = launcher } = {}) {
    const gateway = new this(upstream, flags, env);
    gateway.host = host;
    gateway.version = version;
    if (control) return gateway;
    gateway.port = await freePort();
    gateway.adminPort = await freePort();
    gateway.data = data ?? temporaryFolder('data');
    await gateway.launch();
    return gateway;
  }

  constructor(upstream, flags, env) {
    this.upstream = upstream;
    this.flags = flags;
    this.env = env;
    this.url = upstream;
  }

  async launch() {
    this.spawn();
    // A first run may build the gateway, hence the long bound.
    const [, url] = await this.child.line(/^shadowcat: listening on (http\S+)/, 300_000);
    this.url = url.replace('0.0.0.0', this.host.address);
    [, this.admin] = await this.child.line(/^shadowcat: admin on (http\S+)/, 30_000);
  }

  /** Starts the process, and does not wait for it to listen. */
  spawn() {
    const args = ['gateway', ...(this.upstream ? ['--upstream', this.upstream] : []),
      '--listen', `${this.host.listen ?? this.host.address}:${this.port}`, '--admin', `${this.host.address}:${this.adminPort}`,
      '--data', this.data, ...(typeof this.flags === 'function' ? this.flags(this.port) : this.flags)];
    const [program, before] = this.program();
    const [command, ...rest] = [...this.host.run, program, ...before, ...args];
    this.child = new Child('gateway', command, rest, { env: { ...process.env, ...this.env } });
  }

  /** What is started, and what stands before the gateway's own arguments. */
  program() {
    return [this.version, []];
  }

  get pid() {
    return this.child?.pid;
  }

  /** kill -9. */
  async kill() {
    if (!control) await this.child.kill('SIGKILL');
  }

  async restart() {
    if (!control) await this.launch();
  }

  /** SIGTERM; returns how the process ended. */
  async stop() {
    if (control || this.child.exit) return undefined;
    return this.child.kill('SIGTERM');
  }

  async metrics() {
    const text = await (await fetch(`${this.admin}/metrics`)).text();
    return new Map(text.split('\n').filter(line => line && !line.startsWith('#')).map(line => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }));
  }
}
