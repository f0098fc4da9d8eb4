// What a fixture server writes down, a JSON line each: LEDGER names the file of executions, LOG the file of requests.
import { appendFileSync } from 'node:fs';

/** A tool was executed: the ledger outlives a kill, so that a test can count executions over restarts. */
export function executed(tool, tag) {
  note(process.env.LEDGER, { at: Date.now(), tool, tag });
}

/** Something was asked of the server, or a connection ended. */
export function log(entry) {
  note(process.env.LOG, { at: Date.now(), ...entry });
}

function note(file, entry) {
  if (file) appendFileSync(file, JSON.stringify(entry) + '\n');
}
