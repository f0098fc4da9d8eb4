// Certificates of an authority that is made up for a test.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { launcher } from './gateway.mjs';
import { temporaryFolder } from './processes.mjs';

const openssl = '/usr/bin/openssl';

export class Authority {
  /** False where certificates can be made, otherwise the reason to skip; in CI that fails instead. */
  static missing() {
    if (existsSync(openssl)) return false;
    if (process.env.CI === 'true') throw new Error(`${openssl} is missing: apt-get install openssl`);
    return `${openssl} is missing: apt-get install openssl`;
  }

  constructor() {
    this.folder = temporaryFolder('authority');
    chmodSync(this.folder, 0o755); // a server of another user reads it
    this.certificate = join(this.folder, 'ca.crt');
    this.#run('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=authority of a test', '-keyout', 'ca.key', '-out', 'ca.crt');
  }

  /** A certificate and its key for a host, as `IP:127.0.0.1` or `DNS:name`: {certificate, key}, two files. */
  issue(host) {
    writeFileSync(join(this.folder, 'extensions'), `subjectAltName=${host}\n`);
    this.#run('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=server', '-keyout', 'server.key', '-out', 'server.csr');
    this.#run('x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'extensions', '-out', 'server.crt');
    return { certificate: join(this.folder, 'server.crt'), key: join(this.folder, 'server.key') };
  }

  /** What Java is told to trust this authority and no other. */
  get javaOptions() {
    const store = join(this.folder, 'trusted.p12');
    if (!existsSync(store)) {
      const jdk = readFileSync(join(dirname(launcher), 'gateway/target/shadowcat/jdk'), 'utf8').trim();
      execFileSync(join(jdk, 'bin/keytool'), ['-importcert', '-noprompt', '-alias', 'authority', '-file', this.certificate, '-keystore', store, '-storepass', 'changeit'], { stdio: 'ignore' });
    }
    return `-Djavax.net.ssl.trustStore=${store} -Djavax.net.ssl.trustStorePassword=changeit`;
  }

  #run(...words) {
    execFileSync(openssl, words, { cwd: this.folder, stdio: 'ignore' });
  }
}
