import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  expectArray,
  expectBoolean,
  expectInteger,
  expectObject,
  expectString,
  formatJson,
  type JsonValue,
  optionalBoolean,
  optionalString,
  parseJson,
  parseJsonText,
} from "../../src/bytes/json.js";
import type { Limits } from "../../src/limits.js";

function parse(text: string, limits?: Partial<Limits>): JsonValue {
  return parseJson(new TextEncoder().encode(text), "file", limits);
}

/** An error of parsing, with the byte that it names. */
function damage(offset: number) {
  return expect.objectContaining({ code: "DATA_LOSS", details: expect.objectContaining({ offset }) });
}

describe("values that Python's json reads", () => {
  it.each<[string, JsonValue]>([
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["-9007199254740993", -9007199254740993n],
    ["1700000000123456789", 1700000000123456789n],
    ["18446744073709551616", 18446744073709551616n],
  ])("reads the integer %s exactly", (text, value) => {
    expect(parse(text)).toBe(value);
  });

  it.each<[string, number]>([
    ["NaN", NaN],
    ["Infinity", Infinity],
    ["-Infinity", -Infinity],
    ["1e400", Infinity],
    ["1700000000123456789.0", 1.7000000001234568e18],
    ["1e30", 1e30],
    ["0.1000000000000000055511151231257827", 0.1],
    ["-0.0", -0],
    ["-0", 0],
    ["2.5e-3", 0.0025],
  ])("reads the number %s as %d", (text, value) => {
    expect(parse(text)).toBe(value);
  });

  it("reads -0 beside other values as the integer 0", () => {
    expect(parse('{"layer-0": [-0, -0.0, -1]}')).toEqual(
      Object.assign(Object.create(null), { "layer-0": [0, -0, -1] }),
    );
  });

  it("keeps half a surrogate pair, and joins two halves", () => {
    expect(parse('"\\ud800"')).toBe("\ud800");
    expect(parse('["\\ud83d\\ude00", NaN]')).toEqual(["\u{1f600}", NaN]);
  });

  it("knows every escape", () => {
    expect(parse('["\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9", NaN]')).toEqual(['"\\/\b\f\n\r\té', NaN]);
  });

  it.each(['{"a": 1, "b": 2, "a": 3}', '{"a": NaN, "b": 2, "a": 3}'])(
    "gives the last of equal names in %s",
    (text) => {
      expect({ ...expectObject(parse(text), "file", "top") }).toEqual({ a: 3, b: 2 });
    },
  );

  it.each(['{"__proto__": {"x": 1}}', '{"__proto__": {"x": 1}, "n": NaN}'])(
    "gives __proto__ in %s as a name like any other",
    (text) => {
      const value = expectObject(parse(text), "file", "top");
      expect(Object.keys(value)[0]).toBe("__proto__");
      expect({ ...expectObject(value["__proto__"], "file", "member") }).toEqual({ x: 1 });
      expect(value["constructor"]).toBeUndefined();
      expect(Object.getPrototypeOf(value)).toBeNull();
    },
  );

  it("takes prototypes away at every depth", () => {
    const inner = expectArray(parse('[[{"a": [{}]}]]'), "file", "top")[0];
    const object = expectObject(expectArray(inner, "file", "inner")[0], "file", "object");
    const deepest = expectArray(object["a"], "file", "a")[0];
    expect(Object.getPrototypeOf(object)).toBeNull();
    expect(Object.getPrototypeOf(expectObject(deepest, "file", "deepest"))).toBeNull();
  });

  it("allows white space around everything", () => {
    expect(parse(' \n{ "a" :\t[ 1 , NaN ] , "b" : [ ] , "c" : { } }\r\n')).toEqual(
      Object.assign(Object.create(null), { a: [1, NaN], b: [], c: Object.create(null) }),
    );
  });

  it("parses a text as it parses bytes", () => {
    expect(parseJsonText('{"id": 12345678901234567890}', "sharding")).toEqual(
      Object.assign(Object.create(null), { id: 12345678901234567890n }),
    );
  });
});

