import { describe, expect, it } from "vitest";
import { arrayOfElements, plainElement } from "../../src/pytree/element.js";
import { complex } from "../../src/pytree/value.js";
import { ndarray } from "../../src/zarr/nd-array.js";

describe("plainElement", () => {
  it.each([
    ["a bool", ndarray("bool", [1], Uint8Array.of(1)), true],
    ["an int8", ndarray("int8", [], Int8Array.of(-5)), -5],
    ["a small int64", ndarray("int64", [], BigInt64Array.of(-5n)), -5],
    ["a large int64", ndarray("int64", [], BigInt64Array.of(2n ** 53n)), 2n ** 53n],
    ["a uint64", ndarray("uint64", [], BigUint64Array.of(2n ** 64n - 1n)), 2n ** 64n - 1n],
    ["a float32", ndarray("float32", [], Float32Array.of(0.1)), 0.10000000149011612],
    ["a float16", ndarray("float16", [], Uint16Array.of(0x2e66)), 0.0999755859375],
    ["a bfloat16", ndarray("bfloat16", [], Uint16Array.of(0x3fc0)), 1.5],
    ["a float8", ndarray("float8_e4m3fnuz", [], Uint8Array.of(0x44)), 1.5],
    ["a float4", ndarray("float4_e2m1fn", [], Uint8Array.of(0x0e)), -4],
    ["an int4", ndarray("int4", [], Int8Array.of(-8)), -8],
    ["an int2", ndarray("int2", [], Int8Array.of(-2)), -2],
    ["a uint4", ndarray("uint4", [], Uint8Array.of(15)), 15],
    ["a complex64", ndarray("complex64", [], Float32Array.of(1, -2)), complex(1, -2)],
  ])("gives %s", (_, array, value) => {
    expect(plainElement(array, 0)).toStrictEqual(value);
  });

  it("counts in C order", () => {
    const array = ndarray("complex128", [2, 1], Float64Array.of(1, 2, 3, 4));
    expect(plainElement(array, 1)).toEqual(complex(3, 4));
  });
});

describe("arrayOfElements", () => {
  it.each([
    ["int8", [-128, 127], ndarray("int8", [2], Int8Array.of(-128, 127))],
    ["int64", [1, 2n ** 62n], ndarray("int64", [2], BigInt64Array.of(1n, 2n ** 62n))],
    ["uint64", [0, 2n ** 64n - 1n], ndarray("uint64", [2], BigUint64Array.of(0n, 2n ** 64n - 1n))],
    ["uint8", [7n, 8], ndarray("uint8", [2], Uint8Array.of(7, 8))],
    ["float32", [0.5, Number.NaN], ndarray("float32", [2], Float32Array.of(0.5, Number.NaN))],
    ["float64", [-0, 2n ** 60n], ndarray("float64", [2], Float64Array.of(-0, 2 ** 60))],
    ["float16", [1, Number.NEGATIVE_INFINITY], ndarray("float16", [2], Uint16Array.of(0x3c00, 0xfc00))],
    ["bfloat16", [1.5, Number.NaN], ndarray("bfloat16", [2], Uint16Array.of(0x3fc0, 0x7fc0))],
    ["float8_e5m2", [1.75, Number.NaN], ndarray("float8_e5m2", [2], Uint8Array.of(0x3f, 0x7e))],
    ["float8_e8m0fnu", [2 ** -127, 4], ndarray("float8_e8m0fnu", [2], Uint8Array.of(0, 0x81))],
    ["float4_e2m1fn", [-0, 6], ndarray("float4_e2m1fn", [2], Uint8Array.of(8, 7))],
    ["int4", [-8, 7n], ndarray("int4", [2], Int8Array.of(-8, 7))],
    ["int2", [-2, 1], ndarray("int2", [2], Int8Array.of(-2, 1))],
    ["uint4", [0, 15], ndarray("uint4", [2], Uint8Array.of(0, 15))],
    ["bool", [true, false], ndarray("bool", [2], Uint8Array.of(1, 0))],
    ["complex64", [complex(1, 2), complex(-0, 4)], ndarray("complex64", [2], Float32Array.of(1, 2, -0, 4))],
  ] as const)("stores %s exactly", (dtype, elements, array) => {
    expect(arrayOfElements(dtype, [2], elements)).toStrictEqual(array);
  });

  it.each([
    ["int8", 128],
    ["uint8", -1],
    ["uint32", 2 ** 32],
    ["int64", 2n ** 63n],
    ["int32", 0.5],
    ["int32", -0],
    ["int64", -0],
    ["int32", Number.NaN],
    ["int32", true],
    ["int64", true],
    ["int32", complex(1, 0)],
    ["float32", 0.1],
    ["float16", 65505],
    ["bfloat16", 1.01],
    ["float8_e4m3fn", 449],
    ["float8_e4m3fn", Number.POSITIVE_INFINITY],
    ["float8_e4m3fnuz", -0],
    ["float8_e8m0fnu", 0],
    ["float8_e8m0fnu", 3],
    ["float4_e2m1fn", 7],
    ["float4_e2m1fn", Number.NaN],
    ["int4", 8],
    ["int4", -9n],
    ["int4", -0],
    ["int2", 2],
    ["int2", true],
    ["uint4", -1],
    ["uint4", 16],
    ["float64", 2n ** 53n + 1n],
    ["float64", 10n ** 400n],
    ["float64", false],
    ["bool", 1],
    ["complex64", 1],
    ["complex64", complex(0.1, 0)],
  ] as const)("does not store as %s what that cannot hold: %s", (dtype, element) => {
    expect(arrayOfElements(dtype, [], [element])).toBeUndefined();
  });

  it("wants as many elements as the shape has", () => {
    expect(arrayOfElements("int8", [2], [1])).toBeUndefined();
  });

  it("carries the sharding of a jax.Array", () => {
    expect(arrayOfElements("int8", [], [1], "{}")?.sharding).toBe("{}");
  });
});
