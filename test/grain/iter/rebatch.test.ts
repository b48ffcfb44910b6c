import { describe, expect, it } from "vitest";
import { RebatchIterDataset } from "../../../src/grain/iter/rebatch.js";
import { MapDataset } from "../../../src/grain/map-dataset.js";
import { ndarray } from "../../../src/zarr/nd-array.js";
import { failure } from "../../failure.js";
import { brokenOnce, rangeIter } from "./sources.js";

/** Elements as they are, to be batched anew. */
const elements = <T>(...values: T[]) => MapDataset.source(values).toIterDataset();

/** A batch of numbered rows. */
const rows = (start: number, count: number) => ({
  x: ndarray(
    "float32",
    [count, 2],
    Float32Array.from({ length: 2 * count }, (_, index) => 2 * start + index),
  ),
  y: [Int32Array.from({ length: count }, (_, index) => start + index)],
});

describe("RebatchIterDataset", () => {
  it.each([0, -1, 2.5])("refuses a size of %d", (batchSize) => {
    expect(() => new RebatchIterDataset(rangeIter(0, 2), { batchSize })).toThrow(
      "batch_size must be positive.",
    );
  });

  it("cuts and joins trees of arrays", () => {
    const rebatched = Array.from(new RebatchIterDataset(elements(rows(0, 3), rows(3, 1)), { batchSize: 2 }));
    expect(rebatched).toEqual([
      {
        x: ndarray("float32", [2, 2], new Float32Array([0, 1, 2, 3])),
        y: [ndarray("int32", [2], new Int32Array([0, 1]))],
      },
      {
        x: ndarray("float32", [2, 2], new Float32Array([4, 5, 6, 7])),
        y: [ndarray("int32", [2], new Int32Array([2, 3]))],
      },
    ]);
  });

  it("cuts batches of batches along their first axis", () => {
    const nested = rangeIter(0, 12).batch(2).batch(3);
    expect(Array.from(new RebatchIterDataset(nested, { batchSize: 4 }))).toEqual([
      [
        [0, 1],
        [2, 3],
        [4, 5],
        [6, 7],
      ],
      [
        [8, 9],
        [10, 11],
      ],
    ]);
  });

  it("takes a list of scalars for a batch, and gives batches that can be batched", () => {
    const rebatched = new RebatchIterDataset(elements([1, 2, 3], [4]), { batchSize: 2 });
    expect(Array.from(rebatched.batch(2))).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
  });

  it("ends where it was restored behind the last row, where Grain gives an empty batch", () => {
    const dataset = new RebatchIterDataset(rangeIter(0, 9).batch(3), { batchSize: 3 });
    const iterator = dataset[Symbol.iterator]();
    for (let step = 0; step < 3; step++) iterator.next();
    const resumed = dataset[Symbol.iterator]();
    resumed.setState(iterator.getState());
    expect(resumed.next().done).toBe(true);
  });

  it("keeps its rows and its state when a source throws within a batch", () => {
    const dataset = new RebatchIterDataset(brokenOnce(6, 4).batch(2), { batchSize: 3 });
    const iterator = dataset[Symbol.iterator]();
    iterator.next(); // [0, 1, 2]; 3 is at hand
    const state = iterator.getState();
    expect(() => iterator.next()).toThrow("cannot read 4");
    expect(iterator.getState()).toEqual(state);
    expect(iterator.next().value).toEqual([3, 5]); // the source went past 4
  });

  it.each([
    ["numbers", elements<unknown>(1), "object of type 'int' has no len()", "TypeError"],
    [
      "arrays of rank 0",
      elements<unknown>(ndarray("int8", [], new Int8Array(1))),
      "len() of unsized object",
      "TypeError",
    ],
    ["no arrays", elements<unknown>({}), "list index out of range", "IndexError"],
    [
      "no rows",
      elements<unknown>(new Int8Array(0)),
      "Rebatching with starting batch size of 0 is not supported.",
      "ValueError",
    ],
    [
      "leaves of different lengths",
      elements<unknown>({ a: [1], b: [1, 2] }),
      "rebatch: arrays of 1 and 2 rows in one batch",
      "ValueError",
    ],
    [
      "different structures",
      elements<unknown>({ a: [1] }, { b: [1] }),
      "rebatch: batches of different structure",
      "ValueError",
    ],
    [
      "different dtypes",
      elements<unknown>(new Int8Array(1), new Uint8Array(1)),
      "rebatch: rows of int8[] and uint8[]",
      "ValueError",
    ],
    [
      "an array and a list",
      elements<unknown>(new Int8Array(1), [1]),
      "rebatch: batches of different structure",
      "ValueError",
    ],
  ])("refuses elements that are %s", (_, dataset, message, pythonType) => {
    const iterator = new RebatchIterDataset(dataset, { batchSize: 2 })[Symbol.iterator]();
    expect(() => iterator.next()).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    const again = new RebatchIterDataset(dataset, { batchSize: 2 })[Symbol.iterator]();
    expect(() => again.next()).toThrow(message);
  });

  it("refuses a row beyond the batch, when it reads that", () => {
    const iterator = new RebatchIterDataset(rangeIter(0, 9).batch(3), { batchSize: 2 })[Symbol.iterator]();
    iterator.setState({ parent: { next_index: 3 }, batch_idx: 4 });
    expect(() => iterator.next()).toThrow("state: batch_idx is 4, expected at most 3, the rows of the batch");
  });

  it.each([
    [{ batch_idx: 0 }, "KeyError"],
    [{ parent: { next_index: 0 } }, "KeyError"],
    [{ parent: { next_index: 0 }, batch_idx: -1 }, "ValueError"],
    [{ parent: { next_index: 10 }, batch_idx: 0 }, "IndexError"],
  ])("refuses the state %o and stays where it is", (state, pythonType) => {
    const iterator = new RebatchIterDataset(rangeIter(0, 4).batch(3), { batchSize: 2 })[Symbol.iterator]();
    iterator.next();
    expect(() => iterator.setState(state)).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect([...iterator]).toEqual([[2, 3]]);
  });
});
