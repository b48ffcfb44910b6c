import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemorySource } from "../../../src/datarax/sources/memory-source.js";
import { prngKey } from "../../../src/pytree/value.js";
import { indexShuffle } from "../../../src/random/index-shuffle.js";
import { bits, foldIn, key } from "../../../src/random/jax-random.js";
import { Rngs } from "../../../src/random/rngs.js";
import { ndarray } from "../../../src/zarr/nd-array.js";
import { failure } from "../../failure.js";
import { untyped } from "../recorder.js";

const RNGS = { default: 3 };

/** A failure of Python's class and text. */
function python(pythonType: string, message: string) {
  return expect.objectContaining({
    code: "INVALID_ARGUMENT",
    message,
    details: expect.objectContaining({ pythonType }),
  });
}

describe("a MemorySource refuses", () => {
  it.each([
    [{ length: 1, numWorkers: 0 }, "ValueError", "num_workers must be >= 1, got 0"],
    [{ length: 1, numWorkers: 2 }, "ValueError", "shard_id is required when num_workers > 1"],
    [{ length: 1, numWorkers: 2, shardId: 2 }, "ValueError", "shard_id (2) must be < num_workers (2)"],
    [
      { length: 1, shuffle: true },
      "ValueError",
      "Stochastic structural modules require rngs parameter. Pass rngs=nnx.Rngs(..., shuffle=...)",
    ],
    [
      { data: { x: [1], y: [1, 2] } },
      "ValueError",
      "All arrays in data dictionary must have the same length. Got lengths: {'x': 1, 'y': 2}",
    ],
    [{ data: {} }, "ValueError", "Data dictionary must contain at least one array-like value"],
  ])("%j as Python does", (options, pythonType, message) => {
    expect(() => new MemorySource(untyped(options))).toThrow(python(pythonType, message));
  });

  it.each([
    [{ length: -1 }],
    [{ length: 1.5 }],
    [{ length: Number.NaN }],
    [{}],
    [{ data: "abc" }],
    [{ data: new Map() }],
    [{ data: ndarray("int32", [], Int32Array.of(1)) }],
    [{ length: 3, numWorkers: 1.5 }],
    [{ length: 3, numWorkers: 2, shardId: -1 }],
    [{ length: 3, rngs: { default: 1.5 } }],
  ])("%j, which cannot be", (options) => {
    expect(() => new MemorySource(untyped(options))).toThrow(failure("INVALID_ARGUMENT"));
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 31, "3"])("a batch of %j records, and has not moved", (size) => {
    const source = new MemorySource({ length: 3 });
    expect(() => source.getBatch(untyped(size))).toThrow(failure("INVALID_ARGUMENT"));
    expect(() => source.getBatchAt(0, untyped(size))).toThrow(failure("INVALID_ARGUMENT"));
    expect(source.getBatch(2)).toEqual([0, 1]);
  });

  it("a batch where there are no records, as Python does", () => {
    const source = new MemorySource({ length: 0 });
    expect(() => source.getBatch(3)).toThrow(python("ZeroDivisionError", "integer modulo by zero"));
    expect(() => source.getBatchAt(0, 3)).toThrow(
      python("IndexError", "Cannot do a non-empty jnp.take() from an empty axis."),
    );
    expect([...source]).toEqual([]);
  });

  it.each([2 ** 31, -(2 ** 31) - 1])("position %i, which is no int32", (start) => {
    const source = new MemorySource({ length: 3 });
    expect(() => source.getBatchAt(start, 1)).toThrow(
      python("OverflowError", `Python integer ${start} out of bounds for int32`),
    );
  });

  it.each([5, -6, 0.5])("index %d outside", (index) => {
    expect(() => new MemorySource({ length: 5 }).at(index)).toThrow(
      python("IndexError", `Index ${index} out of range for source with 5 elements`),
    );
  });

  it("to shuffle without a default stream, and has not moved", () => {
    const source = new MemorySource({ length: 5, shuffle: true, rngs: { shuffle: 3 } });
    const before = source.getState();
    const refusal = python("AttributeError", "No RngStream named 'default' found in Rngs.");
    expect(() => source.next()).toThrow(refusal);
    expect(() => source.getBatch(5)).toThrow(refusal);
    expect(source.getState()).toEqual(before);
    source.setState(before);
    expect(source.getState()).toEqual(before);
  });

  it("metadata without its being counted", () => {
    const source = new MemorySource({ length: 5 });
    const refusal = python(
      "RuntimeError",
      "Metadata tracking is not enabled. Initialize with track_metadata=True to use this method.",
    );
    expect(() => source.getWithMetadata(0)).toThrow(refusal);
    expect(() => source.getBatchWithMetadata(2)).toThrow(refusal);
  });
});

