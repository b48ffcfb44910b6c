import { describe, expect, it } from "vitest";
import {
  addWithOverhead,
  BLOCK_BYTES,
  chunkBytes,
  chunkEnd,
  isChunkBoundary,
  riegeliHash,
} from "../../../src/records/riegeli/riegeli-block.js";
import { failure } from "../../failure.js";

/** The first 64 bytes of every Riegeli file, from its specification: a block header, and a signature chunk. */
const SIGNATURE = Uint8Array.from(
  Buffer.from(
    "83af70d10d884a3f00000000000000004000000000000000" +
      "91bac23c9287e1a90000000000000000e19f13c0e9b1c37273000000000000000000000000000000",
    "hex",
  ),
);

/** Where `length` bytes of a chunk end, gone through byte by byte. */
function walked(begin: number, length: number): number {
  let position = begin;
  for (let byte = 0; byte < length; byte++) {
    if (position % BLOCK_BYTES === 0) position += 24;
    position++;
  }
  return position;
}

describe("positions in a Riegeli file", () => {
  it("count block headers", () => {
    for (const begin of [0, 25, 64, 65_535, 65_536, 65_561]) {
      for (const length of [1, 40, 65_470, 65_511, 65_512, 65_513, 131_024, 131_025]) {
        expect(addWithOverhead(begin, length)).toBe(walked(begin, length));
      }
    }
  });

  it("of chunks are neither in block headers nor right behind them", () => {
    const refused = [...Array(BLOCK_BYTES).keys()].filter((position) => !isChunkBoundary(position));
    expect(refused).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
  });

  it("of the next chunk leave a byte a record", () => {
    expect(chunkEnd(64, 40, 0)).toBe(104);
    expect(chunkEnd(64, 40, 1000)).toBe(1064);
    expect(chunkEnd(64, 40, BLOCK_BYTES - 64 + 5)).toBe(BLOCK_BYTES + 25);
  });
});

describe("the hash of Riegeli", () => {
  it("is that of the signature's headers", () => {
    const view = new DataView(SIGNATURE.buffer);
    expect(riegeliHash(SIGNATURE.subarray(8, 24))).toBe(view.getBigUint64(0, true));
    expect(riegeliHash(SIGNATURE.subarray(32, 64))).toBe(view.getBigUint64(24, true));
    expect(riegeliHash(new Uint8Array(0))).toBe(view.getBigUint64(40, true));
  });
});

describe("the bytes of a chunk", () => {
  const region = { begin: 0, bytes: SIGNATURE };

  it("leave out block headers", () => {
    expect(chunkBytes(region, 0, 40, 64)).toEqual(SIGNATURE.subarray(24));
  });

  it.each([
    ["header_hash", 0],
    ["header_hash", 16],
  ])("are refused where %s of a block header is wrong by byte %i", (field, at) => {
    const bytes = SIGNATURE.slice();
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    expect(() => chunkBytes({ begin: 0, bytes }, 0, 40, 64)).toThrow(
      failure("DATA_LOSS", { field, offset: 0 }),
    );
  });

  it("are refused where a block header tells another end", () => {
    expect(() => chunkBytes(region, 0, 40, 65)).toThrow(failure("DATA_LOSS", { field: "next_chunk" }));
  });

  it("are refused where there are fewer", () => {
    expect(() => chunkBytes(region, 0, 41, 65)).toThrow(failure("DATA_LOSS"));
  });
});
