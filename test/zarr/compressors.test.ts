import { describe, expect, it } from "vitest";
import { limitExceeded } from "../../src/errors.js";
import type { BytesCodec, Codecs } from "../../src/zarr/codecs.js";
import { type DecodedLength, decompressAll } from "../../src/zarr/compressors.js";
import { fromHex, toHex } from "./fixture-arrays.js";

const CRC32C = { kind: "crc32c" } as const;
const ZSTD = { kind: "zstd", level: 1, checksum: false } as const;
const GZIP = { kind: "gzip", level: 1 } as const;

/** The check value of the CRC catalogue: `123456789` has the CRC-32C e3069283. */
const CHECKED = fromHex("313233343536373839839206e3");

const asked: unknown[] = [];

/** Stand for decompressors: they add bytes of their own in front. */
const codecs: Codecs = {
  zstd: (stored, { limit, size }) => {
    asked.push(["zstd", size, limit]);
    return Uint8Array.of(1, ...stored);
  },
  gzip: (stored, { limit, size }) => {
    asked.push(["gzip", size, limit]);
    return Uint8Array.of(2, ...stored);
  },
};

function decompress(stored: Uint8Array, compressors: readonly BytesCodec[], length: DecodedLength) {
  asked.length = 0;
  return decompressAll(stored, compressors, { length, codecs, what: "w" });
}

const damaged = expect.objectContaining({ code: "DATA_LOSS" });

describe("decompressAll", () => {
  it("gives the bytes themselves without compressors", () => {
    expect(decompress(CHECKED, [], { exact: 13 })).toBe(CHECKED);
  });

  it("undoes the last one first, and says what length is known", () => {
    expect(toHex(decompress(Uint8Array.of(9), [ZSTD, GZIP], { exact: 3 }))).toBe("010209");
    expect(asked).toEqual([
      ["gzip", undefined, 2 * 3 + 4096],
      ["zstd", 3, 3],
    ]);
  });

  it("knows the length before checksums, too", () => {
    const checked = Uint8Array.of(...CHECKED.subarray(0, 9), 0, 0, 0, 0);
    expect(() => decompress(checked.subarray(1), [CRC32C, ZSTD], { exact: 9 })).toThrow(damaged);
    expect(asked).toEqual([["zstd", 13, 13]]);
  });

  it("bounds what is not known", () => {
    decompress(Uint8Array.of(9), [ZSTD], { most: 100 });
    expect(asked).toEqual([["zstd", undefined, 100]]);
  });

  it("refuses more stored bytes than any chunk of that length becomes, before it decodes them", () => {
    const tooLong = new Uint8Array(2 * 3 + 4096 + 1);
    expect(() => decompress(tooLong, [ZSTD], { exact: 3 })).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        details: expect.objectContaining({ field: "stored length", found: tooLong.length }),
      }),
    );
    expect(asked).toEqual([]);
    decompress(tooLong.subarray(1), [ZSTD], { exact: 3 });
    expect(asked).toEqual([["zstd", 3, 3]]);
  });

  it("takes a checksum off that fits", () => {
    expect(new TextDecoder().decode(decompress(CHECKED, [CRC32C], { exact: 9 }))).toBe("123456789");
  });

  it("refuses every single flipped bit of checked bytes", () => {
    for (let bit = 0; bit < CHECKED.length * 8; bit++) {
      const flipped = CHECKED.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => decompress(flipped, [CRC32C], { exact: 9 })).toThrow(damaged);
    }
  });

  it("refuses bytes that are too few for a checksum", () => {
    expect(() => decompress(Uint8Array.of(1, 2, 3), [CRC32C], { exact: 9 })).toThrow(damaged);
  });

  it("calls a step damaged that blows up beyond all measure, as no limit of the caller's would help", () => {
    const bomb: Codecs = {
      gzip: (_stored, { what }) => {
        throw limitExceeded(what, { limit: "arrayBytes" });
      },
    };
    const options = { length: { exact: 3 }, codecs: { ...codecs, ...bomb }, what: "w" };
    expect(() => decompressAll(new Uint8Array(0), [ZSTD, GZIP], options)).toThrow(damaged);
  });

  it("passes an exact step's limit on", () => {
    const bomb: Codecs = {
      zstd: (_stored, { what }) => {
        throw limitExceeded(what, { limit: "arrayBytes" });
      },
    };
    const options = { length: { exact: 3 }, codecs: bomb, what: "w" };
    expect(() => decompressAll(new Uint8Array(0), [ZSTD], options)).toThrow(
      expect.objectContaining({ code: "LIMIT_EXCEEDED" }),
    );
  });
});
