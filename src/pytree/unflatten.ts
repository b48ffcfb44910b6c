import { dataLoss } from "../errors.js";
import { dictOf } from "./container.js";
import { formatKeyPath, type KeyPath, type KeyPathPart } from "./key-path.js";
import { type Tree, Tuple } from "./value.js";

/** A value with its place; `undefined` for a leaf that is there but left out of the result. */
export type PathAndValue = { readonly path: KeyPath; readonly value: Tree | undefined };

/** What a container is beyond list and dict. */
export type ContainerType =
  | { readonly kind: "tuple" }
  | { readonly kind: "named-tuple"; readonly names: readonly string[]; readonly className: string };

/** A container under construction: its kind is that of its first key. */
type Branch = { readonly kind: "dict" | "list"; readonly children: Map<KeyPathPart, Node> };
type Node = { readonly branch: Branch } | { readonly value: Tree | undefined };

/**
 * Builds the tree whose leaves are given, in any order: a container with indices is a list, one with keys a dict
 * without prototype (docs/spec/orbax-layout.md section 15). Containers of which every leaf is left out are left out
 * themselves, and a list of which elements are becomes a dict by index, so that each keeps its index.
 *
 * @param typeAt Tells tuples and named tuples, where the file does.
 * @throws {OrbaxError} `DATA_LOSS` with the key path for two leaves at one path, a path that is both leaf and
 * container, keys and indices below one node, a list with gaps, or no leaf at all.
 */
export function unflattenTree(
  leaves: Iterable<PathAndValue>,
  typeAt: (path: KeyPath) => ContainerType | undefined = () => undefined,
): Tree {
  let root: Node | undefined;
  for (const { path, value } of leaves) {
    if (path.length === 0) {
      if (root !== undefined) throw clash(path);
      root = { value };
    } else {
      root ??= { branch: branchFor(path[0]) };
      insert(root, path, value);
    }
  }
  const tree = root && treeOf(root, [], typeAt);
  if (tree === undefined) throw dataLoss("tree", { found: "no leaves", expected: "at least one" });
  return tree;
}

function branchFor(part: KeyPathPart | undefined): Branch {
  return { kind: typeof part === "number" ? "list" : "dict", children: new Map() };
}

function insert(root: Node, path: KeyPath, value: Tree | undefined): void {
  let node = root;
  for (const [depth, part] of path.entries()) {
    if (!("branch" in node)) throw clash(path.slice(0, depth));
    const { kind, children } = node.branch;
    if (kind !== (typeof part === "number" ? "list" : "dict")) throw mixedKeys(path.slice(0, depth));
    const isLast = depth + 1 === path.length;
    const child = children.get(part);
    if (isLast) {
      if (child !== undefined) throw clash(path);
      children.set(part, { value });
    } else if (child === undefined) {
      const next: Node = { branch: branchFor(path[depth + 1]) };
      children.set(part, next);
      node = next;
    } else {
      node = child;
    }
  }
}

function clash(path: KeyPath) {
  return dataLoss("tree", {
    key: formatKeyPath(path),
    field: formatKeyPath(path) || "the root",
    found: "there twice",
    expected: "one leaf or one container at each path",
  });
}

function mixedKeys(path: KeyPath) {
  return dataLoss("tree", {
    key: formatKeyPath(path),
    field: `children of ${formatKeyPath(path) || "the root"}`,
    found: "keys and indices",
    expected: "one of them",
  });
}

/** @param path Where the node lies; as before when this returns. */
function treeOf(
  node: Node,
  path: KeyPathPart[],
  typeAt: (path: KeyPath) => ContainerType | undefined,
): Tree | undefined {
  if ("value" in node) return node.value === null ? (emptyNamedTuple(typeAt(path)) ?? null) : node.value;
  const { kind, children } = node.branch;
  if (kind === "list") requireNoGaps(children, path);
  const entries: [string, Tree][] = [];
  for (const [part, child] of children) {
    path.push(part);
    const tree = treeOf(child, path, typeAt);
    path.pop();
    if (tree !== undefined) entries.push([String(part), tree]);
  }
  if (entries.length === 0) return undefined;
  const type = entries.length === children.size ? typeAt(path) : undefined;
  if (type?.kind === "named-tuple") return namedTupleOf(type, entries, path);
  if (kind === "dict" || entries.length < children.size) return dictOf(entries);
  const list: Tree[] = Array.from(entries, () => null);
  for (const [index, child] of entries) list[Number(index)] = child;
  return type?.kind === "tuple" ? new Tuple(list) : list;
}

/** One without fields is an entry of its own, that stands for None where nobody knows better. */
function emptyNamedTuple(type: ContainerType | undefined): Tree | undefined {
  const isEmpty = type?.kind === "named-tuple" && type.names.length === 0;
  return isEmpty ? new Tuple([], type.names, type.className) : undefined;
}

function namedTupleOf(
  { names, className }: ContainerType & { readonly kind: "named-tuple" },
  entries: readonly (readonly [string, Tree])[],
  path: KeyPath,
): Tree {
  const fields = new Map(entries);
  const items = names.flatMap((name) => {
    const item = fields.get(name);
    return item === undefined ? [] : [item];
  });
  if (items.length === names.length && items.length === entries.length) {
    return new Tuple(items, names, className);
  }
  throw dataLoss("tree", {
    key: formatKeyPath(path),
    field: `fields of ${formatKeyPath(path) || "the root"}`,
    found: entries.map(([name]) => name).join(", "),
    expected: names.join(", "),
  });
}

/** Indices are whole and none is there twice, so none below their count may be missing. */
function requireNoGaps(children: ReadonlyMap<KeyPathPart, Node>, path: KeyPath): void {
  for (let index = 0; index < children.size; index++) {
    if (children.has(index)) continue;
    throw dataLoss("tree", {
      key: formatKeyPath(path),
      field: `list ${formatKeyPath(path) || "the root"}`,
      found: `no element ${index} of ${children.size}`,
      expected: "indices without gaps",
    });
  }
}
