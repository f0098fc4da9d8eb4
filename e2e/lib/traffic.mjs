// Clients with calls under way all the time, and an account of what became of each: what tests let faults loose on.
import { clean, tally } from './drops.mjs';
import { Broken } from './http.mjs';
import { faults, RawSession, Received } from './mcp.mjs';
import { connectV1 } from './sdk.mjs';
import { eventually, inParallel, sleep, within } from './waiting.mjs';

// An SDK client tries twice, `retry` (3 s ± 20 %) apart, and then never again: where the gateway is away for longer, its call
// hangs by its own fault and is counted apart.
const patience = 4_500;

/** What became of the calls to one upstream. */
class Account {
  calls = 0;
  completed = 0;
  brokenBeforeId = 0;
  refused = 0;
  errors = 0;
  gaveUp = 0;
  events = 0;
  resumed = 0;
  drops = 0;
  unheard = 0;
  toldMissing = 0; // of calls that were told that something of them is missing
  toldTwice = 0; // or may have come twice
  forgotten = 0; // of calls whose beginning is what the store lost
  tags = [];
  refusedTags = [];
  forgottenTags = [];
  announced = [];
  said = [];
  total = { ...clean };

  forget(...where) {
    this.forgotten++;
    this.forgottenTags.push([new Date().toISOString(), ...where].join(' '));
  }

  error(tag, message) {
    this.errors++;
    this.said.push(`${tag}: ${message}`);
  }
}

/**
 * Clients by hand and of the SDK that make one call after the other, and clients by hand that listen to what belongs to no
 * call. A route is an upstream behind the gateway: {url, upstream, eventIds}.
 */
export class Traffic {
  static #tags = 0; // counts on from test to test, which may share an upstream
  /** While it is set, nobody begins anything new. */
  down = false;
  problems = [];
  slowestRestart = 0;
  restartedAt = 0;
  kills = 0;
  #over = false;
  #clients = [];

  static async open(routes, options) {
    const traffic = new Traffic(routes, options);
    await traffic.#open();
    return traffic;
  }

  /**
   * `steps` and `pauses` are ranges; `drops` is how often at most a client by hand leaves a call and comes back to it; with `gaps` the
   * store may lose what it confirmed, where clients are told.
   */
  constructor(routes, { random, byHand, sdk, listeners = 0, steps = [4, 12], pauses = [150, 150], padding = 0, drops = 0, gaps = false }) {
    this.routes = routes;
    Object.assign(this, { random, byHand, sdk, listeners, steps, pauses, padding, drops, gaps });
    this.accounts = new Map(routes.map(route => [route, new Account()]));
  }

  async #open() {
    for (const route of this.routes) {
      const account = this.accounts.get(route);
      const sessions = await inParallel(this.byHand, 10, () => RawSession.open(route.url));
      const peers = await inParallel(this.sdk, 10, () => connectV1(route.url));
      const listeners = await inParallel(this.listeners, 10, async () => new Listener(await RawSession.open(route.url)));
      this.#clients.push(
        ...sessions.map(session => () => this.#callByHand(session, route, account)),
        ...peers.map(peer => () => this.#callBySdk(peer, route, account)),
        ...listeners.map(listener => () => this.#listen(listener, route, account)),
      );
    }
  }

  start() {
    this.everyone = Promise.all(this.#clients.map((client, index) =>
      client().catch(error => this.problems.push(`client ${index}: ${error.stack}`))));
  }

  /** kill -9; the gateway is there again when `whileDown` has done its work. */
  async kill(gateway, whileDown = async () => {}) {
    this.down = true;
    await gateway.kill();
    this.kills++;
    const killed = performance.now();
    await whileDown();
    await gateway.restart();
    this.restartedAt = Date.now();
    this.slowestRestart = Math.max(this.slowestRestart, Math.round(performance.now() - killed));
    this.down = false;
  }

  /** Begins nothing more, and waits for nobody. */
  abandon() {
    this.#over = true;
  }

  /** Lets every client come to the end of what it has begun. */
  async finish(milliseconds = 150_000) {
    this.#over = true;
    await within(milliseconds, 'every client is done', this.everyone);
  }

  /** Tools that an upstream executed twice, or executed although the call was refused. */
  executedWrongly(route) {
    const executions = route.upstream.executions();
    const { tags, refusedTags } = this.accounts.get(route);
    return [...tags.filter(tag => executions.get(tag) > 1), ...refusedTags.filter(tag => executions.has(tag))];
  }

  /** The account of one upstream as figures. */
  figures(route) {
    const { tags, refusedTags, forgottenTags, announced, said, total, ...counts } = this.accounts.get(route);
    return { ...counts, executedTwice: this.executedWrongly(route).length, ...total };
  }

