import { beforeEach, describe, expect, it } from "vitest";
import type { State } from "../../src/datarax/checkpointable-iterator.js";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { OrbaxCheckpointHandler } from "../../src/datarax/orbax-checkpoint-handler.js";
import { ShuffleSampler } from "../../src/datarax/samplers/shuffle-sampler.js";
import { float, int, scalar, type Tree, tuple } from "../../src/pytree/value.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { type NdArray, ndarray } from "../../src/zarr/nd-array.js";
import { Recorder } from "./recorder.js";

let base: MemoryStorage;
let checkpoint: IteratorCheckpoint;
beforeEach(() => {
  base = new MemoryStorage();
  checkpoint = new IteratorCheckpoint(base);
});

/** The exact state in the base directory. */
async function storedState(): Promise<unknown> {
  return new OrbaxCheckpointHandler().restore(base, { exact: true });
}

/** An array of rank 0. */
function array(dtype: "int32" | "float32", value: number): NdArray {
  return dtype === "int32"
    ? ndarray(dtype, [], Int32Array.of(value))
    : ndarray(dtype, [], Float32Array.of(value));
}

/** Restores `saved` into an iterator that then gives `given`, and tells what the next save stores. */
async function storedAfter(saved: Tree, given: unknown): Promise<unknown> {
  await new OrbaxCheckpointHandler().saveToDirectory(base, { v: saved });
  const iterator = await checkpoint.restore(new Recorder());
  iterator.given = { v: given };
  await checkpoint.saveToDirectory(iterator, { overwrite: true });
  return Reflect.get(Object(await storedState()), "v");
}

describe("types that outlive their way through JavaScript", () => {
  it.each<[string, Tree, unknown, Tree]>([
    ["a float stays one", float(2), 3, float(3)],
    [
      "a float takes fractions and infinities",
      float(2),
      Number.NEGATIVE_INFINITY,
      float(Number.NEGATIVE_INFINITY),
    ],
    ["an int stays one beyond 2^53", int(2n ** 60n), 2 ** 60 + 2 ** 20, int(2n ** 60n + 2n ** 20n)],
    ["an array of rank 0 stays one", array("int32", 1), 7, array("int32", 7)],
    ["a float32 of rank 0 stays one", array("float32", 1), 7, array("float32", 7)],
    ["a uint8 keeps its width", scalar("uint8", 1), 255, scalar("uint8", 255)],
    ["a uint8 becomes an int where it must", scalar("uint8", 1), 256, int(256)],
    ["an int32 of rank 0 becomes an int where it must", array("int32", 1), 2 ** 31, int(2 ** 31)],
    ["a float32 of rank 0 becomes a float where it must", array("float32", 1), 0.1, float(0.1)],
    ["an int may become a float", int(1), 0.5, float(0.5)],
    ["a number may become a string", float(1), "x", "x"],
    ["a string may become a number", "x", 2, int(2)],
    ["a list may become a number", [float(1)], 2, int(2)],
    ["a number may become a list", float(1), [2], [int(2)]],
    ["a boolean stays one", true, false, scalar("bool", false)],
    ["() stays ()", tuple([]), [], tuple([])],
    ["[] stays []", [], [], []],
    ["() may be filled", tuple([]), [1], [int(1)]],
    ["items of lists keep theirs", [float(1), int(1)], [2, 2, 2], [float(2), int(2), int(2)]],
    ["dicts keep theirs", { a: float(1) }, { a: 2, b: 2 }, { a: float(2), b: int(2) }],
    ["Maps with int keys keep theirs", { "3": float(1) }, new Map([[3, 2]]), { "3": float(2) }],
    ["exact values are their own types", float(1), int(2), int(2)],
  ])("%s", async (_, saved, given, stored) => {
    expect(await storedAfter(saved, given)).toEqual(stored);
  });

  it("are those of the last restore", async () => {
    const handler = new OrbaxCheckpointHandler();
    await handler.saveToDirectory(base, { v: float(1) }, { step: 1 });
    await handler.saveToDirectory(base, { v: int(1) }, { step: 2, keep: 0 });
    const iterator = await checkpoint.restore(new Recorder({ v: 5 }), { step: 1 });
    await checkpoint.restore(iterator, { step: 2 });
    await checkpoint.saveToDirectory(iterator, { step: 3 });
    expect(await storedState()).toEqual({ v: int(5) });
  });

  it("are not lost to another iterator, nor taken from it", async () => {
    await new OrbaxCheckpointHandler().saveToDirectory(base, { v: float(1) }, { step: 1 });
    const restored = await checkpoint.restore(new Recorder({ v: 5 }));
    await checkpoint.saveToDirectory(new Recorder({ v: 5 }), { step: 2 });
    expect(await storedState()).toEqual({ v: int(5) });
    await new IteratorCheckpoint(base).saveToDirectory(restored, { step: 3 });
    expect(await storedState()).toEqual({ v: float(5) });
  });

  it("are not changed by a restore that failed", async () => {
    const handler = new OrbaxCheckpointHandler();
    await handler.saveToDirectory(base, { v: float(1) }, { step: 1 });
    await handler.saveToDirectory(base, { v: int(1) }, { step: 2, keep: 0 });
    const iterator = await checkpoint.restore(new Recorder({ v: 5 }), { step: 1 });
    iterator.setState = () => {
      throw new Error("no");
    };
    await expect(checkpoint.restore(iterator, { step: 2 })).rejects.toThrow("no");
    await checkpoint.saveToDirectory(iterator, { step: 3 });
    expect(await storedState()).toEqual({ v: float(5) });
  });

  it("are seen by the iterator with exact", async () => {
    const state: State = { f: float(2), i: int(2), a: array("int32", 3), t: tuple([]), s: "x", n: null };
    await new OrbaxCheckpointHandler().saveToDirectory(base, state);
    const exact = new IteratorCheckpoint(base, { exact: true });
    expect((await exact.restore(new Recorder())).received).toStrictEqual(
      Object.assign(Object.create(null), state),
    );
    const plain = { f: 2, i: 2, a: 3, t: [], s: "x", n: null };
    expect((await checkpoint.restore(new Recorder())).received).toEqual(plain);
  });

  it.each([false, true])(
    "are kept where the iterator changes the state that it got, exact: %s",
    async (exact) => {
      await new OrbaxCheckpointHandler().saveToDirectory(base, {
        rate: float(2),
        inner: { list: [float(1)] },
      });
      const iterator = new Recorder();
      // As Python's users do: the state is the restored dict itself.
      iterator.setState = (state) => {
        Object.assign(state, { rate: 3 });
        Object.assign(Object(state.inner), { list: [4] });
        iterator.given = state;
      };
      await new IteratorCheckpoint(base, { exact }).restore(iterator);
      await checkpoint.saveToDirectory(iterator, { overwrite: true });
      expect(await storedState()).toEqual({ rate: float(3), inner: { list: [float(4)] } });
    },
  );

  it("of a sampler's own fields are Python's", async () => {
    await checkpoint.saveToDirectory(new ShuffleSampler({ datasetSize: 5, seed: 1 }), { step: 1 });
    const sampler = await checkpoint.restoreLatest(new ShuffleSampler({ datasetSize: 5, seed: 1 }));
    sampler.next();
    await checkpoint.saveToDirectory(sampler, { step: 2 });
    expect(await storedState()).toMatchObject({
      _applied_count: array("int32", 0),
      position: int(1),
      sampler_state: { dataset_size: int(5), position: int(1), seed: int(1) },
    });
  });
});
