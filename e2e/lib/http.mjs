// An HTTP client on bare sockets: the test decides when and how a connection breaks, and sees how the other side ended it.
import { connect } from 'node:net';
import { EventParser } from './sse.mjs';
import { within } from './waiting.mjs';

/** A connection broke; `phase` says when: before it was made, before the status line, or inside the body. */
export class Broken extends Error {
  constructor(phase, cause) {
    super(`connection broken (${phase}): ${cause?.message ?? 'closed by the other side'}`, { cause });
    this.phase = phase;
  }
}

/** Sends one request on a connection of its own and returns when the head of the answer is there. */
export async function exchange(url, { method = 'GET', headers = {}, body, version = '1.1', timeout = 60_000 } = {}) {
  const target = new URL(url);
  const socket = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
  const reader = new SocketReader(socket);
  await reader.connected();
  const text = body === undefined ? undefined : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const fields = { host: target.host, ...lowerCase(headers) };
  if (text !== undefined) fields['content-length'] ??= String(Buffer.byteLength(text));
  const head = [`${method} ${target.pathname}${target.search} HTTP/${version}`];
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) for (const one of [value].flat()) head.push(`${name}: ${one}`);
  }
  socket.write(head.join('\r\n') + '\r\n\r\n');
  if (text !== undefined) socket.write(text);
  const answer = new Answer(socket, reader, method);
  return within(timeout, `${method} ${url}: the head of the answer`, answer.readHead()).catch(error => {
    socket.destroy();
    throw error;
  });
}

function lowerCase(headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Bytes of a socket in the order they came, with the end told apart from a break. */
class SocketReader {
  #chunks = [];
  #wake = () => {};
  #open = false;

  constructor(socket) {
    this.socket = socket;
    const note = change => (...args) => { change(...args); this.#wake(); };
    socket.on('connect', note(() => { this.#open = true; }));
    socket.on('data', note(chunk => this.#chunks.push(chunk)));
    socket.on('end', note(() => { this.end = true; }));
    socket.on('error', note(error => { this.error = error; }));
    socket.on('close', note(() => { this.end = true; }));
  }

  async connected() {
    while (!this.#open) {
      if (this.end || this.error) throw new Broken('connect', this.error);
      await this.#change();
    }
  }

  /** The next bytes, or undefined at the end. */
  async next() {
    for (;;) {
      if (this.#chunks.length > 0) return this.#chunks.shift();
      if (this.error) throw this.error;
      if (this.end) return undefined;
      await this.#change();
    }
  }

  giveBack(chunk) {
    if (chunk.length > 0) this.#chunks.unshift(chunk);
  }

  #change() {
    return new Promise(resolve => { this.#wake = resolve; });
  }
}

/** The answer to one request: head, then body as bytes, text, JSON or events. */
class Answer {
  constructor(socket, reader, method) {
    this.socket = socket;
    this.method = method;
    this.reader = reader;
    this.comments = 0;
  }

  async readHead() {
    let seen = Buffer.alloc(0);
    for (;;) {
      const end = seen.indexOf('\r\n\r\n');
      if (end >= 0) {
        this.#parseHead(seen.subarray(0, end).toString('latin1'));
        this.reader.giveBack(seen.subarray(end + 4));
        return this;
      }
      const chunk = await this.reader.next().catch(error => { throw new Broken('head', error); });
      if (!chunk) throw new Broken('head');
      seen = Buffer.concat([seen, chunk]);
    }
  }

  #parseHead(text) {
    const [statusLine, ...fields] = text.split('\r\n');
    this.status = Number(statusLine.split(' ')[1]);
    this.headers = {};
    for (const field of fields) {
      const colon = field.indexOf(':');
      const name = field.slice(0, colon).toLowerCase();
      const value = field.slice(colon + 1).trim();
      this.headers[name] = name in this.headers ? `${this.headers[name]}, ${value}` : value;
    }
  }

  get eventStream() {
    return (this.headers['content-type'] ?? '').startsWith('text/event-stream');
  }

  /** The body's bytes as they come; a body that ends too early throws Broken. */
  async *chunks() {
    try {
      if (this.method === 'HEAD' || this.status === 204 || this.status === 304) return;
      if (this.headers['transfer-encoding']) yield* this.#chunked();
      else if (this.headers['content-length'] !== undefined) yield* this.#counted(Number(this.headers['content-length']));
      else yield* this.#untilClose();
      this.complete = true;
    } catch (error) {
      throw error instanceof Broken ? error : new Broken('body', error);
    } finally {
      if (!this.abandoned) this.socket.destroy();
    }
  }

  async *#counted(length) {
    for (let left = length; left > 0;) {
      const chunk = await this.#need();
      this.reader.giveBack(chunk.subarray(left));
      const part = chunk.subarray(0, left);
      left -= part.length;
      yield part;
    }
  }

  async *#untilClose() {
    for (let chunk = await this.reader.next(); chunk; chunk = await this.reader.next()) yield chunk;
  }

  async *#chunked() {
    for (;;) {
      const length = parseInt(await this.#lineOfBody(), 16);
      if (Number.isNaN(length)) throw new Error('a chunk without a length');
      if (length === 0) return void (await this.#lineOfBody());
      yield* this.#counted(length);
      await this.#lineOfBody();
    }
  }

  async #lineOfBody() {
    let seen = Buffer.alloc(0);
    for (;;) {
      const end = seen.indexOf('\r\n');
      if (end >= 0) {
        this.reader.giveBack(seen.subarray(end + 2));
        return seen.subarray(0, end).toString('latin1');
      }
      seen = Buffer.concat([seen, await this.#need()]);
    }
  }

  async #need() {
    const chunk = await this.reader.next();
    if (!chunk) throw new Broken('body');
    return chunk;
  }

  async text() {
    const parts = [];
    for await (const chunk of this.chunks()) parts.push(chunk);
    return Buffer.concat(parts).toString('utf8');
  }

  async json() {
    return JSON.parse(await this.text());
  }

  /** The events of the body. After `limit.left` more bytes of it (the caller may set it while reading) the connection is cut. */
  async *events({ limit = { left: Infinity }, how = 'reset' } = {}) {
    const parser = new EventParser();
    for await (const chunk of this.chunks()) {
      const part = chunk.subarray(0, limit.left);
      limit.left -= part.length;
      const found = parser.push(part);
      this.comments = parser.comments;
      yield* found;
      if (limit.left <= 0) {
        this.wasCut = true;
        this.cut(how);
        return;
      }
    }
  }

  /** Ends the connection: `reset` as a crashed client would, `close` politely, `abandon` by never reading again. */
  cut(how = 'reset') {
    if (how === 'reset') this.socket.resetAndDestroy();
    if (how === 'close') this.socket.destroy();
    if (how === 'abandon') {
      this.abandoned = true;
      this.socket.pause().unref();
    }
  }
}
