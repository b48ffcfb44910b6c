import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../../src/bytes/cursor.js";
import {
  type ByteStrings,
  commonPrefixLength,
  compareBytes,
  decodeStringLengths,
  decodeStrings,
  encodeStringLengths,
  encodeStrings,
  firstNotIncreasing,
  joinStrings,
  shareLengths,
  stringAt,
} from "../../../src/ocdbt/format/strings.js";
import { hex, textOf, toHex, utf8, varint } from "../bytes.js";
import { damage, refusal } from "../errors.js";
import { byteStrings } from "./arbitraries.js";

const column = { name: "key", expandedNodeBytes: 2 ** 28 };

/** Reads strings whose bytes follow their lengths at once, as in a leaf. */
function decoded(
  bytes: Uint8Array,
  count: number,
  changes: Partial<typeof column & { longest: number }> = {},
) {
  const reader = new ByteReader(bytes, "B+tree node");
  const all = { ...column, ...changes };
  const strings = decodeStrings(reader, decodeStringLengths(reader, count, all), all);
  reader.end();
  return strings;
}

function encoded(strings: ByteStrings): Uint8Array {
  const writer = new ByteWriter();
  const lengths = shareLengths(strings);
  encodeStringLengths(writer, lengths);
  encodeStrings(writer, strings, lengths);
  return writer.finish();
}

function texts(strings: ByteStrings): string[] {
  return Array.from(strings.ends, (_, index) => textOf(stringAt(strings, index)));
}

describe("prefix-compressed strings", () => {
  it("are read and written by column (15.3)", () => {
    const bytes = hex('02   04 02   "w/aa" "ba"');
    expect(texts(decoded(bytes, 2))).toEqual(["w/aa", "w/ba"]);
    expect(encoded(joinStrings([utf8("w/aa"), utf8("w/ba")]))).toEqual(bytes);
  });

  it("may share less than they could", () => {
    expect(texts(decoded(hex('00   04 04   "w/aa" "w/ba"'), 2))).toEqual(["w/aa", "w/ba"]);
  });

  it("may be none at all", () => {
    expect(decoded(hex(""), 0).ends).toHaveLength(0);
    expect(encoded(joinStrings([]))).toEqual(hex(""));
  });

  it("may be empty", () => {
    expect(texts(decoded(hex("00 00   00 00 00"), 3))).toEqual(["", "", ""]);
  });

  it("survive a round trip, in any order, with repeats", () => {
    fc.assert(
      fc.property(fc.array(byteStrings, { maxLength: 10 }), (strings) => {
        const read = decoded(encoded(joinStrings(strings)), strings.length);
        expect(strings.map((_, index) => toHex(stringAt(read, index)))).toEqual(strings.map(toHex));
      }),
    );
  });

  it("may have 65535 bytes", () => {
    const bytes = hex(`ffff03   ffff03 00   ${"61".repeat(65535)}`);
    expect(decoded(bytes, 2).bytes).toHaveLength(2 * 65535);
  });

  it("are refused when a prefix is longer than the string before", () => {
    const bytes = hex('02   01 01   "a" "b"');
    expect(() => decoded(bytes, 2)).toThrow(damage({ field: "key_prefix_length[1]", found: 2 }));
  });

  it("are refused over 65535 bytes", () => {
    const bytes = hex(`ffff03   ffff03 01   ${"61".repeat(65535)} "b"`);
    expect(() => decoded(bytes, 2)).toThrow(damage({ field: "length of key[1]", found: 65536 }));
  });

  it("are refused over a shorter length that their place allows", () => {
    expect(() => decoded(hex('03 "abc"'), 1, { longest: 2 })).toThrow(damage({ field: "length of key[0]" }));
  });

  it("are refused when a suffix is cut short", () => {
    expect(() => decoded(hex('03 "ab"'), 1)).toThrow(damage({ field: "key_suffix" }));
  });

  it("are refused when a length does not fit 16 bits", () => {
    expect(() => decoded(hex("808004"), 1)).toThrow(damage({ field: "key_suffix_length", found: 65536 }));
  });

  it("are refused before they expand beyond the limit", () => {
    // 1,000 strings that share 60,000 bytes and add one each: 62 kB stand for 60 MB.
    const lengths = [varint(60_000).repeat(999), varint(60_000), "01".repeat(999)].join(" ");
    const bytes = hex(`${lengths} ${"61".repeat(60_000 + 999)}`);
    expect(() => decoded(bytes, 1000, { expandedNodeBytes: 2 ** 20 })).toThrow(
      refusal("LIMIT_EXCEEDED", { limit: "expandedNodeBytes", found: 60_000 * 1000 + 999 }),
    );
  });

  it("are refused by number where empty ones would fill the memory", () => {
    expect(() => decoded(new Uint8Array(2000), 1000, { expandedNodeBytes: 9000 })).toThrow(
      refusal("LIMIT_EXCEEDED", { limit: "expandedNodeBytes", found: 1000 }),
    );
  });
});

describe("compareBytes", () => {
  it.each([
    ["equal strings", '"ab"', '"ab"', 0],
    ["a string before its extensions", '"ab"', '"abc"', -1],
    ["bytes as unsigned", "7f", "80", -1],
    ["U+FFFF before U+10000, unlike UTF-16", "efbfbf", "f0908080", -1],
    ["nothing before everything", "", "00", -1],
  ])("orders %s", (_, a, b, sign) => {
    expect(Math.sign(compareBytes(hex(a), hex(b)))).toBe(sign);
    expect(Math.sign(compareBytes(hex(b), hex(a)))).toBe(sign === 0 ? 0 : -sign);
  });
});

describe("commonPrefixLength", () => {
  it("counts the bytes up to the first difference or the shorter end", () => {
    expect(commonPrefixLength(utf8("abc"), utf8("abd"))).toBe(2);
    expect(commonPrefixLength(utf8("ab"), utf8("abd"))).toBe(2);
    expect(commonPrefixLength(utf8(""), utf8("abd"))).toBe(0);
  });
});

describe("firstNotIncreasing", () => {
  it.each([
    { strings: ["a", "ab", "b"], index: undefined },
    { strings: ["a", "a"], index: 1 },
    { strings: ["", "a", "b", "az"], index: 3 },
    { strings: ["ab", "a"], index: 1 },
    { strings: ["", ""], index: 1 },
    { strings: ["aé", "az"], index: 1 },
  ])("finds $index in $strings", ({ strings, index }) => {
    expect(firstNotIncreasing(joinStrings(strings.map(utf8)))).toBe(index);
  });

  it("agrees with compareBytes", () => {
    fc.assert(
      fc.property(byteStrings, byteStrings, (a, b) => {
        const increasing = firstNotIncreasing(joinStrings([a, b])) === undefined;
        expect(increasing).toBe(compareBytes(a, b) < 0);
      }),
    );
  });
});
