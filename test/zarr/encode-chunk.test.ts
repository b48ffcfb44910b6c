import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeChunkData } from "../../src/zarr/chunk.js";
import type { ChunkCodec } from "../../src/zarr/codecs.js";
import { bytesOf, dtypeRow, elementCount } from "../../src/zarr/dtype.js";
import { encodeChunk } from "../../src/zarr/encode-chunk.js";
import { chunkCodecs } from "./arbitrary-codecs.js";
import { fromHex, toHex } from "./fixture-arrays.js";
import { plainMetadata, sharding } from "./plain-metadata.js";

const ZSTD = { kind: "zstd", level: 3, checksum: false } as const;
const CRC32C = { kind: "crc32c" } as const;

describe("encodeChunk", () => {
  it("hands out plain bytes as they are", () => {
    const bytes = new Uint8Array(24);
    expect(encodeChunk(bytes, plainMetadata())).toBe(bytes);
  });

  it("refuses zstd where there is no encoder", () => {
    expect(() => encodeChunk(new Uint8Array(24), plainMetadata({ compressors: [ZSTD] }))).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED" }),
    );
  });

  it("refuses compressors that it does not write", () => {
    const metadata = plainMetadata({ compressors: [{ kind: "gzip", level: 6 }] });
    expect(() => encodeChunk(new Uint8Array(24), metadata)).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED", message: expect.stringContaining("gzip") }),
    );
  });

  it("hands level and checksum to the encoder", () => {
    const asked: unknown[] = [];
    const zstd = (data: Uint8Array, options: unknown) => {
      asked.push(options);
      return data;
    };
    const metadata = plainMetadata({ compressors: [ZSTD] });
    encodeChunk(new Uint8Array(24), metadata, { zstd });
    encodeChunk(new Uint8Array(24), metadata, { zstd, checksum: false });
    expect(asked).toEqual([
      { level: 3, checksum: true },
      { level: 3, checksum: false },
    ]);
  });

  it("stores 0 in the unused bits of int4, in memory of its own", () => {
    const bytes = Uint8Array.of(0xff, 7, 0xf8);
    const stored = encodeChunk(bytes, plainMetadata({ dtype: "int4", shape: [3], chunkShape: [3] }));
    expect([...stored]).toEqual([0x0f, 7, 8]);
    expect([...bytes]).toEqual([0xff, 7, 0xf8]);
  });

  // From TensorStore 0.1.86: float32 0 … 5 of [2, 3] in inner chunks of one row, which leaves nothing out.
  it.each([
    [
      "end",
      "000000000000803f0000004000004040000080400000a040" +
        "00000000000000000c000000000000000c000000000000000c000000000000004e6d9284",
    ],
    [
      "start",
      "24000000000000000c0000000000000030000000000000000c00000000000000d88dddaa" +
        "000000000000803f0000004000004040000080400000a040",
    ],
  ] as const)("writes a shard with its index at the %s as TensorStore does", (indexLocation, hex) => {
    const shape = [2, 3];
    const serializer = sharding([1, 3], { indexLocation });
    const codec: ChunkCodec = { axisOrder: [0, 1], serializer, compressors: [] };
    const bytes = bytesOf(Float32Array.of(0, 1, 2, 3, 4, 5));
    const metadata = { ...plainMetadata({ dtype: "float32", shape, chunkShape: shape }), codec };
    expect(toHex(encodeChunk(bytes, metadata))).toBe(hex);
  });

  it("writes CRC-32C behind the bytes as TensorStore does", () => {
    const metadata = plainMetadata({ dtype: "float32", chunkShape: [2, 3], compressors: [CRC32C] });
    const elements = "000000000000803f0000004000004040000080400000a040";
    expect(toHex(encodeChunk(fromHex(elements), metadata))).toBe(`${elements}5d3a7478`);
  });
});

describe("any layout of a chunk", () => {
  const scene = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }).chain((chunkShape) =>
    fc.record({
      chunkShape: fc.constant(chunkShape),
      codec: fc.nat(2).chain((depth) => chunkCodecs(chunkShape, depth, true)),
      dtype: fc.constantFrom("uint8", "int16", "float32", "int64", "complex128"),
    }),
  );

  it("is undone by decodeChunkData", () => {
    fc.assert(
      fc.property(scene, ({ chunkShape, codec, dtype }) => {
        const metadata = { ...plainMetadata({ shape: chunkShape, chunkShape, dtype }), codec };
        const length = elementCount(chunkShape) * dtypeRow(dtype).itemBytes;
        const bytes = Uint8Array.from({ length }, (_, at) => (at * 7 + 1) % 251);
        const stored = encodeChunk(bytes.slice(), metadata);
        const data = decodeChunkData(stored, metadata, { missingChunks: "error", what: "chunk" });
        expect(toHex(bytesOf(data))).toBe(toHex(bytes));
      }),
      { numRuns: 500 },
    );
  });
});
