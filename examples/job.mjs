// A job that is killed again and again and still takes every batch of its stream, in order.
//
//   npm run job
//
// The job reads its batches ahead, saves where it stands every 10 steps and keeps the last 3 checkpoints. It knows
// nothing of being killed: at its start it restores the latest checkpoint, if there is one, and goes on.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { MemorySource, Pipeline, PipelineCheckpoint, prefetch } from "orbax-ts/datarax";

const STEPS = 100;

/** Batches of record numbers; the seeds are part of the program, the position is in the checkpoint. */
function newBatches() {
  const source = new MemorySource({ length: STEPS * 6, shuffle: true, rngs: { default: 8 } });
  const pipeline = new Pipeline({ source, batchSize: 6, rngs: { default: 21 } });
  return pipeline[Symbol.iterator]();
}

/** What a job would read from a disk or a server. */
const readRecord = async (index) => {
  await setTimeout(2);
  return `record ${index}`;
};

async function job(directory, log) {
  const checkpoints = new PipelineCheckpoint(directory);
  const batches = prefetch(newBatches(), { fetch: (indices) => Promise.all(indices.map(readRecord)) });
  let step = (await checkpoints.getLatestStep()) ?? 0;
  if (step > 0) await checkpoints.restoreLatest(batches);
  for await (const records of batches) {
    step++;
    appendFileSync(log, `${JSON.stringify({ step, records })}\n`); // the work itself
    await checkpoints.saveToStep(batches, step, { interval: 10, keep: 3 });
  }
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), "orbax-ts-job-"));
  const [directory, log] = [join(folder, "checkpoints"), join(folder, "log")];
  const linesOf = () =>
    (existsSync(log) ? readFileSync(log, "utf8").split("\n").slice(0, -1) : []).map((line) =>
      JSON.parse(line),
    );
  try {
    for (let run = 1, ended = false; !ended; run++) {
      const before = linesOf().length;
      const child = spawn(process.execPath, [fileURLToPath(import.meta.url), directory, log], {
        stdio: "inherit",
      });
      const exit = once(child, "exit");
      while (linesOf().length < before + 30 && child.exitCode === null) await setTimeout(5);
      child.kill("SIGKILL");
      const [code] = await exit;
      assert.ok(code === 0 || code === null, "the job failed");
      ended = code === 0;
      const steps = linesOf()
        .slice(before)
        .map(({ step }) => step);
      const what = steps.length === 0 ? "nothing was left to do" : `steps ${steps[0]} to ${steps.at(-1)}`;
      console.log(`run ${run}: ${what}, ${ended ? "at the end" : "killed"}`);
    }

    const expected = Array.from(newBatches(), (indices) => indices.map((index) => `record ${index}`));
    const done = new Set();
    for (const { step, records } of linesOf()) {
      assert.deepEqual(records, expected[step - 1]);
      done.add(step);
    }
    assert.equal(done.size, STEPS);
    console.log(`all ${STEPS} steps were done, each with the batch that a job without a break takes`);
    const kept = await new PipelineCheckpoint(directory).listCheckpoints();
    console.log(`checkpoints kept: ${[...kept.keys()].join(", ")}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await (process.argv.length > 2 ? job(...process.argv.slice(2)) : main());
