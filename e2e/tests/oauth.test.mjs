// An upstream that demands OAuth, behind the gateway: an SDK client gets from the 401 to its tools by itself.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { figures } from '../lib/figures.mjs';
import { Gateway } from '../lib/gateway.mjs';
import { Upstream } from '../lib/upstream.mjs';

/** What an application keeps for the SDK; the user says yes at once. */
class Provider {
  redirectUrl = 'http://localhost:1/callback';
  clientMetadata = { client_name: 'e2e', redirect_uris: [this.redirectUrl], token_endpoint_auth_method: 'none' };

  clientInformation() { return this.client; }
  saveClientInformation(client) { this.client = client; }
  tokens() { return this.kept; }
  saveTokens(tokens) { this.kept = tokens; }
  codeVerifier() { return this.verifier; }
  saveCodeVerifier(verifier) { this.verifier = verifier; }

  async redirectToAuthorization(url) {
    this.resource = url.searchParams.get('resource');
    const answer = await fetch(url, { redirect: 'manual' });
    this.code = new URL(answer.headers.get('location')).searchParams.get('code');
  }
}

describe('OAuth', () => {
  for (const [name, metadata] of [['names no metadata', '0'], ['names its metadata by its own address', '1']]) {
    test(`an upstream whose 401 ${name}`, { timeout: 60_000 }, async () => {
      const upstream = await Upstream.start('oauth.mjs', { METADATA: metadata });
      const gateway = await Gateway.start(upstream.url, { flags: port => ['--public-url', `http://127.0.0.1:${port}/mcp`] });
      const provider = new Provider();
      const first = new StreamableHTTPClientTransport(new URL(gateway.url), { authProvider: provider });
      await assert.rejects(new Client({ name: 'e2e', version: '1' }).connect(first), UnauthorizedError);
      assert.equal(provider.resource, gateway.url, 'the token is asked for the resource that the client talks to');
      await first.finishAuth(provider.code);
      const client = new Client({ name: 'e2e', version: '1' });
      await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url), { authProvider: provider }));
      const { tools } = await client.listTools();
      assert.ok(tools.length > 0);
      figures(`oauth/metadata-${metadata}`, { tools: tools.length });
      await client.close();
      await gateway.stop();
      await upstream.stop();
    });
  }
});
