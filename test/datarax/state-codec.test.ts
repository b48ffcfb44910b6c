import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeState, encodeState } from "../../src/datarax/state-codec.js";
import {
  complex,
  float,
  int,
  placeholder,
  prngKey,
  scalar,
  type Tree,
  Tuple,
  tuple,
} from "../../src/pytree/value.js";
import { ndarray } from "../../src/zarr/nd-array.js";

function refused(message: string, details: { [field: string]: unknown } = {}) {
  return expect.objectContaining({
    code: "INVALID_ARGUMENT",
    message,
    details: expect.objectContaining(details),
  });
}

function nested(levels: number): Tree {
  let tree: Tree = 1;
  for (let level = 0; level < levels; level++) tree = level % 2 === 0 ? [tree] : { a: tree };
  return tree;
}

class Instance {
  readonly field = 1;
}

describe("encodeState", () => {
  it.each([
    ["a plain string", "hi", [104, 105]],
    ["an empty string", "", []],
    ["a character beyond 2^16, which is one code point", "é😀", [233, 0x1f600]],
    ["a lone surrogate", "\ud800", [0xd800]],
  ])("makes a marker of %s", (_, text, codes) => {
    expect(encodeState(text)).toEqual({ __string__: true, char_codes: codes });
  });

  it("makes a marker of a random key and of an array of keys", () => {
    expect(encodeState(prngKey([], Uint32Array.of(0, 42)))).toEqual({
      __prng_key__: true,
      key_data: [0, 42],
    });
    const keys = prngKey([2, 1], Uint32Array.of(1, 2, 3, 4294967295));
    expect(encodeState(keys)).toEqual({ __prng_key__: true, key_data: [[[1, 2]], [[3, 4294967295]]] });
    const rbg = prngKey([], Uint32Array.of(1, 2, 3, 4), "rbg");
    expect(encodeState(rbg)).toEqual({ __prng_key__: true, key_data: [1, 2, 3, 4] });
  });

  it.each<[string, Tree]>([
    ["an int", 5],
    ["a float", 0.5],
    ["negative zero", -0],
    ["the largest int", 2n ** 64n - 1n],
    ["the least int", -(2n ** 63n)],
    ["a bool", true],
    ["None", null],
    ["an exact float", float(2)],
    ["a scalar of another width", scalar("int8", 2)],
    ["an array", ndarray("complex64", [1], Float32Array.of(1, 2))],
    ["a bare typed array", Float32Array.of(1)],
  ])("leaves %s as it is", (_, value) => {
    expect(encodeState({ v: value })).toEqual({ v: value });
  });

  it("goes into lists, tuples, dicts and Maps, and gives new containers", () => {
    const list = ["a"];
    expect(encodeState({ t: tuple([list]), m: new Map([[7, "a"]]), n: new Map([[8n, 1]]) })).toEqual({
      t: tuple([[{ __string__: true, char_codes: [97] }]]),
      m: { 7: { __string__: true, char_codes: [97] } },
      n: { 8: 1 },
    });
    expect(encodeState(list)).not.toBe(list);
  });

  it("makes a plain tuple of a named one, as Datarax does", () => {
    expect(encodeState(new Tuple([1], ["mu"], "Adam"))).toEqual(tuple([1]));
  });

  it("keeps every key of an object", () => {
    expect(Object.keys(encodeState(JSON.parse('{"__proto__": 1, "a.b": 2}')) ?? {})).toEqual([
      "__proto__",
      "a.b",
    ]);
  });

  it.each<[string, unknown, string]>([
    ["undefined", undefined, "undefined"],
    ["a function", () => 1, "function"],
    ["a symbol", Symbol("s"), "symbol"],
    ["an instance of a class", new Instance(), "Instance"],
    ["a date", new Date(0), "Date"],
    ["a set", new Set([1]), "set"],
    ["a complex number", complex(1, 2), "complex"],
    ["an exact complex number", scalar("complex128", complex(1, 2)), "complex"],
    ["a placeholder", placeholder, "ellipsis"],
    ["a DataView", new DataView(new ArrayBuffer(1)), "DataView"],
  ])("refuses %s with Python's text", (_, value, name) => {
    const message = `Unsupported type: <class '${name}'> for key: ('v',).`;
    expect(() => encodeState({ v: value })).toThrow(refused(message, { key: "v", pythonType: "ValueError" }));
  });

  it("names the place in a tree as Python does", () => {
    // Orbax 0.12.8: {'v': {'a': {'b': [{3}]}}} and {'v': {"it's": {1}}}
    expect(() => encodeState({ v: { a: { b: [new Set([3])] } } })).toThrow(
      "Unsupported type: <class 'set'> for key: ('v', 'a', 'b', '0').",
    );
    expect(() => encodeState({ v: { "it's": new Set([1]) } })).toThrow(
      "Unsupported type: <class 'set'> for key: ('v', \"it's\").",
    );
  });

  it("refuses a hole in a list", () => {
    const holes: unknown[] = [];
    holes[1] = 1;
    expect(() => encodeState(holes)).toThrow("for key: ('0',)");
  });

  it.each([2n ** 64n, -(2n ** 63n) - 1n])("refuses the int %d", (value) => {
    expect(() => encodeState({ v: value })).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining('Unsupported data type: "object"'),
        details: expect.objectContaining({ key: "v", pythonType: "ValueError" }),
      }),
    );
  });

  it.each<[string, Tree]>([
    ["an array", ndarray("int32", [0], new Int32Array(0))],
    ["an array with rows", ndarray("int32", [0, 3], new Int32Array(0))],
    ["a bare typed array", new Int32Array(0)],
    ["keys", prngKey([0], new Uint32Array(0))],
  ])("refuses %s without elements", (_, value) => {
    expect(() => encodeState({ v: { a: [value] } })).toThrow(
      refused("Cannot save arrays with zero size: ParamInfo: [name=v.a.0,value_typestr=np.ndarray]"),
    );
  });

  it("refuses a tree that contains itself", () => {
    const cyclic: { [key: string]: unknown } = {};
    cyclic["a"] = [cyclic];
    expect(() => encodeState({ v: cyclic })).toThrow(refused("state v/a/0: the tree contains itself"));
  });

  it("takes a value that stands in two places", () => {
    const shared = { a: 1 };
    expect(encodeState([shared, shared, new Map([[1, shared]])])).toEqual([shared, shared, { 1: shared }]);
  });

  it("refuses two keys that are one int in Python, but not inside lists, where keys stay strings", () => {
    expect(() => encodeState({ v: { "01": 1, a: 2, "+1": 3 } })).toThrow(
      refused("state v: dict keys '01' and '+1' are the same int in Python"),
    );
    expect(encodeState([{ "01": 1, "+1": 3 }])).toEqual([{ "01": 1, "+1": 3 }]);
  });

  it.each<[string, Map<unknown, unknown>, string]>([
    ["a fraction", new Map([[0.5, 1]]), "state: a key of a Map is 0.5, expected a string or an integer"],
    ["an object", new Map([[null, 1]]), "state: a key of a Map is null, expected a string or an integer"],
    [
      "an int twice",
      new Map<unknown, unknown>([
        [1, 1],
        [1n, 2],
      ]),
      "state: two keys of a Map have the same name",
    ],
    [
      "ints and strings, which Python cannot sort",
      new Map<unknown, unknown>([
        [1, 1],
        ["a", 2],
      ]),
      "Comparator raised exception while sorting pytree dictionary keys.",
    ],
  ])("refuses a Map whose keys are %s", (_, map, message) => {
    expect(() => encodeState(map)).toThrow(refused(message));
  });

  it("refuses a tree deeper than the limit", () => {
    const limited = expect.objectContaining({
      code: "LIMIT_EXCEEDED",
      details: expect.objectContaining({ limit: "depth" }),
    });
    expect(() => encodeState(nested(100_000))).toThrow(limited);
    expect(() => encodeState(nested(4), { depth: 3 })).toThrow(limited);
    expect(encodeState(nested(3), { depth: 3 })).toEqual(nested(3));
  });
});

