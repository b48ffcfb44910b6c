import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatJson, type JsonValue } from "../../src/bytes/json.js";
import { isOrbaxError } from "../../src/errors.js";
import type { Limits } from "../../src/limits.js";
import { planArray } from "../../src/zarr/array.js";
import type { ArrayMetadata } from "../../src/zarr/metadata.js";
import { decodeZarray, encodeZarray } from "../../src/zarr/zarr2.js";
import { failure } from "../failure.js";
import { fixtureArrays, fixtureNamed, metadataOf } from "./fixture-arrays.js";

const PLAIN = {
  zarr_format: 2,
  shape: [4, 6],
  chunks: [2, 3],
  dtype: "<f4",
  compressor: null,
  fill_value: null,
  order: "C",
  filters: null,
};

function decode(changes: { readonly [member: string]: JsonValue } = {}, limits?: Partial<Limits>) {
  return decodeZarray(new TextEncoder().encode(formatJson({ ...PLAIN, ...changes })), ".zarray", limits);
}

function without(member: keyof typeof PLAIN) {
  const { [member]: _left, ...rest } = PLAIN;
  return decodeZarray(new TextEncoder().encode(formatJson(rest)), ".zarray");
}

function fillOf(dtype: string, fill: JsonValue) {
  return decode({ dtype, fill_value: fill }).fillValue;
}

function textOf(metadata: ArrayMetadata): string {
  return new TextDecoder().decode(encodeZarray(metadata));
}

describe("decodeZarray", () => {
  it("reads what TensorStore writes", () => {
    expect(metadataOf(fixtureNamed("chunks that divide the shape"))).toEqual({
      zarr: 2,
      shape: [4, 6],
      chunkShape: [2, 3],
      dtype: "float32",
      fillValue: undefined,
      chunkKeys: { name: "v2", separator: "." },
      codec: {
        axisOrder: [0, 1],
        serializer: { kind: "bytes", byteOrder: "little" },
        compressors: [{ kind: "zstd", level: 1, checksum: false }],
      },
    });
  });

  it.each(fixtureArrays.written)("reads the dtype of $name", (fixture) => {
    expect(metadataOf(fixture)).toMatchObject({
      dtype: fixture.dtype,
      codec: { serializer: { byteOrder: "little" } },
    });
  });

  it("takes a missing separator for a point", () => {
    expect(decode().chunkKeys.separator).toBe(".");
    expect(decode({ dimension_separator: "/" }).chunkKeys.separator).toBe("/");
  });

  it("reads order F", () => {
    expect(decode({ order: "F" }).codec.axisOrder).toEqual([1, 0]);
  });

  it.each([
    [">f8", "float64", "big"],
    [">c8", "complex64", "big"],
    ["<i2", "int16", "little"],
    ["bfloat16", "bfloat16", "little"],
    [">u1", "uint8", "little"],
    ["<b1", "bool", "little"],
  ])("reads dtype %s", (name, dtype, byteOrder) => {
    expect(decode({ dtype: name })).toMatchObject({ dtype, codec: { serializer: { byteOrder } } });
  });

  // TensorStore 0.1.86, asked for its spec.
  it.each<[JsonValue, unknown]>([
    [{ id: "zstd" }, { kind: "zstd", level: 1, checksum: false }],
    [
      { id: "zstd", level: -5 },
      { kind: "zstd", level: -5, checksum: false },
    ],
    [{ id: "zlib" }, { kind: "zlib", level: 1 }],
    [
      { id: "zlib", level: 0 },
      { kind: "zlib", level: 0 },
    ],
    [{ id: "gzip" }, { kind: "gzip", level: 1 }],
    [{ id: "bz2" }, { kind: "bz2", level: 1 }],
    [
      { id: "bz2", level: 9 },
      { kind: "bz2", level: 9 },
    ],
    [
      { id: "blosc" },
      { kind: "blosc", cname: "lz4", clevel: 5, shuffle: -1, typesize: undefined, blocksize: 0 },
    ],
    [
      { id: "blosc", cname: "zstd", clevel: 0, shuffle: 2, blocksize: 64 },
      { kind: "blosc", cname: "zstd", clevel: 0, shuffle: 2, typesize: undefined, blocksize: 64 },
    ],
  ])("reads compressor %j, with TensorStore's defaults", (compressor, codec) => {
    expect(decode({ compressor }).codec.compressors).toEqual([codec]);
  });

  it("reads sizes written as floats, as TensorStore does", () => {
    const text = formatJson(PLAIN).replace("[4, 6]", "[4.0, 6]");
    expect(decodeZarray(new TextEncoder().encode(text), ".zarray").shape).toEqual([4, 6]);
  });

  it("reads arrays of rank 0 and of size 0", () => {
    expect(decode({ shape: [], chunks: [] })).toMatchObject({ shape: [], chunkShape: [] });
    expect(decode({ shape: [0, 3], chunks: [1, 3] })).toMatchObject({ shape: [0, 3], chunkShape: [1, 3] });
  });
});

