// What /ready of a gateway says, and when it changes its mind.
import { eventually, sleep } from './waiting.mjs';

/** Asks every 20 ms, over restarts too; status 0 stands for a gateway that is not there. */
export class Readiness {
  changes = [];
  #over = false;

  constructor(gateway) {
    this.gateway = gateway;
    this.asking = this.#ask();
  }

  async #ask() {
    while (!this.#over) {
      const { status, text } = await fetch(`${this.gateway.admin}/ready`, { signal: AbortSignal.timeout(5_000) })
        .then(async answer => ({ status: answer.status, text: await answer.text() }))
        .catch(() => ({ status: 0, text: '' }));
      if (this.now?.status !== status) this.changes.push({ at: Date.now(), status, text });
      await sleep(20);
    }
  }

  get now() {
    return this.changes.at(-1);
  }

  /** The first time at or after a moment that it said so, which may have begun before; undefined where it has not yet. */
  firstAfter(moment, status) {
    const index = this.changes.findIndex((change, position) =>
      change.status === status && (this.changes[position + 1]?.at ?? Infinity) >= moment);
    const found = this.changes[index];
    return found && { ...found, at: Math.max(found.at, moment) };
  }

  /** Waits until it says so; how long that took since the moment, in milliseconds. */
  async until(moment, status, milliseconds = 20_000) {
    const told = await eventually(milliseconds, `${this.gateway.admin} says ${status} (now ${this.now?.status} ${this.now?.text})`,
      () => this.firstAfter(moment, status), 10);
    return told.at - moment;
  }

  /** Each answer with that status since a moment. */
  since(moment, status) {
    return this.changes.filter(change => change.at >= moment && change.status === status);
  }

  async stop() {
    this.#over = true;
    await this.asking;
  }
}
