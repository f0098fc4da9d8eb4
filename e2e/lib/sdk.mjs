// Official SDK clients as users have them: default options, plus an ear at the transport that hears every message.
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';

/** A connected client of the v1 line. `transport` holds options of the transport; `capabilities` are the client's. */
export function connectV1(url, options) {
  return connectWith(ClientV1, TransportV1, url, options);
}

/** A connected client of the v2 line. */
export function connectV2(url, options) {
  return connectWith(ClientV2, TransportV2, url, options);
}

async function connectWith(Client, Transport, url, { transport: transportOptions, capabilities = {}, client: clientOptions = {}, name = 'e2e' } = {}) {
  const transport = new Transport(new URL(url), transportOptions);
  const client = new Client({ name, version: '1.0.0' }, { capabilities, ...clientOptions });
  const heard = [];
  const errors = [];
  client.onerror = error => errors.push(error);
  await client.connect(transport);
  const deliver = transport.onmessage;
  transport.onmessage = (message, extra) => {
    heard.push(message);
    deliver?.(message, extra);
  };
  return { client, transport, heard, errors, close: () => client.close() };
}
