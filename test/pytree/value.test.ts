import { describe, expect, it } from "vitest";
import {
  Bytes,
  bytes,
  Complex,
  complex,
  float,
  int,
  isBranded,
  Placeholder,
  PrngKey,
  placeholder,
  plainInteger,
  prngKey,
  Scalar,
  scalar,
  Tuple,
  tuple,
} from "../../src/pytree/value.js";
import { NdArray, ndarray } from "../../src/zarr/nd-array.js";

const refused = expect.objectContaining({ code: "INVALID_ARGUMENT" });

describe("int", () => {
  it.each<[number | bigint, string, number | bigint]>([
    [7, "int64", 7],
    [7n, "int64", 7],
    [2n ** 63n - 1n, "int64", 2n ** 63n - 1n],
    [-(2n ** 63n), "int64", -(2n ** 63n)],
    [2n ** 63n, "uint64", 2n ** 63n],
    [2n ** 64n - 1n, "uint64", 2n ** 64n - 1n],
  ])("of %s is a %s", (value, dtype, held) => {
    expect(int(value)).toMatchObject({ dtype, value: held });
  });

  it.each<[number | bigint]>([[2n ** 64n], [-(2n ** 63n) - 1n], [0.5], [2 ** 53], [Number.NaN]])(
    "refuses %s",
    (value) => {
      expect(() => int(value)).toThrow(refused);
    },
  );

  it("makes 0 of negative zero, which Python has not", () => {
    expect(int(-0).value).toBe(0);
  });
});

describe("scalar", () => {
  it.each([
    ["int8", 127, 128],
    ["int8", -128, -129],
    ["int16", 2 ** 15 - 1, 2 ** 15],
    ["int32", -(2 ** 31), -(2 ** 31) - 1],
    ["int64", 2n ** 63n - 1n, 2n ** 63n],
    ["uint8", 255, 256],
    ["uint16", 0, -1],
    ["uint32", 2 ** 32 - 1, 2 ** 32],
    ["uint64", 2n ** 64n - 1n, 2n ** 64n],
    ["int4", 7, 8],
    ["int4", -8, -9],
    ["int2", 1, 2],
    ["int2", -2, -3],
    ["uint4", 15, 16],
    ["uint4", 0, -1],
  ] as const)("%s takes %s and refuses %s", (dtype, most, more) => {
    expect(scalar(dtype, most).value).toBe(most);
    expect(() => scalar(dtype, more)).toThrow(refused);
  });

  it.each([
    ["float16", 0.1, 0.0999755859375],
    ["float16", 1e6, Number.POSITIVE_INFINITY],
    ["bfloat16", 0.1, 0.10009765625],
    ["float32", 0.1, Math.fround(0.1)],
    ["float64", 0.1, 0.1],
    ["float8_e4m3fn", 0.1, 0.1015625],
    ["float8_e4m3fn", 464, 448],
    ["float8_e4m3fn", 465, Number.NaN],
    ["float8_e5m2", 1e6, Number.POSITIVE_INFINITY],
    ["float8_e4m3fnuz", -1e-9, 0],
    ["float8_e8m0fnu", 3, 4],
    ["float4_e2m1fn", -1e6, -6],
  ] as const)("%s rounds %s to %s", (dtype, value, rounded) => {
    expect(scalar(dtype, value).value).toBe(rounded);
  });

  it("rounds both parts of a complex number", () => {
    expect(scalar("complex64", complex(0.1, -0)).value).toEqual(complex(Math.fround(0.1), -0));
    expect(scalar("complex128", complex(0.1, 2)).value).toEqual(complex(0.1, 2));
  });

  it.each([
    ["bool", 1],
    ["float64", 5n],
    ["float64", true],
    ["complex64", 1],
    ["int32", true],
    ["int32", complex(1, 0)],
  ] as const)("%s refuses %s, which is of another kind", (dtype, value) => {
    expect(() => scalar(dtype, value)).toThrow(refused);
  });

  it("refuses a dtype that is none, as a caller without types may give", () => {
    expect(() => Reflect.apply(scalar, undefined, ["float128", 1])).toThrow(refused);
    expect(() => Reflect.apply(scalar, undefined, ["constructor", 1])).toThrow(refused);
    expect(() => Reflect.apply(scalar, undefined, ["int8", Object.create(null)])).toThrow(refused);
  });
});

