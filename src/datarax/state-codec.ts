import type { Limits } from "../limits.js";
import { isBareArray } from "../pytree/bare-array.js";
import { dictOf, isDict, isList, isMap } from "../pytree/container.js";
import { tooDeep, walkDepth } from "../pytree/depth.js";
import { toPlain } from "../pytree/plain.js";
import { parsePythonInt } from "../pytree/python-int.js";
import { pythonRepr } from "../pytree/python-repr.js";
import { Complex, PrngKey, Scalar, type Tree, Tuple, tuple } from "../pytree/value.js";
import { elementCount } from "../zarr/dtype.js";
import { NdArray } from "../zarr/nd-array.js";
import { restoreIntPaths } from "./int-paths.js";
import { keyMarker, keyOfMarker, markerKind, stringMarker, stringOfMarker } from "./markers.js";
import { childPath, pathText, type TreePath } from "./tree-path.js";
import { mixedKeys, refusal, tooLargeInt, unsupportedType, zeroSize } from "./unstorable.js";

/** How {@link decodeState} gives values. */
export type DecodeOptions = {
  /** `Scalar`, `NdArray` of rank 0 and `Tuple` stay what they are; without it they become plain values. */
  readonly exact?: boolean;
  /** False leaves dict keys and empty dicts as they are, as Datarax does for a restore into a target. Default: true. */
  readonly intPaths?: boolean;
  readonly limits?: Partial<Limits>;
};

/**
 * What Datarax gives an iterator of what Orbax restored: markers become strings and random keys, dict keys that
 * are Python ints their decimal text, and empty dicts outside lists vanish (docs/spec/datarax.md section 3).
 *
 * @param tree As an exact load gives it.
 * @throws {OrbaxError} `DATA_LOSS` for a marker that Python cannot decode, or a value and a dict under the same
 * int · `LIMIT_EXCEEDED` for a tree deeper than `limits.depth`.
 */
export function decodeState(
  tree: Tree,
  { exact = false, intPaths = true, limits }: DecodeOptions = {},
): Tree {
  const decoded = decodeNode(tree, undefined, walkDepth(limits));
  const state = intPaths && isDict(decoded) ? restoreIntPaths(decoded) : decoded;
  return exact ? state : toPlain(state, limits);
}

function decodeNode(node: Tree, path: TreePath | undefined, most: number): Tree {
  if (isList(node) || Tuple.is(node)) {
    checkDepth(path, most);
    const items: Tree[] = [];
    for (const [index, item] of (Tuple.is(node) ? node.items : node).entries()) {
      items.push(decodeNode(item, childPath(path, String(index)), most));
    }
    return Tuple.is(node) ? tuple(items) : items;
  }
  if (!isDict(node)) return node;
  const kind = markerKind(node);
  if (kind === "string") return stringOfMarker(node, () => pathText(path));
  if (kind === "key") return keyOfMarker(node, () => pathText(path));
  checkDepth(path, most);
  const entries: [string, Tree][] = [];
  for (const [key, child] of Object.entries(node)) {
    entries.push([key, decodeNode(child, childPath(path, key), most)]);
  }
  return dictOf(entries);
}

function checkDepth(path: TreePath | undefined, most: number): void {
  if ((path?.depth ?? 0) >= most) throw tooDeep("state", most);
}

/**
 * The tree that Datarax hands to Orbax for a state: strings and random keys as marker dicts, everything else as
 * it is; containers are new, arrays are not copied (docs/spec/datarax.md section 3).
 *
 * @param state What an iterator's `getState` gave, or any other target of a save.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for what cannot be stored: `undefined`, functions, instances of other
 * classes, complex numbers, ints beyond int64 and uint64, zero-size arrays, cycles, two keys of one Python int ·
 * `LIMIT_EXCEEDED` for a tree deeper than `limits.depth`.
 */
export function encodeState(state: unknown, limits?: Partial<Limits>): Tree {
  return encodeNode(state, undefined, { around: new Set(), most: walkDepth(limits) }, false);
}

