// MCP spoken by hand over lib/http.mjs, for what the SDKs would hide: event ids, priming, statuses, headers.
import { exchange } from './http.mjs';
import { within } from './waiting.mjs';

export const versions = ['2025-03-26', '2025-06-18', '2025-11-25'];
export const latest = '2025-11-25';

const both = 'application/json, text/event-stream';

/** The bare request that begins a session, for lib/http.mjs. */
export const initializeRequest = {
  method: 'POST', headers: { accept: both, 'content-type': 'application/json' },
  body: { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: latest, capabilities: {}, clientInfo: { name: 'late', version: '1' } } },
};

/** A session as a client holds it: an URL, an id, and the headers that go with each request. */
export class RawSession {
  /** Initializes; `headers` go with every request (credentials, for one). */
  static async open(url, { version = latest, headers = {}, capabilities = {}, name = 'raw' } = {}) {
    const session = new RawSession(url, { version, headers });
    const answer = await session.post({
      jsonrpc: '2.0', id: session.nextId(), method: 'initialize',
      params: { protocolVersion: version, capabilities, clientInfo: { name, version: '1' } },
    });
    if (answer.status !== 200) throw new Error(`initialize: ${answer.status} ${await answer.text()}`);
    const { message } = await readAnswer(answer, 1);
    if (message.error) throw new Error(`initialize: ${JSON.stringify(message.error)}`);
    session.id = answer.headers['mcp-session-id'];
    session.server = message.result;
    session.version = message.result.protocolVersion;
    const accepted = await session.post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    if (accepted.status !== 202) throw new Error(`initialized: ${accepted.status}`);
    accepted.cut('close');
    return session;
  }

  constructor(url, { version = latest, headers = {}, id } = {}) {
    this.url = url;
    this.version = version;
    this.headers = headers;
    this.id = id;
    this.lastId = 0;
  }

  nextId() {
    return ++this.lastId;
  }

  /** The same session as another holder knows it, with other headers. */
  as(headers) {
    const other = new RawSession(this.url, { version: this.version, headers, id: this.id });
    other.lastId = this.lastId;
    return other;
  }

  #fields(more) {
    const own = this.id === undefined ? {} : { 'mcp-session-id': this.id, 'mcp-protocol-version': this.version };
    return { ...own, ...this.headers, ...more };
  }

  post(message, { headers = {}, timeout } = {}) {
    const fields = this.#fields({ accept: both, 'content-type': 'application/json', ...headers });
    return exchange(this.url, { method: 'POST', headers: fields, body: message, timeout });
  }

  get({ cursor, headers = {}, timeout } = {}) {
    return exchange(this.url, { headers: this.#fields({ accept: 'text/event-stream', 'last-event-id': cursor, ...headers }), timeout });
  }

  delete({ headers = {} } = {}) {
    return exchange(this.url, { method: 'DELETE', headers: this.#fields(headers) });
  }

  /** Sends a request and reads its answer to the end: {status, message, events}. */
  async request(method, params, { id = this.nextId(), timeout = 60_000, headers } = {}) {
    const answer = await this.post({ jsonrpc: '2.0', id, method, params }, { timeout, headers });
    return within(timeout, `the answer to ${method}`, readAnswer(answer, id));
  }

  call(tool, args, { id, progressToken, ...options } = {}) {
    return this.request('tools/call', callParams(tool, args, progressToken), { id, ...options });
  }

  /** Sends a tool call and returns the open answer, for the caller to read and to cut. */
  startCall(tool, args, { id = this.nextId(), progressToken, headers, timeout } = {}) {
    return this.post({ jsonrpc: '2.0', id, method: 'tools/call', params: callParams(tool, args, progressToken) }, { headers, timeout });
  }

  async notify(method, params) {
    const answer = await this.post({ jsonrpc: '2.0', method, params });
    answer.cut('close');
    return answer.status;
  }
}

function callParams(tool, args, progressToken) {
  return { name: tool, arguments: args, ...(progressToken === undefined ? {} : { _meta: { progressToken } }) };
}

/** Reads an answer whole, JSON or events, and picks out the message that answers the id. */
export async function readAnswer(answer, id) {
  if (!answer.eventStream) {
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, events: [], message: text ? JSON.parse(text) : undefined };
  }
  const events = [];
  let message;
  for await (const event of answer.events()) {
    events.push(event);
    const parsed = event.data ? JSON.parse(event.data) : {};
    if (parsed.id === id && !parsed.method) message = parsed;
  }
  return { status: answer.status, headers: answer.headers, events, message };
}

/** The message of an event; undefined for priming events and others without data. */
export function messageOf(event) {
  return event.data ? JSON.parse(event.data) : undefined;
}

/** What reading a stream in several pieces brought: every event, its id, and what is wrong with their order. */
export class Received {
  events = [];
  cursor;
  primings = 0;

  add(event) {
    if (event.id !== undefined) this.cursor = event.id;
    if (event.id !== undefined && event.data === '') this.primings++;
    if (event.data) this.events.push({ id: event.id, message: JSON.parse(event.data) });
  }

  get messages() {
    return this.events.map(event => event.message);
  }

  /** Ids that came twice. */
  get repeatedIds() {
    const ids = this.events.map(event => event.id).filter(id => id !== undefined);
    return ids.length - new Set(ids).size;
  }

  answerTo(id) {
    return this.messages.find(message => message.id === id && !message.method);
  }
}

/** Counts what is wrong with a run of numbered things that should be 1, 2, … `expected`. */
export function faults(numbers, expected) {
  const seen = new Set(numbers);
  let lost = 0;
  for (let number = 1; number <= expected; number++) if (!seen.has(number)) lost++;
  const doubled = numbers.length - seen.size;
  const reordered = numbers.filter((number, index) => index > 0 && number < numbers[index - 1]).length;
  return { lost, doubled, reordered };
}
