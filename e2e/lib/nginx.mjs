// Debian's nginx in front of one URL or several in turn, with its default proxy settings: HTTP/1.0 to what is behind it, buffering
// on. One that cannot be reached is asked again the next time: a test that kills wants to know of each.
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

export async function startNginx(...urls) {
  const targets = urls.map(url => new URL(url));
  const folder = temporaryFolder('nginx');
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), `
    daemon off; pid ${folder}/pid; error_log ${folder}/error.log; worker_processes 1;
    events { worker_connections 512; }
    http {
      access_log off;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder}/${kind};`).join(' ')}
      upstream behind { ${targets.map(target => `server ${target.host} max_fails=0;`).join(' ')} }
      server { listen 127.0.0.1:${port}; location / { proxy_pass http://behind; proxy_set_header Host ${targets[0].host}; } }
    }`);
  const child = new Child('nginx', program, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')]);
  const proxied = `http://127.0.0.1:${port}${targets[0].pathname}`;
  await eventually(10_000, `nginx answers (${child.said()})`, async () => (await fetch(proxied).catch(() => undefined))?.status);
  return { url: proxied, stop: () => child.kill('SIGTERM') };
}
