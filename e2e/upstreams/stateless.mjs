// A server of the stateless era on the official SDK's second line. PORT, LEDGER and LOG as in sdk-v1.mjs.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { executed, log } from './notes.mjs';

function newServer() {
  const server = new McpServer({ name: 'stateless', version: '1.0.0' });
  const inputSchema = z.object({ steps: z.number(), milliseconds: z.number().default(0), tag: z.string().default('') });
  server.registerTool('count', { description: 'reports progress 1 to n, then answers', inputSchema }, async ({ steps, milliseconds, tag }, { mcpReq }) => {
    executed('count', tag);
    for (let progress = 1; progress <= steps; progress++) {
      await sleep(milliseconds, undefined, { signal: mcpReq.signal });
      const progressToken = mcpReq._meta?.progressToken;
      if (progressToken !== undefined) await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: steps } });
    }
    return { content: [{ type: 'text', text: `counted ${steps} ${tag}` }] };
  });
  return server;
}

const serve = toNodeHandler(createMcpHandler(newServer, { legacy: 'reject' }));

createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = parts.length > 0 ? JSON.parse(Buffer.concat(parts).toString('utf8')) : undefined;
  const entry = { method: request.method, rpc: body?.method, tag: body?.params?.arguments?.tag };
  log({ what: 'request', ...entry, headers: request.headers });
  response.on('close', () => log({ what: 'closed', ...entry, finished: response.writableFinished }));
  await serve(request, response, body);
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
