import { describe, expect, it } from "vitest";
import { fromBareArray, isBareArray } from "../../src/pytree/bare-array.js";
import { ndarray } from "../../src/zarr/nd-array.js";

describe("bare arrays", () => {
  it.each([
    [Int8Array.of(1), ndarray("int8", [1], Int8Array.of(1))],
    [Uint16Array.of(1, 2), ndarray("uint16", [2], Uint16Array.of(1, 2))],
    [BigInt64Array.of(1n), ndarray("int64", [1], BigInt64Array.of(1n))],
    [BigUint64Array.of(1n), ndarray("uint64", [1], BigUint64Array.of(1n))],
    [Float32Array.of(0.5), ndarray("float32", [1], Float32Array.of(0.5))],
    [new Float64Array(0), ndarray("float64", [0], new Float64Array(0))],
  ])("stand for arrays of rank 1: %o", (data, array) => {
    expect(isBareArray(data)).toBe(true);
    expect(fromBareArray(data)).toEqual(array);
    expect(fromBareArray(data).data).toBe(data);
  });

  it.each([
    ["a DataView", new DataView(new ArrayBuffer(1))],
    ["clamped bytes", Uint8ClampedArray.of(1)],
    ["an array", [1]],
    ["an object that says it is one", { [Symbol.toStringTag]: "Int8Array" }],
    ["null", null],
  ])("are not %s", (_, value) => {
    expect(isBareArray(value)).toBe(false);
  });
});