describe("texts that Python's json refuses", () => {
  it.each<[string, number]>([
    ["", 0],
    ["[1,]", 3],
    ['{"a":1,}', 7],
    ["01", 1],
    ["1.", 1],
    [".5", 0],
    ["+1", 0],
    ["-", 0],
    ["1e", 1],
    ["nan", 0],
    ["-NaN", 0],
    ["-Inf", 0],
    ["tru", 0],
    ["'a'", 0],
    ["1 2", 2],
    ["1_000", 1],
    ["// c", 0],
    ["[1 2]", 3],
    ["[", 1],
    ["[1", 2],
    ["[}", 1],
    ["]", 0],
    ['{"a" 1}', 5],
    ['{"a"', 4],
    ['{"a":', 5],
    ["{1:2}", 1],
    ['{"a":1]', 6],
    ['"abc', 4],
    ['"abc\\', 5],
    ['"\u0001"', 1],
    ['"a\nb"', 2],
    ['"\\x"', 2],
    ['"\\u12"', 3],
    ['"\\u00g0"', 3],
    ["\u00a01", 0],
  ])("refuses %j at byte %d", (text, offset) => {
    expect(() => parse(text)).toThrow(damage(offset));
  });

  it("names the byte, not the character, behind letters beyond ASCII", () => {
    expect(() => parse('["é€😀" x]')).toThrow(damage(1 + 1 + 2 + 3 + 4 + 1 + 1));
  });

  it("refuses a byte order mark", () => {
    const bytes = Uint8Array.of(0xef, 0xbb, 0xbf, 0x31 /* 1 */);
    expect(() => parseJson(bytes, "file")).toThrow(damage(0));
  });

  it.each<[string, number[], number]>([
    ["a lone continuation byte", [0x22, 0x80, 0x22], 1],
    ["an overlong form", [0x22, 0xc0, 0xaf, 0x22], 1],
    ["an overlong form of three bytes", [0x22, 0xe0, 0x80, 0xaf, 0x22], 1],
    ["an encoded surrogate", [0x22, 0x41, 0xed, 0xa0, 0x80, 0x22], 2],
    ["a sequence that is cut", [0x22, 0x41, 0xe2, 0x82], 2],
    ["a sequence that breaks off", [0x22, 0xc3, 0xa9, 0xe2, 0x82, 0x22], 3],
    ["a code point beyond Unicode", [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], 1],
  ])("refuses %s", (_name, bytes, offset) => {
    expect(() => parseJson(Uint8Array.from(bytes), "file")).toThrow(damage(offset));
  });

  it("refuses an integer of more than 4300 digits", () => {
    expect(parse(`-${"1".repeat(4300)}`)).toBe(BigInt(`-${"1".repeat(4300)}`));
    expect(() => parse(`[${"1".repeat(4301)}]`)).toThrow(damage(1));
  });
});

describe("limits", () => {
  const tooDeep = expect.objectContaining({
    code: "LIMIT_EXCEEDED",
    details: expect.objectContaining({ limit: "depth" }),
  });

  it.each([
    ["arrays", "[", "1", "]"],
    ["objects", '{"a":', "1", "}"],
    ["arrays that hold NaN", "[", "NaN", "]"],
  ])("allows %s to lie 1000 deep and no deeper", (_name, open, middle, close) => {
    const text = (depth: number) => open.repeat(depth) + middle + close.repeat(depth);
    expect(() => parse(text(1000))).not.toThrow();
    expect(() => parse(text(1001))).toThrow(tooDeep);
  });

  it("refuses millions of brackets that never close", () => {
    expect(() => parse("[".repeat(3_000_000))).toThrow(tooDeep);
    expect(() => parse(`[NaN,${"[".repeat(3_000_000)}`)).toThrow(tooDeep);
  });

  it("goes as deep as it is told to, without recursion", () => {
    const limits = { depth: 300_000 };
    expect(() => parse(`${"[".repeat(300_000)}1${"]".repeat(300_000)}`, limits)).not.toThrow();
    expect(() => parse(`${"[".repeat(300_000)}NaN${"]".repeat(300_000)}`, limits)).not.toThrow();
  });

  it("does not count brackets in strings", () => {
    expect(parse(`["${"[{".repeat(1000)}\\"${"[".repeat(1000)}"]`)).toHaveLength(1);
  });

  it("refuses more bytes than metadataBytes", () => {
    expect(() => parse("[1, 2, 3]", { metadataBytes: 8 })).toThrow(
      expect.objectContaining({
        code: "LIMIT_EXCEEDED",
        details: expect.objectContaining({ limit: "metadataBytes" }),
      }),
    );
  });
});

