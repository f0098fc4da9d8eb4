// Debian's Chromium, and pages of any origin for it: every name but 127.0.0.1 leads to a small server of the test's own.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';
import { temporaryFolder } from './processes.mjs';

const program = '/usr/bin/chromium';
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** False where Chromium is there, otherwise the reason to skip; in CI a missing one fails instead. */
export function withoutChromium() {
  if (existsSync(program)) return false;
  if (process.env.CI === 'true') throw new Error(`${program} is missing: apt-get install chromium`);
  return `${program} is missing: apt-get install chromium`;
}

/** A browser with a new profile; `page(host)` opens an empty page of `http://HOST:PORT`. */
export async function startChromium() {
  const server = createServer((request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>page</title>'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const context = await chromium.launchPersistentContext(temporaryFolder('chromium'), {
    executablePath: program, headless: true, args: [...quiet, '--host-resolver-rules=MAP *.example 127.0.0.1, MAP localhost 127.0.0.1'],
  });
  return {
    port,
    async page(host) {
      const page = await context.newPage();
      await page.goto(`http://${host}:${port}/`);
      return page;
    },
    async stop() {
      await context.close();
      server.close();
    },
  };
}
