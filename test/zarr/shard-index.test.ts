import { describe, expect, it } from "vitest";
import { crc32c } from "../../src/bytes/crc32c.js";
import { decodeChunkData } from "../../src/zarr/chunk.js";
import type { Codecs, ShardingSerializer } from "../../src/zarr/codecs.js";
import type { ArrayMetadata } from "../../src/zarr/metadata.js";
import { decodeShardIndex } from "../../src/zarr/shard-index.js";
import { fromHex } from "./fixture-arrays.js";
import { plainCodec, plainMetadata, sharding } from "./plain-metadata.js";

const MISSING = [2n ** 64n - 1n, 2n ** 64n - 1n] as const;

type Entry = readonly [offset: bigint | number, length: bigint | number];

function entriesBytes(entries: readonly Entry[]): Uint8Array {
  const words = entries.flat().map(BigInt);
  const bytes = new Uint8Array(words.length * 8);
  const view = new DataView(bytes.buffer);
  words.forEach((word, at) => view.setBigUint64(at * 8, word, true));
  return bytes;
}

/** Bytes with their CRC-32C behind them. */
function checked(bytes: Uint8Array): Uint8Array {
  const checksum = new Uint8Array(4);
  new DataView(checksum.buffer).setUint32(0, crc32c(bytes), true);
  return Uint8Array.of(...bytes, ...checksum);
}

/** A shard with its index at the end. */
function shard(data: readonly number[], ...entries: readonly Entry[]): Uint8Array {
  return Uint8Array.of(...data, ...checked(entriesBytes(entries)));
}

/** Two rows of two bytes each, a row an inner chunk, and what the shards differ by. */
function twoRows(changes: Partial<ShardingSerializer> = {}): ArrayMetadata {
  const serializer = sharding([1, 2], changes);
  const plain = plainMetadata({ dtype: "uint8", shape: [2, 2], chunkShape: [2, 2], fillValue: 9 });
  return { ...plain, codec: { axisOrder: [0, 1], serializer, compressors: [] } };
}

function decode(stored: Uint8Array, metadata = twoRows(), missingChunks: "fill" | "error" = "error") {
  return [...decodeChunkData(stored, metadata, { missingChunks, what: "w" })];
}

const damaged = (field: string) =>
  expect.objectContaining({ code: "DATA_LOSS", details: expect.objectContaining({ field }) });

