// Child processes of the tests: started, awaited by a line they print, and never left behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { within } from './waiting.mjs';

const running = new Set();
const folders = new Set();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** A process, the lines it has printed, and its end. */
export class Child {
  #waiting = new Set();

  constructor(name, command, args, options) {
    this.name = name;
    this.lines = [];
    this.errors = '';
    this.process = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    running.add(this.process);
    this.ended = once(this.process, 'exit').then(([code, signal]) => {
      running.delete(this.process);
      this.exit = { code, signal };
      for (const waiter of this.#waiting) waiter();
      return this.exit;
    });
    this.process.on('error', error => { this.errors += error.message; });
    this.process.stderr.setEncoding('utf8').on('data', text => { this.errors = (this.errors + text).slice(-20_000); });
    let rest = '';
    this.process.stdout.setEncoding('utf8').on('data', text => {
      const parts = (rest + text).split('\n');
      rest = parts.pop();
      this.lines.push(...parts);
      for (const waiter of this.#waiting) waiter();
    });
  }

  get pid() {
    return this.process.pid;
  }

  /** The first line, printed or still to come, that the pattern matches; its groups as an array. */
  line(pattern, milliseconds = 30_000) {
    const search = new Promise((resolve, reject) => {
      const look = () => {
        const found = this.lines.map(line => line.match(pattern)).find(Boolean);
        if (!found && !this.exit) return;
        this.#waiting.delete(look);
        if (found) resolve(found);
        else reject(new Error(`${this.name} ended with ${JSON.stringify(this.exit)} before ${pattern}: ${this.said()}`));
      };
      this.#waiting.add(look);
      look();
    });
    return within(milliseconds, `${this.name}: a line like ${pattern}`, search).catch(error => {
      throw new Error(`${error.message}\n${this.said()}`);
    });
  }

  said() {
    return `${this.lines.slice(-20).join('\n')}\n${this.errors.slice(-4_000)}`;
  }

  async kill(signal = 'SIGKILL') {
    if (!this.exit) this.process.kill(signal);
    return within(20_000, `${this.name}: its end after ${signal}`, this.ended);
  }
}

const given = new Set();

/** A port that is free and was not given before: whoever got that one may not listen yet. */
export async function freePort() {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    if (!given.has(port)) {
      given.add(port);
      return port;
    }
  }
}

/** A folder that is gone when the tests end. */
export function temporaryFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `shadowcat-e2e-${name}-`));
  folders.add(folder);
  return folder;
}
