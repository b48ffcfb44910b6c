import * as zlib from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adler32 } from "../../src/bytes/adler32.js";
import { crc32 } from "../../src/bytes/crc32.js";

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

describe("crc32", () => {
  it.each([
    ["no bytes", "", 0],
    ["a", "a", 0xe8b7be43],
    ["123456789", "123456789", 0xcbf43926],
  ])("has the published value for %s", (_, text, expected) => {
    expect(crc32(ascii(text))).toBe(expected);
  });

  it("is zlib's", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        expect(crc32(bytes)).toBe(zlib.crc32(bytes));
      }),
    );
  });
});

describe("adler32", () => {
  it.each([
    ["no bytes", "", 1],
    ["a", "a", 0x00620062],
    ["Wikipedia", "Wikipedia", 0x11e60398],
  ])("has the published value for %s", (_, text, expected) => {
    expect(adler32(ascii(text))).toBe(expected);
  });

  it("is the one that zlib ends its streams with", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        expect(adler32(bytes)).toBe(zlib.deflateSync(bytes).subarray(-4).readUInt32BE());
      }),
    );
  });

  it("does not overflow within bytes ff", () => {
    const bytes = new Uint8Array(2 ** 20).fill(0xff);
    expect(adler32(bytes)).toBe(zlib.deflateSync(bytes).subarray(-4).readUInt32BE());
  });
});
