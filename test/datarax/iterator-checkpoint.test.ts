import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import type { CheckpointHandler } from "../../src/datarax/checkpoint-handler.js";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { OrbaxCheckpointHandler } from "../../src/datarax/orbax-checkpoint-handler.js";
import { float, int, tuple } from "../../src/pytree/value.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { ndarray } from "../../src/zarr/nd-array.js";
import { AsyncRecorder, Recorder, untyped } from "./recorder.js";

let base: MemoryStorage;
let checkpoint: IteratorCheckpoint;
beforeEach(() => {
  base = new MemoryStorage().within("/base");
  checkpoint = new IteratorCheckpoint(base);
});

/** Names in the base directory, sorted; `null` if it is missing. */
async function names(): Promise<string[] | null> {
  return (await base.list("/"))?.map(({ name }) => name).sort() ?? null;
}

/** The exact state in the base directory. */
async function storedState(): Promise<unknown> {
  return new OrbaxCheckpointHandler().restore(base, { exact: true });
}

describe("new IteratorCheckpoint", () => {
  it("touches no disk", async () => {
    const folder = await mkdtemp(join(tmpdir(), "orbax-ts-iterator-"));
    expect(new IteratorCheckpoint(join(folder, "base")).baseDir).toBe(join(folder, "base"));
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it.each(["a/b", pathToFileURL("/tmp/x")])("has the base directory as it was given", (directory) => {
    expect(new IteratorCheckpoint(directory).baseDir).toBe(directory);
  });

  it("makes a handler that waits for each commit, or one that does not", () => {
    expect(checkpoint.handler).toBeInstanceOf(OrbaxCheckpointHandler);
    expect(checkpoint.handler).toMatchObject({ asyncCheckpointing: false });
    const { handler } = new IteratorCheckpoint(base, { asyncCheckpointing: true });
    expect(handler).toMatchObject({ asyncCheckpointing: true });
  });

  it("takes the handler that is given, whatever asyncCheckpointing says", () => {
    const handler = new OrbaxCheckpointHandler();
    expect(new IteratorCheckpoint(base, { handler, asyncCheckpointing: true }).handler).toBe(handler);
    expect(handler.asyncCheckpointing).toBe(false);
  });
});

describe("a handler of one's own", () => {
  const calls: unknown[][] = [];
  const handler: CheckpointHandler = {
    saveToDirectory: async (...call) => {
      calls.push(["save", ...call]);
      return "saved";
    },
    restore: async (...call) => {
      calls.push(["restore", ...call]);
      return { p: int(5), f: float(2) };
    },
    latestStep: async (...call) => {
      calls.push(["latest", ...call]);
      return 4;
    },
    listCheckpoints: async (...call) => {
      calls.push(["list", ...call]);
      return new Map([[4, "there"]]);
    },
    waitUntilFinished: async () => {
      calls.push(["wait"]);
    },
    close: async () => undefined,
  };
  beforeEach(() => {
    calls.length = 0;
    checkpoint = new IteratorCheckpoint(base, { handler });
  });

  it("gets the state and all options", async () => {
    expect(await checkpoint.saveToDirectory(new Recorder({ p: 1 }))).toBe("saved");
    const options = { step: 3, keep: 4, overwrite: true, metadata: { m: 1 } };
    expect(await checkpoint.saveToDirectory(new AsyncRecorder({ p: 2 }), options)).toBe("saved");
    const defaults = { step: null, keep: 1, overwrite: false, metadata: undefined };
    expect(calls).toEqual([
      ["save", base, { p: 1 }, defaults],
      ["save", base, { p: 2 }, options],
    ]);
  });

  it("restores and lists", async () => {
    const iterator = await checkpoint.restoreLatest(new Recorder());
    expect(iterator.received).toEqual({ p: 5, f: 2 });
    expect(await checkpoint.listCheckpoints()).toEqual(new Map([[4, "there"]]));
    expect(calls).toEqual([
      ["wait"],
      ["latest", base],
      ["restore", base, { step: 4, exact: true }],
      ["list", base],
    ]);
  });
});

describe("IteratorCheckpoint.saveToDirectory", () => {
  it("saves what getState gives, of synchronous and asynchronous iterators", async () => {
    expect(await checkpoint.saveToDirectory(new Recorder({ p: 1 }), { step: 1 })).toBe("memory/base/ckpt-1");
    expect(await storedState()).toEqual({ p: int(1) });
    await checkpoint.saveToDirectory(new AsyncRecorder({ p: 2 }), { step: 2 });
    expect(await storedState()).toEqual({ p: int(2) });
    expect(await names()).toEqual(["ckpt-2"]); // keep is 1 where nothing else is said
  });

  it("saves without a step as the unversioned checkpoint", async () => {
    expect(await checkpoint.saveToDirectory(new Recorder({ p: 1 }))).toBe("memory/base/checkpoint");
    expect(await checkpoint.hasCheckpoint()).toBe(false);
  });

  it("passes keep, overwrite and metadata on", async () => {
    const iterator = new Recorder({ p: 1 });
    for (const step of [1, 2, 3]) await checkpoint.saveToDirectory(iterator, { step, keep: 2 });
    expect(await names()).toEqual(["ckpt-2", "ckpt-3"]);
    await checkpoint.saveToDirectory(iterator, { step: 3, keep: 2, overwrite: true, metadata: { m: 1 } });
    expect(await checkpoint.handler.restore(base, { metadataOnly: true })).toEqual({ m: 1 });
  });

  it("takes a state that is a Map", async () => {
    await checkpoint.saveToDirectory(new Recorder(new Map([["p", 1]])), { step: 1 });
    expect(await storedState()).toEqual({ p: int(1) });
  });

  it.each([
    [null, "NoneType"],
    [undefined, "NoneType"],
    [[1], "list"],
    [tuple([]), "tuple"],
    ["x", "str"],
    [5, "int"],
    [5n, "int"],
    [int(5), "int"],
    [0.5, "float"],
    [float(2), "float"],
    [true, "bool"],
    [Uint8Array.of(1), "ndarray"],
    [ndarray("int8", [], Int8Array.of(1)), "ndarray"],
    [new Set(), "set"],
    [new Date(0), "Date"],
  ])("refuses a state that is %s before anything is written", async (state, type) => {
    for (const iterator of [new Recorder(), new AsyncRecorder()]) {
      iterator.given = state;
      await expect(checkpoint.saveToDirectory(iterator, { step: 1 })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: `Iterator get_state() must return dict, got ${type}`,
        details: { pythonType: "ValueError" },
      });
    }
    expect(await names()).toBeNull();
  });

  it.each([{}, null, [][Symbol.iterator](), { getState: 5 }])(
    "refuses an iterator without getState",
    async (it) => {
      await expect(checkpoint.saveToDirectory(untyped(it))).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: "Iterator does not implement get_state method",
        details: { pythonType: "ValueError" },
      });
      expect(await names()).toBeNull();
    },
  );

  it("needs no setState", async () => {
    await checkpoint.saveToDirectory(untyped({ getState: () => ({ p: 1 }) }), { step: 1 });
    expect(await storedState()).toEqual({ p: int(1) });
  });

  it("throws what getState throws, at once or later", async () => {
    const error = new RangeError("not now");
    const now = new Recorder();
    now.getState = () => {
      throw error;
    };
    const later = new AsyncRecorder();
    later.getState = () => Promise.reject(error);
    await expect(checkpoint.saveToDirectory(now)).rejects.toBe(error);
    await expect(checkpoint.saveToDirectory(later)).rejects.toBe(error);
  });

  it("calls getState before it returns its promise", () => {
    let calls = 0;
    const iterator = new Recorder();
    iterator.getState = () => {
      calls += 1;
      return { p: 1 };
    };
    const saved = checkpoint.saveToDirectory(iterator);
    expect(calls).toBe(1);
    return saved;
  });
});

