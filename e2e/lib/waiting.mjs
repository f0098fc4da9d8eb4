// Waiting with a bound: no test of this suite waits for anything without saying how long.
import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

/** The promise's value, or an error naming what did not come within the bound. */
export async function within(milliseconds, what, promise) {
  const stopped = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: stopped.signal, ref: true }).then(
    () => { throw new Error(`${what}: not within ${milliseconds} ms`); },
    () => undefined,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    stopped.abort();
  }
}

/** Asks until the answer is truthy and returns it, or throws naming what never became true. */
export async function eventually(milliseconds, what, ask, every = 25) {
  const end = performance.now() + milliseconds;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`${what}: not within ${milliseconds} ms`);
    await sleep(every);
  }
}

/** Runs the work for each number below `count`, at most `width` at a time, and returns the results in order. */
export async function inParallel(count, width, work) {
  const results = new Array(count);
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next++;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
  return results;
}