describe("what decodeZarray refuses", () => {
  it.each([
    "zarr_format",
    "shape",
    "chunks",
    "dtype",
    "compressor",
    "fill_value",
    "order",
    "filters",
  ] as const)("a file without %s", (member) => {
    expect(() => without(member)).toThrow(failure("DATA_LOSS", { field: member }));
  });

  it.each<[string, string, { readonly [member: string]: JsonValue }]>([
    ["another version", "zarr_format", { zarr_format: 3 }],
    ["a shape that is no array", "shape", { shape: 4 }],
    ["a negative size", "shape[1]", { shape: [4, -1] }],
    ["a fractional size", "shape[0]", { shape: [4.5, 6] }],
    ["a size in quotes", "shape[0]", { shape: ["4", 6] }],
    ["a size beyond 2^53", "shape[0]", { shape: [2n ** 60n, 6] }],
    ["a chunk of size 0", "chunks[0]", { chunks: [0, 3] }],
    ["a chunk of negative size", "chunks[1]", { chunks: [2, -3] }],
    ["chunks of another rank", "rank of chunks", { chunks: [2] }],
    ["a dtype that is no string", "dtype", { dtype: 4 }],
    ["another order", "order", { order: "A" }],
    ["another separator", "dimension_separator", { dimension_separator: "x" }],
    ["a separator that is null", "dimension_separator", { dimension_separator: null }],
    ["a compressor that is a string", "compressor", { compressor: "zstd" }],
    ["a compressor without id", "compressor id", { compressor: { level: 1 } }],
    ["a level in quotes", "compressor level", { compressor: { id: "zstd", level: "1" } }],
    ["a level beyond 22", "compressor level", { compressor: { id: "zstd", level: 23 } }],
    ["a level below -131072", "compressor level", { compressor: { id: "zstd", level: -131073 } }],
    ["zlib's level 10", "compressor level", { compressor: { id: "zlib", level: 10 } }],
    ["gzip's level -1", "compressor level", { compressor: { id: "gzip", level: -1 } }],
    ["bz2's level 0", "compressor level", { compressor: { id: "bz2", level: 0 } }],
    ["another compressor in Blosc", "compressor cname", { compressor: { id: "blosc", cname: "x" } }],
    ["Blosc's level 10", "compressor clevel", { compressor: { id: "blosc", clevel: 10 } }],
    ["Blosc's shuffle 3", "compressor shuffle", { compressor: { id: "blosc", shuffle: 3 } }],
    ["Blosc's shuffle as text", "compressor shuffle", { compressor: { id: "blosc", shuffle: "1" } }],
    ["a negative block size", "compressor blocksize", { compressor: { id: "blosc", blocksize: -1 } }],
    ["filters that are no array", "filters", { filters: "delta" }],
    ["a fill value of a wrong kind", "fill_value", { fill_value: true }],
  ])("%s", (_name, field, changes) => {
    expect(() => decode(changes)).toThrow(failure("DATA_LOSS", { field }));
  });

  it.each<[string, string, { readonly [member: string]: JsonValue }]>([
    ["lz4", "compressor", { compressor: { id: "lz4" } }],
    ["lzma", "compressor", { compressor: { id: "lzma" } }],
    ["checksum", "member of compressor", { compressor: { id: "zstd", checksum: true } }],
    ["strategy", "member of compressor", { compressor: { id: "zlib", strategy: 1 } }],
    ["typesize", "member of compressor", { compressor: { id: "blosc", typesize: 4 } }],
    ["delta", "filters", { filters: [{ id: "delta", dtype: "<f4" }] }],
    ["<f16", "dtype", { dtype: "<f16" }],
    ["|f4", "dtype", { dtype: "|f4" }],
    ["=f4", "dtype", { dtype: "=f4" }],
    [">bfloat16", "dtype", { dtype: ">bfloat16" }],
    ["<U2", "dtype", { dtype: "<U2" }],
    ["33", "rank of shape", { shape: Array.from({ length: 33 }, () => 1) }],
  ])("%s as UNSUPPORTED, naming it", (name, field, changes) => {
    expect(() => decode(changes)).toThrow(failure("UNSUPPORTED", { field }));
    expect(() => decode(changes)).toThrow(name);
  });

  it("a structured dtype", () => {
    expect(() => decode({ dtype: [["a", "<f4"]] })).toThrow(failure("UNSUPPORTED", { field: "dtype" }));
  });

  it("text that is no JSON, or no object", () => {
    expect(() => decodeZarray(new TextEncoder().encode("{"), ".zarray")).toThrow(
      expect.objectContaining({ code: "DATA_LOSS" }),
    );
    expect(() => decodeZarray(new TextEncoder().encode("[]"), ".zarray")).toThrow(
      expect.objectContaining({ code: "DATA_LOSS" }),
    );
  });

  const tooLarge = expect.objectContaining({
    code: "LIMIT_EXCEEDED",
    details: expect.objectContaining({ limit: "arrayBytes" }),
  });

  it("an array or a chunk over the limit", () => {
    expect(() => decode({ shape: [2 ** 20, 2 ** 20] })).toThrow(tooLarge);
    expect(() => decode({ chunks: [2 ** 40, 3] })).toThrow(tooLarge);
    expect(() => decode({}, { arrayBytes: 4 * 6 * 4 - 1 })).toThrow(tooLarge);
    expect(decode({}, { arrayBytes: 4 * 6 * 4 }).shape).toEqual([4, 6]);
  });

  it("sizes whose product overflows a double, also beside a size of 0", () => {
    const sizes = [...Array.from({ length: 31 }, () => 2 ** 50), 0];
    expect(() => decode({ shape: sizes, chunks: sizes.map(() => 1) })).toThrow(tooLarge);
  });
});

