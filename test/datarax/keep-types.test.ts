import { describe, expect, it } from "vitest";
import { keepTypes } from "../../src/datarax/keep-types.js";
import { arrayOfElements } from "../../src/pytree/element.js";
import { toPlain } from "../../src/pytree/plain.js";
import { complex, float, int, prngKey, scalar, type Tree, tuple } from "../../src/pytree/value.js";
import { ndarray } from "../../src/zarr/nd-array.js";

const int32 = ndarray("int32", [], Int32Array.of(7));
const int64 = ndarray("int64", [], BigInt64Array.of(7n));
const float32 = ndarray("float32", [], Float32Array.of(0.5));
const bool = ndarray("bool", [], Uint8Array.of(1));
const jax = arrayOfElements("int32", [], [7], "one cpu") ?? null;

describe("keepTypes", () => {
  it.each<[string, Tree, Tree, Tree]>([
    ["a whole number where a float was", 2, float(1.5), float(2)],
    ["a fraction where a float was", 2.5, float(1.5), float(2.5)],
    ["a bigint where a float was", 2n ** 60n, float(1.5), float(2 ** 60)],
    ["a bigint that no float is", 2n ** 60n + 1n, float(1.5), 2n ** 60n + 1n],
    ["a boolean where a float was", true, float(1), true],
    ["a whole number where an int was", 3, int(2), 3],
    ["a fraction where an int was", 0.5, int(2), 0.5],
    ["negative zero where an int was", -0, int(2), -0],
    ["a large number where an int was", 2 ** 60, int(2), 2n ** 60n],
    ["an int beyond int64 where an int was", 2n ** 63n, int(2), 2n ** 63n],
    ["a boolean where a bool was", false, scalar("bool", true), false],
    ["a number where a bool was", 1, scalar("bool", true), 1],
    ["a number where an int8 scalar was", 5, scalar("int8", 1), scalar("int8", 5)],
    ["a bigint where a uint16 scalar was", 5n, scalar("uint16", 1), scalar("uint16", 5)],
    ["a number too large for the int8 scalar", 200, scalar("int8", 1), 200],
    ["a number where a float32 scalar was", 2, scalar("float32", 1), scalar("float32", 2)],
    ["a number that no float32 is", 0.1, scalar("float32", 1), 0.1],
    ["a number where an int32 array was", 9, int32, ndarray("int32", [], Int32Array.of(9))],
    ["a bigint where an int32 array was", 9n, int32, ndarray("int32", [], Int32Array.of(9))],
    ["a number too large for int32", 2 ** 31, int32, 2 ** 31],
    ["a fraction where an int32 array was", 0.5, int32, 0.5],
    ["a number where an int64 array was", 9, int64, ndarray("int64", [], BigInt64Array.of(9n))],
    ["a number where a float32 array was", 2, float32, ndarray("float32", [], Float32Array.of(2))],
    [
      "NaN where a float32 array was",
      Number.NaN,
      float32,
      ndarray("float32", [], Float32Array.of(Number.NaN)),
    ],
    ["a number that no float32 array holds", 0.1, float32, 0.1],
    ["a boolean where a bool array was", false, bool, ndarray("bool", [], Uint8Array.of(0))],
    ["a boolean where an int array was", false, int32, false],
    [
      "a complex number where a complex array was",
      complex(1, 2),
      ndarray("complex64", [], Float32Array.of(0, 0)),
      ndarray("complex64", [], Float32Array.of(1, 2)),
    ],
    ["a number where a jax.Array was", 9, jax, arrayOfElements("int32", [], [9], "one cpu") ?? null],
    ["a number where an array of rank 1 was", 9, ndarray("int32", [1], Int32Array.of(7)), 9],
    ["a number where a string was", 9, "x", 9],
    ["an empty array where () was", [], tuple([]), tuple([])],
    ["a full array where () was", [1], tuple([]), [1]],
    ["an empty array where a list was", [], [int(1)], []],
    ["an exact value", float(2), int(2), float(2)],
    ["an array", float32, int32, float32],
    ["a key", "k", prngKey([], Uint32Array.of(0, 1)), "k"],
    ["None", null, float(1), null],
  ])("gives %s its former type if that can hold it", (_, state, restored, kept) => {
    expect(keepTypes(state, restored)).toStrictEqual(kept);
  });

  it("goes by the path, through dicts, Maps and lists", () => {
    const restored = { a: [float(1), { b: int32 }], 3: float(0), gone: float(9) };
    expect(keepTypes({ a: [2, { b: 8, c: 2 }, 2], 3: 1, added: 2 }, restored)).toEqual({
      a: [float(2), { b: ndarray("int32", [], Int32Array.of(8)), c: 2 }, 2],
      3: float(1),
      added: 2,
    });
    expect(keepTypes(new Map([[3, 1]]), restored)).toEqual(new Map([[3, float(1)]]));
    expect(keepTypes({ "03": 1 }, restored)).toEqual({ "03": float(1) }); // the same int in Python
  });

  it("does not take a field that every object has for a restored one", () => {
    expect(keepTypes({ constructor: 1, toString: 2 }, {})).toEqual({ constructor: 1, toString: 2 });
  });

  it("leaves a tree as it is where the restored one has no counterpart, even a cyclic one", () => {
    const cyclic: { [key: string]: Tree } = {};
    cyclic["self"] = cyclic;
    expect(keepTypes({ a: cyclic }, { a: float(1) })).toEqual({ a: cyclic });
  });

  it("gives back the whole restored state if nothing was changed", () => {
    const restored = {
      float: float(2),
      int: int(2n ** 63n),
      bool: scalar("bool", true),
      position: int64,
      count: jax,
      list: [float(1), tuple([]), [], {}],
      array: ndarray("float32", [2], Float32Array.of(1, 2)),
      text: "x",
      none: null,
    };
    expect(toPlain(keepTypes(toPlain(restored), restored))).toEqual(toPlain(restored));
    expect(keepTypes(toPlain(restored), restored)).toEqual({ ...restored, int: 2n ** 63n, bool: true });
  });
});
