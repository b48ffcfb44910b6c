import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as zarr from "zarrita";
import { shownAs, toChunk, toFloat32 } from "../../src/zarr/convert.js";
import { type NdArray, ndarray } from "../../src/zarr/nd-array.js";

describe("toFloat32", () => {
  it.each<[NdArray, number[]]>([
    [ndarray("bool", [2], Uint8Array.of(0, 1)), [0, 1]],
    [ndarray("int8", [2], Int8Array.of(-128, 5)), [-128, 5]],
    [ndarray("uint32", [2], Uint32Array.of(4294967295, 16777217)), [4294967296, 16777216]],
    [ndarray("float64", [2], Float64Array.of(0.1, 1e300)), [Math.fround(0.1), Infinity]],
    [ndarray("float16", [3], Uint16Array.of(0x3c00, 0x8001, 0xfc00)), [1, -(2 ** -24), -Infinity]],
    [ndarray("bfloat16", [2], Uint16Array.of(0x3f80, 0x0001)), [1, 2 ** -133]],
    [ndarray("int64", [2], BigInt64Array.of(-3n, 2n ** 62n)), [-3, 2 ** 62]],
    [ndarray("float8_e5m2", [3], Uint8Array.of(0x3c, 0x7c, 0xfd)), [1, Infinity, NaN]],
    [ndarray("float8_e8m0fnu", [2], Uint8Array.of(0, 0xfe)), [2 ** -127, 2 ** 127]],
    [ndarray("float4_e2m1fn", [3], Uint8Array.of(0x07, 0x09, 0x14)), [6, -0.5, -2]],
    [ndarray("int4", [2], Int8Array.of(-8, 7)), [-8, 7]],
    [ndarray("uint4", [1], Uint8Array.of(15)), [15]],
  ])("converts $dtype", (array, values) => {
    expect([...toFloat32(array)]).toEqual(values);
  });

  it("gives a float32 array's own data", () => {
    const data = Float32Array.of(1, 2);
    expect(toFloat32(ndarray("float32", [2], data))).toBe(data);
  });

  it("keeps the payload of a NaN", () => {
    const fromBfloat16 = toFloat32(ndarray("bfloat16", [], Uint16Array.of(0xffc1)));
    const fromFloat16 = toFloat32(ndarray("float16", [], Uint16Array.of(0xfe01)));
    expect(new Uint32Array(fromBfloat16.buffer)).toEqual(Uint32Array.of(0xffc10000));
    expect(new Uint32Array(fromFloat16.buffer)).toEqual(Uint32Array.of(0xffc02000));
  });

  it("rounds 64-bit integers once, as a C cast does", () => {
    // Just above the middle of two float32; the nearest double is the middle itself.
    const above = 2n ** 60n + 2n ** 36n + 1n;
    const array = ndarray("int64", [3], BigInt64Array.of(above, -above, above - 1n));
    expect([...toFloat32(array)]).toEqual([2 ** 60 + 2 ** 37, -(2 ** 60) - 2 ** 37, 2 ** 60]);
  });

  it("gives the nearest float32 of every large uint64", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 25n, max: 2n ** 64n - 1n }), (value) => {
        const [found = 0] = toFloat32(ndarray("uint64", [], BigUint64Array.of(value)));
        const distance = (candidate: number) => {
          const difference = BigInt(candidate) - value;
          return difference < 0n ? -difference : difference;
        };
        const pattern = new Uint32Array(Float32Array.of(found).buffer)[0] ?? 0;
        const neighbours = new Float32Array(Uint32Array.of(pattern - 1, pattern + 1).buffer);
        for (const neighbour of neighbours) expect(distance(found) <= distance(neighbour)).toBe(true);
      }),
    );
  });

  it("refuses complex numbers", () => {
    expect(() => toFloat32(ndarray("complex64", [1], new Float32Array(2)))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

describe("toChunk", () => {
  it("views the data with C strides", async () => {
    const data = Int32Array.of(1, 2, 3, 4, 5, 6);
    const chunk = await toChunk(ndarray("int32", [2, 3], data));
    expect(chunk.data).toBe(data);
    expect([chunk.shape, chunk.stride]).toEqual([
      [2, 3],
      [3, 1],
    ]);
  });

  it("gives bools as zarrita's BoolArray over the same memory", async () => {
    const data = Uint8Array.of(9, 0, 1).subarray(1);
    const chunk = await toChunk(ndarray("bool", [2], data));
    expect(chunk.data).toBeInstanceOf(zarr.BoolArray);
    expect([...chunk.data]).toEqual([false, true]);
    data[0] = 1;
    expect([...chunk.data]).toEqual([true, true]);
  });

  it("gives float16 and bfloat16 as float32, or raw", async () => {
    const array = ndarray("bfloat16", [1], Uint16Array.of(0x3fc0));
    expect((await toChunk(array)).data).toEqual(Float32Array.of(1.5));
    expect((await toChunk(array, { raw: true })).data).toBe(array.data);
    const half = ndarray("float16", [1], Uint16Array.of(0x3e00));
    expect((await toChunk(half)).data).toEqual(Float32Array.of(1.5));
  });

  it.each([
    ["float8_e4m3fn", Uint8Array.of(0x3c), Float32Array.of(1.5)],
    ["float4_e2m1fn", Uint8Array.of(0x0f), Float32Array.of(-6)],
  ] as const)("gives %s as float32, or raw", async (dtype, data, values) => {
    const array = ndarray(dtype, [1], data);
    expect((await toChunk(array)).data).toEqual(values);
    expect((await toChunk(array, { raw: true })).data).toBe(data);
    expect([shownAs(dtype, false).dataType, shownAs(dtype, true).dataType]).toEqual(["float32", "uint8"]);
  });

  it.each([
    ["int4", Int8Array.of(-8), "int8"],
    ["int2", Int8Array.of(-2), "int8"],
    ["uint4", Uint8Array.of(15), "uint8"],
  ] as const)("gives %s as it is in memory, raw or not", async (dtype, data, dataType) => {
    for (const raw of [false, true]) {
      expect((await toChunk(ndarray(dtype, [1], data), { raw })).data).toBe(data);
      expect(shownAs(dtype, raw)).toEqual({ dataType, innerShape: [] });
    }
  });

  it("gives complex numbers one more axis", async () => {
    const array = ndarray("complex128", [2, 1], Float64Array.of(1, 2, 3, 4));
    expect(await toChunk(array)).toEqual({ data: array.data, shape: [2, 1, 2], stride: [2, 2, 1] });
  });
});
