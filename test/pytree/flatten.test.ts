import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exactValue } from "../../src/checkpoint/tree/leaf-value.js";
import { flattenTree } from "../../src/pytree/flatten.js";
import { unflattenTree } from "../../src/pytree/unflatten.js";
import {
  bytes,
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
import { NdArray, ndarray } from "../../src/zarr/nd-array.js";
import { leaves, trees } from "./arbitraries.js";

const paths = (tree: unknown) => flattenTree(tree).map(({ path }) => path);
const leafOf = (value: unknown) => flattenTree(value)[0]?.leaf;
const refusal = (key: string, message: string) =>
  expect.objectContaining({
    code: "INVALID_ARGUMENT",
    message: expect.stringContaining(message),
    details: expect.objectContaining({ key }),
  });

describe("the leaf of a plain value", () => {
  it.each([
    ["a whole number", 7, int(7)],
    ["zero", 0, int(0)],
    ["the largest safe integer", 2 ** 53 - 1, int(2 ** 53 - 1)],
    ["the smallest safe integer", -(2 ** 53 - 1), int(-(2 ** 53 - 1))],
    ["a bigint", 5n, int(5)],
    ["the largest bigint", 2n ** 64n - 1n, scalar("uint64", 2n ** 64n - 1n)],
    ["the smallest bigint", -(2n ** 63n), scalar("int64", -(2n ** 63n))],
    ["a whole number beyond the safe integers", 2 ** 53, float(2 ** 53)],
    ["1e300", 1e300, float(1e300)],
    ["a fraction", 0.5, float(0.5)],
    ["negative zero", -0, float(-0)],
    ["NaN", Number.NaN, float(Number.NaN)],
    ["infinity", Number.NEGATIVE_INFINITY, float(Number.NEGATIVE_INFINITY)],
    ["true", true, scalar("bool", true)],
  ])("is a Python number for %s", (_, value, expected) => {
    expect(leafOf(value)).toEqual({ kind: "scalar", scalar: expected });
  });

  it.each<[string, unknown, object]>([
    ["a string", "text", { kind: "string", text: "text" }],
    ["null", null, { kind: "none" }],
    ["an empty object", {}, { kind: "empty-dict" }],
    ["an empty Map", new Map(), { kind: "empty-dict" }],
    ["an empty array", [], { kind: "empty-list" }],
    ["an empty tuple", tuple([]), { kind: "empty-tuple" }],
    ["the placeholder", placeholder, { kind: "placeholder" }],
  ])("is what Orbax calls it for %s", (_, value, expected) => {
    expect(leafOf(value)).toEqual(expected);
  });

  it("is the value itself where it has a type of this package", () => {
    const array = ndarray("int32", [1], Int32Array.of(1));
    const key = prngKey([], Uint32Array.of(1, 2));
    const number = scalar("complex64", complex(1, 2));
    expect(leafOf(array)).toEqual({ kind: "array", array });
    expect(leafOf(key)).toEqual({ kind: "prng-key", key });
    expect(leafOf(number)).toEqual({ kind: "scalar", scalar: number });
  });

  it("is an array of rank 1 over the same memory for a typed array", () => {
    const data = Uint16Array.of(1, 2);
    const leaf = leafOf(data);
    expect(leaf).toEqual({ kind: "array", array: new NdArray("uint16", [2], data) });
    expect(leaf?.kind === "array" && leaf.array.data).toBe(data);
  });
});

describe("the order of leaves", () => {
  it("sorts dict keys as Python does, by code points", () => {
    // U+FF5E comes before U+1F600, whose UTF-16 units are smaller.
    expect(paths({ "😀": 1, "～": 1, b: 1, a: 1, "10": 1, "9": 1, B: 1 })).toEqual(
      ["10", "9", "B", "a", "b", "～", "😀"].map((key) => [key]),
    );
  });

  it("sorts the integer keys of a Map by value, others as text", () => {
    const map = new Map<number | bigint, number>([
      [10, 1],
      [9, 1],
      [-1, 1],
      [2n ** 70n, 1],
    ]);
    expect(paths(map)).toEqual([["-1"], ["9"], ["10"], [String(2n ** 70n)]]);
    expect(
      paths(
        new Map<number | string, number>([
          [10, 1],
          ["a", 1],
          [9, 1],
        ]),
      ),
    ).toEqual([["10"], ["9"], ["a"]]);
  });

  it("goes depth first and numbers lists and tuples", () => {
    expect(paths({ b: [1, [2]], a: tuple([3, { c: 4 }]) })).toEqual([
      ["a", 0],
      ["a", 1, "c"],
      ["b", 0],
      ["b", 1, 0],
    ]);
  });

  it("names the fields of a named tuple, in their own order", () => {
    expect(paths(new Tuple([1, 2], ["nu", "mu"], "Adam"))).toEqual([["nu"], ["mu"]]);
  });

  it("keeps the keys of JavaScript's own names", () => {
    const tree: unknown = JSON.parse('{"__proto__": 1, "constructor": 2, "toString": {"x": 3}}');
    expect(paths(tree)).toEqual([["__proto__"], ["constructor"], ["toString", "x"]]);
  });

  it("takes objects of another realm, and without prototype", () => {
    expect(paths(runInNewContext("({ a: [1], b: new Uint8Array(1) })"))).toEqual([["a", 0], ["b"]]);
    expect(paths(Object.assign(Object.create(null), { a: 1 }))).toEqual([["a"]]);
  });

  it("is the root's path for a bare leaf", () => {
    expect(paths(5)).toEqual([[]]);
  });
});

class Unknown {
  readonly field = 1;
}

const nested = (levels: number) => {
  let tree: unknown = 1;
  for (let level = 0; level < levels; level++) tree = [tree];
  return tree;
};

describe("what cannot be stored", () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = [cyclic];
  const sparse: unknown[] = [1];
  sparse[2] = 1;

  it.each<[string, unknown, string, string]>([
    ["undefined", { a: undefined }, "a", "undefined cannot be stored"],
    ["a hole of an array", { a: sparse }, "a/1", "undefined cannot be stored"],
    ["a function", { a: [() => 1] }, "a/0", "function cannot be stored"],
    ["a symbol", { a: Symbol("x") }, "a", "symbol cannot be stored"],
    ["an instance of a class", { a: new Unknown() }, "a", "an instance of Unknown cannot be stored"],
    ["a Date", { a: new Date(0) }, "a", "an instance of Date cannot be stored"],
    ["a Set", { a: new Set() }, "a", "an instance of Set cannot be stored"],
    ["a clamped array", { a: new Uint8ClampedArray(1) }, "a", "Uint8ClampedArray cannot be stored"],
    ["a DataView", { a: new DataView(new ArrayBuffer(1)) }, "a", "DataView cannot be stored"],
    ["a complex number without a width", { a: complex(1, 2) }, "a", "Complex cannot be stored"],
    ["bytes", { a: bytes(new Uint8Array(1)) }, "a", "an instance of Bytes cannot be stored"],
    ["an int that is too large", { a: 2n ** 64n }, "a", "does not fit into 64 bits"],
    ["an int that is too small", { a: -(2n ** 63n) - 1n }, "a", "does not fit into 64 bits"],
    ["a tree that contains itself", cyclic, "self/0", "the tree contains itself"],
    ["a key that is no Unicode", { a: { "\ud800": 1 } }, "a", "lone surrogate"],
    ["such a key of a Map", { a: new Map([["\udc00x", 1]]) }, "a", "lone surrogate"],
    ["a fraction as a key", { a: new Map([[0.5, 1]]) }, "a", "a dict key is 0.5"],
    ["an unsafe integer as a key", { a: new Map([[2 ** 53, 1]]) }, "a", "a dict key is 9007199254740992"],
    ["an object as a key", { a: new Map([[{}, 1]]) }, "a", "a dict key is an instance of Object"],
    [
      "keys of one name",
      {
        a: new Map<unknown, number>([
          [1, 1],
          ["1", 2],
        ]),
      },
      "a",
      'two dict keys are called "1"',
    ],
  ])("is %s", (_, tree, key, message) => {
    expect(() => flattenTree(tree)).toThrow(refusal(key, message));
  });

  it("is a root that is none of the kinds", () => {
    expect(() => flattenTree(undefined)).toThrow(refusal("", "tree: undefined cannot be stored"));
  });

  it("is a tree deeper than the limit", () => {
    expect(paths(nested(1000))[0]).toHaveLength(1000);
    const tooDeep = expect.objectContaining({
      code: "LIMIT_EXCEEDED",
      details: expect.objectContaining({ limit: "depth" }),
    });
    expect(() => flattenTree(nested(1001))).toThrow(tooDeep);
    expect(() => flattenTree(nested(200_000))).toThrow(tooDeep);
  });

  it("is not a value that stands at two places", () => {
    const shared = [1];
    expect(paths({ a: shared, b: shared })).toEqual([
      ["a", 0],
      ["b", 0],
    ]);
  });
});

describe("flattening and unflattening", () => {
  it("gives back every tree of exact values", () => {
    fc.assert(
      fc.property(trees(leaves), (tree: Tree) => {
        const flat = flattenTree(tree);
        const rebuilt = unflattenTree(flat.map(({ path, leaf }) => ({ path, value: exactValue(leaf) })));
        expect(rebuilt).toEqual(tree);
        expect(flattenTree(rebuilt)).toEqual(flat);
      }),
    );
  });

  it("does not need the leaves in order", () => {
    fc.assert(
      fc.property(trees(leaves), fc.infiniteStream(fc.nat()), (tree, random) => {
        const flat = flattenTree(tree).map(({ path, leaf }) => ({ path, value: exactValue(leaf) }));
        const ranked = flat.map((leaf) => ({ leaf, rank: Number(random.next().value) }));
        const shuffled = ranked.toSorted((a, b) => a.rank - b.rank).map(({ leaf }) => leaf);
        expect(unflattenTree(shuffled)).toEqual(tree);
      }),
    );
  });
});
