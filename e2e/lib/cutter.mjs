// A TCP relay between a client and the gateway which breaks connections on demand: the network that a real client has.
import { connect, createServer } from 'node:net';
import { once } from 'node:events';

/**
 * Starts a relay to the URL. `onConnection(link)` sees each connection; link.answer and link.request are the bytes counted
 * so far, link.sent the text of the client's requests, and link.cut(how) breaks it:
 * `reset` or `close` on both sides, or `half`: the client's side alone, while the gateway's looks open for ever.
 */
export async function startCutter(url, onConnection = () => {}) {
  const target = new URL(url);
  const links = new Set();
  const everyLink = [];
  const server = createServer({ noDelay: true }, client => {
    const link = new Link(client, connect({ host: target.hostname, port: Number(target.port), noDelay: true }));
    links.add(link);
    everyLink.push(link);
    link.closed.then(() => links.delete(link));
    onConnection(link);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return {
    url: `http://127.0.0.1:${port}${target.pathname}`,
    links,
    /** How often the pattern (global) stands in what the clients sent over all connections so far. */
    sent: pattern => everyLink.reduce((sum, link) => sum + (link.sent.match(pattern)?.length ?? 0), 0),
    stop() {
      server.close();
      for (const link of links) link.end();
    },
  };
}

class Link {
  sent = '';
  answer = 0;
  #listeners = [];

  constructor(client, gateway) {
    this.client = client;
    this.gateway = gateway;
    this.closed = once(gateway, 'close');
    client.on('data', chunk => {
      this.sent += chunk.toString('latin1');
      gateway.write(chunk);
    });
    gateway.on('data', chunk => this.#relay(chunk));
    client.on('error', () => {});
    gateway.on('error', () => {});
    client.on('close', () => { if (!this.half) gateway.destroy(); });
    gateway.on('close', () => client.destroy());
  }

  /** Sees the bytes towards the client before they go; returns how many of them may still pass. */
  onAnswer(listener) {
    this.#listeners.push(listener);
  }

  #relay(chunk) {
    if (this.half) return;
    let pass = chunk.length;
    for (const listener of this.#listeners) pass = Math.min(pass, listener(chunk) ?? chunk.length);
    this.answer += pass;
    if (pass === chunk.length) {
      this.client.write(chunk);
      return;
    }
    this.client.write(chunk.subarray(0, pass), () => this.cut(this.how ?? 'reset'));
  }

  cut(how = 'reset') {
    if (how === 'half') {
      this.half = true;
      this.client.resetAndDestroy();
      return;
    }
    if (how === 'reset') {
      this.client.resetAndDestroy();
      this.gateway.resetAndDestroy();
      return;
    }
    this.end();
  }

  end() {
    this.client.destroy();
    this.gateway.destroy();
  }
}
