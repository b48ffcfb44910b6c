import { invalidArgument } from "../../errors.js";
import { isDict } from "../../pytree/container.js";
import { compareCodePoints } from "../../pytree/key-path.js";
import { pythonRepr } from "../../pytree/python-repr.js";
import { Tuple } from "../../pytree/value.js";
import { isNumbers } from "./feature.js";

/** A value for each feature; a meta feature may be a tree of several. */
export type Struct<T> = { readonly [feature: string]: StructNode<T> };

/** A leaf or a container of some: a dict, a list, a tuple. */
export type StructNode<T> = T | readonly StructNode<T>[] | { readonly [key: string]: StructNode<T> } | Tuple;

/** Containers of a tree without its leaves, which are numbered as JAX flattens: a dict's keys in order. */
export type Skeleton =
  | { readonly kind: "leaf"; readonly index: number }
  | { readonly kind: "dict"; readonly entries: readonly (readonly [key: string, child: Skeleton])[] }
  | { readonly kind: "list" | "tuple"; readonly items: readonly Skeleton[] };

/** A leaf with its place as JAX prints it: `(DictKey(key='x'),)`. */
export type StructLeaf = { readonly path: string; readonly value: unknown };

const DEEPEST = 100;

/**
 * Takes a tree apart. Lists, tuples and dicts are containers, everything else is a leaf.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a tree of more than 100 levels.
 */
export function flattenStruct(struct: unknown): {
  readonly skeleton: Skeleton;
  readonly leaves: readonly StructLeaf[];
} {
  const leaves: StructLeaf[] = [];
  return { skeleton: skeletonOf(struct, [], leaves), leaves };
}

function skeletonOf(node: unknown, keys: readonly string[], leaves: StructLeaf[]): Skeleton {
  if (keys.length > DEEPEST) throw invalidArgument(`a tree of more than ${DEEPEST} levels`);
  const children = childrenOf(node);
  if (children === undefined) {
    const path = `(${keys.join(", ")}${keys.length === 1 ? "," : ""})`;
    return { kind: "leaf", index: leaves.push({ path, value: node }) - 1 };
  }
  if (children.kind === "dict") {
    const entries = children.entries.map(
      ([key, child]) =>
        [key, skeletonOf(child, [...keys, `DictKey(key=${pythonRepr(key)})`], leaves)] as const,
    );
    return { kind: "dict", entries };
  }
  const items = children.items.map((child, index) =>
    skeletonOf(child, [...keys, `SequenceKey(idx=${index})`], leaves),
  );
  return { kind: children.kind, items };
}

type Children =
  | { readonly kind: "dict"; readonly entries: readonly (readonly [key: string, child: unknown])[] }
  | { readonly kind: "list" | "tuple"; readonly items: readonly unknown[] };

/** The children of a container, a dict's in the order of their keys; `undefined` for a leaf. */
function childrenOf(node: unknown): Children | undefined {
  if (Tuple.is(node)) return { kind: "tuple", items: node.items };
  if (Array.isArray(node)) return { kind: "list", items: Array.from<unknown>(node) };
  if (!isDict(node)) return undefined;
  return { kind: "dict", entries: Object.entries(node).toSorted(([a], [b]) => compareCodePoints(a, b)) };
}

/**
 * What an element has in the places of the leaves; what it has beside them is left out. An array of numbers is a leaf.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a missing key, and with Grain's text for containers where leaves should
 * be.
 */
export function leavesUpTo(skeleton: Skeleton, element: unknown): unknown[] {
  const leaves: unknown[] = [];
  const kept = collect(skeleton, element, leaves);
  if (leaves.every(isLeaf) && leaves.length === leafCount(skeleton)) return leaves;
  const found = treeText(kept);
  const expected = skeletonText(skeleton);
  throw invalidArgument(`Structures are not the same: a = PyTreeDef(${found}), b = PyTreeDef(${expected})`, {
    pythonType: "ValueError",
  });
}

