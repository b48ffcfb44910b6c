import { dataLoss } from "../errors.js";
import { dictOf, isDict } from "../pytree/container.js";
import { compareCodePoints } from "../pytree/key-path.js";
import { canonicalKey } from "../pytree/python-int.js";
import type { Dict, Tree } from "../pytree/value.js";

/**
 * What `nnx.restore_int_paths` makes of a restored dict (docs/spec/datarax.md section 3): keys that Python's
 * `int()` takes become that int, here its decimal text; empty dicts vanish together with their keys. Lists are
 * leaves: nothing changes inside them.
 *
 * Python flattens to paths and builds anew, so dicts under two keys of one int merge, and of two leaves the later
 * in key order stays.
 *
 * @throws {OrbaxError} `DATA_LOSS` where Python raises TypeError: a dict after a leaf of the same int.
 */
export function restoreIntPaths(state: Dict): Dict {
  let leaves = 0;
  const root: PathNode = {};
  insert(root, state);
  const { value } = build(root, "");
  return isDict(value) ? value : dictOf([]);

  function insert(node: PathNode, value: Tree): void {
    if (isDict(value)) {
      for (const [key, child] of withIntKeys(value)) insert(childAt(node, key), child);
    } else if (node.leaf === undefined) {
      node.leaf = { order: leaves++, value };
    } else {
      node.leaf.value = value; // keeps its place among the paths, as in a Python dict
    }
  }
}

/**
 * The entries under their new keys, in the order of the old ones' code points, as Orbax restores them. The order
 * matters only between keys of one int, of which one at least changes.
 */
function withIntKeys(dict: Dict): (readonly [string, Tree])[] {
  const entries = Object.entries(dict);
  const renamed = entries.map(([key, value]) => [canonicalKey(key), value] as const);
  if (renamed.every(([key], index) => key === entries[index]?.[0])) return renamed;
  const sorted = entries.sort(([a], [b]) => compareCodePoints(a, b));
  return sorted.map(([key, value]) => [canonicalKey(key), value] as const);
}

type PathNode = {
  children?: Map<string, PathNode>;
  /** The leaf of this very path; `order` counts the distinct paths as they were met. */
  leaf?: { readonly order: number; value: Tree };
};

function childAt(node: PathNode, key: string): PathNode {
  node.children ??= new Map();
  const present = node.children.get(key);
  if (present !== undefined) return present;
  const child: PathNode = {};
  node.children.set(key, child);
  return child;
}

/** A finished value, `undefined` where only empty dicts were, and the last of the leaves that went into it. */
type Built = { readonly value: Tree | undefined; readonly last: number };

function build({ children, leaf }: PathNode, key: string): Built {
  let last = -1;
  const entries: [string, Tree][] = [];
  for (const [childKey, child] of children ?? []) {
    const built = build(child, childKey);
    last = Math.max(last, built.last);
    if (built.value !== undefined) entries.push([childKey, built.value]);
  }
  if (leaf === undefined) return { value: entries.length === 0 ? undefined : dictOf(entries), last };
  if (last > leaf.order) throw leafThenDict(key);
  return { value: leaf.value, last: leaf.order };
}

function leafThenDict(key: string) {
  return dataLoss(`state ${key}`, {
    key,
    found: "a value and a dict under the same int",
    expected: "one of them",
    pythonType: "TypeError",
  });
}
