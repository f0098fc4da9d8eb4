// Every tool, resource and prompt that the official conformance scenarios name, with the contents they look for.
import { setTimeout as sleep } from 'node:timers/promises';
import { acceptedContent, fromJsonSchema, inputRequired, ResourceTemplate } from '@modelcontextprotocol/server';
import { z } from 'zod';

const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const silence = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';
const text = value => ({ content: [{ type: 'text', text: value }] });
const nothing = z.object({});

export function addFeatures(server, { stateCodec, change }) {
  addContentTools(server);
  addTalkingTools(server);
  addAskingTools(server);
  addInputRequiredTools(server, stateCodec);
  addDiagnosticTools(server, change);
  addResources(server);
  addPrompts(server);
}

function addContentTools(server) {
  const tool = (name, description, content) => server.registerTool(name, { description }, async () => ({ content }));
  tool('test_simple_text', 'simple text', [{ type: 'text', text: 'This is a simple text response for testing.' }]);
  tool('test_image_content', 'an image', [{ type: 'image', data: pixel, mimeType: 'image/png' }]);
  tool('test_audio_content', 'a sound', [{ type: 'audio', data: silence, mimeType: 'audio/wav' }]);
  tool('test_embedded_resource', 'an embedded resource', [
    { type: 'resource', resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'This is an embedded resource content.' } },
  ]);
  tool('test_multiple_content_types', 'text, image and resource', [
    { type: 'text', text: 'Multiple content types test:' },
    { type: 'image', data: pixel, mimeType: 'image/png' },
    { type: 'resource', resource: { uri: 'test://mixed-content-resource', mimeType: 'application/json', text: '{"test":"data","value":123}' } },
  ]);
  server.registerTool('test_error_handling', { description: 'fails' }, async () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
    properties: {
      name: { type: 'string' },
      address: { $ref: '#/$defs/address' },
      contactMethod: { type: 'string', enum: ['phone', 'email'] },
      phone: { type: 'string' },
      email: { type: 'string' },
    },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false,
  };
  server.registerTool('json_schema_2020_12_tool', { description: 'keywords of JSON Schema 2020-12', inputSchema: fromJsonSchema(schema) },
    async args => text(JSON.stringify(args)));
}

function addTalkingTools(server) {
  server.registerTool('test_tool_with_logging', { description: 'logs three times', inputSchema: nothing }, async (_args, context) => {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await context.mcpReq.notify({ method: 'notifications/message', params: { level: 'info', data } });
      await sleep(50);
    }
    return text('Tool with logging executed successfully');
  });
  server.registerTool('test_tool_with_progress', { description: 'reports progress three times', inputSchema: nothing }, async (_args, context) => {
    const progressToken = context.mcpReq._meta?.progressToken ?? 0;
    for (const progress of [0, 50, 100]) {
      await context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100, message: `step ${progress}` } });
      await sleep(50);
    }
    return text(String(progressToken));
  });
  server.registerTool('test_reconnection', { description: 'closes its stream before it answers', inputSchema: nothing }, async (_args, context) => {
    context.http?.closeSSE?.();
    await sleep(100);
    return text('Reconnection test completed successfully.');
  });
}

