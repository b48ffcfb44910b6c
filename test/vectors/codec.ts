import { decodeState, encodeState } from "../../src/datarax/state-codec.js";
import { parseTaggedJson } from "../../src/datarax/tagged-json.js";
import { isOrbaxError } from "../../src/errors.js";
import { dictOf, isDict, isList, isMap } from "../../src/pytree/container.js";
import { complex, float, int, Scalar, scalar, type Tree, Tuple } from "../../src/pytree/value.js";
import { NdArray } from "../../src/zarr/nd-array.js";
import { requireSame, requireSameState } from "./same.js";
import { isObject, listIn, type Vector } from "./vector-test.js";

/** An entry of `_METADATA` with its array: docs/spec/datarax.md section 9. */
type Leaf = {
  readonly path: readonly (readonly [key: string, keyType: number])[];
  readonly value_type: string;
  readonly name: string;
  readonly zarr: readonly [dtype: string, shape: readonly number[]] | null;
};

/**
 * `{saved, leaves, restored | restore_error}` or `{saved, save_error}`: the state `{"v": saved, "z": 1}` is stored in
 * those leaves and comes back as that, or is refused.
 */
export function checkCodec(vector: Vector): void {
  if (isObject(vector.save_error)) {
    requireRefused(
      () => encodeState({ v: sayable(vector.saved), z: 1 }),
      "INVALID_ARGUMENT",
      vector.save_error,
    );
    return;
  }
  const saved = parseTaggedJson(vector.saved);
  const z: Leaf = { path: [["z", 2]], value_type: "scalar", name: "z", zarr: ["<i8", []] };
  const leaves = [...listIn(vector, "leaves"), z];
  if (hasCollidingKeys(saved)) {
    // Python saves keys that are one int and loses a value at the restore; here such a state is refused.
    requireRefused(() => encodeState({ v: saved, z: 1 }), "INVALID_ARGUMENT", {});
    requireSameState(restored(saved), withoutZ(vector.restored), "restored");
    return;
  }
  requireSame(sorted(leavesOf(encodeState({ v: saved, z: 1 }))), sorted(leaves), "leaves");
  const loaded = asLoaded(encodeState(saved));
  if (isObject(vector.restore_error))
    requireRefused(() => restored(loaded), "DATA_LOSS", vector.restore_error);
  else requireSameState(restored(loaded), withoutZ(vector.restored), "restored");
}

function requireRefused(act: () => unknown, code: string, { type }: Vector): void {
  try {
    act();
  } catch (error) {
    if (!isOrbaxError(error)) throw error;
    requireSame(error.code, code, "error code");
    if (type !== undefined) requireSame(error.details.pythonType, type, "class of the error");
    return;
  }
  throw new Error("nothing was refused");
}

/** What is saved; what JavaScript cannot say as the nearest value that it can. */
function sayable(json: unknown): Tree {
  const nearest: unknown = nearestTo(json);
  const name: string = "value"; // a name that the compiler does not know: such values have no type of a state
  return nearest === undefined ? parseTaggedJson(json) : Reflect.get({ value: nearest }, name);
}

function nearestTo(json: unknown): unknown {
  if (!isObject(json)) return undefined;
  if (typeof json.$python === "string") {
    if (/^b['"]/.test(json.$python)) return new DataView(new ArrayBuffer(2)); // a bare Uint8Array is an array
    if (/j\)?$/.test(json.$python)) return complex(1, 2);
    return new Set([json.$python]);
  }
  const array = json.$array;
  if (!isObject(array)) return undefined;
  return array.dtype === "object" || /^[<>|=]?[US]/.test(String(array.dtype))
    ? [Symbol("element")]
    : undefined;
}

/** Two keys of one dict that are the same Python int. */
function hasCollidingKeys(tree: Tree): boolean {
  if (isList(tree)) return tree.some(hasCollidingKeys);
  if (Tuple.is(tree)) return tree.items.some(hasCollidingKeys);
  const entries = isMap(tree) ? [...tree] : isDict(tree) ? Object.entries(tree) : [];
  try {
    encodeState(dictOf(entries.map(([key]) => [String(key), 1])));
  } catch {
    return true;
  }
  return entries.some(([, child]) => hasCollidingKeys(child));
}

function restored(loaded: Tree): Tree {
  return decodeState(dictOf([["v", loaded]]), { exact: true });
}

/** `restored` is the state without its `z`. */
function withoutZ(json: unknown): unknown {
  return isObject(json) ? Object.fromEntries(Object.entries(json).filter(([key]) => key !== "z")) : json;
}

function sorted(leaves: readonly unknown[]): unknown[] {
  return leaves
    .map((leaf) => ({ leaf, text: JSON.stringify(Object(leaf).name) + JSON.stringify(leaf) }))
    .toSorted((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ leaf }) => leaf);
}

/** The leaves of a tree for Orbax, as docs/spec/orbax-layout.md sections 6, 7 and 9 describe its entries. */
function leavesOf(tree: Tree, path: Leaf["path"] = []): Leaf[] {
  const leaf = (value_type: string, zarr: Leaf["zarr"]): Leaf[] => [
    { path, value_type, name: path.map(([key]) => key).join("."), zarr },
  ];
  if (tree === null) return leaf("None", null);
  if (typeof tree === "boolean") return leaf("scalar", ["|b1", []]);
  if (typeof tree === "number") return leaf("scalar", [Number.isSafeInteger(tree) ? "<i8" : "<f8", []]);
  if (typeof tree === "bigint") return leaf("scalar", [tree >= 2n ** 63n ? "<u8" : "<i8", []]);
  if (Scalar.is(tree)) return leaf("scalar", [ZARR_DTYPES[tree.dtype] ?? "?", []]);
  if (NdArray.is(tree)) {
    const type = tree.sharding === undefined ? "np.ndarray" : "jax.Array";
    return leaf(type, [ZARR_DTYPES[tree.dtype] ?? "?", [...tree.shape]]);
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

const ZARR_DTYPES: { readonly [dtype: string]: string } = {
  bool: "|b1",
  int8: "|i1",
  int16: "<i2",
  int32: "<i4",
  int64: "<i8",
  uint8: "|u1",
  uint16: "<u2",
  uint32: "<u4",
  uint64: "<u8",
  float16: "<f2",
  float32: "<f4",
  float64: "<f8",
  bfloat16: "bfloat16",
  complex64: "<c8",
  complex128: "<c16",
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
