import { describe, expect, it } from "vitest";
import { PrngKey, prngKey } from "../../src/pytree/value.js";
import { keyOfWords, wordsOf } from "../../src/pytree/words.js";
import { ndarray } from "../../src/zarr/nd-array.js";

const words = (...values: number[]) => Uint32Array.from(values);

describe("the words of a key", () => {
  it.each<[readonly number[], number, readonly number[]]>([
    [[], 2, [2]],
    [[3], 6, [3, 2]],
    [[2, 1], 8, [2, 1, 4]],
    [[0], 0, [0, 0]],
  ])("have an axis of their own behind those of the keys: %j", (shape, length, expected) => {
    const data = new Uint32Array(length);
    const array = wordsOf(prngKey(shape, data));
    expect([array.dtype, array.shape, array.data]).toEqual(["uint32", expected, data]);
    expect(array.data).toBe(data);
  });
});

describe("a key of words", () => {
  it("takes the last axis for the words of one key", () => {
    const data = words(1, 2, 3, 4, 5, 6);
    expect(keyOfWords(ndarray("uint32", [3, 2], data), "threefry2x32", "text")).toEqual(
      new PrngKey([3], data, "threefry2x32", "text"),
    );
  });

  it.each([
    ["of another dtype", ndarray("int32", [2], Int32Array.of(1, 2))],
    ["of rank 0", ndarray("uint32", [], words(1))],
    ["without elements", ndarray("uint32", [0, 2], words())],
  ])("is none of an array %s", (_, array) => {
    expect(keyOfWords(array, "threefry2x32")).toBeUndefined();
  });
});
