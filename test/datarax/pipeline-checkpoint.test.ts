import { beforeEach, describe, expect, it } from "vitest";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { PipelineCheckpoint } from "../../src/datarax/pipeline-checkpoint.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { AsyncRecorder, Recorder, untyped } from "./recorder.js";

let base: MemoryStorage;
let checkpoint: PipelineCheckpoint;
beforeEach(() => {
  base = new MemoryStorage().within("/base");
  checkpoint = new PipelineCheckpoint(base);
});

/** Names in the base directory, sorted; `null` if it is missing. */
async function names(): Promise<string[] | null> {
  return (await base.list("/"))?.map(({ name }) => name).sort() ?? null;
}

describe("PipelineCheckpoint.saveToStep", () => {
  it("saves every thousandth step where nothing else is said", async () => {
    const stream = new Recorder({ p: 1 });
    expect(await checkpoint.saveToStep(stream, 999)).toBeNull();
    expect(await checkpoint.saveToStep(stream, 1000)).toBe("memory/base/ckpt-1000");
    expect(await checkpoint.saveToStep(stream, 1001, {})).toBeNull();
    expect(await checkpoint.saveToStep(stream, 0, { interval: undefined })).toBe("memory/base/ckpt-0");
    expect(await names()).toEqual(["ckpt-0", "ckpt-1000"]);
  });

  it("keeps five steps where nothing else is said", async () => {
    for (let step = 1; step <= 12; step++) {
      await checkpoint.saveToStep(new Recorder({ step }), step, { interval: 2, keep: undefined });
    }
    expect(await checkpoint.listCheckpoints()).toEqual(
      new Map([4, 6, 8, 10, 12].map((step) => [step, `memory/base/ckpt-${step}`])),
    );
  });

  it.each([[null], [0]])("keeps all with keep %s", async (keep) => {
    for (let step = 1; step <= 7; step++) {
      await checkpoint.saveToStep(new Recorder({ step }), step, { interval: 1, keep });
    }
    expect(await names()).toHaveLength(7);
  });

  it("looks at nothing where the interval says no", async () => {
    expect(await checkpoint.saveToStep(untyped(null), 7, { interval: 2 })).toBeNull();
    expect(await names()).toBeNull();
  });

  it.each([
    [20, -10],
    [-20, 10],
    [-20, -10],
    [0, 7],
    [-0, -7],
  ])("saves step %i at interval %i, as Python's modulo says", async (step, interval) => {
    const path = await checkpoint.saveToStep(new Recorder({ p: 1 }), step, { interval });
    expect(path).toBe(`memory/base/ckpt-${step}`);
    expect((await checkpoint.restore(new Recorder(), { step })).received).toEqual({ p: 1 });
  });

  it.each([
    [-1, 10],
    [5, -10],
  ])("does not save step %i at interval %i", async (step, interval) => {
    expect(await checkpoint.saveToStep(new Recorder({ p: 1 }), step, { interval })).toBeNull();
  });

  it("refuses an interval of 0 before it looks at the stream", async () => {
    await expect(checkpoint.saveToStep(untyped(null), 0, { interval: 0 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "integer modulo by zero",
      details: { pythonType: "ZeroDivisionError" },
    });
  });

  it.each([0.5, 2 ** 53, Number.NaN, "10", undefined])("refuses %s as a step", async (step) => {
    const saved = checkpoint.saveToStep(new Recorder({ p: 1 }), untyped(step), { interval: 1 });
    await expect(saved).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await names()).toBeNull();
  });

  it.each([0.5, 2 ** 53, Number.NaN, "10", null])("refuses %s as an interval", async (interval) => {
    const saved = checkpoint.saveToStep(new Recorder({ p: 1 }), 10, { interval: untyped(interval) });
    await expect(saved).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await names()).toBeNull();
  });

  it("refuses a keep that is no integer", async () => {
    const saved = checkpoint.saveToStep(new Recorder({ p: 1 }), 10, { interval: 1, keep: 0.5 });
    await expect(saved).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await names()).toBeNull();
  });

  it("refuses a step that is there, and replaces it with overwrite", async () => {
    const options = { interval: 5, metadata: { m: 1 } };
    await checkpoint.saveToStep(new Recorder({ p: 1 }), 5, options);
    const again = checkpoint.saveToStep(new Recorder({ p: 2 }), 5, options);
    await expect(again).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
      message: "Destination memory/base/ckpt-5 already exists.",
    });
    await checkpoint.saveToStep(new AsyncRecorder({ p: 3 }), 5, { ...options, overwrite: true });
    expect((await checkpoint.restoreLatest(new Recorder())).received).toEqual({ p: 3 });
    expect(await checkpoint.handler.restore(base, { metadataOnly: true })).toEqual({ m: 1 });
  });

  it("refuses a stream without getState at a step that is saved", async () => {
    await expect(checkpoint.saveToStep(untyped({}), 0)).rejects.toMatchObject({
      message: "Iterator does not implement get_state method",
    });
  });

  it("takes no step among its options", async () => {
    const options: object = { interval: 1, step: 9 };
    expect(await checkpoint.saveToStep(new Recorder({ p: 1 }), 4, options)).toBe("memory/base/ckpt-4");
  });
});

describe("PipelineCheckpoint", () => {
  it("is an IteratorCheckpoint", async () => {
    expect(checkpoint).toBeInstanceOf(IteratorCheckpoint);
    await checkpoint.saveToDirectory(new Recorder({ p: 1 }), { step: 3 });
    await checkpoint.saveToDirectory(new Recorder({ p: 1 }), { step: 4 });
    expect(await names()).toEqual(["ckpt-4"]);
  });
});
