// Debian's Prometheus with the configuration and the rules of deploy/prometheus, before targets of a test's own.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, freePort, temporaryFolder } from './processes.mjs';
import { eventually } from './waiting.mjs';

export const deploy = resolve(dirname(fileURLToPath(import.meta.url)), '../../deploy');

/** Runs promtool to its end: {status, said}. */
export function promtool(...args) {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}${error ?? ''}` };
}

/** False where Prometheus is there, otherwise the reason to skip; in CI a missing one fails instead. */
export function withoutPrometheus() {
  if (promtool('--version').status === 0) return false;
  if (process.env.CI === 'true') throw new Error('promtool is missing: apt-get install prometheus');
  return 'promtool is missing: apt-get install prometheus';
}

/** The rules as they are shipped, but that each minute is a second. */
function inSeconds(rules) {
  return rules.replace(/\[(\d+)m\]/g, '[$1s]').replace(/\bfor: (\d+)m$/gm, 'for: $1s');
}

export class Prometheus {
  /** `targets` are addresses, HOST:PORT. */
  static async start(targets) {
    const folder = temporaryFolder('prometheus');
    const shipped = name => readFileSync(join(deploy, 'prometheus', name), 'utf8');
    writeFileSync(join(folder, 'shadowcat.rules.yml'), inSeconds(shipped('shadowcat.rules.yml')));
    writeFileSync(join(folder, 'prometheus.yml'), shipped('prometheus.yml')
      .replace('scrape_interval: 15s', 'scrape_interval: 500ms').replace('evaluation_interval: 15s', 'evaluation_interval: 250ms')
      .replace("['127.0.0.1:9090']", JSON.stringify(targets)));
    const prometheus = new Prometheus(await freePort());
    prometheus.child = new Child('prometheus', 'prometheus', [`--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${prometheus.port}`, '--log.level=warn']);
    const ready = async () => prometheus.child.exit || (await fetch(`${prometheus.url}/-/ready`).catch(() => undefined))?.ok;
    await eventually(30_000, 'Prometheus is ready', ready);
    if (prometheus.child.exit) throw new Error(`Prometheus ended: ${prometheus.child.said()}`);
    return prometheus;
  }

  constructor(port) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  stop() {
    return this.child.kill('SIGTERM');
  }

  async #ask(path, parameters = {}) {
    const { status, data, error } = await (await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`)).json();
    if (status !== 'success') throw new Error(`${path} ${JSON.stringify(parameters)}: ${error}`);
    return data;
  }

  /** What an expression gives now: {metric, value: [seconds, text]} for each series, `values` for a range. */
  async query(expression) {
    return (await this.#ask('query', { query: expression })).result;
  }

  /** Every alert that is pending or firing. */
  async alerts() {
    return (await this.#ask('alerts')).alerts;
  }

  /** Every rule, as Prometheus has read it: {name, query, duration, labels, annotations}. */
  async rules() {
    return (await this.#ask('rules')).groups.flatMap(group => group.rules);
  }

  /** The names of metrics that were scraped, as they are announced (a histogram by its own name): {name: type}. */
  async metrics() {
    const metadata = await this.#ask('targets/metadata', { match_target: '{job="shadowcat"}' });
    return new Map(metadata.map(({ metric, type }) => [metric, type]));
  }

  /** The names of all labels that were scraped. */
  labels() {
    return this.#ask('labels');
  }
}
