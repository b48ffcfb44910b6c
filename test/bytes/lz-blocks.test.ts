import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBlosclz } from "../../src/bytes/blosclz.js";
import { decodeLz4Block } from "../../src/bytes/lz4.js";
import { decodeSnappy } from "../../src/bytes/snappy.js";

type Decode = (source: Uint8Array, target: Uint8Array) => boolean;

function ascii(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

/** What comes out, as text; undefined where the block is refused. */
function text(decode: Decode, source: readonly number[], length: number): string | undefined {
  const target = new Uint8Array(length);
  return decode(Uint8Array.from(source), target) ? new TextDecoder().decode(target) : undefined;
}

describe("LZ4 blocks", () => {
  it("are literals only at the end", () => {
    expect(text(decodeLz4Block, [0x30, ...ascii("abc")], 3)).toBe("abc");
    expect(text(decodeLz4Block, [0x00], 0)).toBe("");
    expect(text(decodeLz4Block, [0x30, ...ascii("abc"), 3, 0], 7)).toBeUndefined(); // ends with a match
  });

  it("have matches of 4 and more, that overlap with what they make", () => {
    expect(text(decodeLz4Block, [0x20, ...ascii("ab"), 2, 0, 0x10, ...ascii("!")], 7)).toBe("ababab!");
    expect(text(decodeLz4Block, [0x1f, ...ascii("a"), 1, 0, 1, 0x10, ...ascii("!")], 22)).toBe(
      `${"a".repeat(21)}!`,
    );
  });

  it("have lengths that go on until a byte is not 255", () => {
    const literals = "x".repeat(15 + 255 + 3);
    expect(text(decodeLz4Block, [0xf0, 255, 3, ...ascii(literals)], 273)).toBe(literals);
    const match = [0x1f, ...ascii("a"), 1, 0, 255, 0, 0x00];
    expect(text(decodeLz4Block, match, 275)).toBe("a".repeat(275));
  });

  it.each([
    ["nothing", [], 0],
    ["a distance of 0", [0x10, 0x61, 0, 0, 0x00], 5],
    ["a distance before the start", [0x10, 0x61, 2, 0, 0x00], 5],
    ["literals that are cut", [0x30, 0x61], 3],
    ["a length that is cut", [0xf0, 255], 300],
    ["a match that is cut", [0x10, 0x61, 1], 5],
    ["a match's length that is cut", [0x1f, 0x61, 1, 0], 300],
    ["too many literals", [0x30, ...ascii("abc")], 2],
    ["too few literals", [0x30, ...ascii("abc")], 4],
    ["a match that is too long", [0x11, 0x61, 1, 0, 0x00], 5],
  ])("are refused with %s", (_, source, length) => {
    expect(text(decodeLz4Block, source, length)).toBeUndefined();
  });
});

describe("blosclz blocks", () => {
  it("begin with literals, whatever the upper bits of their first byte", () => {
    expect(text(decodeBlosclz, [2, ...ascii("abc")], 3)).toBe("abc");
    expect(text(decodeBlosclz, [0x22, ...ascii("abc")], 3)).toBe("abc");
  });

  it("have matches of 3 and more, that overlap with what they make", () => {
    // literals ab, match of 1 + 2 bytes at distance 0 * 256 + 1 + 1, literal !
    expect(text(decodeBlosclz, [1, ...ascii("ab"), 0x20, 1, 0, ...ascii("!")], 6)).toBe("ababa!");
    // match of 7 + 255 + 1 + 2
    expect(text(decodeBlosclz, [0, ...ascii("a"), 0xe0, 255, 1, 0, 0, ...ascii("!")], 267)).toBe(
      `${"a".repeat(266)}!`,
    );
  });

  it("have distances of two more bytes where thirteen bits are not enough", () => {
    // literals a and 0, match of 7 + 35 * 255 + 64 + 2 bytes at distance 1: 9000 bytes
    const before = [0, 0x61, 0, 0, 0xe0, ...Array.from({ length: 35 }, () => 255), 64, 0];
    // match of 1 + 2 bytes at distance 8191 + 3 * 256 + 40 + 1 = 9000, literal !
    const source = [...before, 0x3f, 255, 3, 40, 0, ...ascii("!")];
    expect(text(decodeBlosclz, source, 9004)).toBe(`a${"\0".repeat(8999)}a\0\0!`);
  });

  it.each([
    ["nothing", [], 1],
    ["a distance before the start", [0, 0x61, 0x20, 1, 0, 0x61], 5],
    ["literals that are cut", [2, 0x61], 3],
    ["a length that is cut", [0, 0x61, 0xe0, 255], 300],
    ["a distance that is cut", [0, 0x61, 0x20], 4],
    ["a long distance that is cut", [0, 0x61, 0x3f, 255, 0], 4],
    ["too many literals", [2, ...ascii("abc")], 2],
    ["too few literals", [2, ...ascii("abc")], 4],
    ["a match that is too long", [0, 0x61, 0x20, 0, 0, 0x61], 4],
  ])("are refused with %s", (_, source, length) => {
    expect(text(decodeBlosclz, source, length)).toBeUndefined();
  });
});

describe("Snappy blocks", () => {
  it("have literals whose number is in the tag, or in 1 to 4 bytes after it", () => {
    expect(text(decodeSnappy, [3, 2 << 2, ...ascii("abc")], 3)).toBe("abc");
    const letters = "x".repeat(61);
    expect(text(decodeSnappy, [61, 60 << 2, 60, ...ascii(letters)], 61)).toBe(letters);
    expect(text(decodeSnappy, [61, 61 << 2, 60, 0, ...ascii(letters)], 61)).toBe(letters);
    expect(text(decodeSnappy, [61, 63 << 2, 60, 0, 0, 0, ...ascii(letters)], 61)).toBe(letters);
    expect(text(decodeSnappy, [0], 0)).toBe("");
  });

  it("have copies with distances of 11, 16 and 32 bits", () => {
    const ab = [1 << 2, ...ascii("ab")];
    expect(text(decodeSnappy, [6, ...ab, 0x01, 2], 6)).toBe("ababab");
    expect(text(decodeSnappy, [6, ...ab, (3 << 2) | 2, 2, 0], 6)).toBe("ababab");
    expect(text(decodeSnappy, [6, ...ab, (3 << 2) | 3, 2, 0, 0, 0], 6)).toBe("ababab");
    // 256 + 44 back: bits 5 to 7 of the tag are the upper ones
    const literals = [61 << 2, 43, 1, ...ascii("y"), ...ascii("x".repeat(299))];
    expect(text(decodeSnappy, [0xb0, 2, ...literals, 0x21, 44], 304)).toBe(`y${"x".repeat(299)}yxxx`);
  });

  it.each([
    ["nothing", [], 0],
    ["a size without end", [0x80, 0x80, 0x80, 0x80, 0x80, 0], 0],
    ["another size", [2, 2 << 2, ...ascii("abc")], 3],
    ["a distance of 0", [5, 0, 0x61, 0x01, 0], 5],
    ["a distance before the start", [5, 0, 0x61, 0x01, 2], 5],
    ["literals that are cut", [3, 2 << 2, 0x61], 3],
    ["a number that is cut", [61, 61 << 2, 60], 61],
    ["a distance that is cut", [5, 0, 0x61, 0x02, 1], 5],
    ["too few bytes", [4, 2 << 2, ...ascii("abc")], 4],
    ["a copy that is too long", [4, 0, 0x61, 0x01, 1], 4],
  ])("are refused with %s", (_, source, length) => {
    expect(text(decodeSnappy, source, length)).toBeUndefined();
  });
});

describe.each<[string, Decode]>([
  ["LZ4", decodeLz4Block],
  ["blosclz", decodeBlosclz],
  ["Snappy", decodeSnappy],
])("%s blocks of random bytes", (_, decode) => {
  it("never write beyond their room", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(80), (source, length) => {
        const memory = new Uint8Array(length + 200).fill(0xa5);
        decode(source, memory.subarray(100, 100 + length));
        expect(memory.subarray(0, 100)).toEqual(new Uint8Array(100).fill(0xa5));
        expect(memory.subarray(100 + length)).toEqual(new Uint8Array(100).fill(0xa5));
      }),
      { numRuns: 1000 },
    );
  });
});
