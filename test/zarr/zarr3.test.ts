import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatJson, type JsonValue } from "../../src/bytes/json.js";
import { isOrbaxError } from "../../src/errors.js";
import type { Limits } from "../../src/limits.js";
import { planArray } from "../../src/zarr/array.js";
import type { BytesCodec, ChunkCodec } from "../../src/zarr/codecs.js";
import type { ArrayMetadata } from "../../src/zarr/metadata.js";
import { decodeZarrJson, encodeZarrJson } from "../../src/zarr/zarr3.js";
import { failure } from "../failure.js";
import { fixtureArrays3, fixtureNamed, metadataOf } from "./fixture-arrays.js";

type Members = { readonly [member: string]: JsonValue };

const BYTES = { name: "bytes", configuration: { endian: "little" } };
const CRC32C = { name: "crc32c" };
const ZSTD = { name: "zstd", configuration: { level: 1 } };
const BLOSC = { cname: "lz4", clevel: 5, shuffle: "shuffle", typesize: 4, blocksize: 0 };

const PLAIN = {
  zarr_format: 3,
  node_type: "array",
  shape: [4, 6],
  data_type: "float32",
  chunk_grid: { name: "regular", configuration: { chunk_shape: [2, 6] } },
  chunk_key_encoding: { name: "default" },
  codecs: [BYTES],
  fill_value: 0,
};

function decodeText(text: string, limits?: Partial<Limits>): ArrayMetadata {
  return decodeZarrJson(new TextEncoder().encode(text), "zarr.json", limits);
}

function decode(changes: Members = {}, limits?: Partial<Limits>): ArrayMetadata {
  return decodeText(formatJson({ ...PLAIN, ...changes }), limits);
}

function without(member: keyof typeof PLAIN): ArrayMetadata {
  const { [member]: _left, ...rest } = PLAIN;
  return decodeText(formatJson(rest));
}

function grid(changes: Members, configuration: Members = {}): Members {
  return {
    chunk_grid: {
      name: "regular",
      configuration: { chunk_shape: [2, 6], ...configuration },
      ...changes,
    },
  };
}

function sharding(changes: Members): JsonValue {
  const configuration = { chunk_shape: [1, 3], codecs: [BYTES], index_codecs: [BYTES, CRC32C], ...changes };
  return { name: "sharding_indexed", configuration };
}

function transpose(order: JsonValue): JsonValue {
  return { name: "transpose", configuration: { order } };
}

function blosc(changes: Members): JsonValue {
  return { name: "blosc", configuration: { ...BLOSC, ...changes } };
}

function shardsInShards(levels: number): readonly JsonValue[] {
  let codecs: readonly JsonValue[] = [BYTES];
  for (let level = 0; level < levels; level++) codecs = [sharding({ chunk_shape: [2, 6], codecs })];
  return codecs;
}

function compressorOf(blosc: JsonValue): BytesCodec | undefined {
  return decode({ codecs: [BYTES, blosc] }).codec.compressors[0];
}

function int4SerializerOf(codec: JsonValue): ChunkCodec["serializer"] {
  return decode({ data_type: "int4", codecs: [codec] }).codec.serializer;
}

function textOf(metadata: ArrayMetadata): string {
  return new TextDecoder().decode(encodeZarrJson(metadata));
}

