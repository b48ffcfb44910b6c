import { describe, expect, it } from "vitest";
import { decodeRichTypes } from "../../../src/checkpoint/metadata/rich-types.js";
import { openTree } from "../../../src/checkpoint/tree/open-tree.js";
import { isDict } from "../../../src/pytree/container.js";
import { Scalar, type Tree, Tuple } from "../../../src/pytree/value.js";
import { NdArray } from "../../../src/zarr/nd-array.js";
import { dumpLeaves, parseDump, readExpected } from "../dump-tree.js";
import { type FixtureChanges, fixtureStorage } from "../fixture-storage.js";

const expected = Object.assign({ plain: undefined, rich: undefined }, readExpected("rich-types"));
const open = (changes?: FixtureChanges) => openTree({ storage: fixtureStorage("rich-types", changes) });

/** A tree as `_shown` of scripts/oracle/fixture_checkpoints.py shows it. */
function shown(tree: Tree): unknown {
  if (Tuple.is(tree)) {
    const { items, names } = tree;
    if (names === undefined) return { tuple: items.map(shown) };
    return { named: items.map((item, index) => [names[index], shown(item)]) };
  }
  if (Array.isArray(tree)) return { list: tree.map((item: Tree) => shown(item)) };
  if (NdArray.is(tree)) return `[${Array.from(tree.data, numberText).join(", ")}]`;
  if (Scalar.is(tree)) return `${Number(tree.value)}`;
  if (!isDict(tree)) return tree;
  return { dict: Object.entries(tree).map(([key, value]: [string, Tree]) => [key, shown(value)]) };
}

const numberText = (value: number | bigint) => (typeof value === "bigint" ? String(value) : value.toFixed(1));

describe("a tree with rich types", () => {
  it("loads exactly with its tuples and named tuples, as Python restores it with them", async () => {
    expect(shown(await (await open()).loadTree({ exact: true }))).toEqual(expected.rich);
  });

  it("keeps the class of a named tuple", async () => {
    const tree = await (await open()).loadTree({ exact: true, only: [["point"], ["nothing"]] });
    expect(tree).toMatchObject({
      point: { className: "Point", names: ["x", "y"] },
      nothing: { className: "OrbaxEmptyNamedTuple", names: [] },
    });
  });

  it("loads plainly with lists and dicts, as Python restores it without them", async () => {
    const item = await open();
    expect(dumpLeaves(await item.load())).toEqual(parseDump(expected.plain));
    expect(await item.loadTree({ exact: false, only: [["list"], ["point", "y"], ["nothing"]] })).toEqual({
      list: [[1], 2, [], [], {}],
      point: { y: [1, 2] },
      nothing: null,
    });
  });

  it("makes a dict of a tuple or named tuple of which elements are left out", async () => {
    const item = await open();
    expect(shown(await item.loadTree({ exact: true, only: ["tuple", 1] }))).toEqual({
      dict: [["tuple", { dict: [["1", { dict: [["a", "1"]] }]] }]],
    });
    expect(shown(await item.loadTree({ exact: true, only: ["point", "y"] }))).toEqual({
      dict: [["point", { dict: [["y", { list: ["1", "2"] }]] }]],
    });
  });

  it("needs no rich types where they are damaged, but for an exact load", async () => {
    const metadata = JSON.parse(
      new TextDecoder().decode(await fixtureStorage("rich-types").get("/_METADATA")),
    );
    const damaged = JSON.stringify({ ...metadata, value_metadata_tree: "{" });
    const item = await open({ _METADATA: damaged });
    expect(dumpLeaves(await item.load())).toEqual(parseDump(expected.plain));
    await expect(item.loadTree({ exact: true })).rejects.toMatchObject({ code: "DATA_LOSS" });
    // Orbax looks at it only where it is text.
    const ignored = await open({ _METADATA: JSON.stringify({ ...metadata, value_metadata_tree: {} }) });
    expect(await ignored.loadTree({ exact: true, only: ["list", 0] })).toEqual({
      list: { "0": [expect.anything()] },
    });
  });
});

const leaf = (type = "scalar") => ({
  category: "custom",
  clazz: "ValueMetadataEntry",
  data: { value_type: type, skip_deserialize: false },
});

describe("value_metadata_tree", () => {
  it("knows nothing of paths that it does not have", () => {
    const types = decodeRichTypes(JSON.stringify({ a: [leaf()], b: leaf() }));
    for (const path of [[], ["a"], ["a", 0], ["a", 1], ["a", "0"], ["b", "x"], ["c", 0, "d"], ["toString"]]) {
      expect(types.typeAt(path)).toBeUndefined();
    }
  });

  it("tells a key from an index", () => {
    const tuple = { category: "custom", clazz: "tuple", entries: [leaf()] };
    const types = decodeRichTypes(JSON.stringify({ "0": tuple, l: [tuple] }));
    expect(types.typeAt(["0"])).toEqual({ kind: "tuple" });
    expect(types.typeAt([0])).toBeUndefined();
    expect(types.typeAt(["l", 0])).toEqual({ kind: "tuple" });
  });

  it.each<[string, object]>([
    ["a class that Orbax does not write", { category: "custom", clazz: "set", entries: [] }],
    ["a tuple without entries", { category: "custom", clazz: "tuple" }],
    ["a named tuple without class", { category: "namedtuple", entries: [] }],
    ["an entry without a key", { category: "namedtuple", clazz: "P", entries: [{ value: leaf() }] }],
    ["a leaf without data", { category: "custom", clazz: "ValueMetadataEntry" }],
  ])("is damage with %s", (_, json) => {
    const types = decodeRichTypes(JSON.stringify({ x: json }));
    expect(() => types.typeAt(["x"])).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
  });

  it("with a hundred thousand fields is looked at once", () => {
    const entries = Array.from({ length: 100_000 }, (_, index) => ({
      key: `f${index}`,
      value: leaf("None"),
    }));
    const types = decodeRichTypes(JSON.stringify({ category: "namedtuple", clazz: "P", entries }));
    const found = entries.filter(({ key }) => types.typeAt([key]) !== undefined);
    expect(found).toEqual([]);
  });
});