describe("float", () => {
  it("keeps every bit of a number, negative zero too", () => {
    expect(float(2)).toMatchObject({ dtype: "float64", value: 2 });
    expect(float(-0).value).toBe(-0);
  });
});

describe("plainInteger", () => {
  it("is a number where that is exact", () => {
    expect(plainInteger(2n ** 53n - 1n)).toBe(2 ** 53 - 1);
    expect(plainInteger(2n ** 53n)).toBe(2n ** 53n);
    expect(plainInteger(-(2n ** 53n))).toBe(-(2n ** 53n));
  });
});

describe("prngKey", () => {
  it("holds one key, or an array of them", () => {
    expect(prngKey([], Uint32Array.of(1, 2))).toMatchObject({ shape: [], impl: "threefry2x32" });
    expect(prngKey([3], new Uint32Array(12), "rbg")).toMatchObject({ shape: [3], impl: "rbg" });
  });

  it.each<[readonly number[], Uint32Array]>([
    [[3], new Uint32Array(4)],
    [[], new Uint32Array(0)],
    [[0], new Uint32Array(2)],
    [[-1], new Uint32Array(2)],
    [[0.5], new Uint32Array(2)],
  ])("refuses shape %j over %s", (shape, data) => {
    expect(() => prngKey(shape, data)).toThrow(refused);
  });

  it("refuses words that are no Uint32Array", () => {
    expect(() => Reflect.apply(prngKey, undefined, [[], [1, 2]])).toThrow(refused);
  });
});

describe("bytes", () => {
  it("hold the same memory, a Buffer's too", () => {
    const data = Uint8Array.of(1, 2);
    const buffer = Buffer.from([1, 2]);
    expect(bytes(data).bytes).toBe(data);
    expect(bytes(buffer).bytes).toBe(buffer);
  });

  it.each([[[1, 2]], [Int8Array.of(1)], [new Uint8ClampedArray(1)], ["ab"], [undefined], [null]])(
    "refuse %o",
    (data) => {
      expect(() => Reflect.apply(bytes, undefined, [data])).toThrow(refused);
    },
  );
});

describe("the kinds of values", () => {
  const values = [
    ["Complex", complex(1, 2)],
    ["Scalar", int(1)],
    ["PrngKey", prngKey([], new Uint32Array(2))],
    ["Tuple", tuple([1])],
    ["Bytes", bytes(Uint8Array.of(1))],
    ["Placeholder", placeholder],
    ["NdArray", ndarray("int8", [1], new Int8Array(1))],
  ] as const;
  const guards = [
    ["Complex", (value: unknown) => Complex.is(value)],
    ["Scalar", (value: unknown) => Scalar.is(value)],
    ["PrngKey", (value: unknown) => PrngKey.is(value)],
    ["Tuple", (value: unknown) => Tuple.is(value)],
    ["Bytes", (value: unknown) => Bytes.is(value)],
    ["Placeholder", (value: unknown) => Placeholder.is(value)],
    ["NdArray", (value: unknown) => NdArray.is(value)],
  ] as const;

  it.each(values)("%s is known by its own guard alone", (kind, value) => {
    for (const [name, is] of guards) expect(is(value)).toBe(name === kind);
    expect(isBranded(value)).toBe(true);
  });

  it.each(values)("%s cannot be passed for by an object of the same fields", (_, value) => {
    const copy: unknown = Object.assign({}, value);
    const heir: unknown = Object.create(
      Object.getPrototypeOf(value),
      Object.getOwnPropertyDescriptors(value),
    );
    for (const [, is] of guards) {
      expect(is(copy)).toBe(false);
      expect(is(heir)).toBe(false);
    }
    expect(isBranded(copy)).toBe(false);
  });

  it("is none for what is no object", () => {
    for (const value of [null, undefined, 1, "x", [], {}]) expect(isBranded(value)).toBe(false);
  });
});

describe("tuple", () => {
  it("does not follow later changes of the array it was made from", () => {
    const items = [1];
    const made = tuple(items);
    items.push(2);
    expect(made.items).toEqual([1]);
  });
});
