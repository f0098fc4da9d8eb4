// Every test closes with one line of figures: `figures drop-and-resume/sdk runs=200 lost=0 …`.
import { appendFileSync } from 'node:fs';
import { seed } from './random.mjs';

/** Prints what a test counted, on one line; E2E_FIGURES names a file that collects the lines too. */
export function figures(name, counted) {
  const line = `figures ${name} ${Object.entries({ ...counted, seed }).map(([key, value]) => `${key}=${value}`).join(' ')}`;
  console.log(line);
  if (process.env.E2E_FIGURES) appendFileSync(process.env.E2E_FIGURES, line + '\n');
}

/** The value below which the given share of the numbers lies. */
export function percentile(numbers, share) {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