describe("IteratorCheckpoint.restore", () => {
  it.each([new Recorder(), new AsyncRecorder()])(
    "sets the state and returns the iterator",
    async (iterator) => {
      await checkpoint.saveToDirectory(new Recorder({ p: 3, d: { x: "y" } }), { step: 3 });
      expect(await checkpoint.restore(iterator)).toBe(iterator);
      expect(iterator.received).toEqual({ p: 3, d: { x: "y" } });
    },
  );

  it("gives the iterator no metadata, no empty dicts, and decimal keys", async () => {
    const state = { p: 1, __metadata__: 1, empty: {}, keys: { "07": 1 } };
    await checkpoint.saveToDirectory(new Recorder(state), { step: 3, metadata: { m: 1 } });
    expect((await checkpoint.restore(new Recorder())).received).toEqual({ p: 1, keys: { 7: 1 } });
  });

  it("takes the step asked for, or the largest, or the unversioned checkpoint", async () => {
    const save = (p: number, step?: number) =>
      checkpoint.saveToDirectory(new Recorder({ p }), { step, keep: null });
    await save(0);
    expect((await checkpoint.restore(new Recorder())).received).toEqual({ p: 0 });
    await save(10, 10);
    await save(9, 9);
    expect((await checkpoint.restore(new Recorder())).received).toEqual({ p: 10 });
    expect((await checkpoint.restore(new Recorder(), { step: null })).received).toEqual({ p: 10 });
    expect((await checkpoint.restore(new Recorder(), { step: 9 })).received).toEqual({ p: 9 });
    expect((await checkpoint.restore(new Recorder(), { step: 77 })).received).toEqual({ p: 0 });
  });

  it.each([
    [{}, "dict"],
    [null, "NoneType"],
    [[1], "list"],
    [{ getState: () => ({}) }, "dict"],
    [new Date(0), "Date"],
  ])("refuses an iterator without setState, of type %#", async (iterator, type) => {
    await expect(checkpoint.restore(untyped(iterator))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `Iterator of type <class '${type}'> does not implement set_state`,
      details: { pythonType: "ValueError" },
    });
  });

  it("refuses an iterator without getState", async () => {
    await expect(checkpoint.restore(untyped({ setState: () => undefined }))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "Iterator does not implement get_state method",
      details: { pythonType: "ValueError" },
    });
  });

  it.each([
    [[1], "list"],
    ["x", "str"],
    [ndarray("int8", [1], Int8Array.of(1)), "ndarray"],
    [tuple([1]), "list"],
  ])("refuses a checkpoint of %j, and leaves the iterator", async (target, type) => {
    await new OrbaxCheckpointHandler().saveToDirectory(base, target);
    const iterator = new Recorder();
    await expect(checkpoint.restore(iterator)).rejects.toMatchObject({
      code: "CONFLICT",
      message: `Iterator restore failed: checkpoint did not contain a state dict (got ${type})`,
      details: { pythonType: "ValueError" },
    });
    expect(iterator.received).toBeUndefined();
  });

  it("refuses a number that was saved with metadata, too", async () => {
    await new OrbaxCheckpointHandler().saveToDirectory(base, 5, { metadata: { m: 1 } });
    await expect(checkpoint.restore(new Recorder())).rejects.toMatchObject({
      message: expect.stringContaining("(got int)"),
    });
  });

  const identity = { sampler_repr: "S(1)", data_source_repr: "D", shard_count: 2, worker_count: 0 };
  const saved = { p: 1, shard_index: 0, ...identity };
  it.each([
    [{ sampler_repr: "S(2)" }, "sampler_repr: checkpoint='S(1)' but current='S(2)'"],
    [{ data_source_repr: "E" }, "data_source_repr: checkpoint='D' but current='E'"],
    [{ shard_count: 4 }, "shard_count: checkpoint=2 but current=4"],
    [
      { worker_count: 3, sampler_repr: null },
      "sampler_repr: checkpoint='S(1)' but current=None; worker_count: checkpoint=0 but current=3",
    ],
  ])("refuses a checkpoint of another iterator, %j, and leaves this one", async (change, differences) => {
    await checkpoint.saveToDirectory(new Recorder(saved), { step: 1 });
    const current = { ...identity, ...change };
    for (const given of [current, new Map(Object.entries(current))]) {
      for (const iterator of [new Recorder(given), new AsyncRecorder(given)]) {
        await expect(checkpoint.restore(iterator)).rejects.toMatchObject({
          code: "CONFLICT",
          message: expect.stringContaining(
            `iterator configuration (${differences}). Restoring would corrupt`,
          ),
          details: { pythonType: "ValueError" },
        });
        expect(iterator.received).toBeUndefined();
      }
    }
  });

  it.each([
    {},
    identity,
    { ...identity, shard_index: 1 },
    { ...identity, shard_count: float(2), worker_count: false },
    { sampler_repr: "S(1)" },
  ])("restores an iterator that says %j of itself", async (current) => {
    await checkpoint.saveToDirectory(new Recorder(saved), { step: 1 });
    expect((await checkpoint.restore(new Recorder(current))).received).toEqual(saved);
  });

  it("throws what setState throws", async () => {
    await checkpoint.saveToDirectory(new Recorder({ p: 1 }), { step: 1 });
    const error = new Error("no");
    const now = new Recorder();
    now.setState = () => {
      throw error;
    };
    await expect(checkpoint.restore(now)).rejects.toBe(error);
    const later = new AsyncRecorder();
    later.setState = () => Promise.reject(error);
    await expect(checkpoint.restore(later)).rejects.toBe(error);
  });

  it.each(["_METADATA", "manifest.ocdbt"])("leaves the iterator where %s is damaged", async (file) => {
    await checkpoint.saveToDirectory(new Recorder({ p: 1 }), { step: 1 });
    await base.set(`/ckpt-1/${file}`, Uint8Array.of(0x7b));
    const iterator = new Recorder();
    await expect(checkpoint.restore(iterator)).rejects.toMatchObject({ code: "DATA_LOSS" });
    expect(iterator.received).toBeUndefined();
  });

  it.each([1.5, 2 ** 53, Number.NaN])("refuses step %s", async (step) => {
    await expect(checkpoint.restore(new Recorder(), { step })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });
});