function shuffledSource() {
  return new MemorySource({ data: { x: Int32Array.of(5, 6, 7, 8) }, shuffle: true, rngs: RNGS });
}

describe("a MemorySource keeps its place where a state is refused", () => {
  const structure =
    "Checkpoint state is structurally incompatible with module state. " +
    "Regenerate checkpoints after architecture/config changes.";

  it.each([
    ["State keys mismatch at data: missing=['x'], extra=['y']", { data: { y: Int32Array.of(1) } }],
    ["State node type mismatch at data: expected dict, got int", { data: 3 }],
    ["State keys mismatch at rngs: missing=['default'], extra=['other']", { rngs: { other: {} } }],
    ["State keys mismatch at <root>: missing=[], extra=['more']", { more: 1 }],
    [
      "Array dtype mismatch at _applied_count: expected int32, got int64",
      { _applied_count: ndarray("int64", [], BigInt64Array.of(0n)) },
    ],
    [
      "Array shape mismatch at _skipped_count: expected (), got (1,)",
      { _skipped_count: ndarray("int32", [1], Int32Array.of(0)) },
    ],
  ])("%s", (reason, change) => {
    const source = shuffledSource();
    source.getBatch(1);
    const before = source.getState();
    const cause = expect.objectContaining({ message: reason });
    expect(() => source.setState(untyped({ ...before, ...change }))).toThrow(
      expect.objectContaining({ code: "CONFLICT", message: structure, cause }),
    );
    expect(source.getState()).toEqual(before);
  });

  it.each([
    [{ index: 5 }],
    [{ index: -1 }],
    [{ index: 0.5 }],
    [{ index: "1" }],
    [{ epoch: -1 }],
    [{ epoch: 2 ** 53 }],
    [{ _last_shuffle_epoch: -2 }],
    [{ _shuffled_indices: [0, 1, 2] }],
    [{ _shuffled_indices: [0, 1, 2, 2] }],
    [{ _shuffled_indices: [0, 1, 2, 4] }],
    [{ _shuffled_indices: [0, 1, 2, "3"] }],
    [{ _shuffled_indices: 7 }],
    [{ rngs: { default: { count: -1, key: null } } }],
    [{ rngs: { default: { count: 2 ** 32, key: null } } }],
    [{ rngs: { default: { count: 0 } } }],
    [{ rngs: { default: 7 } }],
    [{ rngs: { default: { count: 0, key: null } } }],
    [{ rngs: { default: { count: 0, key: prngKey([], new Uint32Array(4), "rbg") } } }],
    [{ rngs: { default: { count: 0, key: prngKey([2], new Uint32Array(4)) } } }],
  ])("%j holds what is no place of these records", (change) => {
    const source = shuffledSource();
    source.getBatch(1);
    const before = source.getState();
    expect(() => source.setState(untyped({ ...before, ...change }))).toThrow(failure("INVALID_ARGUMENT"));
    expect(source.getState()).toEqual(before);
  });

  it.each([null, undefined, 3, []])("%j is no state", (state) => {
    expect(() => shuffledSource().setState(untyped(state))).toThrow(
      failure("INVALID_ARGUMENT", { pythonType: "TypeError" }),
    );
  });
});

