import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/bytes/json.js";
import { jsonText } from "../../src/cli/json-text.js";

const text = (value: JsonValue, indent = 0) => [...jsonText(value, { indent })].join("");

describe("jsonText", () => {
  it.each([
    [null, "null"],
    [true, "true"],
    ['a "quote"\n', '"a \\"quote\\"\\n"'],
    [1.5, "1.5"],
    [-0, "-0.0"],
    [18446744073709551615n, "18446744073709551615"],
    [9007199254740991, "9007199254740991"],
    [-1.2345678901234568e20, "-123456789012345680000.0"],
    [1e21, "1e+21"],
    [[], "[]"],
    [{}, "{}"],
    [[1, [2, "x"], { a: [] }], '[1,[2,"x"],{"a":[]}]'],
    [{ a: { b: null }, c: [{}] }, '{"a":{"b":null},"c":[{}]}'],
  ])("writes %s on one line", (value, expected) => {
    expect(text(value)).toBe(expected);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "writes %d as an object, or as it is told to",
    (value) => {
      expect(text({ a: value, b: [value] })).toBe(`{"a":{"$float":"${value}"},"b":[{"$float":"${value}"}]}`);
      expect([...jsonText([value], { formatNonFinite: String })].join("")).toBe(`[${value}]`);
    },
  );

  it("indents containers, and leaves arrays of plain values on one line", () => {
    expect(text({ a: [1, 2], b: { c: [{ d: 3 }] }, e: {} }, 2)).toBe(
      '{\n  "a": [1,2],\n  "b": {\n    "c": [\n      {\n        "d": 3\n      }\n    ]\n  },\n  "e": {}\n}',
    );
  });

  it("writes a long array in pieces", () => {
    const long = Array.from({ length: 20_000 }, (_, index) => index);
    const pieces = [...jsonText(long)];
    expect(pieces.length).toBeGreaterThan(3);
    expect(JSON.parse(pieces.join(""))).toEqual(long);
  });

  it("writes a hundred thousand objects a thousand levels deep without going down to each", () => {
    let value: JsonValue = Array.from({ length: 100_000 }, () => ({}));
    for (let level = 0; level < 1000; level++) value = [value];
    expect(text(value)).toBe(`${"[".repeat(1001)}${"{},".repeat(99_999)}{}${"]".repeat(1001)}`);
  });

  it("indents no further from some depth on", () => {
    let value: JsonValue = {};
    for (let level = 0; level < 1000; level++) value = [value];
    expect(text(value, 2).length).toBeLessThan(200_000);
    expect(JSON.parse(text(value, 2))).toEqual(value);
  });

  it("writes keys that mean something to objects", () => {
    const object: { [key: string]: JsonValue } = Object.create(null);
    object["__proto__"] = 1;
    expect(text(object)).toBe('{"__proto__":1}');
  });
});
