import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadZstd } from "../../src/bytes/zstd.js";
import { allocateArray, decodeChunk, decodeChunkData, encodeChunk } from "../../src/zarr/chunk.js";
import type { ArrayMetadata } from "../../src/zarr/metadata.js";
import { chunkOf, fixtureArrays, fromHex, metadataOf, toHex } from "./fixture-arrays.js";

const zstd = await loadZstd();

const METADATA: ArrayMetadata = {
  shape: [4],
  chunkShape: [4],
  dtype: "int16",
  byteOrder: "little",
  order: "C",
  compressor: { kind: "none" },
  fillValue: undefined,
  chunkKeys: { name: "v2", separator: "." },
};
const ZSTD: ArrayMetadata = { ...METADATA, compressor: { kind: "zstd", level: 1 } };

/** A zstd frame with content size whose one block is raw (RFC 8878 section 3.1.1). */
function rawFrame(content: ArrayLike<number>): Uint8Array {
  const magic = [0x28, 0xb5, 0x2f, 0xfd];
  const singleSegment = [0x20, content.length];
  const lastRawBlock = content.length * 8 + 1;
  return Uint8Array.of(...magic, ...singleSegment, lastRawBlock, 0, 0, ...Array.from(content));
}

const damaged = expect.objectContaining({ code: "DATA_LOSS" });

describe("decodeChunk", () => {
  const wholeChunks = fixtureArrays.written.filter(
    ({ shape, chunks }) => chunks[shape.map(() => 0).join(".") || "0"] && Object.keys(chunks).length === 1,
  );

  it.each(wholeChunks)("decodes $name", (fixture) => {
    const key = Object.keys(fixture.chunks)[0] ?? "";
    const stored = chunkOf(fixture, key) ?? new Uint8Array(0);
    expect(toHex(decodeChunk(stored, metadataOf(fixture), zstd, "chunk"))).toBe(fixture.data);
  });

  it("gives an uncompressed chunk back as it is", () => {
    const stored = fromHex("0100020003000400");
    expect(decodeChunk(stored, METADATA, undefined, "chunk")).toBe(stored);
  });

  it("swaps big-endian words without touching the stored bytes", () => {
    const stored = fromHex("0001000200030004");
    const decoded = decodeChunk(stored, { ...METADATA, byteOrder: "big" }, undefined, "chunk");
    expect([toHex(decoded), toHex(stored)]).toEqual(["0100020003000400", "0001000200030004"]);
  });

  it("swaps the two parts of a complex element each by itself", () => {
    const metadata: ArrayMetadata = { ...METADATA, dtype: "complex64", chunkShape: [1], byteOrder: "big" };
    const decoded = decodeChunk(fromHex("0102030405060708"), metadata, undefined, "chunk");
    expect(toHex(decoded)).toBe("0403020108070605");
  });

  it.each([7, 9, 0])("refuses an uncompressed chunk of %d bytes where 8 belong", (length) => {
    expect(() => decodeChunk(new Uint8Array(length), METADATA, undefined, "w: chunk 0")).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        message: `w: chunk 0: chunk length is ${length}, expected 8 bytes`,
      }),
    );
  });

  it.each([7, 9, 0])("refuses a zstd chunk with %d bytes of content where 8 belong", (length) => {
    const frame = rawFrame(Array.from({ length }, () => 0));
    expect(() => decodeChunk(frame, ZSTD, zstd, "chunk")).toThrow(damaged);
  });

  it("refuses a cut frame, a second frame and bytes behind it", () => {
    const frame = rawFrame([1, 0, 2, 0, 3, 0, 4, 0]);
    expect(toHex(decodeChunk(frame, ZSTD, zstd, "chunk"))).toBe("0100020003000400");
    for (let length = 0; length < frame.length; length++) {
      expect(() => decodeChunk(frame.slice(0, length), ZSTD, zstd, "chunk")).toThrow(damaged);
    }
    expect(() => decodeChunk(Uint8Array.of(...frame, ...frame), ZSTD, zstd, "chunk")).toThrow(damaged);
    expect(() => decodeChunk(Uint8Array.of(...frame, 0), ZSTD, zstd, "chunk")).toThrow(damaged);
  });

  // TensorStore 0.1.86: "Invalid bool value: 2; at byte 2", in padding, compressed and in order F too.
  it("refuses a bool that is neither 0 nor 1", () => {
    const metadata: ArrayMetadata = { ...METADATA, dtype: "bool", shape: [2] };
    expect(() => decodeChunk(Uint8Array.of(0, 1, 2, 1), metadata, undefined, "chunk")).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        details: expect.objectContaining({ offset: 2, field: "bool", found: 2 }),
      }),
    );
    const compressed: ArrayMetadata = { ...metadata, compressor: { kind: "zstd", level: 1 } };
    expect(() => decodeChunk(rawFrame([0, 1, 1, 255]), compressed, zstd, "chunk")).toThrow(damaged);
  });

  it("counts on zstd being loaded", () => {
    expect(() => decodeChunk(rawFrame([]), ZSTD, undefined, "chunk")).toThrow("zstd was not loaded");
  });
});

