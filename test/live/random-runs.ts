/** Set by `npm run test:long`: thousands of random configurations where CI runs hundreds. */
export const isLong = process.env.ORBAX_LONG === "1";

/** CI repeats one run, so that only a change can make it fail; everybody else tries others each time. */
const CI_SEED = process.env.CI === undefined || isLong ? undefined : 7;

/** Of every random test of a file, which names it in its title: `ORBAX_SEED=… npx vitest run …` repeats the run. */
export const seed = Number(process.env.ORBAX_SEED ?? CI_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** How many configurations a random test tries; `ORBAX_RUNS` overrides both numbers. */
export function runsOf(counts: { readonly ci: number; readonly long: number }): number {
  return Number(process.env.ORBAX_RUNS ?? (isLong ? counts.long : counts.ci));
}

/** For how long a test of so many configurations may run: fails where one hangs, not where the machine is slow. */
export function timeoutOf(runs: number, millisecondsEach: number): number {
  return 120_000 + runs * millisecondsEach;
}
