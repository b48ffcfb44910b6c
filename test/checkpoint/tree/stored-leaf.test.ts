import { describe, expect, it } from "vitest";
import type { TreeEntry } from "../../../src/checkpoint/metadata/tree-metadata.js";
import { isAggregated, storedLeaves } from "../../../src/checkpoint/tree/stored-leaf.js";
import { formatKeyPath } from "../../../src/pytree/key-path.js";

const entry = (path: TreeEntry["path"], valueType = "scalar", skipDeserialize = false): TreeEntry => ({
  path,
  valueType,
  skipDeserialize,
});
const empty = (path: TreeEntry["path"], valueType: string) => entry(path, valueType, true);
const pathsOf = (...entries: TreeEntry[]) => storedLeaves(entries).map(({ path }) => path);

describe("where a leaf's value lies", () => {
  it.each<[string, boolean, object]>([
    ["jax.Array", false, { kind: "array", holds: "array" }],
    ["np.ndarray", false, { kind: "array", holds: "array" }],
    ["something new", false, { kind: "array", holds: "array" }],
    ["scalar", false, { kind: "array", holds: "scalar" }],
    ["string", false, { kind: "string" }],
    ["placeholder", false, { kind: "value", leaf: { kind: "placeholder" } }],
    ["None", true, { kind: "value", leaf: { kind: "none" } }],
    ["Dict", true, { kind: "value", leaf: { kind: "empty-dict" } }],
    ["List", true, { kind: "value", leaf: { kind: "empty-list" } }],
    ["Tuple", true, { kind: "value", leaf: { kind: "empty-tuple" } }],
    ["NamedTuple", true, { kind: "value", leaf: { kind: "none" } }],
    ["Dict", false, { kind: "value", leaf: { kind: "empty-dict" } }],
    ["constructor", false, { kind: "array", holds: "array" }],
  ])("is told by its value type: %s", (valueType, skip, storage) => {
    expect(storedLeaves([entry(["a", 0], valueType, skip)])).toEqual([
      { path: ["a", 0], name: "a.0", valueType, storage },
    ]);
  });

  it.each(["np.ndarray", "scalar", "string", "jax.Array", "something new"])(
    "is a file of old releases for a %s that is skipped",
    (valueType) => {
      const skipped = entry(["a", 0], valueType, true);
      const leaf = { kind: "string", text: "from the file" } as const;
      const aggregated = { get: ({ path }: TreeEntry) => (formatKeyPath(path) === "a/0" ? leaf : undefined) };
      expect(storedLeaves([skipped], aggregated)).toEqual([
        { path: ["a", 0], name: "a.0", valueType, storage: { kind: "value", leaf } },
      ]);
      const missing = expect.objectContaining({
        code: "DATA_LOSS",
        message: 'a/0: "no value", expected one in the legacy file "checkpoint"',
        details: expect.objectContaining({ key: "a/0" }),
      });
      expect(() => storedLeaves([skipped], { get: () => undefined })).toThrow(missing);
      expect(() => storedLeaves([skipped])).toThrow(missing);
    },
  );
});

describe("whether a value lies in a file of old releases", () => {
  it.each([
    ["scalar", true, true],
    ["scalar", false, false],
    ["None", true, false],
    ["Tuple", true, false],
    ["placeholder", true, false],
  ])("is told by skip_deserialize with a type that has data: %s, %s", (valueType, skip, expected) => {
    expect(isAggregated(entry(["a"], valueType, skip))).toBe(expected);
  });
});

describe("an empty container", () => {
  it.each(["Dict", "List", "Tuple"])(
    "that has children is none, as partial saves leave it: %s",
    (valueType) => {
      expect(pathsOf(empty([], valueType), empty(["a"], valueType), entry(["a", "b", "c"]))).toEqual([
        ["a", "b", "c"],
      ]);
    },
  );

  it("is one if only a sibling has children", () => {
    expect(pathsOf(empty(["a"], "Dict"), entry(["ab", "c"]))).toEqual([["a"], ["ab", "c"]]);
  });

  it("of the key 0 has nothing to do with the index 0", () => {
    expect(pathsOf(empty(["a", "0"], "Dict"), entry(["a", "1", "x"]))).toHaveLength(2);
  });
});

describe("entries that make no tree", () => {
  it.each<[string, TreeEntry[], string]>([
    ["two with one path", [entry(["a"]), entry(["a"], "string")], "a"],
    ["two empties with one path", [empty(["a"], "Dict"), empty(["a"], "Dict")], "a"],
    ["a leaf that has children", [entry(["a"]), entry(["a", "b"])], "a"],
    ["None that has children", [empty(["a"], "None"), entry(["a", "b"])], "a"],
    ["a placeholder that has children", [entry(["a"], "placeholder"), entry(["a", "b"])], "a"],
    ["keys and indices", [entry(["a", 0]), entry(["a", "b"])], "a"],
    ["a list with a gap", [entry(["a", 0]), entry(["a", 2])], "a"],
    ["a bare leaf and more", [entry([]), entry(["a"])], ""],
  ])("are damage: %s", (_, entries, key) => {
    expect(() => storedLeaves(entries)).toThrow(
      expect.objectContaining({ code: "DATA_LOSS", details: expect.objectContaining({ key }) }),
    );
  });
});

describe("a hostile tree", () => {
  it("of long paths that share nothing costs little", () => {
    const entries = Array.from({ length: 100 }, (_, first) =>
      entry([String(first), ...Array.from({ length: 999 }, (_value, depth) => `k${depth}`)]),
    );
    expect(storedLeaves(entries)).toHaveLength(100);
  });
});
