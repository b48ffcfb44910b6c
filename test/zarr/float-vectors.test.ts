import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { toFloat32 } from "../../src/zarr/convert.js";
import { ndarray } from "../../src/zarr/nd-array.js";
import { BFLOAT16, decodeSmallFloat, encodeSmallFloat, FLOAT16 } from "../../src/zarr/small-float.js";

type Vectors = { readonly decoded: readonly string[]; readonly encoded: readonly string[] };

/** What NumPy and ml_dtypes give: scripts/make-float-vectors.py explains the notation. */
const vectors: { readonly float16: Vectors; readonly bfloat16: Vectors } = JSON.parse(
  readFileSync(new URL("../../fixtures/zarr/float-vectors.json", import.meta.url), "utf8"),
);

/** The float32 bit pattern of each of the 65,536 patterns. */
function expectedFloat32Bits(runs: readonly string[]): Uint32Array {
  const patterns = new Uint32Array(65536);
  let last = 0;
  let at = 0;
  for (const run of runs) {
    const [count, difference] = run.split("*");
    for (let times = Number(count); times > 0; times--) {
      last = (last + Number(`0x${difference}`)) % 2 ** 32;
      patterns[at++] = last;
    }
  }
  expect(at).toBe(65536);
  return patterns;
}

/** `float32:rounded` as a number and a bit pattern. */
function roundings(encoded: readonly string[]): { value: number; rounded: number }[] {
  const view = new DataView(new ArrayBuffer(4));
  return encoded.map((text) => {
    const [float32, rounded] = text.split(":");
    view.setUint32(0, Number(`0x${float32}`));
    return { value: view.getFloat32(0), rounded: Number(`0x${rounded}`) };
  });
}

/** Patterns whose decoded value is not the expected one. NaN is NaN, whatever its bits. */
function wrongPatterns(decode: (bits: number) => number | undefined, runs: readonly string[]): number[] {
  const bits = expectedFloat32Bits(runs);
  const values = new Float32Array(bits.buffer);
  return [...values.keys()].filter((pattern) => !Object.is(decode(pattern), values[pattern]));
}

const everyPattern = Uint16Array.from({ length: 65536 }, (_, pattern) => pattern);

describe.each([
  ["float16", FLOAT16],
  ["bfloat16", BFLOAT16],
] as const)("%s", (dtype, format) => {
  it("has Python's value for every bit pattern", () => {
    expect(wrongPatterns((bits) => decodeSmallFloat(format, bits), vectors[dtype].decoded)).toEqual([]);
  });

  it("converts to Python's float32 for every bit pattern", () => {
    const converted = toFloat32(ndarray(dtype, [65536], everyPattern));
    expect(wrongPatterns((bits) => converted[bits], vectors[dtype].decoded)).toEqual([]);
  });

  it("rounds float32 as Python does", () => {
    const wrong = roundings(vectors[dtype].encoded).filter(
      ({ value, rounded }) => encodeSmallFloat(format, value) !== rounded && !Number.isNaN(value),
    );
    expect(wrong).toEqual([]);
  });

  it("gives every pattern of a number back", () => {
    const lost = everyPattern.filter((bits) => {
      const value = decodeSmallFloat(format, bits);
      return !Number.isNaN(value) && encodeSmallFloat(format, value) !== bits;
    });
    expect([...lost]).toEqual([]);
  });
});