type Walk = {
  /** The containers around the value, to find cycles. */
  readonly around: Set<unknown>;
  readonly most: number;
};

/** @param inList Inside lists dict keys stay strings in Python. */
function encodeNode(value: unknown, path: TreePath | undefined, walk: Walk, inList: boolean): Tree {
  const leaf = encodeLeaf(value, path);
  if (leaf !== undefined) return leaf;
  const items = Tuple.is(value) ? value.items : isList(value) ? value : undefined;
  const entries = items === undefined ? entriesOf(value, path) : [];
  if (walk.around.has(value)) throw refusal(path, "the tree contains itself");
  checkDepth(path, walk.most);
  walk.around.add(value);
  const encodedItems: Tree[] = [];
  for (const [index, item] of (items ?? []).entries()) {
    encodedItems.push(encodeNode(item, childPath(path, String(index)), walk, true));
  }
  if (!inList) checkIntKeys(entries, path);
  const encodedEntries: [string, Tree][] = [];
  for (const [key, child] of entries) {
    encodedEntries.push([key, encodeNode(child, childPath(path, key), walk, inList)]);
  }
  walk.around.delete(value);
  if (items === undefined) return dictOf(encodedEntries);
  return Tuple.is(value) ? tuple(encodedItems) : encodedItems;
}

/** What is stored for a value that is no container; `undefined` for containers and for what is no value. */
function encodeLeaf(value: unknown, path: TreePath | undefined): Tree | undefined {
  if (value === null || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value === "string") return stringMarker(value);
  if (typeof value === "bigint") {
    if (value < LEAST_INT || value > MOST_INT) throw tooLargeInt(value, path);
    return value;
  }
  if (Scalar.is(value)) {
    if (Complex.is(value.value)) throw unsupportedType(value.value, path);
    return value;
  }
  if (NdArray.is(value)) {
    if (elementCount(value.shape) === 0) throw zeroSize(path);
    return value;
  }
  const isBare = isBareArray(value);
  if (!isBare && !PrngKey.is(value)) return undefined;
  const { length } = isBare ? value : value.data;
  if (length === 0) throw zeroSize(path);
  return isBare ? value : keyMarker(value);
}

type Entry = readonly [string, unknown];

/** Python's dict may hold "1" and "01"; restored, both are 1, and one of them is lost. */
function checkIntKeys(entries: readonly Entry[], path: TreePath | undefined): void {
  const seen = new Map<bigint, string>();
  for (const [key] of entries) {
    const int = parsePythonInt(key);
    if (int === undefined) continue;
    const other = seen.get(int);
    if (other !== undefined) {
      throw refusal(path, `dict keys ${pythonRepr(other)} and ${pythonRepr(key)} are the same int in Python`);
    }
    seen.set(int, key);
  }
}

function entriesOf(value: unknown, path: TreePath | undefined): readonly Entry[] {
  if (isMap(value)) return mapEntries(value, path);
  if (isDict(value)) return Object.entries(value);
  throw unsupportedType(value, path);
}

function mapEntries(map: ReadonlyMap<unknown, unknown>, path: TreePath | undefined): Entry[] {
  const kinds = new Set(Array.from(map.keys(), (key) => typeof key === "string"));
  if (kinds.size > 1) throw mixedKeys(path);
  const entries = Array.from(map, ([key, value]): Entry => [keyName(key, path), value]);
  const names = new Set(entries.map(([name]) => name));
  if (names.size < entries.length) throw refusal(path, "two keys of a Map have the same name");
  return entries;
}

function keyName(key: unknown, path: TreePath | undefined): string {
  if (typeof key === "string") return key;
  if (typeof key === "bigint") return key.toString();
  if (typeof key === "number" && Number.isSafeInteger(key)) return BigInt(key).toString();
  throw refusal(path, `a key of a Map is ${String(key)}, expected a string or an integer`);
}

const LEAST_INT = -(2n ** 63n);
const MOST_INT = 2n ** 64n - 1n;