/** What a source's state holds of its data. */
function stored(source: { getState(): { readonly data?: unknown } }) {
  return source.getState().data;
}

describe("what a MemorySource gives", () => {
  const data = {
    flat: Float32Array.of(0.5, 1.5, 2.5),
    wide: ndarray("int64", [3, 2], BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n)),
    text: ["a", "b", "c"],
    all: 7,
  };

  it("are rows of its columns, one value or array each", () => {
    const [, second] = [...new MemorySource({ data })];
    expect(second).toEqual({
      flat: 1.5,
      wide: ndarray("int64", [2], BigInt64Array.of(3n, 4n)),
      text: "b",
      all: 7,
    });
  });

  it("are batches of its columns, copied", () => {
    const source = new MemorySource({ data });
    const batch = source.getBatchAt(2, 2);
    expect(batch).toEqual({
      flat: Float32Array.of(2.5, 0.5),
      wide: ndarray("int64", [2, 2], BigInt64Array.of(5n, 6n, 1n, 2n)),
      text: ["c", "a"],
      all: [7, 7],
    });
    batch.flat[0] = 9;
    expect(source.at(2).flat).toBe(2.5);
  });

  it("are the items of a list, or the values of one array", () => {
    expect(new MemorySource({ data: ["a", "b"] }).getBatch(5)).toEqual(["a", "b"]);
    expect([...new MemorySource({ data: Int8Array.of(4, 5) })]).toEqual([4, 5]);
    const array = ndarray("bool", [2], Uint8Array.of(1, 0));
    expect([...new MemorySource({ data: array })]).toEqual([true, false]);
  });

  it("holds arrays in its state, and no lists", () => {
    expect(Object.keys(Object(stored(new MemorySource({ data }))))).toEqual(["flat", "wide"]);
    expect(stored(new MemorySource({ data: ["a"] }))).toBeUndefined();
    expect(stored(new MemorySource({ data: { x: [1] } }))).toBeUndefined();
    expect(stored(new MemorySource({ data: Int8Array.of(4) }))).toEqual(
      ndarray("int8", [1], Int8Array.of(4)),
    );
  });
});

