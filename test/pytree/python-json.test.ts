import { describe, expect, it } from "vitest";
import { formatPythonJson } from "../../src/pytree/python-json.js";
import { bytes, float, int, scalar, type Tree, tuple } from "../../src/pytree/value.js";
import { ndarray } from "../../src/zarr/nd-array.js";
import { failure } from "../failure.js";

/** On one line. */
const format = (value: Tree) => formatPythonJson(value, 0).replaceAll("\n", "");

describe("formatPythonJson", () => {
  it("indents as Python does, without lines in what is empty", () => {
    expect(formatPythonJson({ a: [1, { b: null }], c: {}, d: [] }, 2)).toBe(
      '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": {},\n  "d": []\n}',
    );
  });

  it.each<[Tree, string]>([
    [2, "2"],
    [float(2), "2.0"],
    [1e16, "1e+16"],
    [-0, "-0.0"],
    [0.1, "0.1"],
    [Number.NaN, "NaN"],
    [float(Number.NEGATIVE_INFINITY), "-Infinity"],
    [2n ** 80n, "1208925819614629174706176"],
    [int(2n ** 62n), "4611686018427387904"],
    [scalar("bool", true), "true"],
    ["ü\u{1f600}\n", '"\\u00fc\\ud83d\\ude00\\n"'],
    [tuple([-1, -1]), "[-1,-1]"],
    [new Map<number | string, Tree>([[3, 4]]), '{"3": 4}'],
  ])("writes %o as Python does", (value, text) => {
    expect(format(value)).toBe(text);
  });

  it.each<[string, Tree]>([
    ["ndarray", ndarray("int32", [1], new Int32Array(1))],
    ["ndarray", new Uint8Array(2)],
    ["bytes", bytes(new Uint8Array(2))],
    ["int", scalar("int32", 5)],
  ])("refuses %s in Python's words", (type, value) => {
    expect(() => format({ value })).toThrow(failure("INVALID_ARGUMENT", { pythonType: "TypeError" }));
    if (type === "ndarray")
      expect(() => format(value)).toThrow("Object of type ndarray is not JSON serializable");
  });

  it("refuses what contains itself", () => {
    const list: Tree[] = [];
    list.push(list);
    expect(() => format(list)).toThrow(failure("LIMIT_EXCEEDED"));
  });
});
