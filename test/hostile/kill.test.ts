import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { load, openCheckpoint } from "../../src/checkpoint/open-checkpoint.js";
import { recognise } from "../../src/checkpoint/recognise/recognise.js";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { isOrbaxError } from "../../src/errors.js";
import { LocalStorage } from "../../src/storage/local.js";
import { bytesOf } from "../../src/zarr/dtype.js";
import { NdArray } from "../../src/zarr/nd-array.js";
import { contentOf, KEEP, workOf } from "./kill-work.js";

const RUNS = Number(process.env["KILL_RUNS"] ?? 40);
const SEED = Number(process.env["KILL_SEED"] ?? Date.now() % 2 ** 31);

/** The first save of a process takes some tens of milliseconds, a later one a few, one of megabytes more. */
const LONGEST_LIFE_MS = 250;

let top: string;
let child: string;
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), "orbax-ts-kill-"));
  child = join(top, "kill-child.cjs");
  await build({
    entryPoints: [fileURLToPath(new URL("kill-child.ts", import.meta.url))],
    outfile: child,
    bundle: true,
    platform: "node",
    format: "cjs",
    conditions: ["orbax-ts-source"],
    logLevel: "error",
  });
});
afterAll(() => rm(top, { recursive: true, force: true }));

/** What a process has said before its end. */
type Life = {
  /** Versions whose save has ended. */
  readonly ended: readonly number[];
  /** Codes of the saves that failed. */
  readonly failures: readonly string[];
  readonly code: number | null;
  readonly stderr: string;
};

/** Lets a process save from version `first` on, and kills it so many milliseconds after it has begun. */
async function live(
  folder: string,
  first: number,
  { killAfterMs, last = 2 ** 31 }: { killAfterMs?: number; last?: number },
): Promise<Life> {
  const process_ = spawn(process.execPath, [child, folder, String(first), String(last)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended: number[] = [];
  const failures: string[] = [];
  let stderr = "";
  process_.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: process_.stdout }).on("line", (line) => {
      if (line === "ready") resolve();
      else if (/^\d+$/.test(line)) ended.push(Number(line));
      else failures.push(line);
    });
  });
  const closed = once(process_, "close");
  if (killAfterMs !== undefined) {
    await Promise.race([ready, closed]);
    await sleep(killAfterMs);
    process_.kill("SIGKILL");
  }
  const [code]: unknown[] = await closed;
  return { ended, failures, code: typeof code === "number" ? code : null, stderr };
}

/** Which versions each place may hold, by what the processes said. */
class Ledger {
  /** The last version of each tree and step whose save has ended. */
  readonly trees = new Map<string, number>();
  readonly steps = new Map<number, number>();
  last = 0;

  note(version: number): void {
    const work = workOf(version);
    if (work.target === "tree") this.trees.set(work.name, version);
    else this.steps.set(work.step, version);
    this.last = version;
  }

  /** The save that a process was at when it died: it may have come as far as to take its place. */
  get underWay(): number {
    return this.last + 1;
  }
}

/** The version that a loaded tree claims, held against that version's content. */
function versionOf(tree: unknown): number {
  const { version, payload, ...rest }: { version?: unknown; payload?: unknown } = Object(tree);
  if (typeof version !== "number") throw new Error("a checkpoint without a version");
  const { version: _, payload: expected, ...expectedRest } = contentOf(version);
  expect(rest).toEqual(expectedRest);
  // Array by array: toEqual takes a second for a megabyte.
  expect(bytesIn(payload).equals(bytesIn(expected))).toBe(true);
  return version;
}

function bytesIn(array: unknown): Buffer {
  if (!NdArray.is(array)) throw new Error("no array");
  return Buffer.from(bytesOf(array.data));
}

async function checkTrees(folder: string, { trees, underWay }: Ledger): Promise<void> {
  for (const name of ["a", "b"]) {
    const work = workOf(underWay);
    const possible = [trees.get(name), work.target === "tree" && work.name === name ? underWay : undefined];
    const seen = await load(join(folder, "trees", name)).then(versionOf, (error: unknown) => {
      if (isOrbaxError(error, "NOT_FOUND")) return undefined;
      throw error;
    });
    if (trees.has(name)) expect(seen).toBeDefined();
    if (seen !== undefined) expect(possible).toContain(seen);
  }
}

