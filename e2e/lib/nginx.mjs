// Debian's nginx in front of a URL, with its default proxy settings: HTTP/1.0 to what is behind it, buffering on.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, freePort, temporaryFolder } from './processes.mjs';
import { eventually } from './waiting.mjs';

const program = '/usr/sbin/nginx';

/** False where nginx is there, otherwise the reason to skip; in CI a missing nginx fails instead. */
export function withoutNginx() {
  if (existsSync(program)) return false;
  if (process.env.CI === 'true') throw new Error(`${program} is missing: apt-get install nginx-light`);
  return `${program} is missing: apt-get install nginx-light`;
}

export async function startNginx(url) {
  const target = new URL(url);
  const folder = temporaryFolder('nginx');
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), `
    daemon off; pid ${folder}/pid; error_log ${folder}/error.log; worker_processes 1;
    events { worker_connections 512; }
    http {
      access_log off;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder}/${kind};`).join(' ')}
      server { listen 127.0.0.1:${port}; location / { proxy_pass http://${target.host}; } }
    }`);
  const child = new Child('nginx', program, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')]);
  const proxied = `http://127.0.0.1:${port}${target.pathname}`;
  await eventually(10_000, `nginx answers (${child.said()})`, async () => (await fetch(proxied).catch(() => undefined))?.status);
  return { url: proxied, stop: () => child.kill('SIGTERM') };
}
