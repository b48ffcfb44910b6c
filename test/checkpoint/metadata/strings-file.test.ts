import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkString,
  encodeStringsFile,
  StringsFile,
} from "../../../src/checkpoint/metadata/strings-file.js";
import { FIXTURES } from "../dump-tree.js";

const file = (text: string) => new StringsFile(new TextEncoder().encode(text));
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const damage = (key: string) =>
  expect.objectContaining({
    code: "DATA_LOSS",
    details: expect.objectContaining({ file: "_strings.json", key }),
  });

describe("the strings that Orbax wrote", () => {
  const bytes = readFileSync(join(FIXTURES, "pytree-strings", "_strings.json"));

  it.each([
    ["text", "hi"],
    ["empty", ""],
    ["unicode", "café 😀 \u0000"],
    ["list.0", "a"],
    ["list.3.0", "b"],
    ["a.b", "dots in the name"],
    ["p.q/r", "a slash nests in _strings.json"],
    ["p.q/s.t", "and again"],
    ["__proto__", "a name of JavaScript's own"],
  ])("are found: %s", (name, text) => {
    expect(new StringsFile(bytes).get(name)).toBe(text);
  });

  it("are written again byte for byte, but for those with a slash", () => {
    const names = ["text", "empty", "unicode", "list.0", "list.3.0", "a.b", "__proto__"];
    const original = new StringsFile(bytes);
    const written = decode(encodeStringsFile(new Map(names.map((name) => [name, original.get(name)]))));
    expect(written).toBe(decode(bytes).replace(/"p\.q":\{[^}]*\},/, ""));
  });
});

describe("a JSON pointer", () => {
  const strings = file('{"a":{"b":"x","":"y"},"l":["p",["q"]],"c/d":"z","~":"t","":{"x":"u"},"~1":"v"}');

  it.each([
    ["a/b", "x"],
    ["a/", "y"],
    ["l/0", "p"],
    ["l/1/0", "q"],
    ["c~1d", "z"],
    ["~0", "t"],
    ["/x", "u"],
    ["~01", "v"],
  ])("leads into objects and arrays, escapes undone: %s", (name, text) => {
    expect(strings.get(name)).toBe(text);
  });

  it.each([
    "a",
    "a/c",
    "l/2",
    "l/00",
    "l/-",
    "l/1",
    "c/d",
    "x",
    "a/b/c",
    "constructor",
    "toString",
    "l/length",
  ])("that leads to no string is damage: %s", (name) => {
    expect(() => strings.get(name)).toThrow(damage(name));
  });
});

describe("another value", () => {
  // As Orbax 0.12.8 restores them.
  it.each([
    ["5", "5"],
    ["-9007199254740993", "-9007199254740993"],
    ["18446744073709551615", "18446744073709551615"],
    ["true", "True"],
    ["false", "False"],
    ["null", "None"],
  ])("%s is Python's text of it", (json, text) => {
    expect(file(`{"s":${json}}`).get("s")).toBe(text);
  });

  it.each(["1.5", "-0.0", "1e300", "NaN", "18446744073709551616", "{}", "[]"])("%s is damage", (json) => {
    expect(() => file(`{"s":${json}}`).get("s")).toThrow(damage("s"));
  });
});

describe("a damaged file", () => {
  it.each(["", "{", '{"a":"b"}x', '{"a":"\ud800'])("is named: %j", (text) => {
    expect(() => file(text)).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        details: expect.objectContaining({ file: "_strings.json" }),
      }),
    );
  });

  it.each(['"x"', "[]", "5", "null"])("that is no object holds none: %s", (text) => {
    expect(() => file(text).get("x")).toThrow(damage("x"));
  });

  it("is held to the limits", () => {
    expect(() => new StringsFile(new Uint8Array(100), { metadataBytes: 10 })).toThrow(
      expect.objectContaining({ code: "LIMIT_EXCEEDED" }),
    );
  });
});

describe("encodeStringsFile", () => {
  it("sorts names by code point, also those that look like an array's index", () => {
    const names = ["b", "10", "9", "😀", "～", "-1"];
    const written = decode(encodeStringsFile(new Map(names.map((name) => [name, ""]))));
    expect(written).toBe('{"-1":"","10":"","9":"","b":"","～":"","😀":""}');
  });

  it("writes what is read again", () => {
    const name = fc.string({ unit: "grapheme" }).filter((text) => !/[/~]|\p{Surrogate}/u.test(text));
    const text = fc.string({ unit: "binary" }).filter((value) => !/\p{Surrogate}/u.test(value));
    fc.assert(
      fc.property(fc.dictionary(name, text), (strings) => {
        const names = Object.keys(strings);
        const written = new StringsFile(encodeStringsFile(new Map(Object.entries(strings))));
        expect(names.map((each) => written.get(each))).toEqual(names.map((each) => strings[each]));
      }),
    );
  });
});

describe("checkString", () => {
  it.each(["a/b", "/", "a~b", "~0"])("refuses the path %j, which would be a pointer's syntax", (name) => {
    expect(() => checkString(name, "text")).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("rename the key"),
        details: expect.objectContaining({ key: name }),
      }),
    );
  });

  it("refuses a text that has no UTF-8", () => {
    expect(() => checkString("a", "x\udc00y")).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => checkString("a", "😀")).not.toThrow();
  });
});
