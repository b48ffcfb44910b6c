import { describe, expect, it } from "vitest";
import { BFLOAT16, decodeSmallFloat, encodeSmallFloat, FLOAT16 } from "../../src/zarr/small-float.js";

// NumPy's float16 and ml_dtypes' bfloat16
const FLOAT16_BITS: [number, number][] = [
  [0x0000, 0],
  [0x8000, -0],
  [0x3c00, 1],
  [0xc000, -2],
  [0x2e66, 0.0999755859375],
  [0x7bff, 65504],
  [0x0400, 2 ** -14],
  [0x03ff, 2 ** -14 - 2 ** -24],
  [0x0001, 2 ** -24],
  [0x7c00, Number.POSITIVE_INFINITY],
  [0xfc00, Number.NEGATIVE_INFINITY],
];
const BFLOAT16_BITS: [number, number][] = [
  [0x3f80, 1],
  [0x3fc0, 1.5],
  [0xc000, -2],
  [0x7f7f, 3.3895313892515355e38],
  [0x0001, 2 ** -133],
  [0x8000, -0],
  [0xff80, Number.NEGATIVE_INFINITY],
];

describe("small floats", () => {
  it.each(FLOAT16_BITS)("float16 %d is %d", (bits, value) => {
    expect(decodeSmallFloat(FLOAT16, bits)).toBe(value);
    expect(encodeSmallFloat(FLOAT16, value)).toBe(bits);
  });

  it.each(BFLOAT16_BITS)("bfloat16 %d is %d", (bits, value) => {
    expect(decodeSmallFloat(BFLOAT16, bits)).toBe(value);
    expect(encodeSmallFloat(BFLOAT16, value)).toBe(bits);
  });

  it.each([
    [1 + 2 ** -11, 0x3c00], // a tie, down to even
    [1 + 3 * 2 ** -11, 0x3c02], // a tie, up to even
    [1 + 2 ** -11 + 2 ** -40, 0x3c01],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [2 ** -25, 0x0000],
    [2 ** -25 + 2 ** -60, 0x0001],
    [2 ** -14 - 2 ** -26, 0x0400], // rounding carries into the exponent
    [1e300, 0x7c00],
    [5e-324, 0x0000],
  ])("rounds %d to the nearest float16", (value, bits) => {
    expect(encodeSmallFloat(FLOAT16, value)).toBe(bits);
  });

  it("gives back every float16 and bfloat16", () => {
    for (let bits = 0; bits < 65536; bits++) {
      for (const format of [FLOAT16, BFLOAT16]) {
        const value = decodeSmallFloat(format, bits);
        if (!Number.isNaN(value)) expect(encodeSmallFloat(format, value)).toBe(bits);
      }
    }
  });

  it("has one NaN to write and many to read", () => {
    expect(encodeSmallFloat(FLOAT16, Number.NaN)).toBe(0x7e00);
    expect(encodeSmallFloat(BFLOAT16, Number.NaN)).toBe(0x7fc0);
    expect([0x7c01, 0xffff].map((bits) => decodeSmallFloat(FLOAT16, bits))).toEqual([Number.NaN, Number.NaN]);
  });
});