describe("decodeChunkData", () => {
  it("views a decompressed chunk without a copy", () => {
    const content = new Uint8Array(8);
    const engine = { decompress: () => content, compress: undefined };
    const data = decodeChunkData(new Uint8Array(0), ZSTD, engine, "chunk");
    expect(data).toBeInstanceOf(Int16Array);
    expect(data.buffer).toBe(content.buffer);
  });

  it("copies what it did not decompress, from any alignment", () => {
    const stored = fromHex("ff0100020003000400").subarray(1);
    const data = decodeChunkData(stored, METADATA, undefined, "chunk");
    expect(data).toEqual(Int16Array.of(1, 2, 3, 4));
    expect(data.buffer).not.toBe(stored.buffer);
  });

  it("turns order F into order C", () => {
    const metadata: ArrayMetadata = {
      ...METADATA,
      shape: [2, 3],
      chunkShape: [2, 3],
      order: "F",
      dtype: "int8",
    };
    const columns = Uint8Array.of(0, 10, 1, 11, 2, 12);
    expect(decodeChunkData(columns, metadata, undefined, "chunk")).toEqual(Int8Array.of(0, 1, 2, 10, 11, 12));
  });
});

describe("allocateArray", () => {
  it("gives zeroed elements", () => {
    expect(allocateArray("complex64", [2], "w")).toEqual(new Float32Array(4));
  });

  it("says UNSUPPORTED where there is not the memory", () => {
    expect(() => allocateArray("float64", [2 ** 30, 2 ** 20], "w")).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED",
        message: "w: float64 [1073741824, 1048576] is more than this platform can hold",
      }),
    );
  });
});

describe("encodeChunk", () => {
  it("gives uncompressed little-endian bytes back as they are", () => {
    const bytes = fromHex("0100020003000400");
    expect(encodeChunk(bytes, METADATA)).toBe(bytes);
  });

  it("refuses zstd where there is no encoder", () => {
    expect(() => encodeChunk(new Uint8Array(8), ZSTD)).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED" }),
    );
  });

  it("hands level and checksum to the encoder", () => {
    const asked: unknown[] = [];
    const encoder = (data: Uint8Array, options: unknown) => {
      asked.push(options);
      return data;
    };
    encodeChunk(new Uint8Array(8), { ...ZSTD, compressor: { kind: "zstd", level: 3 } }, { zstd: encoder });
    encodeChunk(new Uint8Array(8), ZSTD, { zstd: encoder, checksum: false });
    expect(asked).toEqual([
      { level: 3, checksum: true },
      { level: 1, checksum: false },
    ]);
  });

  it("is undone by decodeChunk", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 8 }),
        fc.constantFrom("little" as const, "big" as const),
        fc.constantFrom("int8" as const, "int16" as const, "float32" as const, "int64" as const),
        fc.constantFrom(METADATA.compressor, ZSTD.compressor),
        (bytes, byteOrder, dtype, compressor) => {
          const itemBytes = { int8: 1, int16: 2, float32: 4, int64: 8 }[dtype];
          const metadata: ArrayMetadata = {
            ...METADATA,
            chunkShape: [8 / itemBytes],
            byteOrder,
            dtype,
            compressor,
          };
          const stored = encodeChunk(bytes.slice(), metadata, { zstd: rawFrame });
          expect(toHex(decodeChunk(stored, metadata, zstd, "chunk"))).toBe(toHex(bytes));
        },
      ),
    );
  });
});
