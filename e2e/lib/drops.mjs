// Runs of calls whose connection is cut in the middle of the answer, and the count of what went wrong with them.
import assert from 'node:assert/strict';
import { startCutter } from './cutter.mjs';
import { control } from './gateway.mjs';
import { faults, RawSession, Received, versions } from './mcp.mjs';
import { connectV1, connectV2 } from './sdk.mjs';
import { inParallel, sleep, within } from './waiting.mjs';

export const runs = Number(process.env.E2E_RUNS ?? 20);
export const clean = { lost: 0, doubled: 0, reordered: 0 };

const lanes = Math.min(runs, 20);
// Half-open connections need a gateway: the SDK's server answers their resume with 409 for as long as the old socket lives.
const waysToCut = control ? ['reset', 'close'] : ['reset', 'close', 'half'];
// No event of these answers is shorter, so a cut within this many bytes a step always falls into the answer.
const shortestEvent = 110;

/** Adds one run's faults to the total. */
export function tally(total, numbers, steps) {
  for (const [fault, count] of Object.entries(faults(numbers, steps))) total[fault] += count;
}

/** Calls by SDK clients with default options, each cut once at a random byte after its first event, resumed by the SDK. */
export async function dropSdkClients(url, line, random) {
  const connect = line === 'v1' ? connectV1 : connectV2;
  const total = { ...clean };
  const tags = [];
  let cuts = 0;
  await inParallel(lanes, lanes, async lane => {
    const plans = new Map();
    const cutter = await startCutter(url, link => link.onAnswer(chunk => carryOut(plans, link, chunk, () => cuts++)));
    const peer = await connect(cutter.url);
    for (let run = lane; run < runs; run += lanes) {
      const tag = `${line}-${run}`;
      const steps = random.between(3, 12);
      tags.push(tag);
      plans.set(tag, { bytes: random.between(0, steps * shortestEvent), how: random.oneOf(waysToCut), seen: '' });
      const numbers = [];
      const call = { name: 'count', arguments: { steps, milliseconds: random.between(10, 150), tag } };
      const options = { onprogress: progress => numbers.push(progress.progress) };
      const result = await within(60_000, `the answer of ${tag}`, line === 'v1' ? peer.client.callTool(call, undefined, options) : peer.client.callTool(call, options));
      assert.equal(result.content[0].text, `counted ${steps} ${tag}`);
      tally(total, numbers, steps);
    }
    await peer.close();
    cutter.stop();
  });
  return { total, tags, cuts };
}

/** Lets the answer to a planned call pass up to its cut: its first event whole, so that the client holds an id, and then some. */
function carryOut(plans, link, chunk, onCut) {
  for (const [tag, plan] of plans) {
    if (!link.sent.includes(`"${tag}"`)) continue;
    const before = plan.seen.length;
    plan.seen += chunk.toString('latin1');
    const head = plan.seen.indexOf('\r\n\r\n');
    const firstEvent = head < 0 ? -1 : plan.seen.search(/id: ?[^\n]+\n(.+\n)*\n/);
    if (firstEvent < 0) return undefined;
    const cutAt = plan.seen.indexOf('\n\n', firstEvent) + 2 + plan.bytes;
    if (plan.seen.length < cutAt) return undefined;
    plans.delete(tag);
    link.how = plan.how;
    onCut();
    return Math.max(0, cutAt - before);
  }
  return undefined;
}

/** Calls by hand in a random revision, each cut up to four times and resumed with a raw GET. */
export async function dropRawClients(url, random) {
  const total = { ...clean };
  const tags = [];
  let cuts = 0;
  let repeatedIds = 0;
  await inParallel(runs, lanes, async run => {
    const tag = `raw-${run}`;
    const steps = random.between(5, 25);
    tags.push(tag);
    const session = await RawSession.open(url, { version: random.oneOf(versions) });
    const received = new Received();
    const id = session.nextId();
    let answer = await session.startCall('count', { steps, milliseconds: random.between(5, 80), tag }, { id, progressToken: tag });
    for (let cutsLeft = random.between(1, 4); ; cutsLeft--) {
      assert.equal(answer.status, 200);
      const bytes = cutsLeft > 0 ? random.between(0, 600) : Infinity;
      await within(60_000, `the events of ${tag}`, readUntilCut(answer, id, received, bytes, random.oneOf(waysToLeave)));
      if (received.answerTo(id)) break;
      assert.ok(answer.wasCut, `only the test cuts ${tag}`);
      cuts++;
      // Without a gateway the server needs a moment to notice that the old connection is gone.
      await sleep(control ? 100 : random.between(0, 150));
      answer = await session.get({ cursor: received.cursor });
    }
    repeatedIds += received.repeatedIds;
    tally(total, received.messages.filter(message => message.method === 'notifications/progress').map(message => message.params.progress), steps);
    assert.deepEqual(received.messages.filter(message => message.method && message.params.progressToken !== tag), [], 'no message of another stream');
    assert.equal(received.messages.at(-1).result.content[0].text, `counted ${steps} ${tag}`);
    await session.delete();
  });
  return { total, tags, cuts, repeatedIds };
}

const waysToLeave = control ? ['reset', 'close'] : ['reset', 'close', 'abandon'];

/** Reads events; once an id is in hand, cuts after so many further bytes. */
async function readUntilCut(answer, id, received, bytes, how) {
  const limit = { left: Infinity };
  for await (const event of answer.events({ limit, how })) {
    received.add(event);
    // The SDK's server leaves the resumed stream of a finished call open; the gateway ends it.
    if (control && received.answerTo(id)) return;
    if (limit.left === Infinity && received.cursor !== undefined) limit.left = bytes + 1;
  }
}
