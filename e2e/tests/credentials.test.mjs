// Rule 9: a session belongs to who opened it. Nothing is replayed to a request without its credentials or with another's, also
// while the upstream is down; a rotated token goes on.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { messageOf, RawSession } from '../lib/mcp.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, within } from '../lib/waiting.mjs';

const bearer = token => ({ authorization: `Bearer ${token}` });
const jwt = claims => bearer([{ alg: 'none' }, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') + '.signature');

/** Opens a session and leaves a finished call on it, of which only the first event was seen. */
async function leaveAnswer(gateway, headers, tag) {
  const session = await RawSession.open(gateway.url, { headers });
  const { events } = await session.call('count', { steps: 5, tag }, { progressToken: tag });
  return { session, cursor: events.find(event => event.id).id, later: events.filter(messageOf).map(event => event.id) };
}

/** What a resume brings: its status and the ids of the events with data. */
async function resume(session, cursor) {
  const answer = await session.get({ cursor });
  if (!answer.eventStream) {
    await answer.text();
    return { status: answer.status, ids: [] };
  }
  const ids = [];
  for await (const event of answer.events()) if (messageOf(event)) ids.push(event.id);
  return { status: answer.status, ids };
}

for (const mode of ['bound', 'lax', 'open']) {
  describe(`an upstream whose tokens are checked: ${mode}`, { skip: unlessControl }, () => {
    let upstream;
    let gateway;
    before(async () => {
      upstream = await Upstream.start('sdk-v1.mjs', { AUTH: mode });
      gateway = await Gateway.start(upstream.url);
    });
    after(async () => {
      await gateway?.stop();
      await upstream?.stop();
    });
    const pings = token => upstream.requests().filter(request => request.what === 'request' && request.rpc === 'ping' && request.authorization === token.authorization);
    const assertNothing = (answer, what) => {
      assert.ok(answer.status >= 400 && answer.status < 500, `${what}: ${answer.status}`);
      assert.deepEqual(answer.ids, [], what);
    };

    test('the opener is served, replay included', async () => {
      const { session, cursor, later } = await leaveAnswer(gateway, bearer('good-alice-1'), 'opener');
      assert.deepEqual(await resume(session, cursor), { status: 200, ids: later });
    });

    test('nothing is replayed without credentials or with bad ones', async () => {
      const { session, cursor } = await leaveAnswer(gateway, bearer('good-alice-1'), 'nobody');
      assertNothing(await resume(session.as({}), cursor), 'without credentials');
      assertNothing(await resume(session.as(bearer('bad')), cursor), 'with a bad token');
      assertNothing(await resume(session.as({ 'x-api-key': 'k' }), cursor), 'with an API key instead');
    });

    test('a JWT of another subject gets 404, whatever the upstream says', async () => {
      const { session, cursor, later } = await leaveAnswer(gateway, jwt({ iss: 'e2e', sub: 'alice', jti: 1 }), 'jwt');
      const mallory = session.as(jwt({ iss: 'e2e', sub: 'mallory' }));
      assert.deepEqual(await resume(mallory, cursor), { status: 404, ids: [] });
      const answer = await mallory.call('echo', { text: 'mine', tag: `${mode}-mallory` });
      assert.equal(answer.status, 404);
      assert.equal(upstream.executions().get(`${mode}-mallory`), undefined, 'nothing reaches the upstream');
      assert.equal((await mallory.delete()).status, 404);
      assert.deepEqual(await resume(session, cursor), { status: 200, ids: later }, 'the owner is still served');
    });

    test('a rotated JWT of the same subject goes on, for one ping', { skip: mode === 'open' && 'a ping without credentials proves nothing there' }, async () => {
      const { session, cursor, later } = await leaveAnswer(gateway, jwt({ iss: 'e2e', sub: 'alice', jti: 10 }), 'rotation');
      const rotated = jwt({ iss: 'e2e', sub: 'alice', jti: Math.random() });
      const next = session.as(rotated);
      const answers = await Promise.all(Array.from({ length: 10 }, () => next.call('echo', { text: 'rotated' })));
      assert.deepEqual(answers.map(({ message }) => message.result?.content[0].text), Array(10).fill('rotated'));
      assert.deepEqual(await resume(next, cursor), { status: 200, ids: later });
      const asked = pings(rotated).length;
      figures(`credentials/${mode}/rotation`, { requests: 11, pings: asked });
      assert.equal(asked, 1, 'single flight, asked once');
    });

    if (mode === 'bound') {
      test('another user\'s token that the upstream takes elsewhere is not served', async () => {
        const { session, cursor } = await leaveAnswer(gateway, bearer('good-alice-1'), 'other');
        await RawSession.open(gateway.url, { headers: bearer('good-bob-1') });
        assertNothing(await resume(session.as(bearer('good-bob-1')), cursor), 'with another user\'s token');
      });
    }
    if (mode === 'open') {
      test('where the upstream takes a ping from anyone, only the opener\'s credentials pass', async () => {
        const { session, cursor } = await leaveAnswer(gateway, bearer('good-alice-1'), 'anyone');
        assertNothing(await resume(session.as(bearer('good-bob-1')), cursor), 'with another good token');
      });
    }

    test('a session opened without credentials is bound by the first that the upstream accepts', { skip: mode !== 'open' && 'not opened without credentials' }, async () => {
      const session = await RawSession.open(gateway.url);
      assert.ok((await session.call('echo', { text: 'anonymous' })).message.result);
      const alice = session.as(jwt({ iss: 'e2e', sub: 'alice' }));
      assert.ok((await alice.call('echo', { text: 'bound' })).message.result);
      assert.equal((await session.as(jwt({ iss: 'e2e', sub: 'bob' })).call('echo', { text: 'no' })).status, 404);
    });

    // The last test: the upstream is gone afterwards.
    test('while the upstream is down, the opener is served and nobody else', { timeout: 120_000 }, async () => {
      const { session, cursor, later } = await leaveAnswer(gateway, bearer('good-alice-1'), 'down');
      await upstream.kill();
      assert.deepEqual(await within(10_000, 'the replay', resume(session, cursor)), { status: 200, ids: later });
      for (const headers of [{}, bearer('good-bob-1'), bearer('good-alice-2'), jwt({ iss: 'e2e', sub: 'alice' })]) {
        const answer = await within(40_000, 'a refusal', resume(session.as(headers), cursor));
        assert.ok(answer.status >= 400, `${JSON.stringify(headers)}: ${answer.status}`);
        assert.deepEqual(answer.ids, []);
      }
      await upstream.launch();
    });
  });
}

describe('credentials of the upstream itself', { skip: unlessControl }, () => {
  test('a 401 of the upstream is passed on whole', async () => {
    const upstream = await Upstream.start('sdk-v1.mjs', { AUTH: 'lax' });
    const gateway = await Gateway.start(upstream.url);
    const answer = await new RawSession(gateway.url).post({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'n', version: '1' } } });
    assert.equal(answer.status, 401);
    assert.equal(answer.headers['www-authenticate'], 'Bearer realm="e2e"');
    assert.equal((await answer.json()).error.message, 'refused');
    await eventually(1_000, 'the request reached the upstream', () => upstream.requests().length > 0);
    await gateway.stop();
    await upstream.stop();
  });
});
