// Traces and metrics as a collector gets them: one trace from an SDK client through the gateway to an SDK server and on to the
// store, through a resume and through a re-initialization; durations under bounded labels.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { startCutter } from '../lib/cutter.mjs';
import { figures } from '../lib/figures.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { Collector } from '../lib/otlp.mjs';
import { connectV1, connectV2 } from '../lib/sdk.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually, within } from '../lib/waiting.mjs';

/** A span of the client's own, which it names in a request. */
function caller() {
  const span = { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') };
  return { ...span, traceparent: `00-${span.traceId}-${span.spanId}-01` };
}

describe('telemetry', { skip: unlessControl }, () => {
  let collector;
  let upstream;
  let gateway;

  before(async () => {
    collector = await Collector.start();
    upstream = await Upstream.start('sdk-v1.mjs', { RETRY_MS: '1000' });
    gateway = await Gateway.start(upstream.url, { env: collector.environment });
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
    collector?.stop();
  });

  /** The one span of that kind and name in a trace, once it is there. */
  async function span(trace, kind, name) {
    let found = [];
    await eventually(10_000, `${kind} ${name} in ${trace}`, () => {
      found = collector.named(kind, name).filter(each => each.traceId === trace);
      return found.length > 0;
    });
    assert.equal(found.length, 1, `one ${kind} ${name}`);
    return found[0];
  }

  const linksTo = (from, to) => from.links.some(link => link.traceId === to.traceId && link.spanId === to.spanId);
  const context = each => `00-${each.traceId}-${each.spanId}`;

  for (const [line, connect] of [['v1', connectV1], ['v2', connectV2]]) {
    test(`a call of an SDK client of the ${line} line is one trace`, { timeout: 60_000 }, async () => {
      const own = caller();
      const header = caller();
      const peer = await connect(gateway.url, { transport: { requestInit: { headers: { traceparent: header.traceparent } } } });
      await peer.client.callTool({ name: 'echo', arguments: { text: 'a', tag: `trace-${line}` }, _meta: { traceparent: own.traceparent } });
      const server = await span(own.traceId, 'SERVER', 'tools/call echo');
      assert.equal(server.parentSpanId, own.spanId, 'what is in the message wins');
      assert.deepEqual(server.links, [{ traceId: header.traceId, spanId: header.spanId }], 'the header is linked');
      assert.equal(server.attributes['mcp.session.id'], peer.transport.sessionId);
      assert.equal(server.attributes['gen_ai.tool.name'], 'echo');
      assert.equal(server.resource['service.name'], 'shadowcat-e2e');
      const client = await span(own.traceId, 'CLIENT', 'tools/call echo');
      assert.equal(client.parentSpanId, server.spanId);
      const [received] = upstream.requests().filter(request => request.what === 'request' && request.tag === `trace-${line}`);
      assert.equal(received.params._meta.traceparent.slice(0, -3), context(client), 'the server gets it in the message');
      assert.equal(received.traceparent.slice(0, -3), context(client), 'and in the header');
      await eventually(10_000, 'a flush that links to the call', () => collector.named('INTERNAL', 'persistence flush').some(flush => linksTo(flush, server)));
      await peer.close();
    });
  }

  test('a stream that is resumed links to the call that began it', { timeout: 60_000 }, async () => {
    const own = caller();
    let cut = false;
    const cutter = await startCutter(gateway.url, link => {
      let answer = '';
      link.onAnswer(chunk => {
        answer += chunk.toString('latin1');
        if (cut || !link.sent.includes('"resumed"') || !/id: ?[^\n]+\n(.+\n)*\n/.test(answer)) return;
        cut = true; // the client holds an id
        setTimeout(() => link.cut('reset'), 600);
      });
    });
    const peer = await connectV1(cutter.url);
    const progress = [];
    const call = { name: 'count', arguments: { steps: 8, milliseconds: 250, tag: 'resumed' }, _meta: { traceparent: own.traceparent } };
    const result = await within(30_000, 'the answer', peer.client.callTool(call, undefined, { onprogress: each => progress.push(each.progress) }));
    assert.equal(result.content[0].text, 'counted 8 resumed');
    assert.ok(cut, 'the connection was cut');
    const server = await span(own.traceId, 'SERVER', 'tools/call count');
    await eventually(10_000, 'a replay that links to the call', () => collector.named('SERVER', 'replay').some(replay => linksTo(replay, server)));
    const held = collector.named('INTERNAL', 'persistence flush').filter(flush => linksTo(flush, server));
    assert.ok(held.length > 1, 'its events were stored in several flushes');
    await peer.close();
    cutter.stop();
  });

  test('a re-initialization is a part of the trace that found it necessary', { timeout: 60_000 }, async () => {
    const own = caller();
    const peer = await connectV2(gateway.url);
    await peer.client.callTool({ name: 'echo', arguments: { text: 'before', tag: 'before' } });
    await upstream.restart();
    await within(20_000, 'a call after the restart',
      peer.client.callTool({ name: 'echo', arguments: { text: 'after', tag: 'after' }, _meta: { traceparent: own.traceparent } }));
    const server = await span(own.traceId, 'SERVER', 'tools/call echo');
    const renewal = await span(own.traceId, 'INTERNAL', 'upstream reinitialize');
    assert.equal(renewal.parentSpanId, server.spanId);
    assert.equal((await span(own.traceId, 'CLIENT', 'initialize')).parentSpanId, renewal.spanId);
    assert.equal((await span(own.traceId, 'CLIENT', 'notifications/initialized')).parentSpanId, renewal.spanId);
    const attempts = collector.named('CLIENT', 'tools/call echo').filter(each => each.traceId === own.traceId);
    assert.deepEqual(attempts.map(each => each.parentSpanId), attempts.map(() => server.spanId));
    assert.deepEqual(attempts.map(each => each.attributes['error.type']).sort(), ['404', undefined]);
    assert.equal(server.attributes['error.type'], undefined);
    await peer.close();
  });

  test('operations, sessions and requests are measured, under labels that are bounded', { timeout: 60_000 }, async () => {
    const peer = await connectV1(gateway.url);
    await assert.rejects(peer.client.callTool({ name: 'echo', arguments: {}, _meta: { progressToken: 'p' } }).then(result => {
      if (result.isError) throw new Error('the tool failed');
    }));
    await peer.transport.terminateSession();
    await peer.close();
    const names = ['mcp.server.operation.duration', 'mcp.client.operation.duration', 'mcp.server.session.duration',
      'mcp.client.session.duration', 'http.server.request.duration', 'http.client.request.duration'];
    for (const name of names) await eventually(10_000, name, () => collector.metrics.get(name)?.points.length > 0);
    await eventually(10_000, 'the call that failed', () => collector.metrics.get(names[0]).points.some(point => point.attributes['error.type'] === 'tool_error'));
    for (const name of names) {
      const metric = collector.metrics.get(name);
      assert.equal(metric.unit, 's');
      for (const { attributes } of metric.points) {
        assert.deepEqual(Object.keys(attributes).filter(key => /session|request\.id|uri|url\.(path|full)/.test(key)), [], `no id labels ${name}`);
      }
    }
    const server = collector.metrics.get(names[0]);
    assert.deepEqual(server.points[0].bounds, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]);
    assert.ok(server.points.some(({ attributes }) => attributes['gen_ai.tool.name'] === 'echo' && attributes['error.type'] === undefined));
    assert.deepEqual(collector.metrics.get(names[4]).points[0].bounds, [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]);
    const scraped = [...(await gateway.metrics()).keys()];
    assert.ok(scraped.some(key => /^mcp_server_operation_duration_seconds_bucket\{.*gen_ai_tool_name="echo"/.test(key)), 'Prometheus reads them too');
    figures('telemetry', { spans: collector.spans.length, metrics: collector.metrics.size });
  });
});
