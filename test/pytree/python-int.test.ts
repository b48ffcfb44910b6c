import { describe, expect, it } from "vitest";
import { canonicalKey, parsePythonInt } from "../../src/pytree/python-int.js";

// Expected values: int(text) of CPython 3.11.
describe("parsePythonInt", () => {
  it.each([
    ["5", 5n],
    ["-4", -4n],
    ["+2", 2n],
    ["-0", 0n],
    ["007", 7n],
    ["1_1", 11n],
    [" 8 ", 8n],
    ["\t\n\v\f\r\u0085\u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u30006", 6n],
    ["\u0663", 3n], // Arabic-Indic
    ["१२३", 123n], // Devanagari
    ["1\u0663_5", 135n],
    ["\u{1d7d7}\u{1d7d8}\u{1d7ff}", 909n], // mathematical: five runs of ten side by side
    ["12345678901234567890123", 12345678901234567890123n],
    ["9".repeat(4300), 10n ** 4300n - 1n],
    [`${"1_".repeat(4299)}1`, (10n ** 4300n - 1n) / 9n],
    [`-${"\u{1d7d7}".repeat(4300)}`, 1n - 10n ** 4300n],
  ])("takes %j", (text, value) => {
    expect(parsePythonInt(text)).toBe(value);
  });

  it.each([
    "",
    " ",
    "+",
    "--5",
    "+ 5",
    "5 5",
    "_5",
    "5_",
    "5__5",
    "5.0",
    "1e3",
    "0x1",
    "\u001c5", // str.strip would take it away
    "\ufeff5", // JavaScript's trim would
    "\u200b5",
    "5\0",
    "²",
    "一",
    "−5", // U+2212
    "9".repeat(4301),
    "0".repeat(4301),
    "1".repeat(10_000_000),
    " ".repeat(1_000_000),
  ])("refuses %j", (text) => {
    expect(parsePythonInt(text)).toBeUndefined();
  });
});

describe("canonicalKey", () => {
  it.each([
    ["01", "1"],
    ["-1", "-1"],
    [" 3 ", "3"],
    ["\u0663", "3"],
    ["a", "a"],
    ["1.0", "1.0"],
    ["", ""],
  ])("writes the key %j as %j", (key, canonical) => {
    expect(canonicalKey(key)).toBe(canonical);
  });
});
