// kill -9 of the gateway at random moments under 50 clients with calls in flight, restarted each time.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { clean, tally } from '../lib/drops.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { Broken } from '../lib/http.mjs';
import { RawSession, Received } from '../lib/mcp.mjs';
import { chance } from '../lib/random.mjs';
import { connectV1 } from '../lib/sdk.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { inParallel, sleep, within } from '../lib/waiting.mjs';

const kills = Number(process.env.E2E_KILLS ?? 3);
// An SDK client tries twice, `retry` (3 s ± 20 %) apart, and then never again: where a restart on a busy machine takes longer,
// its call hangs by its own fault and is counted apart.
const patience = 4_500;
const clients = Number(process.env.E2E_CLIENTS ?? 50);

for (const [name, eventIds] of [['with event ids', '1'], ['without event ids', '0']]) {
  describe(`kill -9, an upstream ${name}`, { skip: unlessControl }, () => {
    let upstream;
    let gateway;
    after(async () => {
      await gateway?.stop();
      await upstream?.stop();
    });

    test(`${kills} kills under ${clients} clients`, { timeout: kills * 60_000 + 120_000 }, async () => {
      upstream = await Upstream.start('sdk-v1.mjs', { EVENT_IDS: eventIds });
      gateway = await Gateway.start(upstream.url);
      const random = chance(30 + Number(eventIds));
      const run = { over: false, calls: 0, completed: 0, brokenBeforeId: 0, errors: 0, resumed: 0, gaveUp: 0, slowestRestart: 0, tags: [], total: { ...clean }, problems: [] };
      const peers = await inParallel(clients, 10, index => (index % 2 === 0 ? RawSession.open(gateway.url) : connectV1(gateway.url)));
      const everyone = peers.map((peer, index) =>
        (index % 2 === 0 ? rawClient(peer, run, random, index) : sdkClient(peer, run, random, index))
          .catch(error => run.problems.push(`client ${index}: ${error.stack}`)));
      for (let kill = 0; kill < kills; kill++) {
        // Longer than `retry`, so that an SDK client can use up its two tries on one kill only.
        await sleep(random.between(4_000, 8_000));
        run.down = true;
        await gateway.kill();
        const killed = performance.now();
        await gateway.restart();
        run.slowestRestart = Math.max(run.slowestRestart, Math.round(performance.now() - killed));
        run.down = false;
      }
      run.over = true;
      await within(150_000, 'every client is done', Promise.all(everyone));
      const executions = upstream.executions();
      const twice = run.tags.filter(tag => executions.get(tag) > 1);
      const { calls, completed, brokenBeforeId, errors, resumed, gaveUp, slowestRestart, total } = run;
      figures(`gateway-kill${eventIds === '0' ? '/no-ids' : ''}`, { kills, clients, calls, completed, brokenBeforeId, errors, resumed, gaveUp, slowestRestart, executedTwice: twice.length, ...total });
      assert.deepEqual(run.problems, []);
      assert.deepEqual(twice, [], 'no tool is executed twice');
      assert.ok(resumed > 0, 'some calls are resumed over a kill');
      if (eventIds === '1') {
        assert.deepEqual(total, clean);
        assert.equal(errors, 0, 'an upstream with event ids is resumed: no call ends in an error');
      }
      assert.equal(calls, completed + brokenBeforeId + errors + gaveUp, 'each call has one end');
    });

    /** Calls by hand until the run is over; comes back with its last id as often as it takes. */
    async function rawClient(session, run, random, index) {
      while (!run.over) {
        if (run.down) {
          await sleep(50);
          continue;
        }
        const steps = random.between(4, 12);
        const tag = `raw-${index}-${run.calls}`;
        const id = session.nextId();
        const received = new Received();
        run.calls++;
        run.tags.push(tag);
        const open = () => session.startCall('count', { steps, milliseconds: 150, tag }, { id, progressToken: tag });
        if (!(await readOn(open, received, id)) && received.cursor === undefined) {
          run.brokenBeforeId++;
          await sleep(200);
          continue;
        }
        const deadline = performance.now() + 60_000;
        while (!received.answerTo(id)) {
          run.resumed++;
          if (performance.now() > deadline) throw new Error(`${tag} is left hanging at ${received.cursor}`);
          await readOn(async () => {
            const answer = await session.get({ cursor: received.cursor });
            if (answer.status !== 200) throw new Error(`${tag}: resume of ${received.cursor} gave ${answer.status} ${await answer.text()}`);
            return answer;
          }, received, id);
          await sleep(100);
        }
        check(run, received, tag, steps, id);
      }
    }

    function check(run, received, tag, steps, id) {
      const answers = received.messages.filter(message => message.id === id && !message.method);
      if (answers.length !== 1) throw new Error(`${tag}: ${answers.length} answers`);
      if (received.repeatedIds > 0) throw new Error(`${tag}: ${received.repeatedIds} repeated ids`);
      if (answers[0].error) {
        run.errors++;
        return;
      }
      const numbers = received.messages.filter(message => message.method === 'notifications/progress').map(message => message.params.progress);
      tally(run.total, numbers, steps);
      run.completed++;
    }

    /** Reads until the connection ends; true where it ended by itself. A broken connection is what this test makes. */
    async function readOn(open, received, id) {
      try {
        const answer = await open();
        if (!answer.eventStream) {
          const message = await answer.json();
          if (message.id === id) received.events.push({ message });
          return true;
        }
        for await (const event of answer.events()) received.add(event);
        return true;
      } catch (error) {
        if (error instanceof Broken) return false;
        throw error;
      }
    }

    /** An SDK client with default options: it has two tries, 3 s apart, to come back. */
    async function sdkClient(peer, run, random, index) {
      while (!run.over) {
        if (run.down) {
          await sleep(50);
          continue;
        }
        const steps = random.between(4, 12);
        const tag = `sdk-${index}-${run.calls}`;
        const numbers = [];
        let held = false;
        run.calls++;
        run.tags.push(tag);
        try {
          const options = { onprogress: progress => numbers.push(progress.progress), onresumptiontoken: () => { held = true; } };
          await within(60_000, `the answer of ${tag}`, peer.client.callTool({ name: 'count', arguments: { steps, milliseconds: 150, tag } }, undefined, options));
          run.completed++;
          tally(run.total, numbers, steps);
        } catch (error) {
          // The SDK's own time-out has a code too, but it is a call left hanging.
          if (error.code <= -32_000 && !/timed out/i.test(error.message)) run.errors++;
          else if (held && run.slowestRestart > patience) return void run.gaveUp++;
          else if (held || /timed out/i.test(error.message)) throw error; // without an id it has to be told at once
          else run.brokenBeforeId++;
          await sleep(200);
        }
      }
      await peer.close();
    }
  });
}
