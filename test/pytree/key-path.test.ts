import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareCodePoints,
  compileSelector,
  formatEntryName,
  formatKeyPath,
  type KeyPath,
  leafName,
  parameterName,
  parseIndex,
  sameKeyPath,
} from "../../src/pytree/key-path.js";

const part = fc.oneof(fc.string({ unit: "binary" }), fc.nat());

describe("parameterName", () => {
  it.each<[KeyPath, string]>([
    [["params", "w"], "params.w"],
    [["l", 0, "0"], "l.0.0"],
    [["a.b", "c/d"], "a.b.c/d"],
    [["a", ""], "a."],
    [[], ""],
  ])("of %j is %j", (path, name) => {
    expect(parameterName(path)).toBe(name);
  });
});

describe("formatEntryName", () => {
  it.each<[KeyPath, string]>([
    [["a", 0], "('a', '0')"],
    [["a"], "('a',)"],
    [[], "()"],
    [["it's"], '("it\'s",)'],
    [["'\""], "('\\'\"',)"],
    [["a\\b\n"], "('a\\\\b\\n',)"],
  ])("writes %j as Python's repr does", (path, name) => {
    expect(formatEntryName(path)).toBe(name);
  });

  it("gives different names to different paths of strings", () => {
    const strings = fc.array(fc.string({ unit: fc.constantFrom("'", '"', "\\", ",", " ", "n", "\n") }));
    fc.assert(
      fc.property(strings, strings, (a, b) => {
        fc.pre(!sameKeyPath(a, b));
        expect(formatEntryName(a)).not.toBe(formatEntryName(b));
      }),
      { numRuns: 500 },
    );
  });
});

describe("parseIndex", () => {
  it.each([
    ["0", 0],
    ["17", 17],
    [String(2 ** 53 - 1), 2 ** 53 - 1],
  ])("reads %s", (text, index) => {
    expect(parseIndex(text, "entry")).toBe(index);
  });

  it.each(["", "00", "01", "-1", "+1", " 1", "1.0", "1e3", "x", String(2 ** 53), "9".repeat(400)])(
    "refuses %s",
    (text) => {
      expect(() => parseIndex(text, "entry")).toThrow(
        expect.objectContaining({
          code: "DATA_LOSS",
          details: expect.objectContaining({ field: "list index", found: text }),
        }),
      );
    },
  );
});

describe("formatKeyPath", () => {
  it("joins with slashes, and calls the bare leaf the tree in messages only", () => {
    expect(formatKeyPath(["a", 0, "b"])).toBe("a/0/b");
    expect(formatKeyPath([])).toBe("");
    expect(leafName([])).toBe("tree");
    expect(leafName(["a"])).toBe("a");
  });
});

describe("a key path as a selector", () => {
  it.each<[KeyPath, KeyPath, boolean]>([
    [["a"], ["a"], true],
    [["a"], ["a", "b"], true],
    [["a", 0], ["a", 0, "c"], true],
    [[], ["a"], true],
    [["a"], ["b"], false],
    [["a", "b"], ["a"], false],
    [["a", "0"], ["a", 0], false],
    [["a*"], ["ab"], false],
  ])("%j of the leaf %j: %s", (selector, path, selected) => {
    expect(compileSelector(selector)(path)).toBe(selected);
  });
});

describe("a glob as a selector", () => {
  it.each<[string, KeyPath, boolean]>([
    ["params/w", ["params", "w"], true],
    ["params", ["params", "w"], true],
    ["param", ["params", "w"], false],
    ["params/*", ["params", "w"], true],
    ["params/*", ["params", "w", "x"], true],
    ["params/*", ["params"], false],
    ["*/w", ["params", "w"], true],
    ["*/w", ["params", "v"], false],
    ["**/w", ["w"], true],
    ["**/w", ["a", "b", "w"], true],
    ["**/w", ["a", "bw"], false],
    ["a/**", ["a", "b", "c"], true],
    ["a/**/c", ["a", "c"], true],
    ["l/0", ["l", 0], true],
    ["l/0", ["l", "0"], true],
    ["l/?", ["l", 10], false],
    ["?", ["😀"], true],
    ["a.b", ["a.b"], true],
    ["a.b", ["axb"], false],
    ["a+(b)[c]{1}$^|\\", ["a+(b)[c]{1}$^|\\"], true],
    ["a\nb*", ["a\nbc"], true],
    ["a/b", ["a/b"], true],
  ])("%j of the leaf %j: %s", (glob, path, selected) => {
    expect(compileSelector(glob)(path)).toBe(selected);
  });

  it("takes any text for a glob, and selects what it says literally", () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), (path) => {
        const text = formatKeyPath(path);
        fc.pre(!/[*?]/.test(text));
        expect(compileSelector(text)(path)).toBe(true);
      }),
    );
  });
});

describe("sameKeyPath", () => {
  it("compares part by part", () => {
    expect(sameKeyPath(["a", 0], ["a", 0])).toBe(true);
    expect(sameKeyPath(["a", 0], ["a", "0"])).toBe(false);
    expect(sameKeyPath(["a"], ["a", 0])).toBe(false);
  });
});

const codePoints = (text: string) => Array.from(text, (character) => character.codePointAt(0) ?? 0);

const byCodePoints = (a: string, b: string) => {
  const [left, right] = [codePoints(a), codePoints(b)];
  const index = left.findIndex((point, at) => point !== right[at]);
  return index < 0 ? left.length - right.length : (left[index] ?? 0) - (right[index] ?? -1);
};

describe("compareCodePoints", () => {
  it("orders as Python does, which compares code points", () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom("a", "～", "😀", "𐀀", "\uffff"),
        fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
      ),
    });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareCodePoints(a, b))).toBe(Math.sign(byCodePoints(a, b)));
      }),
      { numRuns: 500 },
    );
  });
});