/** The part of an element that the skeleton covers. */
function collect(skeleton: Skeleton, node: unknown, leaves: unknown[]): unknown {
  if (skeleton.kind === "leaf") {
    leaves[skeleton.index] = node;
    return node;
  }
  if (skeleton.kind === "dict") {
    const part: { [key: string]: unknown } = Object.create(null);
    for (const [key, child] of skeleton.entries) {
      part[key] = collect(child, requiredFeature(node, key), leaves);
    }
    return part;
  }
  const items = Tuple.is(node) ? node.items : node;
  if (!Array.isArray(items)) {
    throw invalidArgument(`element: expected a ${skeleton.kind} where lengthStruct has one`, {
      pythonType: "TypeError",
    });
  }
  return skeleton.items
    .slice(0, items.length)
    .map((child, index) => collect(child, Array.from<unknown>(items)[index], leaves));
}

/** A feature of an element. @throws {OrbaxError} `INVALID_ARGUMENT` without it, Python's KeyError. */
export function requiredFeature(element: unknown, feature: string): unknown {
  if (!isDict(element)) {
    throw invalidArgument("element: expected a dict of features", { pythonType: "TypeError" });
  }
  const value = Object.hasOwn(element, feature) ? element[feature] : undefined;
  if (value !== undefined) return value;
  throw invalidArgument(`element: feature ${pythonRepr(feature)} is missing`, {
    key: feature,
    pythonType: "KeyError",
  });
}

function leafCount(skeleton: Skeleton): number {
  if (skeleton.kind === "leaf") return 1;
  const children = skeleton.kind === "dict" ? skeleton.entries.map(([, child]) => child) : skeleton.items;
  return children.reduce((count, child) => count + leafCount(child), 0);
}

function isLeaf(value: unknown): boolean {
  return value !== null && (isNumbers(value) || childrenOf(value) === undefined);
}

/** JAX's text for a tree's structure. */
function treeText(node: unknown, depth = 0): string {
  if (node === null) return "None";
  const children = isLeaf(node) || depth > DEEPEST ? undefined : childrenOf(node);
  if (children === undefined) return "*";
  const text = (child: unknown) => treeText(child, depth + 1);
  if (children.kind !== "dict") return sequenceText(children.kind, children.items.map(text));
  return dictText(children.entries.map(([key, child]) => [key, text(child)]));
}

function skeletonText(skeleton: Skeleton): string {
  if (skeleton.kind === "leaf") return "*";
  if (skeleton.kind !== "dict") return sequenceText(skeleton.kind, skeleton.items.map(skeletonText));
  return dictText(skeleton.entries.map(([key, child]) => [key, skeletonText(child)]));
}

function sequenceText(kind: "list" | "tuple", items: readonly string[]): string {
  if (kind === "list") return `[${items.join(", ")}]`;
  return `(${items.join(", ")}${items.length === 1 ? "," : ""})`;
}

function dictText(entries: readonly (readonly [key: string, text: string])[]): string {
  return `{${entries.map(([key, text]) => `${pythonRepr(key)}: ${text}`).join(", ")}}`;
}

/**
 * The values of a second struct in the places of the leaves of a first one, `null` included.
 *
 * @param what Its name, for the message.
 * @throws {OrbaxError} `INVALID_ARGUMENT` if it has other containers or keys, Python's ValueError.
 */
export function alignedLeaves(skeleton: Skeleton, struct: unknown, what: string): unknown[] {
  const leaves: unknown[] = [];
  align(skeleton, struct, what, leaves);
  return leaves;
}

function align(skeleton: Skeleton, node: unknown, what: string, leaves: unknown[]): void {
  if (skeleton.kind === "leaf") {
    leaves[skeleton.index] = node;
    return;
  }
  const children = childrenOf(node);
  const mismatch = () =>
    invalidArgument(`pytree structure error: ${what} has another structure than lengthStruct`, {
      field: what,
      pythonType: "ValueError",
    });
  if (children?.kind !== skeleton.kind) throw mismatch();
  const own = children.kind === "dict" ? children.entries.map(([, child]) => child) : children.items;
  const others = skeleton.kind === "dict" ? skeleton.entries.map(([, child]) => child) : skeleton.items;
  const keys = children.kind === "dict" ? children.entries.map(([key]) => key) : [];
  const otherKeys = skeleton.kind === "dict" ? skeleton.entries.map(([key]) => key) : [];
  if (own.length !== others.length || keys.some((key, index) => key !== otherKeys[index])) throw mismatch();
  for (const [index, child] of others.entries()) align(child, own[index], what, leaves);
}
