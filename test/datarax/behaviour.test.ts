import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OrbaxCheckpointHandler } from "../../src/datarax/orbax-checkpoint-handler.js";
import { PipelineCheckpoint } from "../../src/datarax/pipeline-checkpoint.js";
import { formatTaggedJson } from "../../src/datarax/tagged-json.js";
import { isOrbaxError } from "../../src/errors.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { WritableStorage } from "../../src/storage/storage.js";
import { Recorder, untyped } from "./recorder.js";

type Operation =
  | {
      op: "save";
      step: number | null;
      keep: number | null;
      overwrite: boolean;
      state: unknown;
      metadata?: unknown;
    }
  | { op: "save_to_step"; step: number; state: unknown; kw: { interval?: number; keep?: number } }
  | { op: "restore"; step: number | null; current?: unknown }
  | { op: "restore_latest"; current?: unknown }
  | { op: "metadata"; step: number | null }
  | { op: "latest" | "list" | "has" | "steps" }
  | { op: "mkdir" | "touch"; name: string }
  | { op: "rename"; name: string; to: string };
type Step = {
  op: Operation;
  ok?: unknown;
  error?: { type: string; message: string };
  /** Sorted names in the base directory afterwards, `null` if it is missing. */
  entries: string[] | null;
};

// Made by Datarax 0.1.4 (docs/spec/datarax.md section 9).
const vectors: { cases: { steps: Step[] }[] } = JSON.parse(
  readFileSync(new URL("../../docs/spec/vectors/behaviour.json", import.meta.url), "utf8"),
);

/** A base directory that is missing at first, and what the script itself does in it. */
type Place = {
  readonly base: string | WritableStorage;
  /** What `<B>` stands for. */
  readonly name: string;
  mkdir(name: string): Promise<unknown>;
  touch(name: string): Promise<unknown>;
  rename(name: string, to: string): Promise<unknown>;
  entries(): Promise<string[] | null>;
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "orbax-ts-behaviour-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function localPlace(): Place {
  const base = join(folder, "base");
  return {
    base,
    name: base,
    mkdir: (name) => mkdir(join(base, name), { recursive: true }),
    touch: (name) => writeFile(join(base, name), ""),
    rename: (name, to) => rename(join(base, name), join(base, to)),
    entries: () => readdir(base).catch(() => null),
  };
}

function memoryPlace(): Place {
  const storage = new MemoryStorage().within("/base");
  return {
    base: storage,
    name: storage.name,
    mkdir: (name) => storage.makeDirectory(`/${name}`),
    touch: (name) => storage.set(`/${name}`, new Uint8Array(0)),
    rename: (name, to) => storage.rename(`/${name}`, `/${to}`),
    entries: async () => (await storage.list("/"))?.map(({ name }) => name) ?? null,
  };
}

/** `<B>` in texts and paths. */
function withoutBase(value: unknown, { name }: Place): unknown {
  return JSON.parse(JSON.stringify(value ?? null).replaceAll(JSON.stringify(name).slice(1, -1), "<B>"));
}

/** Every operation of one case, in order. Operations of the script itself need no result. */
async function run(operation: Operation, checkpoint: PipelineCheckpoint, place: Place): Promise<unknown> {
  switch (operation.op) {
    case "save": {
      const { state, step, keep, overwrite, metadata } = operation;
      const options = { step, keep, overwrite, metadata };
      return checkpoint.saveToDirectory(new Recorder(state), options);
    }
    case "save_to_step":
      return checkpoint.saveToStep(new Recorder(operation.state), operation.step, operation.kw);
    case "restore":
    case "restore_latest": {
      const iterator = new Recorder(operation.current);
      const restored =
        operation.op === "restore"
          ? await checkpoint.restore(iterator, { step: operation.step })
          : await checkpoint.restoreLatest(iterator);
      expect(restored).toBe(iterator);
      return formatTaggedJson(restored.received ?? null);
    }
    case "metadata": {
      const options = { step: operation.step, metadataOnly: true, exact: true };
      return formatTaggedJson(untyped(await checkpoint.handler.restore(place.base, options)));
    }
    case "latest":
      return checkpoint.getLatestStep();
    case "list":
      return Array.from(await checkpoint.listCheckpoints());
    case "has":
      return checkpoint.hasCheckpoint();
    case "steps":
      return new OrbaxCheckpointHandler().getCheckpointSteps(place.base);
    case "mkdir":
      await place.mkdir(operation.name);
      return null;
    case "touch":
      await place.touch(operation.name);
      return null;
    case "rename":
      await place.rename(operation.name, operation.to);
      return null;
  }
}

const TMP = ".orbax-checkpoint-tmp";

/** What the directory must hold: without what failed saves left in Python. */
function expectedEntries({ entries }: Step, done: readonly Step[]): string[] {
  const made = new Set(done.flatMap(({ op }) => (op.op === "mkdir" ? [op.name] : [])));
  return (entries ?? []).filter((name) => !name.includes(TMP) || made.has(name));
}

async function runCase(steps: readonly Step[], place: Place): Promise<void> {
  const checkpoint = new PipelineCheckpoint(place.base, { exact: true });
  for (const [index, step] of steps.entries()) {
    const { op, ok, error } = step;
    const label = `step ${index} ${JSON.stringify(op)}`;
    const outcome = await run(op, checkpoint, place).then(
      (result) => ({ result }),
      (thrown: unknown) => ({ thrown }),
    );
    if (error === undefined) {
      expect("thrown" in outcome ? outcome.thrown : undefined, label).toBeUndefined();
      expect(withoutBase("result" in outcome && outcome.result, place), label).toEqual(ok);
    } else {
      const thrown: unknown = "thrown" in outcome ? outcome.thrown : undefined;
      expect(thrown, label).toBeInstanceOf(Error);
      if (op.op !== "rename") {
        expect(isOrbaxError(thrown) && withoutBase(thrown.message, place), label).toBe(error.message);
        expect(isOrbaxError(thrown) && thrown.details.pythonType, label).toBe(error.type);
      }
    }
    const refused = steps.slice(0, index + 1).some((earlier) => earlier.error !== undefined);
    const entries = await place.entries();
    const expected = expectedEntries(step, steps.slice(0, index + 1));
    // A refused save makes the directory in Python; here it does not.
    const isMissing = step.entries === null || (expected.length === 0 && refused && entries === null);
    expect(entries === null ? null : entries.sort(), label).toEqual(isMissing ? null : expected);
  }
}

describe("PipelineCheckpoint runs as Datarax does", () => {
  it("is held to all scripts", () => {
    expect(vectors.cases).toHaveLength(27);
  });

  const cases = vectors.cases.map(({ steps }, index): [number, string, readonly Step[]] => [
    index,
    [...new Set(steps.map(({ op }) => op.op))].join(", "),
    steps,
  ]);

  it.each(cases)("script %i in a folder: %s", async (_index, _operations, steps) => {
    await runCase(steps, localPlace());
  });

  it.each(cases)("script %i in memory: %s", async (_index, _operations, steps) => {
    await runCase(steps, memoryPlace());
  });
});
