import { describe, expect, it } from "vitest";
import fixture from "../../fixtures/codecs/blosc.json" with { type: "json" };
import { loadBlosc } from "../../src/bytes/blosc.js";
import { failure } from "../failure.js";
import {
  describeStreams,
  forEachMutation,
  options,
  streamNamed,
  streamsOf,
  verdict,
} from "./codec-streams.js";

const streams = streamsOf(fixture);
const sound = streams.filter(({ sha256 }) => sha256 !== undefined);
const decompress = await loadBlosc();

describeStreams("Blosc chunks", streams, decompress);

/** A chunk around `body`, of one block that is neither split nor shuffled, unless the header is changed. */
function chunk(contentBytes: number, body: readonly number[], changes: Partial<Header> = {}): Uint8Array {
  const header = { flags: 0x10, typesize: 1, blockBytes: contentBytes, ...changes };
  const bytes = new Uint8Array(16 + body.length);
  const view = new DataView(bytes.buffer);
  bytes.set([2, 1, header.flags, header.typesize]);
  view.setUint32(4, contentBytes, true);
  view.setUint32(8, header.blockBytes, true);
  view.setUint32(12, bytes.length, true);
  bytes.set(body, 16);
  return bytes;
}
type Header = { readonly flags: number; readonly typesize: number; readonly blockBytes: number };

const LZ4_FLAGS = 0x30; // compressor 1 in the upper three bits, not split

describe("Blosc", () => {
  it("gives sound bytes or an error for changed chunks, which have no checksum", () => {
    forEachMutation(sound, 2000, (stored, { size }) => {
      expect(verdict(decompress, stored, size)).toMatch(/^([0-9a-f]{64}|DATA_LOSS|UNSUPPORTED)$/);
    });
  });

  it("gives no more than the limit for changed chunks of unknown length", () => {
    forEachMutation(sound, 500, (stored) => {
      const found = verdict((bytes, more) => decompress(bytes, { ...more, limit: 5000 }), stored);
      expect(found).toMatch(/^([0-9a-f]{64}|DATA_LOSS|UNSUPPORTED|LIMIT_EXCEEDED)$/);
    });
  });

  it("reads a block and its part", () => {
    // table: 20; part of 4 bytes for 4 bytes of content: as they are
    expect(decompress(chunk(4, [20, 0, 0, 0, 4, 0, 0, 0, 9, 8, 7, 6]), options)).toEqual(
      Uint8Array.of(9, 8, 7, 6),
    );
  });

  it("reads blocks in any order", () => {
    // table: 31 and 24; the block that comes first has 3 bytes, 6 5 4
    const body = [31, 0, 0, 0, 24, 0, 0, 0, 3, 0, 0, 0, 6, 5, 4, 3, 0, 0, 0, 9, 8, 7];
    expect(decompress(chunk(6, body, { blockBytes: 3 }), options)).toEqual(Uint8Array.of(9, 8, 7, 6, 5, 4));
  });

  it("refuses blocks that share their bytes", () => {
    const body = [24, 0, 0, 0, 24, 0, 0, 0, 3, 0, 0, 0, 6, 5, 4];
    expect(() => decompress(chunk(6, body, { blockBytes: 3 }), options)).toThrow(
      failure("DATA_LOSS", { found: "Blosc blocks that overlap" }),
    );
  });

  it("refuses bytes of no block", () => {
    const body = [21, 0, 0, 0, 0xee, 3, 0, 0, 0, 6, 5, 4];
    expect(() => decompress(chunk(3, body), options)).toThrow(
      failure("DATA_LOSS", { found: "1 bytes of no Blosc block" }),
    );
  });

  it("refuses more blocks than the table has room for, before it makes anything of them", () => {
    expect(() => decompress(chunk(2 ** 25, [], { blockBytes: 1 }), options)).toThrow(
      failure("DATA_LOSS", { field: "Blosc blocks", found: 2 ** 25 }),
    );
  });

  it("refuses a content that the packed bytes cannot stand for", () => {
    const body = [20, 0, 0, 0, 5, 0, 0, 0, 0x1f, 0, 1, 0, 255];
    expect(() => decompress(chunk(2 ** 20, body, { flags: LZ4_FLAGS }), options)).toThrow(
      failure("DATA_LOSS", { field: "Blosc part size" }),
    );
  });

  it("refuses a split block that its elements do not fill", () => {
    // 257 bytes in elements of 2: neither 2 parts of 128 nor of 129 bytes
    const body = [20, 0, 0, 0, 1, 0, 0, 0, 0];
    expect(() => decompress(chunk(257, body, { flags: 0, typesize: 2 }), options)).toThrow(
      failure("DATA_LOSS", { field: "Blosc block size", found: 257, expected: "a multiple of 2" }),
    );
  });

  it("gives no bytes for a chunk of nothing", () => {
    expect(decompress(chunk(0, [], { flags: 2 }), { ...options, limit: 0, size: 0 })).toHaveLength(0);
    expect(verdict(decompress, chunk(0, [], { flags: 2 }), 1)).toBe("DATA_LOSS");
  });

  it.each([
    ["version 3", "Blosc version"],
    ["compressor's version 2", "version of lz4"],
    ["compressor 5", "Blosc compressor"],
  ])("says what is not supported: %s", (name, field) => {
    expect(() => decompress(streamNamed(streams, name).stored, options)).toThrow(
      failure("UNSUPPORTED", { field }),
    );
  });

  it("finds out that a chunk was cut before it looks at anything else", () => {
    const { stored } = streamNamed(streams, "version 3");
    expect(() => decompress(stored.subarray(0, -1), options)).toThrow(
      failure("DATA_LOSS", {
        field: "Blosc chunk size",
        found: stored.length,
        expected: `${stored.length - 1}`,
      }),
    );
  });

  it("says which compressor's data is damaged", () => {
    for (const name of ["blosclz", "lz4", "snappy"]) {
      const { stored } = streamNamed(streams, `damaged ${name}`);
      expect(() => decompress(stored, options)).toThrow(
        failure("DATA_LOSS", { found: `damaged ${name} data` }),
      );
    }
  });

  it("refuses what TensorStore refuses, and bytes of no block, which it accepts", () => {
    const accepted = streams.filter(({ tensorstore }) => tensorstore.includes("accepts"));
    expect(accepted.filter(({ sha256 }) => sha256 === undefined).map(({ name }) => name)).toEqual([
      "trailing byte, chunk size fits",
    ]);
  });

  it("is loaded once", () => {
    expect(loadBlosc()).toBe(loadBlosc());
  });
});
