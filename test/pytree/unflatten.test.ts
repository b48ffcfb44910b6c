import { describe, expect, it } from "vitest";
import { formatKeyPath, type KeyPath } from "../../src/pytree/key-path.js";
import { type ContainerType, type PathAndValue, unflattenTree } from "../../src/pytree/unflatten.js";
import { Tuple } from "../../src/pytree/value.js";

const build = (...paths: readonly KeyPath[]) => unflattenTree(paths.map((path, value) => ({ path, value })));
const damage = (key: string, details: object) =>
  expect.objectContaining({ code: "DATA_LOSS", details: expect.objectContaining({ key, ...details }) });

describe("unflattenTree", () => {
  it("makes lists of indices, in any order, and dicts of keys", () => {
    expect(build(["a", 1], ["a", 0, "b"], ["c"])).toEqual({ a: [{ b: 1 }, 0], c: 2 });
  });

  it("tells the key 0 from the index 0", () => {
    expect(build(["0"])).toEqual({ "0": 0 });
    expect(build([0])).toEqual([0]);
  });

  it("makes dicts without prototype, in which every key is just a key", () => {
    const tree = build(["__proto__"], ["constructor", "prototype"]);
    expect(Object.getPrototypeOf(tree)).toBeNull();
    expect(Object.entries(tree ?? {})).toEqual([
      ["__proto__", 0],
      ["constructor", { prototype: 1 }],
    ]);
  });

  it("gives a bare leaf itself", () => {
    expect(unflattenTree([{ path: [], value: null }])).toBeNull();
  });

  it("builds a list of a hundred thousand without asking for its order", () => {
    const leaves = Array.from({ length: 100_000 }, (_, index) => ({ path: [99_999 - index], value: index }));
    const list = unflattenTree(leaves);
    expect(Array.isArray(list) && list[0]).toBe(99_999);
  });

  it.each<[string, readonly KeyPath[], string, object]>([
    ["two leaves at one path", [["a"], ["a"]], "a", { found: "there twice" }],
    ["two bare leaves", [[], []], "", { found: "there twice" }],
    ["a bare leaf beside others", [["a"], []], "", { found: "there twice" }],
    ["others beside a bare leaf", [[], ["a"]], "", { found: "there twice" }],
    ["a leaf that is a container", [["a", "b"], ["a"]], "a", { found: "there twice" }],
    ["a container that is a leaf", [["a"], ["a", "b"]], "a", { found: "there twice" }],
    [
      "keys and indices below one node",
      [
        ["a", "b"],
        ["a", 0],
      ],
      "a",
      { found: "keys and indices" },
    ],
    ["keys and indices at the root", [[0], ["a"]], "", { found: "keys and indices" }],
    [
      "a list with a gap",
      [
        ["a", 0],
        ["a", 2],
      ],
      "a",
      { found: "no element 1 of 2" },
    ],
    ["a list without its first element", [["a", 1]], "a", { found: "no element 0 of 1" }],
    ["a list of an enormous index", [[2 ** 53 - 1]], "", { found: "no element 0 of 1" }],
  ])("refuses %s", (_, paths, key, details) => {
    expect(() => build(...paths)).toThrow(damage(key, details));
  });

  it("refuses to make a tree of nothing", () => {
    expect(() => unflattenTree([])).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
    expect(() => unflattenTree([{ path: ["a"], value: undefined }])).toThrow(
      expect.objectContaining({ code: "DATA_LOSS" }),
    );
  });
});

const some = (...leaves: readonly (readonly [KeyPath, number | undefined])[]) =>
  unflattenTree(leaves.map(([path, value]) => ({ path, value })));

describe("leaves that are left out", () => {
  it("leave a dict without their keys", () => {
    expect(some([["a"], 1], [["b"], undefined])).toEqual({ a: 1 });
  });

  it("take containers with them that hold nothing else", () => {
    expect(some([["a"], 1], [["b", "c"], undefined], [["d", 0, 0], undefined])).toEqual({ a: 1 });
  });

  it("make a dict by index of a list, whichever they are", () => {
    expect(some([["a", 0], undefined], [["a", 1], 1])).toEqual({ a: { "1": 1 } });
    expect(some([["a", 0], 0], [["a", 1], undefined])).toEqual({ a: { "0": 0 } });
  });

  it("leave a list as it is of which everything is there in part", () => {
    expect(some([[0, "a"], 1], [[0, "b"], undefined], [[1], 2])).toEqual([{ a: 1 }, 2]);
  });

  it("still clash with others, and their gaps still count", () => {
    expect(() => some([["a"], 1], [["a"], undefined])).toThrow(damage("a", { found: "there twice" }));
    expect(() => some([["a", 0], 1], [["a", 2], undefined])).toThrow(
      damage("a", { found: "no element 1 of 2" }),
    );
  });
});

const typed = (types: Readonly<Record<string, ContainerType>>, ...leaves: readonly PathAndValue[]) =>
  unflattenTree(leaves, (path) => types[formatKeyPath(path)]);
const leaf = (path: KeyPath, value: number | null | undefined): PathAndValue => ({ path, value });

describe("containers whose type the file tells", () => {
  const pair: ContainerType = { kind: "named-tuple", names: ["x", "y"], className: "Pair" };

  it("are tuples, at the root and below it", () => {
    const tree = typed({ "": { kind: "tuple" }, "1": { kind: "tuple" } }, leaf([0], 1), leaf([1, 0], 2));
    expect(tree).toEqual(new Tuple([1, new Tuple([2])]));
  });

  it("are named tuples, whose fields are in the order of their names", () => {
    expect(typed({ a: pair }, leaf(["a", "y"], 2), leaf(["a", "x"], 1))).toEqual({
      a: new Tuple([1, 2], ["x", "y"], "Pair"),
    });
  });

  it("are named tuples without fields where nothing but null is", () => {
    const nothing: ContainerType = { kind: "named-tuple", names: [], className: "Nothing" };
    expect(typed({ a: nothing, c: pair }, leaf(["a"], null), leaf(["b"], null), leaf(["c"], null))).toEqual({
      a: new Tuple([], [], "Nothing"),
      b: null,
      c: null,
    });
    expect(typed({ a: nothing }, leaf(["a"], 1))).toEqual({ a: 1 });
  });

  it("are dicts where elements are left out, so that each keeps its name", () => {
    expect(typed({ a: pair }, leaf(["a", "x"], 1), leaf(["a", "y"], undefined))).toEqual({ a: { x: 1 } });
    const tuple: ContainerType = { kind: "tuple" };
    expect(typed({ a: tuple }, leaf(["a", 0], undefined), leaf(["a", 1], 1))).toEqual({ a: { "1": 1 } });
  });

  it("stay dicts where the file calls a dict a tuple", () => {
    expect(typed({ a: { kind: "tuple" } }, leaf(["a", "x"], 1))).toEqual({ a: { x: 1 } });
  });

  it.each<[string, KeyPath[], string]>([
    ["more", [["x"], ["y"], ["z"]], "x, y, z"],
    ["fewer", [["x"]], "x"],
    ["others", [["x"], ["z"]], "x, z"],
    ["indices", [[0], [1]], "0, 1"],
  ])("are damage where a named tuple has %s", (_, fields, found) => {
    const leaves = fields.map((field) => leaf(["a", ...field], 1));
    expect(() => typed({ a: pair }, ...leaves)).toThrow(damage("a", { found, expected: "x, y" }));
  });
});
