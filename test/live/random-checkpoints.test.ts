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

// Checkpoints that nobody thought of. A seed that fails is run again by ORBAX_RANDOM_SEED=<seed>; more of them by
// ORBAX_RANDOM_SECONDS=<seconds> and ORBAX_RANDOM_FIRST=<seed>, with another release of Orbax by
// ORBAX_RANDOM_PYTHON=<its python>. ORBAX_RANDOM_REPORT=<file> keeps a line about each.

const { env } = process;
const SECONDS = Number(env["ORBAX_RANDOM_SECONDS"] ?? 45);
const IS_ONE = env["ORBAX_RANDOM_SEED"] !== undefined;
const FIRST = Number(env["ORBAX_RANDOM_SEED"] ?? env["ORBAX_RANDOM_FIRST"] ?? 1);
const REPORT = env["ORBAX_RANDOM_REPORT"];
const PYTHON = env["ORBAX_RANDOM_PYTHON"];

const folder = mkdtempSync(join(tmpdir(), "orbax-ts-random-"));
let oracle: Oracle;
beforeAll(async () => {
  oracle = await startOracle({ devices: 8, ...(PYTHON === undefined ? {} : { python: PYTHON }) });
});
afterAll(async () => {
  await oracle.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("random checkpoints", () => {
  const share = PYTHON === undefined ? 0.75 : 1; // of the time; old releases have no rewritten ones
  const timeout = (SECONDS + 120) * 1000;
  it("are read as Orbax restores them", { timeout }, () => agree("random_checkpoint", SECONDS * share));
  it.runIf(share < 1)("with arrays by any writer of zarr are read as Orbax restores them", { timeout }, () =>
    agree("rewritten_checkpoint", SECONDS * (1 - share)),
  );
});

/** Makes checkpoints for so many seconds; fails with every line in which one is read in another way. */
async function agree(operation: Operation, seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000;
  const found: string[] = [];
  let made = 0;
  let refused = 0;
  const last = IS_ONE ? FIRST : Number.POSITIVE_INFINITY;
  for (let seed = FIRST; seed === FIRST || (seed <= last && performance.now() < end); seed++) {
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
  expect(made).toBeGreaterThan(refused);
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
