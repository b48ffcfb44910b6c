import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeState, encodeState } from "../../src/datarax/state-codec.js";
import { parseTaggedJson } from "../../src/datarax/tagged-json.js";
import { dictOf, isDict, isList, isMap } from "../../src/pytree/container.js";
import { complex, float, int, Scalar, scalar, type Tree, Tuple } from "../../src/pytree/value.js";
import { NdArray } from "../../src/zarr/nd-array.js";

type Leaf = {
  path: [key: string, keyType: number][];
  value_type: string;
  name: string;
  zarr: [dtype: string, shape: number[]] | null;
};
type CodecCase = {
  saved: unknown;
  leaves?: Leaf[];
  restored?: unknown;
  save_error?: { type: string; message: string };
  restore_error?: { type: string; message: string };
};

// Made by Datarax 0.1.4 (docs/spec/datarax.md section 9): the state is {"v": saved, "z": 1}.
const vectors: { cases: CodecCase[] } = JSON.parse(
  readFileSync(new URL("../../docs/spec/vectors/codec.json", import.meta.url), "utf8"),
);

/**
 * What JavaScript cannot say, by its number among the vectors: [why, the nearest value]. All are errors in Python
 * too, and so is the nearest value here.
 */
const UNSAYABLE: { [index: number]: [why: string, nearest: unknown] } = {
  23: ["bytes of Python: a bare Uint8Array is an array", new DataView(new ArrayBuffer(2))],
  24: ["a complex of Python is no tagged JSON", complex(1, 2)],
  64: ["an array of strings", [undefined]],
  65: ["an array of objects", [Symbol("object")]],
  76: ["a set of Python is no tagged JSON", new Set([1, 2])],
};

/** Python's dict holds five keys of four ints, of which a restore loses one; here the save refuses them. */
const COLLIDING_KEYS = 43;

const cases = vectors.cases.map((vector, index): [string, number, CodecCase] => [
  `${index} ${JSON.stringify(vector.saved).slice(0, 60)}`,
  index,
  vector,
]);
const savable = cases.filter(([, index, vector]) => vector.leaves !== undefined && index !== COLLIDING_KEYS);
const unsavable = cases.filter(([, , vector]) => vector.save_error !== undefined);

/** The leaves of a tree for Orbax, as docs/spec/orbax-layout.md sections 6, 7 and 9 describe its entries. */
function leavesOf(tree: Tree, path: Leaf["path"] = []): Leaf[] {
  const leaf = (value_type: string, zarr: Leaf["zarr"]): Leaf[] => [
    { path, value_type, name: path.map(([key]) => key).join("."), zarr },
  ];
  if (tree === null) return leaf("None", null);
  if (typeof tree === "boolean") return leaf("scalar", ["|b1", []]);
  if (typeof tree === "number") return leaf("scalar", [Number.isSafeInteger(tree) ? "<i8" : "<f8", []]);
  if (typeof tree === "bigint") return leaf("scalar", [tree >= 2n ** 63n ? "<u8" : "<i8", []]);
  if (Scalar.is(tree)) return leaf("scalar", [SCALAR_TYPES[tree.dtype] ?? "?", []]);
  if (NdArray.is(tree)) {
    const type = tree.sharding === undefined ? "np.ndarray" : "jax.Array";
    return leaf(type, [ARRAY_TYPES[tree.dtype] ?? "?", [...tree.shape]]);
  }
  const items = isList(tree) ? tree : Tuple.is(tree) ? tree.items : undefined;
  if (items !== undefined) {
    if (items.length === 0) return leaf(Tuple.is(tree) ? "Tuple" : "List", null);
    return items.flatMap((item, index) => leavesOf(item, [...path, [String(index), 1]]));
  }
  if (!isDict(tree)) throw new Error("no leaf for this value");
  const entries = Object.entries(tree);
  if (entries.length === 0) return leaf("Dict", null);
  return entries.flatMap(([key, child]) => leavesOf(child, [...path, [key, 2]]));
}

