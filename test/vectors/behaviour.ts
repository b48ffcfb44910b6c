import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OrbaxCheckpointHandler } from "../../src/datarax/orbax-checkpoint-handler.js";
import { PipelineCheckpoint } from "../../src/datarax/pipeline-checkpoint.js";
import { formatTaggedJson } from "../../src/datarax/tagged-json.js";
import { isOrbaxError } from "../../src/errors.js";
import type { WritableStorage } from "../../src/storage/storage.js";
import { Recorder, untyped } from "../datarax/recorder.js";
import { requireSame, withoutKinds } from "./same.js";
import { listIn, type Vector } from "./vector-test.js";

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

/** `{steps}`: operations on one PipelineCheckpoint, each with its result or error and the directory afterwards. */
export async function checkBehaviour(vector: Vector): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "orbax-ts-behaviour-"));
  try {
    await runBehaviour(vector, localPlace(join(folder, "base")));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A base directory that is missing at first, and what the script itself does in it. */
export type Place = {
  readonly base: string | WritableStorage;
  /** What `<B>` stands for. */
  readonly name: string;
  mkdir(name: string): Promise<unknown>;
  touch(name: string): Promise<unknown>;
  rename(name: string, to: string): Promise<unknown>;
  entries(): Promise<string[] | null>;
};

function localPlace(base: string): Place {
  return {
    base,
    name: base,
    mkdir: (name) => mkdir(join(base, name), { recursive: true }),
    touch: (name) => writeFile(join(base, name), ""),
    rename: (name, to) => rename(join(base, name), join(base, to)),
    entries: () => readdir(base).catch(() => null),
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
      if (restored !== iterator) throw new Error(`${operation.op} gave another iterator`);
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

/** What the script does itself; of its failures only that they are some is compared. */
const OF_THE_SCRIPT: readonly string[] = ["mkdir", "touch", "rename"];

const TMP = ".orbax-checkpoint-tmp";

/** What the directory must hold: without what failed saves left in Python. */
function expectedEntries({ entries }: Step, done: readonly Step[]): string[] {
  const made = new Set(done.flatMap(({ op }) => (op.op === "mkdir" || op.op === "touch" ? [op.name] : [])));
  return (entries ?? []).filter((name) => !name.includes(TMP) || made.has(name));
}

/** {@link checkBehaviour} in a place of any kind. */
export async function runBehaviour(vector: Vector, place: Place): Promise<void> {
  const steps: readonly Step[] = listIn(vector, "steps").map((step) => untyped(step));
  const checkpoint = new PipelineCheckpoint(place.base, { exact: true });
  for (const [index, step] of steps.entries()) {
    const label = `step ${index} ${JSON.stringify(step.op)}`;
    const outcome = await run(step.op, checkpoint, place).then(
      (result) => ({ result }),
      (thrown: unknown) => ({ thrown }),
    );
    if ("result" in outcome && step.error === undefined) {
      requireSame(withoutKinds(withoutBase(outcome.result, place)), withoutKinds(step.ok), label);
    } else if ("thrown" in outcome && step.error !== undefined) {
      if (!OF_THE_SCRIPT.includes(step.op.op)) requireSame(errorOf(outcome.thrown, place), step.error, label);
    } else
      throw new Error(`${label}: ${"thrown" in outcome ? String(outcome.thrown) : "nothing was refused"}`);
    const refused = steps.slice(0, index + 1).some((earlier) => earlier.error !== undefined);
    const entries = await place.entries();
    const expected = expectedEntries(step, steps.slice(0, index + 1));
    // A refused save makes the directory in Python; here it does not.
    const isMissing = step.entries === null || (expected.length === 0 && refused && entries === null);
    requireSame(entries === null ? null : entries.sort(), isMissing ? null : expected, `${label}: entries`);
    if (isMissing && step.entries !== null) await place.mkdir("");
  }
}

function errorOf(thrown: unknown, place: Place) {
  if (!isOrbaxError(thrown)) throw thrown;
  return { type: thrown.details.pythonType, message: withoutBase(thrown.message, place) };
}
