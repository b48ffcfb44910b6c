import { describe, expect, it } from "vitest";
import { isBatch } from "../../src/grain/batch-array.js";
import { batchElements } from "../../src/grain/batch-elements.js";
import { int, scalar } from "../../src/pytree/value.js";
import { ndarray } from "../../src/zarr/nd-array.js";
import { failure } from "../failure.js";

const zeros = (length: number) => ndarray("float64", [length], new Float64Array(length));

describe("batchElements", () => {
  it("makes one leaf of numbers, so that batches of them get rows", () => {
    const rows = batchElements([batchElements([0, 1]), batchElements([2, 3])]);
    expect(rows).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(isBatch(rows)).toBe(true);
  });

  it("batches a JavaScript array column by column, as a pytree's list", () => {
    const columns = batchElements([
      [1, "a"],
      [2, "b"],
      [3, "c"],
    ]);
    expect(columns).toEqual([
      [1, 2, 3],
      ["a", "b", "c"],
    ]);
    expect(isBatch(columns)).toBe(false);
  });

  it("batches dicts key by key, whatever the order of their keys", () => {
    const batch = batchElements<unknown>([
      { b: 1, a: { c: true } },
      { a: { c: false }, b: 4 },
    ]);
    expect(batch).toEqual({ b: [1, 4], a: { c: [true, false] } });
  });

  it("takes an own key __proto__ for a key like any other", () => {
    const batch = batchElements<unknown>([JSON.parse('{"__proto__": 1}'), JSON.parse('{"__proto__": 2}')]);
    expect(Object.entries(Object(batch))).toEqual([["__proto__", [1, 2]]]);
  });

  it("keeps null where all elements have it", () => {
    expect(batchElements<unknown>([{ a: null }, { a: undefined }])).toEqual({ a: null });
  });

  it("makes numbers of booleans among numbers, as NumPy does", () => {
    expect(batchElements<unknown>([1, true])).toEqual([1, 1]);
  });

  it("keeps bigints, and digits that a double would lose", () => {
    expect(batchElements<unknown>([2n ** 60n + 1n, 5])).toEqual([2n ** 60n + 1n, 5]);
  });

  it("stacks arrays of one dtype and shape along a new first axis", () => {
    const first = ndarray("int16", [2, 1], Int16Array.of(1, 2));
    const second = ndarray("int16", [2, 1], Int16Array.of(3, 4));
    const batch = batchElements([first, second]);
    expect([batch.dtype, batch.shape, batch.data]).toEqual(["int16", [2, 2, 1], Int16Array.of(1, 2, 3, 4)]);
  });

  it("stacks typed arrays as arrays of rank 1, and a single one too", () => {
    const batch = batchElements([Float32Array.of(1, 2)]);
    expect([batch.dtype, batch.shape, batch.data]).toEqual(["float32", [1, 2], Float32Array.of(1, 2)]);
  });

  it("stacks complex and raw float16 elements with all their parts", () => {
    const complex = ndarray("complex64", [1], Float32Array.of(1, -2));
    expect(batchElements([complex, complex]).data).toEqual(Float32Array.of(1, -2, 1, -2));
    const half = ndarray("float16", [], Uint16Array.of(0x3c00));
    expect(batchElements([half, half])).toMatchObject({ dtype: "float16", shape: [2] });
  });

  it("stacks scalars of an exact type to an array of it", () => {
    const batch = batchElements([scalar("float32", 0.5), scalar("float32", 2)]);
    expect([batch.dtype, batch.shape, batch.data]).toEqual(["float32", [2], Float32Array.of(0.5, 2)]);
    expect(batchElements([int(7)]).data).toEqual(BigInt64Array.of(7n));
  });

  it("stacks other objects as they are", () => {
    const dates = [new Date(0), new Date(1)];
    expect(batchElements<unknown>(dates)).toEqual(dates);
  });

  it("refuses no elements", () => {
    expect(() => batchElements([])).toThrow("Cannot batch 0 values. Please file a bug.");
  });

  it("refuses arrays of different dtypes, which NumPy would convert", () => {
    expect(() => batchElements<unknown>([Int8Array.of(1), Int16Array.of(1)])).toThrow(
      "batch: arrays of int8 and int16, expected one dtype",
    );
  });

  // Expected texts: grain 0.2.18, make_batch over the same values.
  it.each<[string, readonly unknown[], string]>([
    ["arrays of different shape", [zeros(2), zeros(3)], "'list<ndarray>[unknown shape]'"],
    ["different keys", [{ a: 1 }, { b: 1 }], "'list<dict>[2]'"],
    ["a dict and a list", [{ a: 1 }, [1]], "[{'a': 'int[]'}, 'list<int>[1]']"],
    ["a dict and a number", [{ a: 1 }, 3], "[{'a': 'int[]'}, 'int[]']"],
    [
      "lists of different length",
      [
        [1, 2],
        [1, 2, 3],
      ],
      "'list<list>[unknown shape]'",
    ],
    ["None first", [null, 1], "[None, 'int[]']"],
    ["a list and an array", [[1, 2], batchElements([1, 2])], "['list<int>[2]', 'int64[2]']"],
    ["an array and a number", [batchElements([1, 2]), 3], "['int64[2]', 'int[]']"],
    ["a scalar and an array", [scalar("float32", 1), zeros(2)], "['float32[]', 'float64[2]']"],
    [
      "nested dicts",
      [{ a: [1, 2], b: null }, [{ a: 1 }]],
      "[{'a': 'list<int>[2]', 'b': None}, 'list<dict>[1]']",
    ],
    ["an empty dict and a list", [{}, [[], 1]], "[{}, ['list<>[0]', 'int[]']]"],
  ])("refuses %s with Grain's text", (_, elements, structure) => {
    const act = () => batchElements(elements);
    expect(act).toThrow(failure("INVALID_ARGUMENT", { pythonType: "ValueError" }));
    expect(act).toThrow(`Expected all input elements to have the same structure but got:\n${structure}`);
  });

  it("refuses strings among numbers, of which NumPy would make strings", () => {
    expect(() => batchElements<unknown>([1, "a"])).toThrow("['int[]', 'str[]']");
  });

  it("breaks a long structure into lines as pprint does", () => {
    const long = { first_feature: 1, second_feature: 2.5, third_feature: "x", fourth_feature: [1, "a"] };
    expect(() => batchElements<unknown>([long, 1])).toThrow(
      [
        "[{'first_feature': 'int[]',",
        "  'fourth_feature': ['int[]', 'str[]'],",
        "  'second_feature': 'float[]',",
        "  'third_feature': 'str[]'},",
        " 'int[]']",
      ].join("\n"),
    );
  });
});