describe("a MemorySource as an iterator", () => {
  it("goes on after a loop that was left early, and begins the next pass after one that was not", () => {
    const source = new MemorySource({ length: 4, shuffle: true, rngs: RNGS });
    const first = [...source];
    const second = [...source];
    const again = new MemorySource({ length: 4, shuffle: true, rngs: RNGS });
    const taken: number[] = [];
    for (const record of again) if (taken.push(record) === 2) break;
    expect([...taken, ...again]).toEqual(first);
    expect(again.next()).toEqual({ done: true, value: undefined });
    expect([...again]).toEqual(second);
    expect(again.epoch).toBe(2);
  });

  it("tells its end first where it was saved behind the last element", () => {
    const source = new MemorySource({ length: 3 });
    for (let taken = 0; taken < 3; taken++) source.next();
    const later = new MemorySource({ length: 3 });
    later.setState(source.getState());
    expect([...later]).toEqual([]);
    expect([...later]).toEqual([0, 1, 2]);
    expect(later.epoch).toBe(2);
  });

  it("begins the next pass where it was saved behind a loop", () => {
    const source = new MemorySource({ length: 3, shuffle: true, rngs: RNGS });
    const loops = [[...source], [...source]];
    const first = new MemorySource({ length: 3, shuffle: true, rngs: RNGS });
    expect([...first]).toEqual(loops[0]);
    expect(first.getState()).toMatchObject({ index: 0, epoch: 1 });
    const later = new MemorySource({ length: 3, shuffle: true, rngs: RNGS });
    later.setState(first.getState());
    expect([...later]).toEqual(loops[1]);
  });

  it("resumes at every place of three passes, and from there on like the one that was not interrupted", () => {
    const options = { length: 5, shuffle: true, rngs: { default: 4, shuffle: 9 } };
    const whole = new MemorySource(options);
    const all = [0, 1, 2].flatMap(() => Array.from(whole));
    for (let place = 0; place <= all.length; place++) {
      const before = new MemorySource(options);
      const taken: number[] = [];
      while (taken.length < place) for (const record of before) if (taken.push(record) === place) break;
      const after = new MemorySource(options);
      after.setState(before.getState());
      while (taken.length < all.length) taken.push(...after);
      expect(taken).toEqual(all);
    }
  });

  it("takes the place of a batch as that of the pass", () => {
    const source = new MemorySource({ length: 5 });
    source.getBatch(2);
    expect([...source]).toEqual([2, 3, 4]);
  });

  it.each([0, 4, 1.5, -1])("cannot continue a pass of 3 behind %d elements", (consumed) => {
    const source = new MemorySource({ length: 3 });
    source.next();
    expect(() => source.continuePass(consumed)).toThrow(failure("INVALID_ARGUMENT"));
    expect([...source]).toEqual([1, 2]);
  });

  it("cannot continue a pass that was never begun", () => {
    expect(() => new MemorySource({ length: 3 }).continuePass(1)).toThrow(failure("INVALID_ARGUMENT"));
  });

  it("goes back to the first epoch by reset, while its streams go on", () => {
    const source = new MemorySource({ length: 30, shuffle: true, rngs: RNGS });
    const first = [...source];
    source.reset();
    const orders = [first, [...source]];
    const seeds = [0, 1].map((count) => bits(foldIn(key(3), count)));
    expect(orders).toEqual(
      seeds.map((seed) => Array.from({ length: 30 }, (_, index) => indexShuffle(index, seed, 30))),
    );
    expect(source.epoch).toBe(1);
  });
});

/** How many records each of two batches of 2 has metadata for. */
function sizes(source: { getBatchWithMetadata(size: number): { metadata: unknown[] } }) {
  return [0, 1].map(() => source.getBatchWithMetadata(2).metadata.length);
}

function countingSource() {
  return new MemorySource({
    data: { x: Int32Array.of(0, 1, 2, 3, 4) },
    trackMetadata: true,
    shardId: 1,
    rngs: { default: 3, metadata: 4 },
  });
}

