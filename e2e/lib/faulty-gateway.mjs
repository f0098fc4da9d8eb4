// The gateway with a store that can be told to fail (FaultyGateway among the gateway's own tests), compiled against the built one.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Gateway, launcher } from './gateway.mjs';
import { temporaryFolder } from './processes.mjs';
import { seed } from './random.mjs';

const root = dirname(launcher);
const built = join(root, 'gateway/target/shadowcat');
const flags = ['-XX:+UseCompactObjectHeaders', '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError',
  '--enable-native-access=ALL-UNNAMED', '--sun-misc-unsafe-memory-access=allow', '-Dio.netty.leakDetection.level=disabled'];

let classpath;
const jdk = () => readFileSync(join(built, 'jdk'), 'utf8').trim();

function compile() {
  const classes = temporaryFolder('faulty');
  const tests = join(root, 'gateway/src/test/java/dev/shadowcat/gateway/cli');
  const sources = [join(root, 'testkit/src/main/java/dev/shadowcat/testkit/ForwardingStore.java'),
    ...readdirSync(tests).filter(name => /^Fault(y.*)?\.java$/.test(name)).map(name => join(tests, name))];
  const libraries = readdirSync(join(built, 'lib')).sort().map(name => join(built, 'lib', name)).join(':');
  const { status, stderr } = spawnSync(join(jdk(), 'bin/javac'), ['-nowarn', '-cp', libraries, '-d', classes, ...sources], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the faulty gateway does not compile: ${stderr}`);
  return `${libraries}:${classes}`;
}

/** A gateway before several upstreams, by name: /mcp/NAME. */
export class FaultyGateway extends Gateway {
  /** `upstreams` is {name: url}; `fault` is the one that it has from its start on. */
  static async startBefore(upstreams, { data, fault = 'none', flags: more = [] } = {}) {
    classpath ??= compile();
    const config = join(temporaryFolder('config'), 'shadowcat.yaml');
    writeFileSync(config, `upstreams:\n${Object.entries(upstreams).map(([name, url]) => `  ${name}: {url: "${url}"}\n`).join('')}`);
    return super.start(undefined, { data, flags: ['--config', config, ...more], env: { FAULT: fault, FAULT_SEED: String(seed) } });
  }

  program() {
    const cache = join(built, 'shadowcat.aot'); // good for a longer class path too
    const sooner = existsSync(cache) ? [`-XX:AOTCache=${cache}`, '-Xlog:aot=off', '-Xlog:cds=off'] : [];
    return [join(jdk(), 'bin/java'), [...flags, ...sooner, '-cp', classpath, 'dev.shadowcat.gateway.cli.FaultyGateway']];
  }

  async launch() {
    await super.launch();
    [, this.control] = await this.child.line(/^fault control on (http\S+)/);
  }

  urlOf(name) {
    return `http://127.0.0.1:${this.port}/mcp/${name}`;
  }

  /** Has the fault from now on, after a restart too. Returns when it was told, in milliseconds since 1970. */
  async have(fault) {
    this.env.FAULT = fault;
    const told = Date.now();
    await fetch(`${this.control}/${fault}`);
    return told;
  }

  /** How many appends there were and how many failed, and since when they fail: {appends, failures, failedAt}. */
  async report() {
    return (await fetch(this.control)).json();
  }
}
