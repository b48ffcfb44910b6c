import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { toFloat32 } from "../../src/zarr/convert.js";
import { bytesOf, type Dtype, dtypeRow } from "../../src/zarr/dtype.js";
import { NdArray } from "../../src/zarr/nd-array.js";
import { decodeSmallFloat, encodeSmallFloat, smallFloatOf } from "../../src/zarr/small-float.js";

type Vectors = { readonly decoded: readonly string[]; readonly encoded: readonly string[] };

/** What NumPy and ml_dtypes give: scripts/make-float-vectors.py explains the notation. */
const vectors: { readonly [dtype: string]: Vectors } = JSON.parse(
  readFileSync(new URL("../../fixtures/zarr/float-vectors.json", import.meta.url), "utf8"),
);

/** The float32 bit pattern of each of the patterns, as far as the runs go. */
function expectedFloat32Bits(runs: readonly string[], length: number): Uint32Array {
  const patterns = new Uint32Array(length);
  let last = 0;
  let at = 0;
  for (const run of runs) {
    const [count, difference] = run.split("*");
    for (let times = Number(count); times > 0; times--) {
      last = (last + Number(`0x${difference}`)) % 2 ** 32;
      patterns[at++] = last;
    }
  }
  expect(at).toBe(length);
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

/** Every element that a dtype has, by its bits. */
function everyElement(dtype: Dtype): NdArray {
  const { itemBytes, storedBits, view } = dtypeRow(dtype);
  const count = 2 ** (storedBits ?? itemBytes * 8);
  const data: NdArray["data"] = view(new ArrayBuffer(count * itemBytes), 0, count);
  const bytes = bytesOf(data);
  bytes.forEach((_, index) => {
    bytes[index] = itemBytes === 1 ? index : (index % 2 === 0 ? index / 2 : index >>> 9) & 0xff;
  });
  return new NdArray(dtype, [count], data);
}

describe.each<Dtype>([
  "float16",
  "bfloat16",
  "float8_e4m3fn",
  "float8_e5m2",
  "float8_e4m3b11fnuz",
  "float8_e4m3fnuz",
  "float8_e5m2fnuz",
  "float8_e3m4",
  "float8_e8m0fnu",
  "float4_e2m1fn",
])("%s", (dtype) => {
  const format = smallFloatOf(dtype);
  const { decoded, encoded } = vectors[dtype] ?? { decoded: [], encoded: [] };
  if (format === undefined) throw new Error(`${dtype} has no format`);
  const elements = everyElement(dtype);
  const expectedBits = expectedFloat32Bits(decoded, elements.data.length);
  const expected = new Float32Array(expectedBits.buffer);
  const patterns = [...expected.keys()];

  it("has Python's value for every bit pattern", () => {
    const wrong = patterns.filter((bits) => !Object.is(decodeSmallFloat(format, bits), expected[bits]));
    expect(wrong).toEqual([]);
  });

  it("converts to Python's float32 for every bit pattern", () => {
    const converted = toFloat32(elements);
    expect(patterns.filter((bits) => !Object.is(converted[bits], expected[bits]))).toEqual([]);
  });

  it("rounds float32 as Python does", () => {
    const cases = roundings(encoded);
    expect(cases.length).toBeGreaterThan(100);
    expect(cases.filter(({ value, rounded }) => encodeSmallFloat(format, value) !== rounded)).toEqual([]);
  });

  it("gives every pattern of a number back", () => {
    const lost = patterns.filter((bits) => {
      const value = decodeSmallFloat(format, bits);
      return !Number.isNaN(value) && encodeSmallFloat(format, value) !== bits;
    });
    expect(lost).toEqual([]);
  });
});
