import { unsupported } from "../errors.js";
import {
  formatKeyPath,
  type KeyPath,
  type KeyPathPart,
  leafName,
  parameterName,
} from "../pytree/key-path.js";
import type { PytreeLeaf } from "../pytree/leaf.js";
import { unflattenTree } from "../pytree/unflatten.js";
import type { ArrayMetadata } from "../zarr/metadata.js";
import type { TreeEntry } from "./tree-metadata.js";

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

/** Where a leaf's value lies: nowhere, in `_strings.json`, or in an array. */
export type LeafStorage =
  | { readonly kind: "value"; readonly leaf: PytreeLeaf }
  | { readonly kind: "string" }
  | { readonly kind: "array"; readonly holds: "array" | "scalar" };

/** Value types without data of their own (docs/spec/orbax-layout.md section 8). */
const EMPTY_VALUES: { readonly [valueType: string]: PytreeLeaf | undefined } = {
  None: { kind: "none" },
  Dict: { kind: "empty-dict" },
  List: { kind: "empty-list" },
  Tuple: { kind: "empty-tuple" },
  // Without rich types an empty named tuple comes back as None.
  NamedTuple: { kind: "none" },
};

/**
 * The leaves of a tree. An empty container that has children all the same, as partial saves leave it, is none.
 *
 * @throws {OrbaxError} `DATA_LOSS` if the paths make no tree, as `unflattenTree` · `UNSUPPORTED` for a leaf whose
 * value lies in a legacy `checkpoint` file.
 */
export function storedLeaves(entries: readonly TreeEntry[]): StoredLeaf[] {
  const described = entries.map((entry): StoredLeaf => {
    const { path, valueType } = entry;
    return { path, name: parameterName(path), valueType, storage: leafStorage(entry) };
  });
  const paths = described.some(isEmptyContainer) ? pathTree(entries) : undefined;
  const leaves =
    paths === undefined
      ? described
      : described.filter((leaf) => !isEmptyContainer(leaf) || !hasChildren(paths, leaf.path));
  unflattenTree(leaves.map(({ path }) => ({ path, value: null })));
  return leaves;
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

function leafStorage({ path, valueType, skipDeserialize }: TreeEntry): LeafStorage {
  const empty = Object.hasOwn(EMPTY_VALUES, valueType) ? EMPTY_VALUES[valueType] : undefined;
  if (empty !== undefined) return { kind: "value", leaf: empty };
  if (valueType === "placeholder") return { kind: "value", leaf: { kind: "placeholder" } };
  if (skipDeserialize) {
    const message = `${leafName(path)}: a value in the legacy file "checkpoint", which this version does not read`;
    throw unsupported(message, { key: formatKeyPath(path) });
  }
  if (valueType === "string") return { kind: "string" };
  return { kind: "array", holds: valueType === "scalar" ? "scalar" : "array" };
}
