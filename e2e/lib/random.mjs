// A seeded source of chance: the same seed gives the same cut points. E2E_SEED repeats a run; without it every run is new.

export const seed = Number(process.env.E2E_SEED ?? Date.now() % 1_000_000_000);

/** Chance that repeats: `stream` keeps the tests of one seed apart. */
export function chance(stream = 0) {
  let state = (seed ^ Math.imul(stream + 1, 0x9e3779b9)) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    fraction: next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    oneOf: list => list[Math.floor(next() * list.length)],
  };
}