describe("decodeZarrJson", () => {
  it("reads what Orbax writes", () => {
    expect(metadataOf(fixtureNamed("v3: float32 as Orbax writes"))).toEqual({
      zarr: 3,
      shape: [3, 5],
      chunkShape: [3, 5],
      dtype: "float32",
      fillValue: 0,
      chunkKeys: { name: "default", separator: "/" },
      codec: {
        axisOrder: [0, 1],
        serializer: {
          kind: "sharding",
          chunkShape: [3, 5],
          inner: {
            axisOrder: [0, 1],
            serializer: { kind: "bytes", byteOrder: "little" },
            compressors: [{ kind: "zstd", level: 3, checksum: false }],
          },
          index: {
            axisOrder: [0, 1, 2],
            serializer: { kind: "bytes", byteOrder: "little" },
            compressors: [{ kind: "crc32c" }],
          },
          indexLocation: "end",
        },
        compressors: [],
      },
    });
  });

  it.each(fixtureArrays3.written)("reads dtype and shape of $name", (fixture) => {
    expect(metadataOf(fixture)).toMatchObject({ dtype: fixture.dtype, shape: fixture.shape });
  });

  it.each<[Members, ArrayMetadata["chunkKeys"]]>([
    [{ name: "default" }, { name: "default", separator: "/" }],
    [{ name: "v2" }, { name: "v2", separator: "." }],
    [
      { name: "v2", configuration: {} },
      { name: "v2", separator: "." },
    ],
    [
      { name: "v2", configuration: { separator: "/" } },
      { name: "v2", separator: "/" },
    ],
    [
      { name: "default", configuration: { separator: "." } },
      { name: "default", separator: "." },
    ],
  ])("reads chunk keys %j", (encoding, chunkKeys) => {
    expect(decode({ chunk_key_encoding: encoding }).chunkKeys).toEqual(chunkKeys);
  });

  it.each<[JsonValue, readonly number[]]>([
    ["C", [0, 1, 2]],
    ["F", [2, 1, 0]],
    [
      [1, 2, 0],
      [1, 2, 0],
    ],
    [
      [2.0, 0, 1],
      [2, 0, 1],
    ],
  ])("reads a transposition %j as axes in stored order", (order, axisOrder) => {
    const changes = { shape: [2, 3, 4], ...grid({}, { chunk_shape: [2, 3, 4] }) };
    expect(decode({ ...changes, codecs: [transpose(order), BYTES] }).codec.axisOrder).toEqual(axisOrder);
  });

  it("joins transpositions behind each other", () => {
    const changes = { shape: [2, 3, 4], ...grid({}, { chunk_shape: [2, 3, 4] }) };
    const codecs = [transpose([1, 2, 0]), transpose([1, 0, 2]), BYTES];
    // The first makes the axes 1 2 0, the second swaps its first two.
    expect(decode({ ...changes, codecs }).codec.axisOrder).toEqual([2, 1, 0]);
  });

  it("reads compressors in their order", () => {
    const gzip = { name: "gzip", configuration: { level: 9 } };
    const zstd = { name: "zstd", configuration: { level: -7, checksum: true } };
    expect(
      decode({ codecs: [BYTES, CRC32C, gzip, zstd, { ...CRC32C, configuration: {} }] }).codec.compressors,
    ).toEqual([
      { kind: "crc32c" },
      { kind: "gzip", level: 9 },
      { kind: "zstd", level: -7, checksum: true },
      { kind: "crc32c" },
    ]);
  });

  it("reads Blosc's parameters", () => {
    const read = { kind: "blosc", cname: "lz4", clevel: 5, shuffle: 1, typesize: 4, blocksize: 0 };
    expect(compressorOf(blosc({}))).toEqual(read);
    expect(compressorOf(blosc({ shuffle: "bitshuffle", cname: "zstd" }))).toEqual({
      ...read,
      shuffle: 2,
      cname: "zstd",
    });
    expect(compressorOf(blosc({ shuffle: "noshuffle" }))).toEqual({
      ...read,
      shuffle: 0,
      typesize: undefined,
    });
  });

  it("takes no order of bytes for elements of one byte, and any", () => {
    expect(int4SerializerOf({ name: "bytes" })).toEqual({ kind: "bytes", byteOrder: "little" });
    expect(int4SerializerOf({ name: "bytes", configuration: { endian: "big" } })).toEqual({
      kind: "bytes",
      byteOrder: "little",
    });
  });

  it("reads compressors behind a shard, which TensorStore does not", () => {
    const codecs = [sharding({}), ZSTD];
    expect(decode({ codecs }).codec).toMatchObject({
      serializer: { kind: "sharding" },
      compressors: [{ kind: "zstd" }],
    });
  });

  it("leaves attributes and names of dimensions to others, equal ones too", () => {
    const described = { attributes: { a: 1 }, dimension_names: ["x", "x"], storage_transformers: [] };
    expect(decode(described)).toEqual(decode());
    expect(decode({ dimension_names: ["x", null] })).toEqual(decode());
  });

  it("passes over members that need not be understood", () => {
    expect(decode({ extension: { must_understand: false, name: "x" } })).toEqual(decode());
  });

  it("reads numbers written as floats, as TensorStore does", () => {
    const text = formatJson(PLAIN)
      .replace('"zarr_format": 3', '"zarr_format": 3.0')
      .replace("[4, 6]", "[4.0, 6]");
    expect(decodeText(text)).toEqual(decode());
  });
});