async function checkStream(folder: string, { steps, underWay }: Ledger): Promise<void> {
  const path = join(folder, "stream");
  const checkpoints = new IteratorCheckpoint(path);
  const listed = [...(await checkpoints.listCheckpoints()).keys()];
  const work = workOf(underWay);
  for (const step of listed) {
    let state: unknown;
    const iterator = {
      next: () => ({ done: true as const, value: undefined }),
      getState: () => ({}),
      setState: (restored: unknown) => {
        state = restored;
      },
    };
    await checkpoints.restore(iterator, { step });
    const possible = [steps.get(step), work.target === "stream" && work.step === step ? underWay : undefined];
    expect(possible).toContain(versionOf(state));
  }
  // Nothing is missing but what pruning took: the largest steps, of those that are there and those that ought to be.
  const largest = [...new Set([...steps.keys(), ...listed])].sort((a, b) => b - a).slice(0, KEEP);
  expect(listed).toEqual(expect.arrayContaining(largest));
  if (listed.length > 0) {
    expect(await checkpoints.getLatestStep()).toBe(largest[0]);
    const checkpoint = await openCheckpoint(path);
    expect(checkpoint.step).toBe(largest[0]);
    versionOf(await checkpoint.load());
  }
}

describe("a process that is killed while it saves", () => {
  it(
    `leaves every step whole and loses none that it had finished (${RUNS} times, KILL_SEED=${SEED})`,
    async () => {
      const folder = join(top, "run");
      const lives = fc.sample(fc.integer({ min: 0, max: LONGEST_LIFE_MS }), { seed: SEED, numRuns: RUNS });
      const ledger = new Ledger();
      let unfinished = 0;
      for (const killAfterMs of lives) {
        const { ended, ...end } = await live(folder, ledger.underWay, { killAfterMs });
        expect(end).toEqual({ failures: [], code: null, stderr: "" });
        for (const version of ended) ledger.note(version);
        await checkTrees(folder, ledger);
        await checkStream(folder, ledger);
        unfinished += await countUnfinished(folder);
      }
      // The moments were such that something could go wrong.
      expect(ledger.last).toBeGreaterThan(RUNS / 2);
      if (RUNS >= 40) expect(unfinished).toBeGreaterThan(RUNS / 10);

      const last = ledger.last + 40;
      const { ended, ...end } = await live(folder, ledger.underWay, { last });
      expect(end).toEqual({ failures: [], code: 0, stderr: "" });
      for (const version of ended) ledger.note(version);
      expect(ledger.last).toBe(last);
      await checkTrees(folder, ledger);
      await checkStream(folder, ledger);
      const kept = [...ledger.steps.keys()].sort((a, b) => b - a).slice(0, KEEP);
      expect((await readdir(join(folder, "trees"))).sort()).toEqual(["a", "b"]);
      expect((await readdir(join(folder, "stream"))).sort()).toEqual(
        kept.map((step) => `ckpt-${step}`).sort(),
      );
    },
    20_000 + RUNS * 5_000,
  );
});

describe("two processes that save the same steps at once", () => {
  it("fail at worst, and leave every step whole", async () => {
    const folder = join(top, "race");
    const last = 60;
    const lives = await Promise.all([live(folder, 1, { last }), live(folder, 1, { last })]);
    const ended = new Set(lives.flatMap((life) => life.ended));
    for (const { failures, code, stderr } of lives) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      // IO where a directory vanished within a call of the system.
      expect(failures.filter((failure) => failure !== "CONFLICT" && failure !== "IO")).toEqual([]);
    }
    expect(ended.size).toBeGreaterThan(last / 4);
    for (const name of ["a", "b"]) {
      const version = versionOf(await load(join(folder, "trees", name)));
      expect(workOf(version)).toEqual({ target: "tree", name });
      expect(ended.has(version)).toBe(true);
    }
    const layout = await recognise(new LocalStorage(join(folder, "stream")));
    if (layout.kind !== "steps") throw new Error("no steps");
    expect(layout.steps.length).toBeGreaterThan(0);
    for (const { name } of layout.steps) await load(join(folder, "stream", name)).then(versionOf);
  }, 120_000);
});

/** How many directories of unfinished saves lie about. */
async function countUnfinished(folder: string): Promise<number> {
  const counts = ["trees", "stream"].map(async (name) => {
    const layout = await recognise(new LocalStorage(join(folder, name))).catch(() => undefined);
    if (layout?.kind === "steps") return layout.unfinished.length;
    const names = await readdir(join(folder, name)).catch(() => []);
    return names.filter((entry) => entry.endsWith(".orbax-checkpoint-tmp")).length;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
