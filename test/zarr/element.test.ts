import { describe, expect, it } from "vitest";
import { type Element, elementAt } from "../../src/zarr/element.js";
import { type NdArray, ndarray } from "../../src/zarr/nd-array.js";

describe("elementAt", () => {
  it.each<[NdArray, Element]>([
    [ndarray("bool", [2], Uint8Array.of(0, 1)), true],
    [ndarray("int8", [2], Int8Array.of(0, -5)), -5],
    [ndarray("uint32", [2], Uint32Array.of(0, 4294967295)), 4294967295],
    [ndarray("int64", [2], BigInt64Array.of(0n, -5n)), -5n],
    [ndarray("uint64", [2], BigUint64Array.of(0n, 18446744073709551615n)), 18446744073709551615n],
    [ndarray("float16", [2], Uint16Array.of(0, 0xc000)), -2],
    [ndarray("bfloat16", [2], Uint16Array.of(0, 0x3fc0)), 1.5],
    [ndarray("float32", [2], Float32Array.of(0, 0.5)), 0.5],
    [ndarray("float64", [2], Float64Array.of(0, -0)), -0],
    [ndarray("complex64", [2], Float32Array.of(1, 2, 3, 4)), [3, 4]],
    [ndarray("complex128", [2], Float64Array.of(1, 2, 3, -4)), [3, -4]],
  ])("gives the second element of a $dtype array", (array, element) => {
    expect(elementAt(array, 1)).toEqual(element);
  });

  it("gives the one element of rank 0", () => {
    expect(elementAt(ndarray("int32", [], Int32Array.of(7)), 0)).toBe(7);
  });

  it.each([-1, 2])("has no element %d of 2", (index) => {
    expect(() => elementAt(ndarray("complex64", [2], new Float32Array(4)), index)).toThrow(
      "of an array of 2",
    );
  });
});