  async #whileRunning(work) {
    while (!this.#over) {
      if (this.down) await sleep(50);
      else await work();
    }
  }

  #newTag(account, kind) {
    const tag = `${kind}-${Traffic.#tags++}`;
    account.calls++;
    account.tags.push(tag);
    return tag;
  }

  async #callByHand(session, route, account) {
    await this.#whileRunning(async () => {
      const steps = this.random.between(...this.steps);
      const tag = this.#newTag(account, 'raw');
      const args = { steps, milliseconds: this.random.between(...this.pauses), padding: this.padding, tag };
      const { received, answer } = await this.#call(session, account, 'count', args, this.random.between(0, this.drops));
      if (!answer) return;
      const numbers = received.messages.filter(message => message.method === 'notifications/progress').map(message => message.params.progress);
      account.events += numbers.length;
      // An error comes after a run of events that is whole as far as it goes.
      this.#account(account, numbers, answer.error ? Math.max(0, ...numbers) : steps, received.messages);
      const others = received.messages.filter(message => message.method && message.params.progressToken !== tag);
      if (others.some(message => !this.gaps || !noticeOf(message))) throw new Error(`${tag} got a message of another: ${JSON.stringify(others)}`);
    });
  }

  /** Counts what is wrong with a call, but for what its client was told of, where such a thing may be. */
  #account(account, numbers, expected, messages) {
    const wrong = faults(numbers, expected);
    const notices = this.gaps ? messages.map(noticeOf) : [];
    const [missing, twice] = [notices.some(notice => /no longer kept/.test(notice)), notices.some(notice => /come twice/.test(notice))];
    if (missing) account.toldMissing++;
    if (twice) account.toldTwice++;
    if (!missing) account.total.lost += wrong.lost;
    if (!twice) account.total.doubled += wrong.doubled;
    if (!twice) account.total.reordered += wrong.reordered;
  }

  /** One call, read to its end over as many connections as it takes: what came, and the answer, if the client could know. */
  async #call(session, account, tool, args, drops) {
    const { tag } = args;
    const id = session.nextId();
    const received = new Received();
    const state = { drops, account };
    const open = () => session.startCall(tool, args, { id, progressToken: tag });
    const status = await this.#readOn(open, received, id, state);
    if (status === 503) {
      account.refused++;
      account.refusedTags.push(tag);
      await sleep(200);
      return { received };
    }
    const broken = status === undefined || ((status === 502 || status === 504) && !received.answerTo(id));
    if (broken && received.cursor === undefined) {
      account.brokenBeforeId++;
      await sleep(200);
      return { received };
    }
    const deadline = performance.now() + 90_000;
    while (!received.answerTo(id)) {
      if (performance.now() > deadline) throw new Error(`${tag} is left hanging at ${received.cursor} (${status})`);
      if (received.cursor === undefined) throw new Error(`${tag} ended with ${status}, without an answer`);
      const resumed = await this.#readOn(() => session.get({ cursor: received.cursor }), received, id, state);
      if (resumed === 400 && this.gaps) {
        account.forget(tag, session.id, received.cursor);
        return { received };
      }
      if (![undefined, 200, 502, 503].includes(resumed)) throw new Error(`${tag}: resume of ${received.cursor} gave ${resumed}`);
      await sleep(100);
    }
    const answers = received.messages.filter(message => message.id === id && !message.method);
    if (answers.length !== 1) throw new Error(`${tag}: ${answers.length} answers`);
    if (received.repeatedIds > 0) throw new Error(`${tag}: ${received.repeatedIds} repeated ids`);
    if (answers[0].error && received.cursor === undefined) account.brokenBeforeId++; // and told so
    else if (answers[0].error) account.error(tag, answers[0].error.message);
    else account.completed++;
    return { received, answer: answers[0] };
  }

  /** Reads until the connection ends; the status, or undefined where it broke, by a kill or by the client's own doing. */
  async #readOn(open, received, id, state) {
    try {
      const answer = await open();
      if (!answer.eventStream) {
        const text = await answer.text();
        const ours = answer.status !== 503 && answer.headers['content-type'] === 'application/json'; // not a page of what is before us
        const message = text && ours ? JSON.parse(text) : undefined;
        if (message?.id === id) received.events.push({ message });
        return answer.status;
      }
      if (received.cursor !== undefined) state.account.resumed++;
      const limit = { left: Infinity };
      for await (const event of answer.events({ limit })) {
        received.add(event);
        if (limit.left === Infinity && state.drops > 0 && received.cursor !== undefined) {
          state.drops--;
          limit.left = this.random.between(1, 4_000);
        }
      }
      if (answer.wasCut) state.account.drops++;
      return answer.wasCut ? undefined : answer.status;
    } catch (error) {
      if (error instanceof Broken) return undefined;
      throw error;
    }
  }

  /** An SDK client with default options: it has two tries, 3 s apart, to come back. */
  async #callBySdk(peer, route, account) {
    await this.#whileRunning(async () => {
      const steps = this.random.between(...this.steps);
      const tag = this.#newTag(account, 'sdk');
      const args = { steps, milliseconds: this.random.between(...this.pauses), padding: this.padding, tag };
      const numbers = [];
      const heard = peer.heard.length;
      let held; // the newest id
      try {
        const options = { timeout: 90_000, onprogress: progress => numbers.push(progress.progress), onresumptiontoken: newest => { held = newest; } };
        const call = peer.client.callTool({ name: 'count', arguments: args }, undefined, options);
        await Promise.race([call, unlessItGivesUp(peer, tag)]);
        account.completed++;
        account.events += numbers.length;
        this.#account(account, numbers, steps, peer.heard.slice(heard));
      } catch (error) {
        // The SDK's own time-out has a code too, but it is a call left hanging.
        if (held && error.code <= -32_000 && !/timed out/i.test(error.message)) account.error(tag, error.message);
        else if (error.code === 503) {
          account.refused++;
          account.refusedTags.push(tag);
        } else if (held && this.slowestRestart > patience) {
          account.gaveUp++;
          return;
        } else if (held && this.gaps && /tries no more/.test(error.message)) {
          // Its two tries were too early, or what it comes back to is not there any more.
          const known = await new RawSession(route.url, { id: peer.transport.sessionId }).get({ cursor: held });
          known.cut('close');
          if (known.status === 400) account.forget(tag, peer.transport.sessionId, held);
          else account.gaveUp++;
          return;
        } else if (held || /timed out/i.test(error.message)) throw error; // without an id it has to be told at once
        else account.brokenBeforeId++;
        await sleep(200);
      }
    });
    await peer.close();
  }

  /** What belongs to no call: announced by a call that answers first, heard on a stream that is dropped now and then. */
  async #listen(listener, route, account) {
    const hearing = listener.listen(this, account);
    await this.#whileRunning(async () => {
      if (!listener.open) {
        await sleep(50);
        return;
      }
      const tag = this.#newTag(account, 'announced');
      const kills = this.kills;
      const count = this.random.between(...this.steps);
      const milliseconds = this.random.between(...this.pauses);
      await this.#call(listener.session, account, 'announce', { count, milliseconds, tag }, 0);
      const expected = route.upstream.executions().has(tag) ? count : 0;
      const all = () => listener.numbers(tag).length >= expected;
      await eventually(count * milliseconds + 30_000, tag, () => all() || (this.kills > kills && !route.eventIds && listener.open)).catch(() => {});
      // What a server without event ids says while the gateway is killed, it says to nobody.
      const mayMiss = this.kills > kills && !route.eventIds;
      if (mayMiss) await eventually(count * milliseconds + 1_000, tag, all).catch(() => {});
      const numbers = listener.numbers(tag);
      account.events += numbers.length;
      if (mayMiss) {
        account.unheard += expected - numbers.length;
        tally(account.total, numbers, 0);
      } else {
        tally(account.total, numbers, expected);
      }
    });
    listener.leave();
    await hearing;
    if (listener.received.repeatedIds > 0) throw new Error(`${listener.received.repeatedIds} repeated ids on the standalone stream`);
  }
}