describe("fill values", () => {
  it.each<[string, JsonValue, unknown]>([
    ["|b1", true, true],
    ["|i1", -128, -128],
    ["<i4", 7, 7],
    ["<i8", 7, 7n],
    ["<u8", 18446744073709551615n, 18446744073709551615n],
    ["<f8", "NaN", NaN],
    ["<f4", "-Infinity", -Infinity],
    ["<f4", 0.1, Math.fround(0.1)],
    ["<f2", 1 + 2 ** -11 + 2 ** -30, 1], // over float32, where it is the middle of two float16
    ["<f8", 9007199254740993n, 9007199254740992],
    ["<f8", " +1.5e3", 1500],
    ["<f8", ".5", 0.5],
    ["<f4", "0x1p3", 8],
    ["<c8", "AADAPwAAAEA=", [1.5, 2]],
    [">c8", "P8AAAEAAAAA=", [1.5, 2]],
    ["<c8", [1.5, "NaN"], [1.5, NaN]],
    ["<c16", null, undefined],
  ])("of %s: %o", (dtype, json, value) => {
    expect(fillOf(dtype, json)).toEqual(value);
  });

  it.each<[string, JsonValue]>([
    ["|b1", 1],
    ["|i1", 128],
    ["|u1", -1],
    ["<i4", 1.5],
    ["<i4", "1"],
    ["<u8", 18446744073709551616n],
    ["<i8", 9223372036854775808n],
    ["<f4", "nan"],
    ["<f4", "-NaN"],
    ["<f4", "1_0"],
    ["<f4", ""],
    ["<f4", [1, 2]],
    ["<c8", 1],
    ["<c8", [1]],
    ["<c8", [1, 2, 3]],
    ["<c8", [true, 2]],
  ])("of %s: not %o", (dtype, json) => {
    expect(() => fillOf(dtype, json)).toThrow(failure("DATA_LOSS", { field: "fill_value" }));
  });
});

