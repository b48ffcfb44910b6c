import { describe, expect, it } from "vitest";
import { cutText, formatTable, padText, textWidth } from "../../src/cli/table.js";

describe("textWidth", () => {
  it.each([
    ["abc", 3],
    ["café", 4],
    ["cafe\u0301", 4],
    ["日本", 4],
    ["😀", 2],
    ["", 0],
  ])("of %j is %d", (text, width) => {
    expect(textWidth(text)).toBe(width);
  });
});

describe("cutText", () => {
  it.each([
    ["abcdef", 6, "abcdef"],
    ["abcdef", 5, "abcd…"],
    ["日本語", 5, "日本…"],
    ["日本語", 4, "日…"],
    ["abc", 1, "…"],
    ["abc", 0, ""],
  ])("cuts %j to %d columns", (text, width, cut) => {
    expect(cutText(text, width)).toBe(cut);
  });
});

describe("formatTable", () => {
  it("aligns columns by what they show", () => {
    const rows = [
      ["STEP", "NAME", "WHAT"],
      ["5", "日本", "tree"],
      ["1200", "a", ""],
    ];
    expect(formatTable(rows, ["right", "left", "left"])).toEqual([
      "STEP  NAME  WHAT",
      "   5  日本  tree",
      "1200  a",
    ]);
  });
});

describe("padText", () => {
  it("leaves longer text as it is", () => {
    expect(padText("abcdef", 3)).toBe("abcdef");
    expect(padText("a", 3, "right")).toBe("  a");
  });
});
