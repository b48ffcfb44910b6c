import { describe, expect, it } from "vitest";
import { CheckpointManager } from "../../src/checkpoint/manager.js";
import { encodeItem } from "../../src/checkpoint/save/encode-item.js";
import { saveItem } from "../../src/checkpoint/save/save.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { storageWith } from "./stored-item.js";

/** A root with trees `{ at: <path> }` at these paths, and other files. */
async function rootOf(trees: readonly string[], files: Readonly<Record<string, string>> = {}) {
  const root = new MemoryStorage(storageWith(files).files());
  for (const path of trees) {
    const [name = "", ...parents] = path.split("/").toReversed();
    const parent = root.within(`/${parents.toReversed().join("/")}`);
    await saveItem(parent, name, encodeItem({ at: path }), {});
  }
  return root;
}

describe("steps", () => {
  it("without a format are all that are checkpoints, each number once", async () => {
    const root = await rootOf(["20/default", "step_0003/default", "ckpt-7", "checkpoint", "5/1/default"], {
      "notes_2024/readme.txt": "x",
      checkpoint_9: "text",
      "8/x": "",
      "metadata/_ROOT_METADATA": "{}",
    });
    const manager = new CheckpointManager(root);
    expect(await manager.allSteps()).toEqual([3, 7, 20]);
    expect(await manager.latestStep()).toBe(20);
    expect(await manager.restore(3)).toEqual({ at: "step_0003/default" });
    expect(await manager.restore(7)).toEqual({ at: "ckpt-7" });
  });

  it("of a number that two directories have are told apart by a format alone", async () => {
    const root = await rootOf(["5/default", "05/default", "step_5/default", "4/default"]);
    const manager = new CheckpointManager(root);
    expect(await manager.allSteps()).toEqual([4, 5]);
    expect(await manager.restore(4)).toEqual({ at: "4/default" });
    const both = {
      code: "INVALID_ARGUMENT",
      message: "memory: step 5 is both 05 and 5; stepPrefix or stepFormatFixedLength tells one",
    };
    for (const asking of [manager.restore(), manager.restore(5), manager.metrics(5), manager.metadata(5)]) {
      await expect(asking).rejects.toMatchObject(both);
    }
    expect(await new CheckpointManager(root, { stepFormatFixedLength: 2 }).restore(5)).toEqual({
      at: "05/default",
    });
    expect(await new CheckpointManager(root, { stepPrefix: "step" }).restore()).toEqual({
      at: "step_5/default",
    });
    expect(await new CheckpointManager(root, { stepFormatFixedLength: 0 }).restore(5)).toEqual({
      at: "5/default",
    });
  });

  it("of a format count whatever lies in them, as Orbax counts them", async () => {
    const root = await rootOf(["3/default"], { "4/x": "y" });
    const manager = new CheckpointManager(root, { stepFormatFixedLength: 0 });
    expect(await manager.allSteps()).toEqual([3, 4]);
    expect(await manager.items(4)).toEqual(new Map());
    await expect(manager.restore(4)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "memory/4: choose an item; items: none",
    });
  });

  it("count only with their mark, if that is asked for", async () => {
    const root = await rootOf(["3/default", "4/default"], { "3/commit_success.txt": "x" });
    expect(await new CheckpointManager(root, { commitFile: true }).allSteps()).toEqual([3]);
    expect(await new CheckpointManager(root, { commitFile: true, stepPrefix: "a" }).allSteps()).toEqual([]);
  });

  it("are those that stand during an interrupted overwrite", async () => {
    const root = await rootOf(["3.orbax-ts-replaced/default"]);
    await root.makeDirectory("/3.orbax-checkpoint-tmp");
    for (const options of [{}, { stepFormatFixedLength: 0 }]) {
      const manager = new CheckpointManager(root, options);
      expect(await manager.allSteps()).toEqual([3]);
      expect(await manager.restore(3)).toEqual({ at: "3.orbax-ts-replaced/default" });
    }
  });

  it("are none where the directory is missing, and then none can be restored", async () => {
    const manager = new CheckpointManager(new MemoryStorage().within("/missing"));
    expect(await manager.allSteps()).toEqual([]);
    expect(await manager.latestStep()).toBeNull();
    expect(await manager.bestStep()).toBeNull();
    await expect(manager.restore()).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "No steps found in memory/missing.",
      details: { pythonType: "FileNotFoundError" },
    });
  });

  it("that are not there are not found", async () => {
    const manager = new CheckpointManager(await rootOf(["3/default"]));
    await expect(manager.restore(4)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "memory: no step 4",
    });
    await expect(manager.metadata(4)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await manager.metrics(4)).toBeNull();
  });

  it("of a store that cannot list are unknown, but each can be asked for", async () => {
    const root = await rootOf(["run_0003/default"], { "run_0003/metrics/metrics": '{"loss": 1}' });
    const store = { get: (key: `/${string}`) => root.get(key) };
    const manager = new CheckpointManager(store, { stepPrefix: "run", stepFormatFixedLength: 4 });
    await expect(manager.allSteps()).rejects.toMatchObject({ code: "UNSUPPORTED" });
    expect(await manager.restore(3)).toEqual({ at: "run_0003/default" });
    expect(await manager.metrics(3)).toEqual({ loss: 1 });
    await expect(manager.restore(4)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it.each([-1, 1.5, Number.NaN])("cannot be padded to %d digits", (stepFormatFixedLength) => {
    expect(() => new CheckpointManager("x", { stepFormatFixedLength })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

/** Steps 0, 1, … with these metrics; none where there is no text. */
const withMetrics = (...metrics: readonly (string | undefined)[]) =>
  storageWith(
    Object.fromEntries(
      metrics.map((text, step) =>
        text === undefined ? [`${step}/x`, ""] : [`${step}/metrics/metrics`, text],
      ),
    ),
  );

function sumOf(metrics: unknown): number {
  const { a, b } = Object(metrics);
  return Number(a) + Number(b);
}

const format = { stepFormatFixedLength: 0 };
const byLoss = (text: string) => new CheckpointManager(withMetrics(text), { ...format, bestFn: "loss" });

describe("the best step", () => {
  it("is the last one of the best, at either end", async () => {
    const root = withMetrics(...["0.5", "0.25", "0.5", "0.25"].map((loss) => `{"loss": ${loss}}`), undefined);
    expect(await new CheckpointManager(root, { ...format, bestFn: "loss" }).bestStep()).toBe(2);
    expect(await new CheckpointManager(root, { ...format, bestFn: "loss", bestMode: "min" }).bestStep()).toBe(
      3,
    );
  });

  it("is told by a function of all metrics", async () => {
    const root = withMetrics('{"a": 1, "b": 5}', '{"a": 3, "b": 1}');
    expect(await new CheckpointManager(root, { ...format, bestFn: sumOf }).bestStep()).toBe(0);
  });

  it("compares integers of any size", async () => {
    const root = withMetrics('{"n": 18446744073709551616}', '{"n": 18446744073709551617}', '{"n": 1.0}');
    expect(await new CheckpointManager(root, { ...format, bestFn: "n" }).bestStep()).toBe(1);
  });

  it("cannot be told where metrics lack the one that is asked for", async () => {
    for (const text of ["{}", "[1]", '{"__proto__": {"loss": 1}}']) {
      await expect(byLoss(text).bestStep()).rejects.toMatchObject({
        code: "NOT_FOUND",
        message: 'step 0: its metrics have no "loss"',
      });
    }
    await expect(byLoss('{"loss": "low"}').bestStep()).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: 'step 0: metric "loss" is no number',
    });
    await expect(byLoss("{").bestStep()).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { file: "metrics/metrics" },
    });
  });
});

describe("restoring", () => {
  const files = {
    "3/_CHECKPOINT_METADATA":
      '{"item_handlers": {"own": "my.Notes", "metrics": "x"}, "custom_metadata": {"a": 1}}',
    "3/config/metadata": '{"b": 1}',
    "3/metrics/metrics": '{"loss": 0.5}',
    "3/proto/proto.pbtxt": "a: 1",
    "3/iterator/process_0-of-1.json": "{}",
    "3/iterator/commit_success.txt": "x",
    "3/iterator/notes.txt": "y",
    "3/own/notes.txt": "notes",
  };

  it("gives every item of a step", async () => {
    const manager = new CheckpointManager(await rootOf(["3/state"], files));
    expect(await manager.restore()).toEqual({
      state: { at: "3/state" },
      config: { b: 1 },
      metrics: { loss: 0.5 },
      proto: "a: 1",
      iterator: { "process_0-of-1.json": "{}" },
      own: { "notes.txt": 5 },
    });
    expect(await manager.restore(null, { items: ["config"] })).toEqual({ config: { b: 1 } });
    expect(await manager.restore(3, { items: ["state"], only: ["at"] })).toEqual({
      state: { at: "3/state" },
    });
    await expect(manager.restore(3, { items: ["missing"] })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(manager.restore(3, { only: ["at"] })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("gives the tree alone of a step with a default item", async () => {
    const manager = new CheckpointManager(await rootOf(["3/default"], files));
    expect(await manager.restore(3)).toEqual({ at: "3/default" });
    expect(await manager.itemMetadata(3)).toEqual([expect.objectContaining({ path: ["at"] })]);
  });

  it("tells what there is without restoring it", async () => {
    const manager = new CheckpointManager(await rootOf(["3/state"], files));
    expect(Object.fromEntries(await manager.items())).toMatchObject({ state: "pytree", own: "files" });
    expect(await manager.metadata(3)).toMatchObject({ customMetadata: { a: 1 }, metrics: { loss: 0.5 } });
    expect(await manager.itemMetadata()).toMatchObject({
      state: [expect.objectContaining({ path: ["at"], kind: "string" })],
      config: null,
      own: null,
    });
    expect((await manager.checkpoint()).step).toBe(3);
  });
});

describe("what was given for all steps", () => {
  it("is read, or empty", async () => {
    const root = storageWith({ "metadata/_ROOT_METADATA": '{"custom_metadata": {"run": 7}}' });
    expect((await new CheckpointManager(root).metadata()).customMetadata).toEqual({ run: 7 });
    expect((await new CheckpointManager(new MemoryStorage()).metadata()).customMetadata).toEqual({});
  });
});
