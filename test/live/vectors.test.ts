import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { checkpointTests } from "../vectors/checkpoints.js";
import { runVectorTests } from "../vectors/run.js";
import { vectorTests } from "../vectors/vector-files.js";
import { pythonOf, repositoryRoot } from "./oracle.js";
import { isLong, seed } from "./random-runs.js";

const seeds = Array.from({ length: isLong ? 6 : 1 }, (_, index) => seed + index);
const SCALE = isLong ? 1 : 0.2;
const MADE_WITHIN_MS = 600_000;

describe("vectors and packed checkpoints that Python makes now", () => {
  it.each(seeds)(
    "are all fulfilled: seed %i",
    async (made) => {
      const folder = await mkdtemp(join(tmpdir(), "orbax-ts-made-vectors-"));
      try {
        const [vectors, checkpoints] = [join(folder, "vectors"), join(folder, "checkpoints")];
        const script = join(repositoryRoot, "scripts", "make-vectors.py");
        const options = ["--seed", String(made), "--scale", String(SCALE), "--out", vectors];
        await promisify(execFile)(pythonOf(".oracle"), [script, ...options, "--checkpoints", checkpoints]);
        const packed = await checkpointTests(checkpoints);
        const lines: string[] = [];
        const tests = [...vectorTests(vectors), ...packed.tests];
        const outcome = await runVectorTests(tests, (line) => lines.push(line));
        await packed.remove();
        expect(lines).toEqual([]);
        expect(outcome).toEqual({ passed: tests.length, failed: 0, skipped: 0 });
        expect(tests.length).toBeGreaterThan(100);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    MADE_WITHIN_MS,
  );
});