describe("decodeState", () => {
  it.each<[string, Tree, Tree]>([
    ["a string", { __string__: scalar("bool", true), char_codes: [int(104), int(105)] }, "hi"],
    ["a string by any true value", { __string__: int(1), char_codes: [int(104)], z: int(2) }, "h"],
    [
      "a string of codes in an array",
      { __string__: true, char_codes: ndarray("int64", [1], BigInt64Array.of(104n)) },
      "h",
    ],
    [
      "a string of codes of rank 0",
      { __string__: true, char_codes: [ndarray("int32", [], Int32Array.of(104))] },
      "h",
    ],
    ["a string of no codes", { __string__: true, char_codes: tuple([]) }, ""],
    ["a string before a key", { __string__: true, char_codes: [], __prng_key__: true }, ""],
    ["a key", { __prng_key__: true, key_data: [int(1), int(2)] }, prngKey([], Uint32Array.of(1, 2))],
    [
      "keys",
      {
        __prng_key__: float(0.5),
        key_data: [
          [int(1), int(2)],
          [int(3), int(4294967295)],
        ],
      },
      prngKey([2], Uint32Array.of(1, 2, 3, 4294967295)),
    ],
    [
      "an unmarked dict",
      { __string__: scalar("bool", false), char_codes: [int(1)] },
      { __string__: scalar("bool", false), char_codes: [int(1)] },
    ],
  ])("gives %s", (_, marker, value) => {
    expect(decodeState({ v: [marker] }, { exact: true })).toEqual({ v: [value] });
  });

  it.each<[string, Tree, string]>([
    ["a string without codes", { __string__: true }, "KeyError"],
    ["codes that are no list", { __string__: true, char_codes: int(5) }, "TypeError"],
    ["codes that are None", { __string__: true, char_codes: null }, "TypeError"],
    ["a float among the codes", { __string__: true, char_codes: [float(104)] }, "TypeError"],
    [
      "a float array of codes",
      { __string__: true, char_codes: ndarray("float32", [1], Float32Array.of(104)) },
      "TypeError",
    ],
    ["a negative code", { __string__: true, char_codes: [int(-1)] }, "ValueError"],
    ["a code beyond Unicode", { __string__: true, char_codes: [int(0x110000)] }, "ValueError"],
    ["a key without words", { __prng_key__: true }, "KeyError"],
    ["a key of four words", { __prng_key__: true, key_data: [int(1), int(2), int(3), int(4)] }, "TypeError"],
    ["a key of one word", { __prng_key__: true, key_data: int(1) }, "TypeError"],
    ["no keys", { __prng_key__: true, key_data: [] }, "TypeError"],
    ["a word too large", { __prng_key__: true, key_data: [int(1), int(2 ** 32)] }, "OverflowError"],
    ["a negative word", { __prng_key__: true, key_data: [int(1), int(-1)] }, "OverflowError"],
    ["a word that is text", { __prng_key__: true, key_data: [int(1), "2"] }, "TypeError"],
    ["keys of unequal length", { __prng_key__: true, key_data: [[int(1), int(2)], [int(3)]] }, "ValueError"],
    ["a word beside a list", { __prng_key__: true, key_data: [[int(1), int(2)], int(3)] }, "TypeError"],
  ])("refuses %s", (_, marker, pythonType) => {
    expect(() => decodeState({ a: { b: marker } })).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        message: expect.stringContaining("state a/b"),
        details: expect.objectContaining({ key: "a/b", pythonType }),
      }),
    );
  });

  it("gives plain values unless exact ones are asked for", () => {
    const tree = { f: float(2), p: ndarray("int64", [], BigInt64Array.of(6n)), t: tuple([]) };
    expect(decodeState(tree)).toEqual({ f: 2, p: 6, t: [] });
    expect(decodeState(tree, { exact: true })).toEqual(tree);
  });

  it("turns the keys of dicts into ints and drops empty dicts, but not inside lists", () => {
    const tree = { "01": { "+2": 1, e: {} }, e: {}, l: [{ "01": 1 }, {}] };
    expect(decodeState(tree)).toEqual({ 1: { 2: 1 }, l: [{ "01": 1 }, {}] });
    expect(decodeState([{ "01": 1 }, {}])).toEqual([{ "01": 1 }, {}]);
    expect(decodeState({ a: {} })).toEqual({});
  });

  it("keeps keys that every object has", () => {
    const decoded = decodeState(JSON.parse('{"v": {"__proto__": 1, "constructor": {"toString": 2}}}'));
    expect(JSON.stringify(decoded)).toBe('{"v":{"__proto__":1,"constructor":{"toString":2}}}');
  });

  it("refuses a tree deeper than the limit", () => {
    const limited = expect.objectContaining({ code: "LIMIT_EXCEEDED" });
    expect(() => decodeState(nested(100_000))).toThrow(limited);
    expect(() => decodeState(nested(4), { limits: { depth: 3 } })).toThrow(limited);
    expect(decodeState(nested(3), { limits: { depth: 3 } })).toEqual(nested(3));
  });

  it("refuses key words nested without end before the stack ends", () => {
    let words: Tree = int(1);
    for (let depth = 0; depth < 100_000; depth++) words = [words];
    expect(() => decodeState({ __prng_key__: true, key_data: words })).toThrow(
      expect.objectContaining({ code: "DATA_LOSS" }),
    );
  });

  it("gives back what encodeState was given", () => {
    const key = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !/^\s*[+-]?\p{Nd}/u.test(text));
    const { state } = fc.letrec<{ state: Tree; value: Tree }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.string({ unit: "binary" }),
        fc.boolean(),
        fc.double({ noNaN: true }),
        fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
        fc.constant(null),
        fc.tuple(fc.nat(), fc.nat()).map((words) => prngKey([], Uint32Array.from(words))),
        fc.array(tie("value")),
        fc.dictionary(key, tie("value"), { minKeys: 1, noNullPrototype: false }),
      ),
      state: fc.dictionary(key, tie("value")),
    }));
    fc.assert(
      fc.property(state, (tree) => {
        expect(decodeState(encodeState(tree))).toEqual(tree);
      }),
    );
  });
});
