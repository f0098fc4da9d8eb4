// An address that moves, before a way that can be cut: a TCP relay whose other end is changed, and which swallows what it is told to.
import { connect, createServer } from 'node:net';
import { once } from 'node:events';

export class Relay {
  #links = new Set();

  /** Relays to a port of this machine. */
  static async start(target) {
    const relay = new this();
    relay.target = target;
    relay.cut = false;
    relay.server = createServer({ noDelay: true }, near => relay.#link(near)).listen(0, '127.0.0.1');
    await once(relay.server, 'listening');
    relay.port = relay.server.address().port;
    return relay;
  }

  #link(near) {
    const far = connect({ port: this.target, host: '127.0.0.1', noDelay: true });
    const link = [near, far];
    this.#links.add(link);
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on('data', chunk => { if (!this.cut) to.write(chunk); });
      from.on('error', () => {});
      from.on('close', () => {
        this.#links.delete(link);
        to.destroy();
      });
    }
  }

  /** Leads elsewhere from now on; whoever was connected is cut off. */
  moveTo(target) {
    this.target = target;
    for (const [near, far] of this.#links) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  stop() {
    this.server.close();
    this.moveTo(this.target);
  }
}