// What TensorStore 0.1.86 refuses, but where it is said.
describe("what decodeZarrJson refuses", () => {
  it.each<[keyof typeof PLAIN, string]>([
    ["zarr_format", "zarr_format"],
    ["node_type", "node_type"],
    ["shape", "shape"],
    ["data_type", "data_type"],
    ["chunk_grid", "chunk_grid"],
    ["chunk_key_encoding", "chunk_key_encoding"],
    ["codecs", "codecs"],
    ["fill_value", "fill_value"],
  ])("a file without %s", (member, field) => {
    expect(() => without(member)).toThrow(failure("DATA_LOSS", { field }));
  });

  it.each<[string, string, Members]>([
    ["another version", "zarr_format", { zarr_format: 2 }],
    ["a version in quotes", "zarr_format", { zarr_format: "3" }],
    ["a group", "node_type", { node_type: "group" }],
    ["a size in quotes", "shape[0]", { shape: ["4", 6] }],
    ["a negative size", "shape[1]", { shape: [4, -1] }],
    ["a grid that is no object", "chunk_grid", { chunk_grid: "regular" }],
    ["a grid without configuration", "chunk_grid configuration", { chunk_grid: { name: "regular" } }],
    ["chunks of size 0", "chunk_shape[0]", grid({}, { chunk_shape: [0, 6] })],
    ["chunks of another rank", "rank of chunk_shape", grid({}, { chunk_shape: [2] })],
    ["a key encoding that is no object", "chunk_key_encoding", { chunk_key_encoding: "v2" }],
    [
      "another separator",
      "separator",
      { chunk_key_encoding: { name: "v2", configuration: { separator: "x" } } },
    ],
    [
      "a separator that is null",
      "separator",
      { chunk_key_encoding: { name: "v2", configuration: { separator: null } } },
    ],
    ["attributes that are no object", "attributes", { attributes: null }],
    ["names that are no array", "dimension_names", { dimension_names: null }],
    ["too few names", "number of dimension_names", { dimension_names: ["x"] }],
    ["a name that is a number", "dimension_names[1]", { dimension_names: ["x", 1] }],
    ["transformers that are no array", "storage_transformers", { storage_transformers: null }],
    ["a fill value of another kind", "fill_value", { fill_value: true }],
    ["a fill value that is null", "fill_value", { fill_value: null }],
  ])("%s", (_name, field, changes) => {
    expect(() => decode(changes)).toThrow(failure("DATA_LOSS", { field }));
  });

  const toBytes = "codecs: codec from array to bytes";

  it.each<[string, string, readonly JsonValue[]]>([
    ["no codecs", toBytes, []],
    ["a transposition alone", toBytes, [transpose([1, 0])]],
    ["a compressor first", toBytes, [ZSTD, BYTES]],
    ["bytes twice", "codec behind the one from array to bytes", [BYTES, BYTES]],
    ["a transposition behind bytes", "codec behind the one from array to bytes", [BYTES, transpose([1, 0])]],
    ["a codec that is a string", "codecs[0]", ["bytes"]],
    ["a configuration that is null", "configuration of crc32c", [BYTES, { ...CRC32C, configuration: null }]],
    ["no order of bytes for 4-byte elements", "endian of bytes", [{ name: "bytes" }]],
    ["another order of bytes", "endian of bytes", [{ name: "bytes", configuration: { endian: "x" } }]],
    ["a transposition of other axes", "order of transpose", [transpose([1, 1]), BYTES]],
    ["a transposition of fewer axes", "order of transpose", [transpose([0]), BYTES]],
    ["a transposition without order", "order of transpose", [{ name: "transpose" }, BYTES]],
    ["a transposition X", "order of transpose", [transpose("X"), BYTES]],
    ["gzip without level", "level of gzip", [BYTES, { name: "gzip" }]],
    ["gzip's level 10", "level of gzip", [BYTES, { name: "gzip", configuration: { level: 10 } }]],
    ["zstd without level", "level of zstd", [BYTES, { name: "zstd", configuration: { checksum: true } }]],
    ["zstd's level 23", "level of zstd", [BYTES, { name: "zstd", configuration: { level: 23 } }]],
    [
      "a checksum that is 1",
      "checksum of zstd",
      [BYTES, { name: "zstd", configuration: { level: 1, checksum: 1 } }],
    ],
    ["another compressor in Blosc", "cname of blosc", [BYTES, blosc({ cname: "x" })]],
    ["Blosc's level -1", "clevel of blosc", [BYTES, blosc({ clevel: -1 })]],
    ["a shuffle by number", "shuffle of blosc", [BYTES, blosc({ shuffle: 1 })]],
    ["elements of 0 bytes", "typesize of blosc", [BYTES, blosc({ typesize: 0 })]],
    [
      "elements of 256 bytes, unshuffled",
      "typesize of blosc",
      [BYTES, blosc({ shuffle: "noshuffle", typesize: 256 })],
    ],
    ["a negative block size", "blocksize of blosc", [BYTES, blosc({ blocksize: -1 })]],
    ["inner chunks of another rank", "chunk_shape of sharding_indexed", [sharding({ chunk_shape: [1] })]],
    ["inner chunks of size 0", "chunk_shape of sharding_indexed[0]", [sharding({ chunk_shape: [0, 3] })]],
    [
      "inner chunks that do not divide",
      "chunk_shape of sharding_indexed",
      [sharding({ chunk_shape: [1, 4] })],
    ],
    [
      "inner chunks larger than shards",
      "chunk_shape of sharding_indexed",
      [sharding({ chunk_shape: [4, 6] })],
    ],
    [
      "inner chunks that divide before the transposition only",
      "chunk_shape of sharding_indexed",
      [transpose([1, 0]), sharding({ chunk_shape: [1, 3] })],
    ],
    ["a shard without codecs", toBytes, [sharding({ codecs: [] })]],
    ["an index without codecs", "index_codecs: codec from array to bytes", [sharding({ index_codecs: [] })]],
    ["an index without order of bytes", "endian of bytes", [sharding({ index_codecs: [{ name: "bytes" }] })]],
    ["an index in the middle", "index_location", [sharding({ index_location: "middle" })]],
    ["an index at null", "index_location", [sharding({ index_location: null })]],
    ["a shard without configuration", "chunk_shape of sharding_indexed", [{ name: "sharding_indexed" }]],
  ])("%s", (_name, field, codecs) => {
    expect(() => decode({ codecs })).toThrow(failure("DATA_LOSS", { field }));
  });

  it.each<[string, string, Members]>([
    ["foo", "member", { foo: 1 }],
    ["consolidated_metadata", "member", { consolidated_metadata: null }],
    ["must", "member", { must: { must_understand: true } }],
    ["rectangular", "chunk_grid", grid({ name: "rectangular" })],
    ["origin", "member of chunk_grid configuration", grid({}, { origin: 0 })],
    ["must_understand", "member of chunk_grid", grid({ must_understand: false })],
    ["v4", "chunk_key_encoding", { chunk_key_encoding: { name: "v4" } }],
    ["r16", "data_type", { data_type: "r16" }],
    ["uint4", "data_type", { data_type: "uint4" }],
    ["string", "data_type", { data_type: { name: "string", configuration: {} } }],
    ["bz2", "codec", { codecs: [BYTES, { name: "bz2" }] }],
    ["numcodecs.zlib", "codec", { codecs: [BYTES, { name: "numcodecs.zlib", must_understand: false }] }],
    ["must_understand", "member of codec bytes", { codecs: [{ ...BYTES, must_understand: false }] }],
    [
      "strategy",
      "member of gzip",
      { codecs: [BYTES, { name: "gzip", configuration: { level: 1, strategy: 0 } }] },
    ],
    ["order", "member of sharding_indexed", { codecs: [sharding({ order: "C" })] }],
    ["fixed size", "index_codecs", { codecs: [sharding({ index_codecs: [BYTES, ZSTD] })] }],
    [
      "fixed size",
      "index_codecs",
      { codecs: [sharding({ index_codecs: [sharding({ chunk_shape: [1, 1, 2] })] })] },
    ],
    ["33", "rank of shape", { shape: Array.from({ length: 33 }, () => 1) }],
    ["storage_transformers", "number of storage_transformers", { storage_transformers: [{ name: "x" }] }],
  ])("%s as UNSUPPORTED, naming it", (name, field, changes) => {
    expect(() => decode(changes)).toThrow(failure("UNSUPPORTED", { field }));
    expect(() => decode(changes)).toThrow(name);
  });

  it("text that is no JSON, or no object", () => {
    expect(() => decodeText("{")).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
    expect(() => decodeText("[]")).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
  });

  it("an array or a shard over the limit", () => {
    const tooLarge = expect.objectContaining({
      code: "LIMIT_EXCEEDED",
      details: expect.objectContaining({ limit: "arrayBytes" }),
    });
    expect(() => decode({ shape: [2 ** 20, 2 ** 20] })).toThrow(tooLarge);
    expect(() => decode({ ...grid({}, { chunk_shape: [2 ** 40, 6] }) })).toThrow(tooLarge);
    expect(() => decode({}, { arrayBytes: 4 * 6 * 4 - 1 })).toThrow(tooLarge);
    expect(decode({}, { arrayBytes: 4 * 6 * 4 }).shape).toEqual([4, 6]);
  });

  it("shards in shards deeper than JSON may be", () => {
    const text = JSON.stringify({ ...PLAIN, codecs: shardsInShards(500) });
    expect(() => decodeText(text)).toThrow(
      expect.objectContaining({
        code: "LIMIT_EXCEEDED",
        details: expect.objectContaining({ limit: "depth" }),
      }),
    );
    expect(decode({ codecs: shardsInShards(200) }).codec.serializer.kind).toBe("sharding");
  });
});