describe("a shard", () => {
  it("is put together from where its index says", () => {
    expect(decode(shard([3, 4, 0, 1, 2], [3, 2], [0, 2]))).toEqual([1, 2, 3, 4]);
  });

  it("may have inner chunks that overlap", () => {
    expect(decode(shard([1, 2, 3], [0, 2], [1, 2]))).toEqual([1, 2, 2, 3]);
  });

  // Orbax 0.12.8: "chunk {1, 0} stored at shard entry {1, 0}/{2, 1} … is missing", and zeros without that flag.
  it("that lacks an inner chunk is damaged where chunks must be there", () => {
    const half = shard([1, 2], [0, 2], MISSING);
    expect(() => decode(half)).toThrow(
      expect.objectContaining({ code: "DATA_LOSS", message: "w: inner chunk 1.0 is missing" }),
    );
    expect(decode(half, twoRows(), "fill")).toEqual([1, 2, 9, 9]);
  });

  it("of one inner chunk that is missing is damaged or filled, too", () => {
    const plain = plainMetadata({ dtype: "uint8", shape: [2], chunkShape: [2], fillValue: 9 });
    const metadata: ArrayMetadata = {
      ...plain,
      codec: { axisOrder: [0], serializer: sharding([2]), compressors: [] },
    };
    expect(() => decode(shard([], MISSING), metadata)).toThrow("w: inner chunk 0 is missing");
    expect(decode(shard([], MISSING), metadata, "fill")).toEqual([9, 9]);
  });

  it.each<[string, Entry]>([
    ["ends behind the shard", [1, 38]],
    ["begins behind the shard", [2n ** 40n, 2]],
    ["has an end beyond 2^64", [2n ** 63n, 2n ** 63n]],
    ["has no offset", [MISSING[0], 2]],
    ["has no length", [0, MISSING[1]]],
  ])("is damaged where a range %s", (_name, entry) => {
    for (const missing of ["fill", "error"] as const) {
      expect(() => decode(shard([1, 2], [0, 2], entry), twoRows(), missing)).toThrow(
        expect.objectContaining({ code: "DATA_LOSS" }),
      );
    }
  });

  it.each<[string, Entry]>([
    ["short", [0, 1]],
    ["empty", [0, 0]],
    ["long", [0, 3]],
  ])("is damaged where an inner chunk is too %s", (_name, entry) => {
    expect(() => decode(shard([1, 2, 3], [0, 2], entry))).toThrow(damaged("chunk length"));
  });

  it.each<[string, Entry]>([
    ["behind the shard as well", [2n ** 40n, 2n ** 40n]],
    ["within the shard", [0, 2 * 2 + 4096 + 1]],
  ])("is damaged where an inner chunk is longer than any compressor makes it: %s", (_name, entry) => {
    const inner = plainCodec(2, { compressors: [{ kind: "gzip", level: 1 }] });
    const stored = shard(
      Array.from({ length: 5000 }, () => 0),
      [0, 1],
      entry,
    );
    const options = {
      codecs: { gzip: () => Uint8Array.of(1, 2) },
      missingChunks: "error",
      what: "w",
    } as const;
    expect(() => decodeChunkData(stored, twoRows({ inner }), options)).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        message: expect.stringContaining("expected at most 4100 bytes"),
      }),
    );
  });

  it("is damaged where any bit of its index is flipped", () => {
    const sound = shard([1, 2, 3, 4], [0, 2], [2, 2]);
    for (let bit = 4 * 8; bit < sound.length * 8; bit++) {
      const flipped = sound.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => decode(flipped)).toThrow(damaged("CRC-32C"));
    }
  });

  it("is damaged where it ends before its index does", () => {
    expect(() => decode(new Uint8Array(35))).toThrow(
      expect.objectContaining({
        message: "w: shard length is 35, expected 36 bytes or more, those of the index",
      }),
    );
    expect(() => decode(new Uint8Array(0))).toThrow(damaged("shard length"));
  });

  it("names shard and inner chunk in the errors of what is inside", () => {
    const inner = plainCodec(2, { compressors: [{ kind: "crc32c" }] });
    expect(() => decode(shard([1, 2, 0, 0, 0, 0], [0, 6], [0, 6]), twoRows({ inner }))).toThrow(
      "w: inner chunk 0.0: CRC-32C",
    );
  });

  it("is decompressed first where compressors stand behind it", () => {
    const stored = shard([1, 2, 3, 4], [0, 2], [2, 2]);
    const metadata = twoRows();
    const codec = { ...metadata.codec, compressors: [{ kind: "gzip", level: 1 } as const] };
    const asked: unknown[] = [];
    const codecs: Codecs = {
      gzip: (_stored, { size, limit }) => {
        asked.push(size, limit);
        return stored;
      },
    };
    const options = { codecs, missingChunks: "error", what: "w" } as const;
    expect([...decodeChunkData(new Uint8Array(1), { ...metadata, codec }, options)]).toEqual([1, 2, 3, 4]);
    expect(asked).toEqual([undefined, 2 * (4 + 36) + 4096]);
  });

  it("that was decompressed lends its memory to the one inner chunk in it", () => {
    const elements = new Uint8Array(2 + 20);
    elements.set(shard([1, 2], [0, 2]));
    const plain = plainMetadata({ dtype: "uint8", shape: [2], chunkShape: [2] });
    const codec = {
      axisOrder: [0],
      serializer: sharding([2]),
      compressors: [{ kind: "gzip", level: 1 } as const],
    };
    const codecs: Codecs = { gzip: () => elements };
    const options = { codecs, missingChunks: "error", what: "w" } as const;
    const data = decodeChunkData(new Uint8Array(1), { ...plain, codec }, options);
    expect(data.buffer).toBe(elements.buffer);
  });

  it("of one compressed inner chunk is decoded without a copy", () => {
    const content = new Uint8Array(4);
    const plain = plainMetadata({ shape: [2], chunkShape: [2] });
    const inner = plainCodec(1, { compressors: [{ kind: "zstd", level: 1, checksum: false }] });
    const codec = { axisOrder: [0], serializer: sharding([2], { inner }), compressors: [] };
    const options = { codecs: { zstd: () => content }, missingChunks: "error", what: "w" } as const;
    const data = decodeChunkData(shard([7], [0, 1]), { ...plain, codec }, options);
    expect(data).toBeInstanceOf(Int16Array);
    expect(data.buffer).toBe(content.buffer);
  });

  it("of one plain inner chunk is copied, so that the result does not lie in the reader's memory", () => {
    const plain = plainMetadata({ dtype: "uint8", shape: [2], chunkShape: [2] });
    const codec = { axisOrder: [0], serializer: sharding([2]), compressors: [] };
    const stored = shard([1, 2], [0, 2]);
    const data = decodeChunkData(stored, { ...plain, codec }, { missingChunks: "error", what: "w" });
    expect([...data]).toEqual([1, 2]);
    expect(data.buffer).not.toBe(stored.buffer);
  });
});

describe("decodeShardIndex", () => {
  it("follows the order of bytes and of axes", () => {
    // Two inner chunks; offsets 1 and 2 first, then lengths 3 and 4, big-endian.
    const stored = fromHex("0000000000000001000000000000000200000000000000030000000000000004");
    const codec = plainCodec(2, { byteOrder: "big", order: [1, 0] });
    const index = decodeShardIndex(stored, [2], codec, "w");
    expect([index.range([0]), index.range([1])]).toEqual([
      { offset: 1, length: 3 },
      { offset: 2, length: 4 },
    ]);
  });

  it("finds the one entry of rank 0", () => {
    const index = decodeShardIndex(entriesBytes([[5, 6]]), [], plainCodec(1), "w");
    expect(index.range([])).toEqual({ offset: 5, length: 6 });
  });
});
