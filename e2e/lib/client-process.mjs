// An SDK client in a process of its own, so that a test can kill it. Its argument is JSON: {url, tool, args} makes a call on a
// new session; with {session, token} too, the call that another process made is resumed. Prints a JSON line for the session,
// each resumption token, each message, and the result.
import { writeSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';

const { url, session, token, tool, args } = JSON.parse(process.argv[2]);
// Written at once: a killed process takes nothing with it that it had in hand.
const say = what => writeSync(1, JSON.stringify(what) + '\n');

const transport = new StreamableHTTPClientTransport(new URL(url), { sessionId: session });
const client = new Client({ name: 'process', version: '1.0.0' });
await client.connect(transport);
if (session !== undefined) transport.setProtocolVersion('2025-11-25');
say({ session: transport.sessionId });
const deliver = transport.onmessage;
transport.onmessage = message => {
  say({ message });
  deliver(message);
};
const request = { method: 'tools/call', params: { name: tool, arguments: args } };
const result = await client.request(request, CallToolResultSchema, {
  resumptionToken: token,
  onresumptiontoken: newest => say({ token: newest }),
  onprogress: () => {},
});
say({ result });
process.exit(0);