/** What the gateway itself says to a client in between; undefined of everything else. */
function noticeOf({ method, params }) {
  return method === 'notifications/message' && params.logger === 'shadowcat' ? params.data : undefined;
}

/** Throws where the SDK has said that it comes back no more and nothing has come since. */
async function unlessItGivesUp(peer, tag) {
  const before = peer.errors.length;
  const gaveUp = () => peer.errors.slice(before).some(error => /Maximum reconnection/i.test(error.message));
  await eventually(100_000, `the answer of ${tag}`, gaveUp, 100);
  for (let heard = -1; heard < peer.heard.length;) {
    heard = peer.heard.length;
    await sleep(12_000);
  }
  throw new Error(`${tag} is left hanging: the SDK tries no more`);
}

/** A client by hand on the standalone stream. */
class Listener {
  received = new Received();
  open = false;
  #left = false;

  constructor(session) {
    this.session = session;
  }

  numbers(tag) {
    return this.received.messages.filter(message => message.params?.data?.tag === tag).map(message => message.params.data.number);
  }

  leave() {
    this.#left = true;
    this.stream?.cut('close');
  }

  async listen(traffic, account) {
    while (!this.#left) {
      try {
        this.stream = await this.session.get({ cursor: this.received.cursor });
        if (![200, 409, 503].includes(this.stream.status)) throw new Error(`the standalone stream gave ${this.stream.status} ${await this.stream.text()}`);
        this.open = this.stream.status === 200;
        await this.#read(traffic, account);
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
      }
      this.open = false;
      if (!this.#left) await sleep(100);
    }
  }

  async #read(traffic, account) {
    const limit = { left: traffic.drops > 0 ? traffic.random.between(2_000, 20_000) : Infinity };
    for await (const event of this.stream.events({ limit })) {
      this.received.add(event);
      if (this.#left) return;
    }
    if (this.stream.wasCut) account.drops++;
  }
}
