// The official conformance suite as a process, and its checks as data.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, temporaryFolder } from './processes.mjs';
import { within } from './waiting.mjs';

const suite = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules/@modelcontextprotocol/conformance/dist/index.js');

/** Runs what a revision requires; returns a map from `scenario/check` to the worst status that the check had there. */
export async function conformance(url, revision) {
  const folder = temporaryFolder('conformance');
  const child = new Child('conformance', process.execPath, [suite, 'server', '--url', url, '--requirements', revision, '-o', folder]);
  await within(300_000, `conformance ${revision} at ${url}`, child.ended);
  const checks = new Map();
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = join(folder, entry.name, 'checks.json');
    if (!entry.isDirectory() || !existsSync(file)) continue;
    const scenario = entry.name.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT.*$/, '');
    for (const { id, status, errorMessage } of JSON.parse(readFileSync(file, 'utf8'))) note(checks, `${scenario}/${id}`, { status, errorMessage });
  }
  if (checks.size === 0) throw new Error(`conformance ${revision} made no check: ${child.said()}`);
  return checks;
}

const ranks = ['SUCCESS', 'INFO', 'SKIPPED', 'WARNING', 'FAILURE'];

function note(checks, name, result) {
  const known = checks.get(name);
  if (!known || ranks.indexOf(result.status) > ranks.indexOf(known.status)) checks.set(name, result);
}

export function passed(checks) {
  return [...checks].filter(([, { status }]) => status === 'SUCCESS').map(([name]) => name);
}

/**
 * A server that closes a stream in the middle of a call is resumed by the gateway itself: the client's stream stays open, and
 * this check finds nothing to check (INFO).
 */
const spared = 'server-sse-polling/server-sse-disconnect-resume';

/** What passes directly and not behind something, with the reason. */
export function lostBehind(direct, behind) {
  return passed(direct)
    .filter(name => behind.get(name)?.status !== 'SUCCESS' && !(name === spared && behind.get(name)?.status === 'INFO'))
    .map(name => `${name}: ${JSON.stringify(behind.get(name) ?? 'not run')}`);
}
