// Gateways that share a store, behind Debian's nginx, which sends each request to the next of them.
import { Gateway } from './gateway.mjs';
import { startNginx } from './nginx.mjs';
import { eventually, inParallel } from './waiting.mjs';

export class Cluster {
  static async start(upstream, store, { nodes = 3, flags = [] } = {}) {
    const cluster = new this();
    cluster.gateways = [];
    // The first makes the schema; all at once is the store's tests' business.
    for (let node = 0; node < nodes; node++) {
      cluster.gateways.push(await Gateway.start(upstream.url, { flags: ['--store', store.url, ...flags] }));
    }
    cluster.nginx = await startNginx(...cluster.gateways.map(gateway => gateway.url));
    cluster.url = cluster.nginx.url;
    return cluster;
  }

  async ready(milliseconds = 30_000) {
    await eventually(milliseconds, 'every node is ready', async () => {
      const answers = await inParallel(this.gateways.length, this.gateways.length, node =>
        fetch(`${this.gateways[node].admin}/ready`).catch(() => undefined));
      return answers.every(answer => answer?.status === 200);
    }, 20);
  }

  /** The sum of a metric over all nodes. */
  async metric(name) {
    let sum = 0;
    for (const gateway of this.gateways) sum += (await gateway.metrics()).get(name) ?? 0;
    return sum;
  }

  async stop() {
    await this.nginx?.stop();
    for (const gateway of this.gateways ?? []) await gateway.stop();
  }
}
