import { describe, expect, it } from "vitest";
import { restoreIntPaths } from "../../src/datarax/int-paths.js";
import type { Dict } from "../../src/pytree/value.js";

/** Expected values: flax 0.12.8, `nnx.restore_int_paths` of the dict in key order. */
const cases: [string, Dict, Dict][] = [
  [
    "ints of every spelling",
    { "-1": 5, "+2": 6, " 3 ": 7, "1_0": 8, "\u0663\u0663": 9 },
    { "-1": 5, 2: 6, 3: 7, 10: 8, 33: 9 },
  ],
  ["keys that are no ints", { "1.0": 1, "1e3": 2, "0x1": 3 }, { "1.0": 1, "1e3": 2, "0x1": 3 }],
  ["an int that is spelled twice: the later in key order", { "1": 1, "01": 2, "+1": 3 }, { 1: 1 }],
  ["key order by code points", { "\u{1d7cf}": 1, "１": 2 }, { 1: 1 }],
  ["dicts of one int", { "01": { a: 1, b: 2 }, "1": { b: 3, c: 4 } }, { 1: { a: 1, b: 3, c: 4 } }],
  ["a leaf after a dict of the same int", { "01": { a: 1 }, "1": 5 }, { 1: 5 }],
  ["an empty dict after a leaf", { "01": 5, "1": {} }, { 1: 5 }],
  ["empty dicts", { a: { b: {} }, c: 1, d: {} }, { c: 1 }],
  ["nothing", {}, {}],
  ["lists, in which nothing changes", { a: [{ "01": 1, e: {} }] }, { a: [{ "01": 1, e: {} }] }],
  ["a path that keeps its place among others", { "001": { a: 1 }, "01": 5, "1": { a: 2 } }, { 1: 5 }],
];

describe("restoreIntPaths", () => {
  it.each(cases)("treats %s as Python does", (_, state, restored) => {
    expect(restoreIntPaths(state)).toEqual(restored);
  });

  it.each<[string, Dict]>([
    ["a dict after a leaf of the same int", { "01": 5, "1": { a: 1 } }],
    ["the same deeper down, even where a later leaf covers it", { "+1": { "01": 5, "1": { a: 1 } }, "1": 7 }],
  ])("refuses %s, where Python raises TypeError", (_, state) => {
    expect(() => restoreIntPaths(state)).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        details: expect.objectContaining({ key: "1", pythonType: "TypeError" }),
      }),
    );
  });

  it("gives dicts without prototype", () => {
    const restored = restoreIntPaths(JSON.parse('{"__proto__": {"a": 1}}'));
    expect(Object.entries(restored)).toEqual([["__proto__", { a: 1 }]]);
    expect(Object.getPrototypeOf(restored)).toBeNull();
  });
});
