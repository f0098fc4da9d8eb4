// A shared store behind TLS: two gateways reach it, also after it was restarted; one that does not know its authority, or finds another
// host's certificate, does not start.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Authority } from '../lib/certificates.mjs';
import { Gateway, unlessControl } from '../lib/gateway.mjs';
import { RawSession } from '../lib/mcp.mjs';
import { temporaryFolder } from '../lib/processes.mjs';
import { Postgres, Redis } from '../lib/stores.mjs';
import { Upstream } from '../lib/upstream.mjs';
import { eventually } from '../lib/waiting.mjs';

const own = 'IP:127.0.0.1';
const others = 'DNS:elsewhere.test';
const options = { timeout: 240_000 };

test('PostgreSQL with sslmode=verify-full', { ...options, skip: unlessControl || Authority.missing() || Postgres.missing() }, async t => {
  const upstream = await Upstream.start('sdk-v1.mjs');
  t.after(() => upstream.stop());
  const authority = new Authority();
  const serve = async host => {
    const { certificate, key } = authority.issue(host);
    const files = { 'server.crt': readFileSync(certificate), 'server.key': readFileSync(key), 'pg_hba.conf': 'hostssl all all 127.0.0.1/32 trust\n' };
    const store = await Postgres.start({ settings: ['ssl = on'], files });
    t.after(() => store.stop());
    return store;
  };
  const store = await serve(own);
  const verified = `${store.url}?sslmode=verify-full&sslrootcert=${authority.certificate}`;
  await serves(t, upstream, store, { flags: ['--store', verified] });
  await refuses(upstream, { flags: ['--store', `${store.url}?sslmode=verify-full&sslrootcert=${new Authority().certificate}`] });
  await refuses(upstream, { flags: ['--store', `${store.url}?sslmode=disable`] }, /no encryption/);
  const impostor = await serve(others);
  await refuses(upstream, { flags: ['--store', `${impostor.url}?sslmode=verify-full&sslrootcert=${authority.certificate}`] });
});

test('Redis by rediss://', { ...options, skip: unlessControl || Authority.missing() || Redis.missing() }, async t => {
  const upstream = await Upstream.start('sdk-v1.mjs');
  t.after(() => upstream.stop());
  const authority = new Authority();
  const trusting = { SHADOWCAT_JAVA_OPTS: authority.javaOptions };
  const serve = async host => {
    const { certificate, key } = authority.issue(host);
    const settings = port => ['port 0', `tls-port ${port}`, `tls-cert-file ${certificate}`, `tls-key-file ${key}`,
      `tls-ca-cert-file ${authority.certificate}`, 'tls-auth-clients no'];
    const store = await Redis.start({ settings });
    t.after(() => store.stop());
    return store;
  };
  const store = await serve(own);
  const verified = { flags: ['--store', store.url.replace('redis:', 'rediss:')] };
  await serves(t, upstream, store, { ...verified, env: trusting });
  await refuses(upstream, verified);
  const impostor = await serve(others);
  await refuses(upstream, { flags: ['--store', impostor.url.replace('redis:', 'rediss:')], env: trusting });
});

/** Two gateways serve one session of the store, and go on when it comes back. */
async function serves(t, upstream, store, settings) {
  const gateways = [];
  for (let node = 0; node < 2; node++) {
    const gateway = await Gateway.start(upstream.url, settings);
    t.after(() => gateway.stop());
    gateways.push(gateway);
  }
  const session = await RawSession.open(gateways[0].url);
  const call = async () => {
    for (const gateway of gateways) {
      session.url = gateway.url;
      const { message } = await session.call('echo', { text: 'through TLS' });
      assert.equal(message.result.content[0].text, 'through TLS');
    }
  };
  await call();
  await store.kill('SIGKILL');
  await store.launch();
  await eventually(30_000, 'both gateways serve it again', () => call().then(() => true, () => false));
}

/** A gateway ends with one line that says why. */
async function refuses(upstream, { flags, env = {} }, why = /certificat|SSL|TLS|host ?name|PKIX/i) {
  const gateway = new Gateway(upstream.url, flags, env);
  gateway.host = { address: '127.0.0.1', run: [] };
  [gateway.port, gateway.adminPort] = [0, 0];
  gateway.data = temporaryFolder('refused');
  gateway.spawn();
  const { code } = await gateway.child.ended;
  assert.equal(code, 1, gateway.child.said());
  assert.match(gateway.child.errors, why);
}
