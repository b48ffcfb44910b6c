import { invalidArgument } from "../errors.js";
import { NdArray } from "../zarr/nd-array.js";
import { fromBareArray, isBareArray } from "./bare-array.js";
import { isDict, isList, isMap } from "./container.js";
import { tooDeep, walkDepth } from "./depth.js";
import { compareCodePoints, formatKeyPath, type KeyPath, leafName } from "./key-path.js";
import type { PytreeLeaf } from "./leaf.js";
import { Bytes, Complex, float, int, Placeholder, PrngKey, Scalar, scalar, Tuple } from "./value.js";

/** A leaf with its place. */
export type PathAndLeaf = { readonly path: KeyPath; readonly leaf: PytreeLeaf };

/**
 * Lists the leaves of a tree depth first, a dict's keys in Python's order, as Orbax writes its entries
 * (docs/spec/orbax-layout.md section 6). Plain values get their Python type: a safe integer other than −0, or a
 * bigint, is an `int`, every other number a `float` (section "What a value is" of ARCHITECTURE.md).
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with the key path for what cannot be stored: `undefined`, functions,
 * instances of other classes, integers beyond ±2^63/2^64, cycles, keys that are no valid Unicode, two keys of a
 * `Map` with one name. `LIMIT_EXCEEDED` for a tree deeper than the library's `limits.depth`.
 */
export function flattenTree(tree: unknown): PathAndLeaf[] {
  const leaves: PathAndLeaf[] = [];
  flattenInto(leaves, tree, [], new Set());
  return leaves;
}

function flattenInto(leaves: PathAndLeaf[], value: unknown, path: KeyPath, ancestors: Set<object>): void {
  const leaf = leafOf(value, path);
  if (leaf !== undefined) {
    leaves.push({ path, leaf });
    return;
  }
  if (typeof value !== "object" || value === null) throw cannotStore(value, path);
  if (ancestors.has(value)) throw invalidArgument(`${leafName(path)}: the tree contains itself`, keyOf(path));
  if (path.length >= MOST_LEVELS) throw tooDeep("tree", MOST_LEVELS);
  const children = childrenOf(value, path);
  if (children.length === 0) {
    leaves.push({ path, leaf: { kind: emptyKind(value) } });
    return;
  }
  ancestors.add(value);
  for (const [part, child] of children) flattenInto(leaves, child, [...path, part], ancestors);
  ancestors.delete(value);
}

const MOST_LEVELS = walkDepth();

function emptyKind(container: object): "empty-dict" | "empty-list" | "empty-tuple" {
  if (Tuple.is(container)) return "empty-tuple";
  return isList(container) ? "empty-list" : "empty-dict";
}

/** The children of a container in Python's order. */
function childrenOf(container: object, path: KeyPath): (readonly [part: string | number, child: unknown])[] {
  if (isList(container)) return [...container.entries()]; // a hole is an element: undefined
  if (Tuple.is(container)) {
    const { items, names } = container;
    return items.map((child, index) => [names?.[index] ?? index, child]);
  }
  if (isMap(container)) return mapChildren(container, path);
  if (!isDict(container)) throw cannotStore(container, path);
  const entries = Object.entries(container).sort(([a], [b]) => compareCodePoints(a, b));
  for (const [key] of entries) requireWellFormed(key, path);
  return entries;
}

/** Keys become strings, as Python's `str(key)` makes them; all-integer keys sort by value (section 6). */
function mapChildren(map: ReadonlyMap<unknown, unknown>, path: KeyPath): [string, unknown][] {
  const children = new Map<string, unknown>();
  for (const [key, child] of map) {
    const name = dictKeyName(key, path);
    if (children.has(name)) {
      throw invalidArgument(
        `${leafName(path)}: two dict keys are called ${JSON.stringify(name)}`,
        keyOf(path),
      );
    }
    children.set(name, child);
  }
  const numeric = Array.from(map.keys()).every((key) => typeof key !== "string");
  return [...children].sort(([a], [b]) =>
    numeric ? Number(BigInt(a) - BigInt(b)) : compareCodePoints(a, b),
  );
}

function dictKeyName(key: unknown, path: KeyPath): string {
  if (typeof key === "string") requireWellFormed(key, path);
  else if (typeof key !== "bigint" && !Number.isSafeInteger(key)) {
    const found = typeof key === "number" ? String(key) : describe(key);
    const message = `${leafName(path)}: a dict key is ${found}, expected a string or a safe integer`;
    throw invalidArgument(message, keyOf(path));
  }
  return String(key);
}

function requireWellFormed(key: string, path: KeyPath): void {
  // A lone surrogate has no UTF-8: two such keys would end up under one name.
  if (/\p{Surrogate}/u.test(key)) {
    throw invalidArgument(`${leafName(path)}: a dict key holds a lone surrogate`, keyOf(path));
  }
}

/** The leaf that a value is; `undefined` for containers and for what cannot be stored. */
function leafOf(value: unknown, path: KeyPath): PytreeLeaf | undefined {
  if (value === null) return { kind: "none" };
  if (typeof value === "string") return { kind: "string", text: value };
  if (typeof value === "boolean") return { kind: "scalar", scalar: scalar("bool", value) };
  if (typeof value === "bigint") return { kind: "scalar", scalar: intAt(value, path) };
  if (typeof value === "number") {
    const isInt = Number.isSafeInteger(value) && !Object.is(value, -0);
    return { kind: "scalar", scalar: isInt ? int(value) : float(value) };
  }
  if (typeof value !== "object") return undefined;
  if (NdArray.is(value)) return { kind: "array", array: value };
  if (Scalar.is(value)) return { kind: "scalar", scalar: value };
  if (PrngKey.is(value)) return { kind: "prng-key", key: value };
  if (Placeholder.is(value)) return { kind: "placeholder" };
  if (Complex.is(value) || Bytes.is(value)) throw cannotStore(value, path);
  return isBareArray(value) ? { kind: "array", array: fromBareArray(value) } : undefined;
}

function intAt(value: bigint, path: KeyPath): Scalar {
  if (value < -(2n ** 63n) || value >= 2n ** 64n) {
    const message = `${leafName(path)}: ${value} does not fit into 64 bits`;
    throw invalidArgument(message, { ...keyOf(path), found: value });
  }
  return int(value);
}

function cannotStore(value: unknown, path: KeyPath) {
  return invalidArgument(`${leafName(path)}: ${describe(value)} cannot be stored`, keyOf(path));
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return typeof value;
  const prototype: unknown = Object.getPrototypeOf(value);
  const constructor: unknown = typeof prototype === "object" && prototype !== null && prototype.constructor;
  return `an instance of ${typeof constructor === "function" ? constructor.name : "an unknown class"}`;
}

function keyOf(path: KeyPath): { readonly key: string } {
  return { key: formatKeyPath(path) };
}
