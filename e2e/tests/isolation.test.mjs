// Whatever session id, cursor and stream a request names: it gets events of that session and that stream, or none.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { Broken } from '../lib/http.mjs';
import { messageOf, RawSession } from '../lib/mcp.mjs';
import { chance } from '../lib/random.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, inParallel, sleep } from '../lib/waiting.mjs';

const steps = Number(process.env.E2E_ISOLATION_STEPS ?? 1_000);
const width = 10;
const bearer = user => ({ authorization: `Bearer good-${user}-1` });

let upstream;
let gateway;

before(async () => {
  if (unlessControl) return;
  upstream = await Upstream.start('sdk-v1.mjs', { AUTH: 'bound' });
  gateway = await Gateway.start(upstream.url);
});
after(async () => {
  await gateway?.stop();
  await upstream?.stop();
});

test('random interleavings of calls, resumes and foreign ids', { skip: unlessControl, timeout: 600_000 }, async () => {
  const random = chance(50);
  const people = await Promise.all(['ann', 'bob', 'cyd', 'dan'].map(async user => ({
    user, headers: bearer(user), sessions: await inParallel(3, 3, () => RawSession.open(gateway.url, { headers: bearer(user) })),
  })));
  const cursors = new Set(['0-0', '1-0', '1-1', '2-0', '9-9', 'zz-1']);
  const counted = { requests: 0, events: 0, refused: 0 };
  const leaks = [];

  /** Every tag names its session and its call; every event is checked against who asked for what. */
  const look = (event, session, person, stream) => {
    const message = messageOf(event);
    if (event.id !== undefined) cursors.add(event.id);
    if (!message) return;
    counted.events++;
    const tag = /[a-z]+:[\w-]{22}:\d+/.exec(JSON.stringify(message))?.[0];
    const [user, id] = tag?.split(':') ?? [];
    if (tag !== undefined && (user !== person.user || id !== session.id)) leaks.push(`${person.user} on ${session.id} got ${tag}`);
    if (stream !== undefined && event.id !== undefined && event.id.split('-')[0] !== stream) leaks.push(`stream ${stream} got the event ${event.id}`);
  };

  const read = async (answer, limit, seen) => {
    counted.requests++;
    if (answer.status >= 400) counted.refused++;
    if (!answer.eventStream) {
      const text = await answer.text();
      if (/:[\w-]{22}:\d+/.test(text) && answer.status >= 400) leaks.push(`an error page with a tag: ${text}`);
      return;
    }
    const timer = setTimeout(() => answer.cut('reset'), limit);
    try {
      for await (const event of answer.events()) seen(event);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
    } finally {
      clearTimeout(timer);
    }
  };

  let call = 0;
  await inParallel(steps, width, async () => {
    const person = random.oneOf(people);
    const owner = random.fraction() < 0.8 ? person : random.oneOf(people);
    const session = random.oneOf(owner.sessions);
    const asked = new RawSession(gateway.url, { headers: random.fraction() < 0.9 ? person.headers : {}, id: session.id });
    const kind = random.between(0, 9);
    if (kind < 4) {
      const tag = `${person.user}:${session.id}:${++call}`;
      const id = random.between(1, 5);
      const answer = await asked.startCall('count', { steps: random.between(1, 6), milliseconds: random.between(0, 30), tag }, { id, progressToken: tag });
      await read(answer, random.between(5, 400), event => look(event, session, person, undefined));
    } else if (kind < 5) {
      const tag = `${person.user}:${session.id}:${++call}`;
      await read(await asked.startCall('announce', { count: 2, milliseconds: 10, tag }, { id: 9 }), 300, event => look(event, session, person, undefined));
    } else {
      const cursor = random.fraction() < 0.15 ? undefined : random.oneOf([...cursors]);
      await read(await asked.get({ cursor }), random.between(20, 300), event => look(event, session, person, cursor === undefined ? '0' : cursor.split('-')[0]));
    }
    await sleep(random.between(0, 10));
  });
  figures('isolation', { steps, ...counted, leaks: leaks.length });
  assert.deepEqual(leaks.slice(0, 5), []);
  assert.ok(counted.events > steps / 4, 'events were seen');
  assert.ok(counted.refused > steps / 50, 'foreign requests were refused');
  await eventually(1_000, 'the upstream saw the calls', () => upstream.requests().length > 0);
});
