import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatPlural,
  formatShare,
  formatShortCount,
} from "../../src/cli/format-number.js";

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [9949, "9.9 kB"],
    [9950, "10 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [1_605_632, "1.6 MB"],
    [3e9, "3.0 GB"],
    [2 ** 53, "9.0 PB"],
    [5e18, "5000 PB"],
  ])("writes %d as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe("formatCount", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1000, "1,000"],
    [1_234_567, "1,234,567"],
    [2 ** 53 - 1, "9,007,199,254,740,991"],
  ])("writes %d as %s", (count, text) => {
    expect(formatCount(count)).toBe(text);
  });
});

describe("formatPlural", () => {
  it("tells one from none and many", () => {
    expect([0, 1, 1000].map((count) => formatPlural(count, "array"))).toEqual([
      "0 arrays",
      "1 array",
      "1,000 arrays",
    ]);
  });
});

describe("formatShortCount", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1000, "1k"],
    [12_345, "12.3k"],
    [124_439_808, "124M"],
    [999_999, "1M"],
    [1_300_000_000, "1.3B"],
    [2e15, "2000T"],
  ])("writes %d in three digits", (count, text) => {
    expect(formatShortCount(count)).toBe(text);
  });
});

describe("formatShare", () => {
  it.each([
    [1, 3, "33 %"],
    [0, 5, "0 %"],
    [5, 5, "100 %"],
    [1, 1000, "<1 %"],
    [999, 1000, ">99 %"],
    [0, 0, "0 %"],
  ])("%d of %d is %s", (part, whole, text) => {
    expect(formatShare(part, whole)).toBe(text);
  });
});
