// Fixture servers as processes: their URL, what they executed, and what they were asked.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, freePort, temporaryFolder } from './processes.mjs';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'upstreams');

/** One fixture server of `upstreams/`; it keeps its port and its ledger over restarts. */
export class Upstream {
  static async start(program, env = {}) {
    const upstream = new Upstream(program, env, await freePort());
    await upstream.launch();
    return upstream;
  }

  constructor(program, env, port) {
    this.program = program;
    this.env = env;
    this.port = port;
    this.url = `http://${env.HOST ?? '127.0.0.1'}:${port}/mcp`;
    this.ledgerFile = join(temporaryFolder('ledger'), 'executions');
    this.logFile = join(temporaryFolder('log'), 'requests');
  }

  async launch() {
    this.child = new Child(this.program, process.execPath, [join(folder, this.program)], {
      env: { ...process.env, PORT: String(this.port), LEDGER: this.ledgerFile, LOG: this.logFile, ...this.env },
    });
    await this.child.line(/^listening/, 30_000);
  }

  get pid() {
    return this.child.pid;
  }

  async kill() {
    await this.child.kill('SIGKILL');
  }

  async restart() {
    if (!this.child.exit) await this.kill();
    await this.launch();
  }

  async stop() {
    await this.kill();
  }

  /** How often each tag was executed, over all restarts. */
  executions() {
    const counted = new Map();
    for (const { tag } of lines(this.ledgerFile)) counted.set(tag, (counted.get(tag) ?? 0) + 1);
    return counted;
  }

  /** What was asked of the server, over all restarts: {at, what, method, session, rpc, id, cursor, authorization}. */
  requests() {
    return lines(this.logFile);
  }
}

function lines(file) {
  if (!existsSync(file)) return [];
  const whole = readFileSync(file, 'utf8').split('\n').slice(0, -1); // what follows the last line end is still being written
  return whole.filter(Boolean).map(line => JSON.parse(line));
}
