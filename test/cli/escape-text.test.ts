import { assert, pre, property, string, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeBytes, escapeText } from "../../src/cli/escape-text.js";

describe("escapeText", () => {
  it.each([
    ["a\nb\r\tc", "a\\nb\\r\\tc"],
    ["\u0000\u001b[0m\u007f\u009b", "\\u0000\\u001b[0m\\u007f\\u009b"],
    ["line\u2028paragraph\u2029", "line\\u2028paragraph\\u2029"],
    ["right\u202eto left\u2066", "right\\u202eto left\\u2066"],
    ["half \ud83d of a pair", "half \\ud83d of a pair"],
    ["café 😀 日本", "café 😀 日本"],
  ])("writes %j as %s", (text, escaped) => {
    expect(escapeText(text)).toBe(escaped);
  });

  it("leaves nothing that a terminal would obey", () => {
    assert(
      property(string({ unit: "binary" }), (text) => {
        expect(escapeText(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe("escapeBytes", () => {
  it.each([
    [[0x61, 0x5c, 0x62], "a\\\\b"],
    [[0xc3, 0xa9], "é"],
    [[0xff, 0x61, 0xc3], "\\xffa\\xc3"],
    [[0xef, 0xbf, 0xbd], "\ufffd"],
    [[0xef, 0xbb, 0xbf, 0x61], "\ufeffa"],
    [[0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"],
    [[0xf0, 0x9f, 0x98, 0x80, 0x80], "😀\\x80"],
    [[], ""],
  ])("writes %j as %s", (bytes, escaped) => {
    expect(escapeBytes(Uint8Array.from(bytes))).toBe(escaped);
  });

  it("writes no two keys alike", () => {
    assert(
      property(uint8Array({ maxLength: 6 }), uint8Array({ maxLength: 6 }), (a, b) => {
        pre(a.toString() !== b.toString());
        expect(escapeBytes(a)).not.toBe(escapeBytes(b));
      }),
    );
  });
});
