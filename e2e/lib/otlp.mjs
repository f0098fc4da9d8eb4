// An OTLP/HTTP receiver: takes traces and metrics as protobuf and keeps them decoded. Only the fields that tests look at are
// read (opentelemetry-proto 1.x); all others are skipped by their wire type.
import { createServer } from 'node:http';
import { once } from 'node:events';

/** Spans as {name, kind, traceId, spanId, parentSpanId, links, attributes, status, start, end}, metrics by name. */
export class Collector {
  spans = [];
  metrics = new Map();

  static async start() {
    const collector = new Collector();
    collector.server = createServer((request, response) => collector.#take(request, response)).listen(0, '127.0.0.1');
    await once(collector.server, 'listening');
    collector.url = `http://127.0.0.1:${collector.server.address().port}`;
    return collector;
  }

  /** What makes a gateway send everything here, soon. */
  get environment() {
    return {
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_ENDPOINT: this.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      OTEL_SERVICE_NAME: 'shadowcat-e2e',
    };
  }

  async #take(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    if (request.url === '/v1/traces') this.spans.push(...traces(body));
    if (request.url === '/v1/metrics') for (const metric of metricsOf(body)) this.metrics.set(metric.name, metric);
    response.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end();
  }

  /** The spans of one kind and name. */
  named(kind, name) {
    return this.spans.filter(span => span.kind === kind && span.name === name);
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];

function traces(body) {
  return all(body, 1).flatMap(resourceSpans => {
    const resource = attributes(all(one(resourceSpans, 1), 1));
    return all(resourceSpans, 2).flatMap(scopeSpans => all(scopeSpans, 2).map(span => ({
      resource,
      traceId: one(span, 1).toString('hex'),
      spanId: one(span, 2).toString('hex'),
      parentSpanId: one(span, 4)?.toString('hex') ?? '',
      name: one(span, 5).toString(),
      kind: KINDS[one(span, 6) ?? 0],
      start: one(span, 7),
      end: one(span, 8),
      attributes: attributes(all(span, 9)),
      links: all(span, 13).map(link => ({ traceId: one(link, 1).toString('hex'), spanId: one(link, 2).toString('hex') })),
      error: one(one(span, 15) ?? Buffer.alloc(0), 3) === 2,
    })));
  });
}

function metricsOf(body) {
  return all(body, 1).flatMap(resourceMetrics => all(resourceMetrics, 2)).flatMap(scopeMetrics => all(scopeMetrics, 2)).map(metric => {
    const histogram = one(metric, 9);
    const numbers = one(metric, 5) ?? one(metric, 7);
    return {
      name: one(metric, 1).toString(),
      unit: one(metric, 3)?.toString() ?? '',
      points: histogram
        ? all(histogram, 1).map(point => ({
          attributes: attributes(all(point, 9)),
          count: Number(one(point, 4)?.readBigUInt64LE() ?? 0),
          sum: one(point, 5)?.readDoubleLE() ?? 0,
          bounds: doubles(one(point, 7)),
        }))
        : all(numbers ?? Buffer.alloc(0), 1).map(point => ({ attributes: attributes(all(point, 7)) })),
    };
  });
}

function attributes(pairs) {
  return Object.fromEntries(pairs.map(pair => [one(pair, 1).toString(), value(one(pair, 2))]));
}

function value(any) {
  for (const [field, content] of fields(any)) {
    if (field === 1) return content.toString();
    if (field === 2) return content !== 0;
    if (field === 3) return content;
    if (field === 4) return content.readDoubleLE();
  }
  return undefined;
}

function doubles(packed) {
  return packed ? Array.from({ length: packed.length / 8 }, (_, index) => packed.readDoubleLE(index * 8)) : [];
}

const one = (message, wanted) => all(message, wanted).at(-1);
const all = (message, wanted) => [...fields(message)].filter(([field]) => field === wanted).map(([, content]) => content);

/** The fields of a message in their order: numbers of a varint, bytes of everything else. */
function* fields(message) {
  let at = 0;
  const varint = () => {
    let result = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++];
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) return result;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const wire = tag & 7;
    if (wire === 0) {
      yield [tag >>> 3, varint()];
      continue;
    }
    const length = wire === 1 ? 8 : wire === 5 ? 4 : varint();
    yield [tag >>> 3, message.subarray(at, at += length)];
  }
}
