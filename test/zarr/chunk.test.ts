import { describe, expect, it } from "vitest";
import { type ChunkDecodeOptions, decodeChunkData } from "../../src/zarr/chunk.js";
import { type Codecs, loadCodecs } from "../../src/zarr/codecs.js";
import { bytesOf } from "../../src/zarr/dtype.js";
import type { ArrayMetadata } from "../../src/zarr/metadata.js";
import { chunkOf, fixtureArrays, fromHex, metadataOf, toHex } from "./fixture-arrays.js";
import { type PlainMetadata, plainMetadata } from "./plain-metadata.js";

const METADATA = fourInt16({});
const ZSTD = fourInt16({ compressors: [{ kind: "zstd", level: 1, checksum: false }] });
const codecs = await loadCodecs([ZSTD]);

function fourInt16(changes: PlainMetadata): ArrayMetadata {
  return plainMetadata({ shape: [4], chunkShape: [4], ...changes });
}

function options(loaded: Codecs | undefined = codecs, what = "chunk"): ChunkDecodeOptions {
  return { codecs: loaded, missingChunks: "error", what };
}

function decode(stored: Uint8Array, metadata: ArrayMetadata) {
  return decodeChunkData(stored, metadata, options());
}

/** A zstd frame with content size whose one block is raw (RFC 8878 section 3.1.1). */
function rawFrame(content: ArrayLike<number>): Uint8Array {
  const magic = [0x28, 0xb5, 0x2f, 0xfd];
  const singleSegment = [0x20, content.length];
  const lastRawBlock = content.length * 8 + 1;
  return Uint8Array.of(...magic, ...singleSegment, lastRawBlock, 0, 0, ...Array.from(content));
}

const damaged = expect.objectContaining({ code: "DATA_LOSS" });

describe("decodeChunkData", () => {
  const wholeChunks = fixtureArrays.written.filter(
    ({ shape, chunks }) => chunks[shape.map(() => 0).join(".") || "0"] && Object.keys(chunks).length === 1,
  );

  it.each(wholeChunks)("decodes $name", (fixture) => {
    const key = Object.keys(fixture.chunks)[0] ?? "";
    const stored = chunkOf(fixture, key) ?? new Uint8Array(0);
    expect(toHex(bytesOf(decode(stored, metadataOf(fixture))))).toBe(fixture.data);
  });

  it("views a decompressed chunk without a copy", () => {
    const content = new Uint8Array(8);
    const data = decodeChunkData(new Uint8Array(0), ZSTD, options({ zstd: () => content }));
    expect(data).toBeInstanceOf(Int16Array);
    expect(data.buffer).toBe(content.buffer);
  });

  it("copies what it did not decompress, from any alignment", () => {
    const stored = fromHex("ff0100020003000400").subarray(1);
    const data = decode(stored, METADATA);
    expect(data).toEqual(Int16Array.of(1, 2, 3, 4));
    expect(data.buffer).not.toBe(stored.buffer);
  });

  it("turns order F into order C", () => {
    const metadata = plainMetadata({ chunkShape: [2, 3], order: "F", dtype: "int8" });
    const columns = Uint8Array.of(0, 10, 1, 11, 2, 12);
    expect(decode(columns, metadata)).toEqual(Int8Array.of(0, 1, 2, 10, 11, 12));
  });

  it("turns any order of axes into order C", () => {
    const metadata = plainMetadata({ chunkShape: [2, 3, 2], order: [1, 2, 0], dtype: "int8" });
    // Indices i j k of the element at each place: j slowest, then k, then i.
    const stored = Uint8Array.of(0, 100, 1, 101, 10, 110, 11, 111, 20, 120, 21, 121);
    expect(decode(stored, metadata)).toEqual(
      Int8Array.of(0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121),
    );
  });

  it("swaps big-endian words without touching the stored bytes", () => {
    const stored = fromHex("0001000200030004");
    const data = decode(stored, fourInt16({ byteOrder: "big" }));
    expect(data).toEqual(Int16Array.of(1, 2, 3, 4));
    expect(toHex(stored)).toBe("0001000200030004");
  });

  it("swaps the two parts of a complex element each by itself", () => {
    const metadata = plainMetadata({ dtype: "complex64", chunkShape: [1], byteOrder: "big" });
    expect(decode(fromHex("3f80000040000000"), metadata)).toEqual(Float32Array.of(1, 2));
  });

  it.each([
    ["int4", Int8Array.of(-1, 7, -8, 0)],
    ["int2", Int8Array.of(-1, -1, 0, 0)],
  ] as const)("gives %s its sign, whatever the unused bits are", (dtype, expected) => {
    const stored = Uint8Array.of(0x0f, 0xf7, 0x08, 0xf0);
    expect(decode(stored, fourInt16({ dtype }))).toEqual(expected);
    expect([...stored]).toEqual([0x0f, 0xf7, 0x08, 0xf0]);
  });

  it.each([7, 9, 0])("refuses an uncompressed chunk of %d bytes where 8 belong", (length) => {
    expect(() => decodeChunkData(new Uint8Array(length), METADATA, options(codecs, "w: chunk 0"))).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        message: `w: chunk 0: chunk length is ${length}, expected 8 bytes`,
      }),
    );
  });

  it.each([7, 9, 0])("refuses a zstd chunk with %d bytes of content where 8 belong", (length) => {
    const frame = rawFrame(Array.from({ length }, () => 0));
    expect(() => decode(frame, ZSTD)).toThrow(damaged);
  });

  it("refuses a cut frame, a second frame and bytes behind it", () => {
    const frame = rawFrame([1, 0, 2, 0, 3, 0, 4, 0]);
    expect(decode(frame, ZSTD)).toEqual(Int16Array.of(1, 2, 3, 4));
    for (let length = 0; length < frame.length; length++) {
      expect(() => decode(frame.slice(0, length), ZSTD)).toThrow(damaged);
    }
    expect(() => decode(Uint8Array.of(...frame, ...frame), ZSTD)).toThrow(damaged);
    expect(() => decode(Uint8Array.of(...frame, 0), ZSTD)).toThrow(damaged);
  });

  // TensorStore 0.1.86: "Invalid bool value: 2; at byte 2", in padding, compressed and in order F too.
  it("refuses a bool that is neither 0 nor 1", () => {
    const bools: PlainMetadata = { dtype: "bool", shape: [2], chunkShape: [4] };
    expect(() => decode(Uint8Array.of(0, 1, 2, 1), plainMetadata(bools))).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        details: expect.objectContaining({ offset: 2, field: "bool", found: 2 }),
      }),
    );
    const compressed = plainMetadata({ ...bools, compressors: ZSTD.codec.compressors });
    expect(() => decode(rawFrame([0, 1, 1, 255]), compressed)).toThrow(damaged);
  });

  it("counts on codecs being loaded", () => {
    expect(() => decodeChunkData(rawFrame([]), ZSTD, options({}))).toThrow("zstd was not loaded");
  });
});
