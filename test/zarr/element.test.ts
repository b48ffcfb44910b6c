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
    [ndarray("float8_e4m3fn", [2], Uint8Array.of(0, 0x3c)), 1.5],
    [ndarray("float8_e8m0fnu", [2], Uint8Array.of(0, 0x80)), 2],
    [ndarray("float4_e2m1fn", [2], Uint8Array.of(0, 0x0f)), -6],
    [ndarray("int4", [2], Int8Array.of(0, -8)), -8],
    [ndarray("uint4", [2], Uint8Array.of(0, 15)), 15],
    [ndarray("complex128", [2], Float64Array.of(1, 2, 3, -4)), [3, -4]],
  ])("gives the second element of a $dtype array", (array, element) => {
    expect(elementAt(array, 1)).toEqual(element);
  });

  it("takes each upper bit of a float4 for its sign, as ml_dtypes does", () => {
    const array = ndarray("float4_e2m1fn", [5], Uint8Array.of(0x1c, 0xff, 0x80, 0x17, 0x07));
    expect([0, 1, 2, 3, 4].map((index) => elementAt(array, index))).toEqual([-2, -6, -0, -6, 6]);
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
