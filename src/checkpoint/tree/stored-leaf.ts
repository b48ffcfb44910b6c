import { dataLoss } from "../../errors.js";
import {
  formatKeyPath,
  type KeyPath,
  type KeyPathPart,
  leafName,
  parameterName,
} from "../../pytree/key-path.js";
import type { PytreeLeaf } from "../../pytree/leaf.js";
import { unflattenTree } from "../../pytree/unflatten.js";
import { wordsOf } from "../../pytree/words.js";
import type { Dtype } from "../../zarr/dtype.js";
import type { ArrayMetadata } from "../../zarr/metadata.js";
import type { TreeEntry } from "../metadata/tree-metadata.js";

/** A leaf as `_METADATA` describes it, before its array's metadata is known. */
export type StoredLeaf = {
  readonly path: KeyPath;
  /** Under which its array or string is stored. */
  readonly name: string;
  /** Orbax's `value_type`. */
  readonly valueType: string;
  readonly storage: LeafStorage;
};

/** A leaf with what metadata alone says about it. */
export type DescribedLeaf = StoredLeaf & {
  /** The array's metadata; `undefined` for leaves that have no array. */
  readonly array: ArrayMetadata | undefined;
};

/** Where a leaf's value lies: it is known already, or in `_strings.json`, or in an array. */
export type LeafStorage =
  | { readonly kind: "value"; readonly leaf: PytreeLeaf }
  | { readonly kind: "string" }
  | { readonly kind: "array"; readonly holds: "array" | "scalar" };

/** A leaf that is a NumPy array, stored under a name. */
export function arrayLeaf(path: KeyPath, name: string): StoredLeaf {
  return { path, name, valueType: "np.ndarray", storage: { kind: "array", holds: "array" } };
}

/** A leaf whose value is known. */
export function valueLeaf(path: KeyPath, leaf: PytreeLeaf): StoredLeaf {
  return { path, name: path.join("."), valueType: leaf.kind, storage: { kind: "value", leaf } };
}

/** Name of the first array among some leaves; empty if there is none. */
export function firstArrayName(leaves: readonly StoredLeaf[]): string {
  return leaves.find(({ storage }) => storage.kind === "array")?.name ?? "";
}

/** Value types without data of their own (docs/spec/orbax-layout.md section 8). */
const EMPTY_VALUES: { readonly [valueType: string]: PytreeLeaf | undefined } = {
  None: { kind: "none" },
  Dict: { kind: "empty-dict" },
  List: { kind: "empty-list" },
  Tuple: { kind: "empty-tuple" },
  // Without rich types an empty named tuple comes back as None.
  NamedTuple: { kind: "none" },
};

/** The type of the elements of a leaf that is an array, a scalar or a key; a key's words have an axis of their own. */
export function arrayTypeOf({
  array,
  storage,
}: DescribedLeaf): { readonly dtype: Dtype; readonly shape: readonly number[] } | undefined {
  if (array !== undefined) return array;
  const leaf = storage.kind === "value" ? storage.leaf : undefined;
  if (leaf?.kind === "array") return leaf.array;
  if (leaf?.kind === "scalar") return { dtype: leaf.scalar.dtype, shape: [] };
  return leaf?.kind === "prng-key" ? wordsOf(leaf.key) : undefined;
}

/** Values in a legacy `checkpoint` file, by the entry of their leaf. */
export type AggregatedValues = { get(entry: TreeEntry): PytreeLeaf | undefined };

/**
 * The leaves of a tree. An empty container that has children all the same, as partial saves leave it, is none.
 *
 * @param aggregated What the legacy file `checkpoint` holds (docs/spec/orbax-layout.md section 20).
 * @throws {OrbaxError} `DATA_LOSS` if the paths make no tree, as `unflattenTree`, or for a leaf whose value should
 * lie in the legacy file and does not.
 */
export function storedLeaves(entries: readonly TreeEntry[], aggregated?: AggregatedValues): StoredLeaf[] {
  const described = entries.map((entry): StoredLeaf => {
    const { path, valueType } = entry;
    const value = aggregated?.get(entry);
    const storage: LeafStorage = value === undefined ? leafStorage(entry) : { kind: "value", leaf: value };
    return { path, name: parameterName(path), valueType, storage };
  });
  const paths = described.some(isEmptyContainer) ? pathTree(entries) : undefined;
  const leaves =
    paths === undefined
      ? described
      : described.filter((leaf) => !isEmptyContainer(leaf) || !hasChildren(paths, leaf.path));
  unflattenTree(leaves.map(({ path }) => ({ path, value: null })));
  return leaves;
}

/** Whether the value of an entry lies in the legacy file `checkpoint`, as `skip_deserialize` with a type says. */
export function isAggregated({ valueType, skipDeserialize }: TreeEntry): boolean {
  return skipDeserialize && !Object.hasOwn(EMPTY_VALUES, valueType) && valueType !== "placeholder";
}

function isEmptyContainer({ storage }: StoredLeaf): boolean {
  return storage.kind === "value" && storage.leaf.kind.startsWith("empty-");
}

/** All paths, part by part. */
type PathTree = Map<KeyPathPart, PathTree>;

function pathTree(entries: readonly TreeEntry[]): PathTree {
  const root: PathTree = new Map();
  for (const { path } of entries) {
    let node = root;
    for (const part of path) {
      const child: PathTree = node.get(part) ?? new Map();
      node.set(part, child);
      node = child;
    }
  }
  return root;
}

function hasChildren(paths: PathTree, path: KeyPath): boolean {
  let node: PathTree | undefined = paths;
  for (const part of path) node = node?.get(part);
  return node !== undefined && node.size > 0;
}

function leafStorage(entry: TreeEntry): LeafStorage {
  const { path, valueType } = entry;
  const empty = Object.hasOwn(EMPTY_VALUES, valueType) ? EMPTY_VALUES[valueType] : undefined;
  if (empty !== undefined) return { kind: "value", leaf: empty };
  if (valueType === "placeholder") return { kind: "value", leaf: { kind: "placeholder" } };
  if (isAggregated(entry)) {
    const key = formatKeyPath(path);
    throw dataLoss(leafName(path), {
      key,
      found: "no value",
      expected: 'one in the legacy file "checkpoint"',
    });
  }
  if (valueType === "string") return { kind: "string" };
  return { kind: "array", holds: valueType === "scalar" ? "scalar" : "array" };
}
