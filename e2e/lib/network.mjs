// Hosts of their own on this machine, network namespaces, joined by networks that can be cut so that nothing comes back: no reset,
// no refusal. Their addresses are those that are set apart for tests of networks (RFC 2544); nothing of it leaves this machine.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const made = new Set();
// Before the listener of processes.mjs, which kills what runs there.
process.prependListener('exit', () => { for (const network of made) network.remove(); });

export class Network {
  /** False where hosts can be made, otherwise the reason to skip; in CI that fails instead. */
  static missing() {
    const program = ['/usr/sbin/ip', '/sbin/ip'].some(existsSync);
    const reason = !program ? 'ip is missing: apt-get install iproute2' : process.getuid() === 0 ? false : 'only root may make hosts';
    if (reason && process.env.CI === 'true') throw new Error(reason);
    return reason;
  }

  /** `networks` says who is on which: {name: [host, …]}. The tests themselves are on the first, as its number 1. */
  constructor(networks) {
    this.name = `shadowcat-${process.pid}`;
    this.ports = new Map();
    this.addresses = new Map();
    made.add(this);
    this.#ip('netns', 'add', this.switch);
    this.hosts = new Set(Object.values(networks).flat());
    for (const host of this.hosts) {
      this.#ip('netns', 'add', this.#space(host));
      this.#ip('-n', this.#space(host), 'link', 'set', 'lo', 'up');
    }
    Object.entries(networks).forEach(([network, hosts], number) => this.#lay(network, hosts, number));
  }

  get switch() {
    return `${this.name}-switch`;
  }

  #space(host) {
    return `${this.name}-${host}`;
  }

  #lay(network, hosts, number) {
    const bridge = `b${number}`;
    this.#ip('-n', this.switch, 'link', 'add', bridge, 'type', 'bridge');
    this.#ip('-n', this.switch, 'link', 'set', bridge, 'up');
    const prefix = `198.18.${process.pid % 256}.`;
    const join = (host, space, inside, position) => {
      const port = `p${number}-${position}`;
      const address = `${prefix}${number * 64 + 1 + position}`;
      this.#ip('-n', this.switch, 'link', 'add', port, 'type', 'veth', 'peer', 'name', inside, 'netns', space);
      this.#ip('-n', this.switch, 'link', 'set', port, 'master', bridge, 'up');
      const there = space === '1' ? [] : ['-n', space];
      this.#ip(...there, 'address', 'add', `${address}/26`, 'dev', inside);
      this.#ip(...there, 'link', 'set', inside, 'up');
      this.ports.set(`${host}/${network}`, { port, bridge });
      this.addresses.set(`${host}/${network}`, address);
    };
    if (number === 0) join('tests', '1', `sc${process.pid}`, 0); // the namespace of process 1 is the machine's own
    hosts.forEach((host, index) => join(host, this.#space(host), `e${number}`, index + 1));
  }

  address(host, network) {
    return this.addresses.get(`${host}/${network}`);
  }

  /** What is typed before a command to run it on that host. */
  run(host) {
    return ['nsenter', `--net=/run/netns/${this.#space(host)}`, '--'];
  }

  /** Drops all that a host sends and gets on a network, without a word to anybody. */
  cut(host, network) {
    this.#ip('-n', this.switch, 'link', 'set', this.ports.get(`${host}/${network}`).port, 'nomaster');
  }

  heal(host, network) {
    const { port, bridge } = this.ports.get(`${host}/${network}`);
    this.#ip('-n', this.switch, 'link', 'set', port, 'master', bridge);
  }

  #ip(...words) {
    const { status, stderr } = spawnSync('ip', words, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr}`);
  }

  remove() {
    made.delete(this);
    for (const space of [this.switch, ...[...this.hosts ?? []].map(host => this.#space(host))]) spawnSync('ip', ['netns', 'del', space]);
  }
}