const SCALAR_TYPES: { [dtype: string]: string } = {
  int64: "<i8",
  uint64: "<u8",
  float64: "<f8",
  bool: "|b1",
};
const ARRAY_TYPES: { [dtype: string]: string } = {
  ...SCALAR_TYPES,
  int32: "<i4",
  uint32: "<u4",
  float16: "<f2",
  float32: "<f4",
  bfloat16: "bfloat16",
};

/** What an exact load of the saved tree gives. */
function asLoaded(tree: Tree): Tree {
  if (typeof tree === "boolean") return scalar("bool", tree);
  if (typeof tree === "bigint") return int(tree);
  if (typeof tree === "number") return Number.isSafeInteger(tree) ? int(tree) : float(tree);
  if (isList(tree)) return tree.map(asLoaded);
  if (Tuple.is(tree)) return tree.items.length === 0 ? tree : tree.items.map(asLoaded);
  if (isDict(tree)) return dictOf(Object.entries(tree).map(([key, child]) => [key, asLoaded(child)]));
  return tree;
}

/** Dicts with int keys are objects with decimal keys in JavaScript. */
function withoutMaps(tree: Tree): Tree {
  if (isList(tree)) return tree.map(withoutMaps);
  const entries = isMap(tree) ? Array.from(tree) : isDict(tree) ? Object.entries(tree) : undefined;
  if (entries === undefined) return tree;
  return dictOf(entries.map(([key, child]) => [String(key), withoutMaps(child)]));
}

function byName(a: Leaf, b: Leaf): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** The value under `v` of what a restore of `saved` gives; `undefined` where the key has vanished. */
function restoredState(loaded: Tree): Tree {
  return decodeState(dictOf([["v", loaded]]), { exact: true });
}

describe("encodeState and decodeState against Datarax", () => {
  it("are held to all vectors", () => {
    expect(cases).toHaveLength(128);
    expect(savable.length + unsavable.length + 1).toBe(128);
  });

  it.each(savable)("%s: is stored in Python's leaves", (_, _index, { saved, leaves = [] }) => {
    const encoded = encodeState({ v: parseTaggedJson(saved), z: 1 });
    const z: Leaf = { path: [["z", 2]], value_type: "scalar", name: "z", zarr: ["<i8", []] };
    expect(leavesOf(encoded).sort(byName)).toEqual([...leaves, z].sort(byName));
  });

  const restorable = savable.filter(([, , { restored }]) => restored !== undefined);
  it.each(restorable)("%s: is restored as in Python", (_, _index, { saved, restored }) => {
    const loaded = asLoaded(encodeState(parseTaggedJson(saved)));
    expect(restoredState(loaded)).toStrictEqual(withoutMaps(parseTaggedJson(restored)));
  });

  const unrestorable = savable.filter(([, , vector]) => vector.restore_error !== undefined);
  it.each(unrestorable)("%s: is refused by a restore as in Python", (_, _index, vector) => {
    const loaded = asLoaded(encodeState(parseTaggedJson(vector.saved)));
    expect(() => restoredState(loaded)).toThrow(
      expect.objectContaining({
        code: "DATA_LOSS",
        details: expect.objectContaining({ key: "v", pythonType: vector.restore_error?.type }),
      }),
    );
  });

  it.each(unsavable)("%s: is refused by a save as in Python", (_, index, { saved, save_error: error }) => {
    const [, nearest] = UNSAYABLE[index] ?? ["", parseTaggedJson(saved)];
    expect(() => encodeState({ v: nearest, z: 1 })).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        details: expect.objectContaining({ pythonType: error?.type }),
      }),
    );
    if (index in UNSAYABLE) expect(() => parseTaggedJson(saved)).toThrow(/tagged JSON/u);
  });

  it("refuses keys that are one int in Python, where Python loses a value", () => {
    const { saved } = vectors.cases[COLLIDING_KEYS] ?? {};
    expect(() => encodeState(parseTaggedJson(saved))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("restores such keys as Python does: the last in key order stays", () => {
    const { saved, restored } = vectors.cases[COLLIDING_KEYS] ?? {};
    expect(restoredState(parseTaggedJson(saved))).toStrictEqual(withoutMaps(parseTaggedJson(restored)));
  });
});
