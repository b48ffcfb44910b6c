import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  disagreements,
  isRandomCheckpoint,
  type RandomCheckpoint,
  seededRandom,
} from "./checkpoint-agreement.js";
import { type Oracle, startOracle } from "./oracle.js";
import { seed as firstSeed, runsOf, timeoutOf } from "./random-runs.js";

// Checkpoints that nobody thought of. A seed that fails is run again by ORBAX_SEED=<seed> ORBAX_RUNS=1, with another
// release of Orbax by ORBAX_RANDOM_PYTHON=<its python>. ORBAX_RANDOM_REPORT=<file> keeps a line about each.

const REPORT = process.env.ORBAX_RANDOM_REPORT;
const PYTHON = process.env.ORBAX_RANDOM_PYTHON;
const RUNS = runsOf({ ci: 15, long: 1000 });

const folder = mkdtempSync(join(tmpdir(), "orbax-ts-random-"));
let oracle: Oracle;
beforeAll(async () => {
  oracle = await startOracle({ devices: 8, ...(PYTHON === undefined ? {} : { python: PYTHON }) });
});
afterAll(async () => {
  await oracle.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe(`random checkpoints from seed ${firstSeed} on`, { timeout: timeoutOf(RUNS, 3000) }, () => {
  it("are read as Orbax restores them", () => agree("random_checkpoint", RUNS));
  // Old releases have none of these.
  it.runIf(PYTHON === undefined)("with arrays by any writer of zarr are read as Orbax restores them", () =>
    agree("rewritten_checkpoint", Math.ceil(RUNS / 3)),
  );
});

/** Makes so many checkpoints; fails with every line in which one is read in another way. */
async function agree(operation: Operation, runs: number): Promise<void> {
  const found: string[] = [];
  let made = 0;
  let refused = 0;
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const checkpoint = await makeCheckpoint(operation, seed);
    const { saver, options, refusals, expected } = checkpoint;
    const notes: string[] = [];
    const random = seededRandom(seed);
    const lines = await disagreements(checkpoint, {
      random,
      note: (line) => notes.push(line),
      ...(PYTHON === undefined && random() < 0.3 ? { restore } : {}),
    });
    const about = `seed ${seed}, ${saver} ${JSON.stringify(options)}`;
    found.push(...lines.map((line) => `${about}: ${line}`));
    if (expected.length === 0) refused++;
    else made += expected.length;
    log({ seed, saver, refusals, expected: expected.length, lines, notes });
  }
  log({ operation, made, refused, found: found.length });
  expect(found).toEqual([]);
  if (runs > 10) expect(made).toBeGreaterThan(refused);
}

function restore(path: string): Promise<unknown> {
  return oracle.call("dump_json", { path });
}

type Operation = "random_checkpoint" | "rewritten_checkpoint";

/** Keeps a line for whoever looks at long runs. */
function log(line: object): void {
  if (REPORT !== undefined) appendFileSync(REPORT, `${JSON.stringify(line)}\n`);
}

async function makeCheckpoint(operation: Operation, seed: number): Promise<RandomCheckpoint> {
  rmSync(join(folder, String(seed - 2)), { recursive: true, force: true });
  const made = await oracle.call(operation, { folder: join(folder, String(seed)), seed });
  if (!isRandomCheckpoint(made)) throw new Error(`seed ${seed}: not a checkpoint: ${JSON.stringify(made)}`);
  return made;
}
