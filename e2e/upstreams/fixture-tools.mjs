// The server that most tests talk to: tools that take their time, say how far they are, and leave a trace when executed.
//   GATE            a file: `count` stops half way until it is there
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  CreateMessageResultSchema, SetLevelRequestSchema, SubscribeRequestSchema, UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { executed } from './notes.mjs';

const text = value => ({ content: [{ type: 'text', text: value }] });
const tag = z.string().default('');

export function fixtureServer() {
  const server = new McpServer({ name: 'fixture', version: '1.0.0' }, {
    capabilities: { logging: {}, tools: { listChanged: true }, resources: { subscribe: true, listChanged: true }, prompts: { listChanged: true } },
  });
  addTools(server);
  addTheRest(server);
  return server;
}

function addTools(server) {
  server.registerTool('echo', { description: 'answers at once', inputSchema: { text: z.string(), tag } }, async args => {
    executed('echo', args.tag);
    return text(args.text);
  });

  server.registerTool('wait', { description: 'answers late and says nothing before', inputSchema: { milliseconds: z.number(), tag } }, async args => {
    executed('wait', args.tag);
    await sleep(args.milliseconds);
    return text(`waited ${args.tag}`);
  });

  const steps = { steps: z.number(), milliseconds: z.number().default(0), padding: z.number().default(0), tag };
  server.registerTool('count', { description: 'reports progress 1 to n, then answers', inputSchema: steps }, async (args, extra) => {
    executed('count', args.tag);
    const progressToken = extra._meta?.progressToken;
    for (let progress = 1; progress <= args.steps; progress++) {
      if (args.milliseconds > 0) await sleep(args.milliseconds);
      while (progress === Math.ceil(args.steps / 2) && process.env.GATE && !existsSync(process.env.GATE)) await sleep(25);
      const message = `${args.tag} ${progress}${' '.repeat(args.padding)}`;
      if (progressToken !== undefined) {
        await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total: args.steps, message } });
      }
    }
    return text(`counted ${args.steps} ${args.tag}`);
  });

  const announcements = { count: z.number(), milliseconds: z.number().default(0), tag };
  server.registerTool('announce', { description: 'logs 1 to n on the standalone stream, after its answer', inputSchema: announcements }, async args => {
    executed('announce', args.tag);
    (async () => {
      for (let number = 1; number <= args.count; number++) {
        await sleep(args.milliseconds);
        await server.server.sendLoggingMessage({ level: 'info', data: { tag: args.tag, number } });
      }
    })().catch(() => {});
    return text('announcing');
  });

  server.registerTool('ask', { description: 'asks the client for a sample and answers with it', inputSchema: { tag } }, async (args, extra) => {
    executed('ask', args.tag);
    const params = { messages: [{ role: 'user', content: { type: 'text', text: args.tag } }], maxTokens: 10 };
    const sample = await extra.sendRequest({ method: 'sampling/createMessage', params }, CreateMessageResultSchema);
    return text(`asked ${args.tag}: ${sample.content.text}`);
  });
}

function addTheRest(server) {
  server.registerResource('counter', 'test://counter', { description: 'a resource to subscribe to' }, async uri => ({
    contents: [{ uri: uri.href, text: '1' }],
  }));
  server.registerPrompt('hello', { description: 'a prompt' }, async () => ({
    messages: [{ role: 'user', content: { type: 'text', text: 'hello' } }],
  }));
  for (const request of [SubscribeRequestSchema, UnsubscribeRequestSchema, SetLevelRequestSchema]) {
    server.server.setRequestHandler(request, async () => ({}));
  }
}
