import { setImmediate as nextTurn } from "node:timers/promises";

/** Synchronous work in a row, in milliseconds, after which others get their turn. */
const MOST_BUSY_MS = 10;

let busyMs = 0;
let pause: Promise<void> | undefined;

/**
 * What to wait for before more synchronous work, `undefined` for nothing. A promise that is settled already lets no
 * timer, signal or socket of the process run, so a thousand awaited reads in a row would stop it all: once such work
 * took {@link MOST_BUSY_MS} together, the next waits for the event loop's next turn.
 */
export function turnOfOthers(): Promise<void> | undefined {
  if (busyMs >= MOST_BUSY_MS) pause ??= letOthersRun();
  return pause;
}

async function letOthersRun(): Promise<void> {
  await nextTurn();
  busyMs = 0;
  pause = undefined;
}

/** Does work and counts its time until it returns; what it does behind a promise keeps nobody waiting. */
export function countBusy<T>(work: () => T): T {
  const start = performance.now();
  try {
    return work();
  } finally {
    busyMs += performance.now() - start;
  }
}
