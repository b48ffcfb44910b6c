import { describe, expect, it } from "vitest";
import { arrayKey } from "../../../src/checkpoint/arrays/array-key.js";

describe("the key of an array's file", () => {
  // Keys that TensorStore wrote for arrays of these names (Orbax 0.12.8).
  it.each([
    ["a", "a/.zarray"],
    ["t/", "t/.zarray"],
    ["t//", "t//.zarray"],
    ["/", ".zarray"],
    ["//", "//.zarray"],
    ["", ".zarray"],
    ["/lead", "/lead/.zarray"],
    ["a/b/", "a/b/.zarray"],
    ["a//b", "a//b/.zarray"],
    ["a.", "a./.zarray"],
    ["a./", "a./.zarray"],
  ])("of %j is %j", (name, key) => {
    expect(arrayKey(name, ".zarray")).toBe(key);
  });
});