describe("any damage to the text", () => {
  it("ends in metadata or in an OrbaxError", () => {
    const texts = [
      ...[...fixtureArrays.written, ...fixtureArrays.read].map(({ document }) => document),
      formatJson({ ...PLAIN, dtype: "<c16", fill_value: [1.5, "NaN"], dimension_separator: "/" }),
    ];
    const damage = fc.record({
      text: fc.constantFrom(...texts),
      at: fc.nat(200),
      removed: fc.nat(4),
      // Mostly what JSON is made of, so that the damage gets beyond the parser.
      inserted: fc.oneof(
        fc.constantFrom(
          '"',
          "[",
          "]",
          "{}",
          "null",
          "-",
          "9",
          "9999999999999999",
          "1e99",
          "NaN",
          ",0",
          "\\u",
        ),
        fc.string({ maxLength: 3 }),
      ),
    });
    fc.assert(
      fc.property(damage, ({ text, at, removed, inserted }) => {
        const damaged = text.slice(0, at) + inserted + text.slice(at + removed);
        try {
          const metadata = decodeZarray(new TextEncoder().encode(damaged), ".zarray", {
            arrayBytes: 2 ** 20,
          });
          const plan = planArray(metadata, { missingChunks: "fill", what: "w", arrayChunks: 100 });
          plan.chunks.forEach((_, number) => plan.accept(number, undefined));
          expect(plan.finish().shape).toEqual(metadata.shape);
        } catch (error) {
          expect(isOrbaxError(error), String(error)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("encodeZarray", () => {
  it.each(fixtureArrays.written)("writes TensorStore's text for $name", (fixture) => {
    expect(textOf(metadataOf(fixture))).toBe(fixture.document);
  });

  // From TensorStore 0.1.86, created with these fill values.
  it.each<[string, JsonValue, string]>([
    ["<f4", 1.5, "1.5"],
    ["<f4", 1, "1.0"],
    ["<f4", "NaN", '"NaN"'],
    ["bfloat16", "-Infinity", '"-Infinity"'],
    ["<i8", 1, "1"],
    ["<u8", 18446744073709551615n, "18446744073709551615"],
    ["|b1", true, "true"],
    ["<c8", [1.5, 2], "[1.5,2.0]"],
    ["<f8", 1e30, "1e+30"],
    ["<f4", 0.1, "0.10000000149011612"],
    ["<f8", 1e-7, "1e-07"],
    ["<f8", 1e22, "1e+22"],
    ["<f8", -0, "-0.0"],
    ["<f8", 123456789012, "123456789012.0"],
  ])("writes TensorStore's text for a fill value of %s: %o", (dtype, fill, text) => {
    expect(textOf(decode({ dtype, fill_value: fill }))).toContain(`"fill_value":${text},"filters"`);
  });

  it.each([0.001, 0.0001, 0.00001, 1.25e-5, 123456789012345, 1234567890123456, -1.5e300, 5e-324])(
    "writes %d so that it is read back",
    (fill) => {
      const metadata = decode({ dtype: "<f8", fill_value: fill });
      expect(decodeZarray(encodeZarray(metadata), ".zarray")).toEqual(metadata);
      expect(metadata.fillValue).toBe(fill);
    },
  );

  it.each<[JsonValue, string]>([
    [{ id: "gzip", level: 9 }, '{"id":"gzip","level":9}'],
    [{ id: "zlib" }, '{"id":"zlib","level":1}'],
    [{ id: "bz2" }, '{"id":"bz2","level":1}'],
    [{ id: "blosc" }, '{"blocksize":0,"clevel":5,"cname":"lz4","id":"blosc","shuffle":-1}'],
  ])("writes TensorStore's text for compressor %j", (compressor, text) => {
    expect(textOf(decode({ compressor }))).toContain(`"compressor":${text},"dimension_separator"`);
  });

  it("keeps byte order, order and separator", () => {
    const metadata = decode({ dtype: ">i4", order: "F", dimension_separator: "/", fill_value: -3 });
    expect(decodeZarray(encodeZarray(metadata), ".zarray")).toEqual(metadata);
    expect(textOf(metadata)).toContain('"dtype":">i4"');
  });
});