function addAskingTools(server) {
  const asking = (name, inputSchema, request, describe) => {
    server.registerTool(name, { description: `asks the client: ${name}`, inputSchema }, async (args, context) => text(describe(await context.mcpReq.send(request(args)))));
  };
  const elicitation = (message, properties, required = []) => ({
    method: 'elicitation/create', params: { message, requestedSchema: { type: 'object', properties, required } },
  });
  const completed = result => `Elicitation completed: action=${result.action}, content=${JSON.stringify(result.content ?? {})}`;
  asking('test_sampling', z.object({ prompt: z.string() }), ({ prompt }) => ({
    method: 'sampling/createMessage', params: { messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens: 100 },
  }), result => `LLM response: ${result.content.text}`);
  asking('test_elicitation', z.object({ message: z.string() }),
    ({ message }) => elicitation(message, { response: { type: 'string', description: 'the answer' } }, ['response']),
    result => `User response: action=${result.action}, content=${JSON.stringify(result.content ?? {})}`);
  asking('test_elicitation_sep1034_defaults', nothing, () => elicitation('Please review the defaults', {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  }), completed);
  const options = ['option1', 'option2', 'option3'];
  const titled = ['First', 'Second', 'Third'].map((title, index) => ({ const: `value${index + 1}`, title: `${title} Option` }));
  asking('test_elicitation_sep1330_enums', nothing, () => elicitation('Please select', {
    untitledSingle: { type: 'string', enum: options },
    titledSingle: { type: 'string', oneOf: titled },
    legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
    untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
    titledMulti: { type: 'array', items: { anyOf: titled } },
  }), completed);
}

const form = (message, name, type = 'string') => inputRequired.elicit({
  message, requestedSchema: { type: 'object', properties: { [name]: { type } }, required: [name] },
});
const sample = (question, maxTokens) => inputRequired.createMessage({
  messages: [{ role: 'user', content: { type: 'text', text: question } }], maxTokens,
});

function addInputRequiredTools(server, stateCodec) {
  const tool = (name, handler) => server.registerTool(name, { description: `asks by its result: ${name}` }, async context => handler(context.mcpReq, context));
  tool('test_input_required_result_elicitation', ({ inputResponses }) => {
    const name = acceptedContent(inputResponses, 'user_name')?.name;
    return typeof name === 'string' ? text(`Hello, ${name}!`) : inputRequired({ inputRequests: { user_name: form('What is your name?', 'name') } });
  });
  tool('test_input_required_result_sampling', ({ inputResponses }) => {
    const answer = inputResponses?.capital_question;
    return answer ? text(answer.content.text) : inputRequired({ inputRequests: { capital_question: sample('What is the capital of France?', 100) } });
  });
  tool('test_input_required_result_list_roots', ({ inputResponses }) => {
    const roots = inputResponses?.client_roots?.roots;
    return roots ? text(`roots: ${JSON.stringify(roots)}`) : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  });
  for (const name of ['test_input_required_result_request_state', 'test_input_required_result_tampered_state']) {
    tool(name, async (request, context) => {
      if (request.inputResponses?.confirm && request.requestState()) return text('state-ok');
      return inputRequired({ inputRequests: { confirm: form('Please confirm', 'ok', 'boolean') }, requestState: await stateCodec.mint({ step: 1 }, context) });
    });
  }
  tool('test_input_required_result_multiple_inputs', async (request, context) => {
    const { user_name: name, greeting, client_roots: roots } = request.inputResponses ?? {};
    if (name && greeting && roots) return text('all inputs are there');
    return inputRequired({
      inputRequests: { user_name: form('What is your name?', 'name'), greeting: sample('Generate a greeting', 50), client_roots: inputRequired.listRoots() },
      requestState: await stateCodec.mint({ step: 1 }, context),
    });
  });
  tool('test_input_required_result_multi_round', async (request, context) => {
    const state = request.requestState();
    if (request.inputResponses?.step2 && state?.step === 2) return text('both rounds are done');
    const second = Boolean(request.inputResponses?.step1 && state?.step === 1);
    return inputRequired({
      inputRequests: second ? { step2: form('Step 2: What is your favorite color?', 'color') } : { step1: form('Step 1: What is your name?', 'name') },
      requestState: await stateCodec.mint({ step: second ? 2 : 1 }, context),
    });
  });
  tool('test_input_required_result_capabilities', request => {
    if (Object.keys(request.inputResponses ?? {}).length > 0) return text('answered');
    const capabilities = request.envelope?.['io.modelcontextprotocol/clientCapabilities'] ?? {};
    const inputRequests = {
      ...(capabilities.sampling ? { question: sample('What is the capital of France?', 100) } : {}),
      ...(capabilities.elicitation ? { user_name: form('What is your name?', 'name') } : {}),
    };
    return Object.keys(inputRequests).length > 0 ? inputRequired({ inputRequests }) : text('nothing to ask');
  });
}

