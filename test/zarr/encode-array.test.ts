import { describe, expect, it } from "vitest";
import { planArray } from "../../src/zarr/array.js";
import { dtypeRow } from "../../src/zarr/dtype.js";
import { encodeArray } from "../../src/zarr/encode-array.js";
import { type NdArray, ndarray } from "../../src/zarr/nd-array.js";
import { encodeZarray } from "../../src/zarr/zarr2.js";
import { encodeZarrJson } from "../../src/zarr/zarr3.js";
import {
  type FixtureArray,
  fixtureArrays,
  fixtureArrays3,
  fixtureNamed,
  fromHex,
  metadataOf,
  toHex,
} from "./fixture-arrays.js";

const NONE = { kind: "none" } as const;
const ZSTD = { kind: "zstd", level: 1 } as const;

/** The elements of a fixture as an array. */
function arrayOf(fixture: FixtureArray): NdArray {
  const { dtype } = metadataOf(fixture);
  const { view, itemBytes, components } = dtypeRow(dtype);
  const bytes = fromHex(fixture.data);
  const data = view(bytes.buffer, 0, (bytes.length / itemBytes) * components);
  return ndarray(dtype, fixture.shape, data);
}

/** Stands for an encoder: what it was asked for, and the data. */
function levelAndData(data: Uint8Array, options: { level: number; checksum: boolean }): Uint8Array {
  return Uint8Array.of(options.level, Number(options.checksum), ...data);
}

const uncompressed = fixtureArrays.written.filter(
  ({ name }) => name.endsWith("uncompressed") || name === "rank 0",
);

describe("encodeArray", () => {
  it.each(uncompressed)("stores $name exactly as TensorStore does", (fixture) => {
    const { metadata, chunks } = encodeArray(arrayOf(fixture), { compressor: NONE });
    expect(new TextDecoder().decode(encodeZarray(metadata))).toBe(fixture.document);
    expect(Object.fromEntries(chunks.map(([key, encode]) => [key, toHex(encode())]))).toEqual(fixture.chunks);
  });

  it("stores no chunk of an array of size 0, whose chunks are 1 there", () => {
    const fixture = fixtureNamed("size 0");
    const { metadata, chunks } = encodeArray(ndarray("float32", [0, 3], new Float32Array(0)), {
      compressor: ZSTD,
    });
    expect(new TextDecoder().decode(encodeZarray(metadata))).toBe(fixture.document);
    expect(chunks).toEqual([]);
  });

  it("hands out the array's own memory", () => {
    const data = Float64Array.of(1, 2, 3).subarray(1);
    const { chunks } = encodeArray(ndarray("float64", [2], data), { compressor: NONE });
    const bytes = chunks[0]?.[1]();
    expect([bytes?.buffer, bytes?.byteOffset, bytes?.length]).toEqual([data.buffer, 8, 16]);
  });

  it("compresses with the encoder that it is given", () => {
    const array = ndarray("int8", [2], Int8Array.of(5, 6));
    const { metadata, chunks } = encodeArray(array, { compressor: ZSTD, zstd: levelAndData });
    expect(metadata.codec.compressors).toEqual([{ kind: "zstd", level: 1, checksum: false }]);
    expect(chunks.map(([key, encode]) => [key, encode()])).toEqual([["0", Uint8Array.of(1, 1, 5, 6)]]);
  });

  it("refuses zstd without an encoder", () => {
    const array = ndarray("int8", [2], Int8Array.of(5, 6));
    const { chunks } = encodeArray(array, { compressor: ZSTD });
    expect(() => chunks[0]?.[1]()).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
  });

  it("refuses bools that Python would not read", () => {
    const array = ndarray("bool", [3], Uint8Array.of(1, 0, 2));
    expect(() => encodeArray(array, { compressor: NONE })).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: "bool array: element 2 is 2, expected 0 or 1",
      }),
    );
  });

  it.each(uncompressed)("is undone by planArray: $name", (fixture) => {
    const array = arrayOf(fixture);
    const { metadata, chunks } = encodeArray(array, { compressor: NONE });
    const plan = planArray(metadata, { missingChunks: "error", what: "w" });
    expect(plan.chunks.map(({ key }) => key)).toEqual(chunks.map(([key]) => key));
    chunks.forEach(([, encode], number) => plan.accept(number, encode()));
    const read = plan.finish();
    expect([read.dtype, read.shape]).toEqual([array.dtype, array.shape]);
    expect(new Uint8Array(read.data.buffer)).toEqual(new Uint8Array(array.data.buffer));
  });
});

const asOrbaxWrites = fixtureArrays3.written.filter(({ name }) => name.endsWith("as Orbax writes"));

describe("encodeArray in zarr v3", () => {
  it.each(asOrbaxWrites)("describes $name exactly as Orbax does", (fixture) => {
    const compressor = { kind: "zstd", level: 3 } as const;
    const { metadata } = encodeArray(arrayOf(fixture), { zarr: 3, compressor });
    expect(new TextDecoder().decode(encodeZarrJson(metadata))).toBe(fixture.document);
  });

  it("stores a shard of one inner chunk exactly as TensorStore does", () => {
    const fixture = fixtureNamed("v3: shards: one of one"); // 4 × 6, uncompressed
    const { metadata, chunks } = encodeArray(arrayOf(fixture), { zarr: 3, compressor: NONE });
    expect(new TextDecoder().decode(encodeZarrJson(metadata))).toBe(fixture.document);
    expect(Object.fromEntries(chunks.map(([key, encode]) => [key, toHex(encode())]))).toEqual(fixture.chunks);
  });

  it("stores rank 0 under c", () => {
    const { chunks } = encodeArray(ndarray("int8", [], Int8Array.of(5)), { zarr: 3, compressor: NONE });
    expect(chunks.map(([key]) => key)).toEqual(["c"]);
  });

  it("stores no chunk of an array of size 0", () => {
    const fixture = fixtureNamed("v3: shards: size 0");
    const array = ndarray("float32", [0, 3], new Float32Array(0));
    const { metadata, chunks } = encodeArray(array, { zarr: 3, compressor: NONE });
    expect(new TextDecoder().decode(encodeZarrJson(metadata))).toBe(fixture.document);
    expect(chunks).toEqual([]);
  });

  it("compresses within the shard", () => {
    const array = ndarray("int8", [2], Int8Array.of(5, 6));
    const options = { zarr: 3, compressor: ZSTD, zstd: levelAndData, checksum: false } as const;
    const stored = encodeArray(array, options).chunks[0]?.[1]();
    expect(stored?.subarray(0, 4)).toEqual(Uint8Array.of(1, 0, 5, 6));
    expect(stored).toHaveLength(4 + 16 + 4);
  });

  it.each(["uint4"] as const)("refuses %s, which zarr does not store", (dtype) => {
    const array = ndarray(dtype, [1], Uint8Array.of(1));
    expect(() => encodeArray(array, { zarr: 3, compressor: NONE })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it.each([
    ["int4", 8, "expected -8 to 7"],
    ["int2", -3, "expected -2 to 1"],
  ] as const)("refuses what %s cannot hold", (dtype, element, message) => {
    const array = ndarray(dtype, [2], Int8Array.of(0, element));
    expect(() => encodeArray(array, { compressor: NONE })).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: `${dtype} array: element 1 is ${element}, ${message}`,
      }),
    );
  });
});