describe("any damage to the text", () => {
  it("ends in metadata or in an OrbaxError", () => {
    const damage = fc.record({
      text: fc.constantFrom(...fixtureArrays3.written.map(({ document }) => document)),
      at: fc.nat(700),
      removed: fc.nat(4),
      // Mostly what JSON is made of, so that the damage gets beyond the parser.
      inserted: fc.oneof(
        fc.constantFrom('"', "[", "]", "{}", "null", "-", "9", "9999999999999999", "1e99", ",0", "\\u"),
        fc.string({ maxLength: 3 }),
      ),
    });
    fc.assert(
      fc.property(damage, ({ text, at, removed, inserted }) => {
        try {
          const metadata = decodeText(text.slice(0, at) + inserted + text.slice(at + removed), {
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

/** Transpositions are joined. */
const rewritten = new Set(["v3: transposed twice"]);

describe("encodeZarrJson", () => {
  it.each(fixtureArrays3.written.filter(({ name }) => !rewritten.has(name)))(
    "writes TensorStore's text for $name",
    (fixture) => {
      expect(textOf(metadataOf(fixture))).toBe(fixture.document);
    },
  );

  it("leaves out transpositions that cancel each other", () => {
    const { document, name } = fixtureNamed("v3: transposed twice");
    const one = '{"configuration":{"order":[1,0]},"name":"transpose"},';
    expect(textOf(metadataOf(fixtureNamed(name)))).toBe(document.replace(one + one, ""));
  });

  it.each(fixtureArrays3.read)("is undone by decodeZarrJson: $name", (fixture) => {
    const metadata = metadataOf(fixture);
    expect(decodeZarrJson(encodeZarrJson(metadata), "zarr.json")).toEqual(metadata);
  });

  it("refuses compressors that zarr v3 has not", () => {
    const metadata = metadataOf(fixtureNamed("v3: zstd"));
    const codec = { ...metadata.codec, compressors: [{ kind: "bz2", level: 1 } as const] };
    expect(() => encodeZarrJson({ ...metadata, codec })).toThrow(failure("UNSUPPORTED", { field: "codec" }));
  });
});