function addDiagnosticTools(server, change) {
  server.registerTool('test_missing_capability', { description: 'needs sampling; see conformance.mjs' }, async () => text('sampling is declared'));
  server.registerTool('test_streaming_elicitation', { description: 'reports progress, then asks' }, async context => {
    await context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken: context.mcpReq._meta?.progressToken ?? 0, progress: 1 } });
    return acceptedContent(context.mcpReq.inputResponses, 'user_name')
      ? text('answered')
      : inputRequired({ inputRequests: { user_name: form('What is your name?', 'name') } });
  });
  server.registerTool('test_logging_tool', { description: 'logs where a level is set' }, async context => {
    await context.mcpReq.log('info', 'a line of log');
    return text('logged');
  });
  server.registerTool('test_trigger_tool_change', { description: 'announces changed tools' }, async () => {
    change.tools();
    return text('announced');
  });
  server.registerTool('test_trigger_prompt_change', { description: 'announces changed prompts' }, async () => {
    change.prompts();
    return text('announced');
  });
  const region = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } }, required: ['region'] };
  server.registerTool('test_headers', { description: 'mirrors an argument in a header', inputSchema: fromJsonSchema(region) }, async args => text(String(args.region)));
}

function addResources(server) {
  const resource = (name, content) => server.registerResource(name, `test://${name}`, { description: name, mimeType: content.mimeType }, async uri => ({
    contents: [{ uri: uri.href, ...content }],
  }));
  resource('static-text', { mimeType: 'text/plain', text: 'This is the content of the static text resource.' });
  resource('static-binary', { mimeType: 'image/png', blob: pixel });
  resource('watched-resource', { mimeType: 'text/plain', text: 'Watched resource content' });
  server.registerResource('template', new ResourceTemplate('test://template/{id}/data', { list: undefined }), { description: 'a template', mimeType: 'application/json' },
    async (uri, { id }) => ({
      contents: [{ uri: uri.href, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }],
    }));
  for (const method of ['resources/subscribe', 'resources/unsubscribe', 'logging/setLevel']) {
    server.server.setRequestHandler(method, async () => ({}));
  }
  server.server.setRequestHandler('completion/complete', async () => ({ completion: { values: ['paris', 'park', 'party'], total: 3, hasMore: false } }));
}

function addPrompts(server) {
  const user = content => ({ messages: [{ role: 'user', content }] });
  server.registerPrompt('test_simple_prompt', { description: 'without arguments' }, async () => user({ type: 'text', text: 'This is a simple prompt for testing.' }));
  server.registerPrompt('test_prompt_with_arguments', { description: 'with two arguments', argsSchema: z.object({ arg1: z.string(), arg2: z.string() }) },
    async ({ arg1, arg2 }) => user({ type: 'text', text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` }));
  server.registerPrompt('test_prompt_with_embedded_resource', { description: 'with a resource', argsSchema: z.object({ resourceUri: z.string() }) },
    async ({ resourceUri }) => ({
      messages: [
        { role: 'user', content: { type: 'resource', resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' } } },
        { role: 'user', content: { type: 'text', text: 'Please process the embedded resource above.' } },
      ],
    }));
  server.registerPrompt('test_prompt_with_image', { description: 'with an image' }, async () => ({
    messages: [
      { role: 'user', content: { type: 'image', data: pixel, mimeType: 'image/png' } },
      { role: 'user', content: { type: 'text', text: 'Please analyze the image above.' } },
    ],
  }));
  server.registerPrompt('test_input_required_result_prompt', { description: 'asks by its result' }, async context => {
    const answer = acceptedContent(context.mcpReq.inputResponses, 'user_context')?.context;
    return answer === undefined
      ? inputRequired({ inputRequests: { user_context: form('What context should the prompt use?', 'context') } })
      : user({ type: 'text', text: `context: ${answer}` });
  });
}
