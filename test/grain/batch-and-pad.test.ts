import { describe, expect, it } from "vitest";
import { batchAndPad } from "../../src/grain/batch-and-pad.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import { scalar } from "../../src/pytree/value.js";
import { NdArray } from "../../src/zarr/nd-array.js";
import { failure } from "../failure.js";

// Expected values are what grain.experimental.batch_and_pad of Grain 0.2.18 gives.

describe("batchAndPad", () => {
  it("fills up numbers with zeros", () => {
    expect(batchAndPad([1, 2], { batchSize: 4 })).toEqual([1, 2, 0, 0]);
  });

  it("is a plain batch where nothing is missing", () => {
    expect(batchAndPad([1, 2], { batchSize: 2, padValue: 9 })).toEqual([1, 2]);
  });

  it("cuts the fraction of the padding where the first number is whole", () => {
    expect(batchAndPad([1, 2], { batchSize: 3, padValue: 2.7 })).toEqual([1, 2, 2]);
    expect(batchAndPad([1, 2.5], { batchSize: 3, padValue: 0.5 })).toEqual([1, 2.5, 0]);
    expect(batchAndPad([1.5, 2], { batchSize: 3, padValue: 7 })).toEqual([1.5, 2, 7]);
  });

  it("makes the padding true or false among booleans", () => {
    expect(batchAndPad([true], { batchSize: 3, padValue: 5 })).toEqual([true, true, true]);
  });

  it("makes the padding as long as the first string", () => {
    expect(batchAndPad(["ab"], { batchSize: 2 })).toEqual(["ab", "0"]);
    expect(batchAndPad(["ab", "cde"], { batchSize: 3, padValue: "xyz" })).toEqual(["ab", "cde", "xy"]);
  });

  it("fills rows of arrays in trees, and leaves nothing as it is", () => {
    const batch = batchAndPad([{ a: Uint8Array.of(1, 2), b: null, c: [3, 4n] }], {
      batchSize: 2,
      padValue: 255,
    });
    expect(batch).toEqual({
      a: new NdArray("uint8", [2, 2], Uint8Array.of(1, 2, 255, 255)),
      b: null,
      c: [
        [3, 255],
        [4n, 255n],
      ],
    });
  });

  it("fills with what is no number", () => {
    const batch = batchAndPad([scalar("float32", 1)], { batchSize: 2, padValue: Number.NaN });
    expect(batch).toEqual(new NdArray("float32", [2], Float32Array.of(1, Number.NaN)));
  });

  it("fills the last batch of a dataset, rows of batches too", () => {
    const dataset = MapDataset.range(1, 7)
      .batch(2)
      .batch(2, { batchFn: (pairs) => batchAndPad(pairs, { batchSize: 2, padValue: -1 }) });
    expect([...dataset]).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [-1, -1],
      ],
    ]);
  });

  it.each([
    [[], "Cannot batch 0 values."],
    [[1, 2, 3], "Cannot batch 3 values to 2."],
    [[Uint8Array.of(1)], "Python integer -1 out of bounds for uint8"],
    [
      [1, { b: 2 }, 3].slice(0, 2),
      "Expected all input elements to have the same structure but got:\n['int[]', {'b': 'int[]'}]",
    ],
  ])("refuses with Python's words: %#", (elements: unknown[], message) => {
    expect(() => batchAndPad(elements, { batchSize: 2, padValue: -1 })).toThrow(message);
  });

  it("refuses a size that is none", () => {
    expect(() => batchAndPad([1], { batchSize: 2.5 })).toThrow(failure("INVALID_ARGUMENT"));
  });
});