describe("formatJson", () => {
  it("writes what json.dumps writes", () => {
    const value = {
      a: [1, 2.5, null, true, false, NaN, Infinity, -Infinity, -0],
      'é\u007f"\\\n\u0001': "\u{1f600}\ud800",
      n: 9223372036854775808n,
      e: {},
      l: [],
    };
    // Python 3.11: json.dumps({"a": [1, 2.5, None, True, False, nan, inf, -inf, -0.0], …})
    expect(formatJson(value)).toBe(
      '{"a": [1, 2.5, null, true, false, NaN, Infinity, -Infinity, -0.0], ' +
        '"\\u00e9\\u007f\\"\\\\\\n\\u0001": "\\ud83d\\ude00\\ud800", "n": 9223372036854775808, "e": {}, "l": []}',
    );
  });

  it("refuses a value that contains itself", () => {
    const cycle: JsonValue[] = [];
    cycle.push({ cycle });
    expect(() => formatJson(cycle)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it("writes every value so that parsing gives it back", () => {
    const integer = fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n });
    const unsafe = integer.filter((value) => !Number.isSafeInteger(Number(value)));
    // A number beyond 2^53 without fraction would come back as bigint: JSON has one kind of number.
    const number = fc.double().filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value));
    const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, false),
        fc.string({ unit: "binary" }),
        number,
        unsafe,
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(fc.oneof(fc.string(), fc.constant("__proto__")), tie("tree"), {
          maxKeys: 4,
          noNullPrototype: false,
        }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(sorted(parse(formatJson(value)))).toEqual(sorted(value));
      }),
    );
  });

  it("agrees with JSON.parse wherever that is exact", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!/\d{16}|-0/.test(text));
        expect(sorted(parse(text))).toEqual(sorted(JSON.parse(text)));
      }),
    );
  });
});

/** Objects as lists of members, so that prototypes and `__proto__` do not blur a comparison. */
function sorted(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return { members: Object.entries(value).map(([name, member]) => [name, sorted(member)]) };
}

describe("accessors", () => {
  const object = parse('{"s": "text", "b": false, "i": 3, "f": 2.5, "n": null, "o": {}, "a": [1]}');
  const members = expectObject(object, "file", "top");

  it("give what has the right kind", () => {
    expect(expectString(members["s"], "file", "s")).toBe("text");
    expect(expectBoolean(members["b"], "file", "b")).toBe(false);
    expect(expectInteger(members["i"], "file", "i", 1)).toBe(3);
    expect(expectArray(members["a"], "file", "a")).toEqual([1]);
    expect(Object.keys(expectObject(members["o"], "file", "o"))).toEqual([]);
  });

  it("give undefined for optional members that are absent or null", () => {
    expect(optionalString(members["x"], "file", "x")).toBeUndefined();
    expect(optionalString(members["n"], "file", "n")).toBeUndefined();
    expect(optionalBoolean(members["n"], "file", "n")).toBeUndefined();
    expect(optionalBoolean(members["b"], "file", "b")).toBe(false);
  });

  it.each<[string, () => unknown]>([
    ["file: s is missing, expected a string", () => expectString(members["x"], "file", "s")],
    ["file: s is an object, expected a string", () => expectString(members["o"], "file", "s")],
    ['file: a is "text", expected an array', () => expectArray(members["s"], "file", "a")],
    ["file: o is null, expected an object", () => expectObject(members["n"], "file", "o")],
    ["file: o is an array of 1, expected an object", () => expectObject(members["a"], "file", "o")],
    ["file: b is 3, expected true or false", () => optionalBoolean(members["i"], "file", "b")],
    ["file: i is 2.5, expected an integer", () => expectInteger(members["f"], "file", "i")],
    ["file: i is 3, expected an integer of 4 or more", () => expectInteger(members["i"], "file", "i", 4)],
  ])("say %j", (message, access) => {
    expect(access).toThrow(expect.objectContaining({ code: "DATA_LOSS", message }));
  });
});