describe("IteratorCheckpoint.restoreLatest", () => {
  const nothing = {
    code: "NOT_FOUND",
    message: "No checkpoints found in memory/base",
    details: { pythonType: "ValueError" },
  };

  it("restores the largest step", async () => {
    for (const p of [9, 10, 8]) await checkpoint.saveToDirectory(new Recorder({ p }), { step: p, keep: 0 });
    expect((await checkpoint.restoreLatest(new Recorder())).received).toEqual({ p: 10 });
  });

  it("finds nothing in a directory that is missing, or has the unversioned checkpoint only", async () => {
    await expect(checkpoint.restoreLatest(new Recorder())).rejects.toMatchObject(nothing);
    await checkpoint.saveToDirectory(new Recorder({ p: 1 }));
    await expect(checkpoint.restoreLatest(new Recorder())).rejects.toMatchObject(nothing);
  });

  it("does not find a step under another spelling of its number", async () => {
    await base.makeDirectory("/1_1");
    await expect(checkpoint.restoreLatest(new Recorder())).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "Checkpoint not found for step 11",
    });
  });

  it("waits for the commit of an asynchronous save", async () => {
    const background = new IteratorCheckpoint(base, { asyncCheckpointing: true });
    await background.saveToDirectory(new Recorder({ p: 1 }), { step: 1 });
    expect((await background.restoreLatest(new Recorder())).received).toEqual({ p: 1 });
  });
});

describe("what there is", () => {
  it("is nothing in a missing directory", async () => {
    expect(await checkpoint.getLatestStep()).toBeNull();
    expect(await checkpoint.listCheckpoints()).toEqual(new Map());
    expect(await checkpoint.hasCheckpoint()).toBe(false);
  });

  it("are paths by step, ascending", async () => {
    for (const step of [10, 9]) await checkpoint.saveToDirectory(new Recorder({ p: 1 }), { step, keep: 0 });
    expect(await checkpoint.getLatestStep()).toBe(10);
    expect(Array.from(await checkpoint.listCheckpoints())).toEqual([
      [9, "memory/base/ckpt-9"],
      [10, "memory/base/ckpt-10"],
    ]);
    expect(await checkpoint.hasCheckpoint()).toBe(true);
  });
});