describe("a MemorySource with metadata", () => {
  it("counts records and batches, and gives each record a key", () => {
    const source = countingSource();
    const { batch, metadata } = source.getBatchWithMetadata(2);
    expect(batch).toEqual({ x: Int32Array.of(0, 1) });
    expect(metadata).toEqual([
      {
        index: 0,
        recordKey: "batch_0_0",
        rngKey: [696430527, 3370724820],
        epoch: 0,
        globalStep: 0,
        batchIdx: 0,
        shardId: 1,
        sourceInfo: { source: "memory", batchPosition: 0, randomOrderEnabled: false },
      },
      {
        index: 1,
        recordKey: "batch_0_1",
        rngKey: [1483995542, 2640611522],
        epoch: 0,
        globalStep: 1,
        batchIdx: 0,
        shardId: 1,
        sourceInfo: { source: "memory", batchPosition: 1, randomOrderEnabled: false },
      },
    ]);
    expect(source.getWithMetadata(3)).toEqual({
      record: { x: 3 },
      metadata: {
        index: 2,
        recordKey: 3,
        rngKey: [2609697535, 3092625430],
        epoch: 0,
        globalStep: 2,
        batchIdx: 1,
        shardId: 1,
        sourceInfo: { source: "memory", index: 3, randomOrderEnabled: false },
      },
    });
  });

  it("saves its counts and streams where Flax does, and continues from them", () => {
    const source = countingSource();
    source.getBatchWithMetadata(2);
    source.getWithMetadata(3);
    const state = source.getState();
    expect(state).not.toHaveProperty("rngs");
    expect(state).toMatchObject({
      index: 2,
      metadata_manager: {
        state: { batch_idx: 1, epoch: 0, global_step: 3, index: 3 },
        rngs: {
          metadata: { count: { data: Uint32Array.of(3) } },
          default: { count: { data: Uint32Array.of(0) } },
        },
      },
    });
    const later = countingSource();
    later.setState(state);
    expect(later.getBatchWithMetadata(2)).toEqual(source.getBatchWithMetadata(2));
    later.reset();
    expect(later.getState()).toMatchObject({
      metadata_manager: { state: { batch_idx: 0, epoch: 0, global_step: 0, index: 0 } },
    });
  });

  it.each([
    [{ state: 5 }],
    [{ state: { batch_idx: 0 } }],
    [{ state: { batch_idx: null, epoch: 0, global_step: 0, index: 0 } }],
  ])("refuses %j for its counts", (change) => {
    const source = countingSource();
    const state = source.getState();
    const manager = { ...Object(state.metadata_manager), ...change };
    expect(() => source.setState({ ...state, metadata_manager: manager })).toThrow(
      failure("INVALID_ARGUMENT"),
    );
    expect(source.getState()).toEqual(state);
  });

  it("has metadata for a short list of as many records as there are, of columns for all", () => {
    const list = new MemorySource({ data: [5, 6, 7], trackMetadata: true });
    expect(sizes(list)).toEqual([2, 1]);
    expect(sizes(new MemorySource({ data: { x: [5, 6, 7] }, trackMetadata: true }))).toEqual([2, 2]);
  });
});

it("a stream that several sources share gives each key once", () => {
  const rngs = new Rngs({ default: 3 });
  const [one, other] = [0, 1].map(() => new MemorySource({ length: 40, shuffle: true, rngs }));
  const orders = [one?.getBatch(39), other?.getBatch(39)];
  const [first, second] = [0, 1].map((count) => bits(foldIn(key(3), count)));
  expect(orders).toEqual(
    [first, second].map((seed) =>
      Array.from({ length: 39 }, (_, index) => indexShuffle(index, seed ?? 0, 40)),
    ),
  );
});

it("the parts of all workers are all records of a pass", () => {
  const property = fc.property(
    fc.nat(60),
    fc.integer({ min: 1, max: 7 }),
    fc.boolean(),
    fc.nat(),
    (length, numWorkers, shuffle, seed) => {
      const parts = Array.from({ length: numWorkers }, (_, shardId) => [
        ...new MemorySource({ length, numWorkers, shardId, shuffle, rngs: { default: seed } }),
      ]);
      const whole = [...new MemorySource({ length, shuffle, rngs: { default: seed } })];
      const woven = whole.map((_, place) => parts[place % numWorkers]?.[Math.floor(place / numWorkers)]);
      expect(woven).toEqual(whole);
      expect(whole.toSorted((a, b) => a - b)).toEqual(whole.map((_, index) => index));
    },
  );
  fc.assert(property);
});

it("getBatch resumes anywhere like a source that was not interrupted", () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 30 }),
    fc.boolean(),
    fc.record({ default: fc.nat(), shuffle: fc.nat() }, { requiredKeys: ["default"] }),
    fc.array(fc.tuple(fc.nat(12), fc.boolean()), { maxLength: 12 }),
    (length, shuffle, rngs, steps) => {
      const whole = new MemorySource({ length, shuffle, rngs });
      let source = new MemorySource({ length, shuffle, rngs });
      for (const [size, isInterrupted] of steps) {
        if (isInterrupted) {
          const state = source.getState();
          source = new MemorySource({ length, shuffle, rngs: { ...rngs, default: 0 } });
          source.setState(state);
        }
        expect(source.getBatch(size)).toEqual(whole.getBatch(size));
      }
      expect(source.getState()).toEqual(whole.getState());
    },
  );
  fc.assert(property);
});
