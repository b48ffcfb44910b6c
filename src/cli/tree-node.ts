import type { DescribedLeaf } from "../checkpoint/tree/stored-leaf.js";
import type { KeyPath, KeyPathPart } from "../pytree/key-path.js";
import type { PytreeLeaf } from "../pytree/leaf.js";
import { compareNaturally } from "./natural-order.js";

/** A leaf of a tree that is shown; its value only where that is small. */
export type ShownLeaf = { readonly leaf: DescribedLeaf; readonly value: PytreeLeaf | undefined };

/** A place in a tree. */
export type TreeNode = {
  /** Key or index in the parent. */
  readonly part: KeyPathPart;
  readonly leaf: ShownLeaf | undefined;
  /** Empty for a leaf. */
  readonly children: readonly TreeNode[];
};

/** Most places are leaves, of which there can be many: they have neither a map nor a list. */
type Branch = {
  leaf: ShownLeaf | undefined;
  children: Map<KeyPathPart, Branch> | undefined;
  /** Leaves whose place was taken: the keys `a/b` and `a` with `b` in it are shown at one place. */
  others: TreeNode[] | undefined;
};

/** Arranges leaves by the paths at which they are shown. A path that is leaf and container at once is both. */
export function treeOf(leaves: Iterable<{ readonly path: KeyPath; readonly shown: ShownLeaf }>): TreeNode {
  const root = emptyBranch();
  for (const { path, shown } of leaves) {
    let parent = root;
    let branch = root;
    for (const part of path) {
      const siblings: Map<KeyPathPart, Branch> = branch.children ?? new Map();
      const child = siblings.get(part) ?? emptyBranch();
      siblings.set(part, child);
      branch.children = siblings;
      parent = branch;
      branch = child;
    }
    if (branch.leaf === undefined) {
      branch.leaf = shown;
    } else {
      parent.others ??= [];
      parent.others.push({ part: path.at(-1) ?? ".", leaf: shown, children: NO_CHILDREN });
    }
  }
  return nodeOf(".", root);
}

const NO_CHILDREN: readonly TreeNode[] = [];

function emptyBranch(): Branch {
  return { leaf: undefined, children: undefined, others: undefined };
}

function nodeOf(part: KeyPathPart, { leaf, children, others = [] }: Branch): TreeNode {
  if (children === undefined) return { part, leaf, children: NO_CHILDREN };
  const nodes = inNaturalOrder(Array.from(children, ([name, child]) => nodeOf(name, child)));
  return { part, leaf, children: [...nodes, ...others] };
}

/** Who has more siblings will not miss the order. */
const MOST_SORTED = 20_000;

/** Orbax sorts keys as text. An order that somebody gave them stays. */
function inNaturalOrder(nodes: TreeNode[]): TreeNode[] {
  if (nodes.length > MOST_SORTED) return nodes;
  const names = nodes.map(({ part }) => String(part));
  const isSorted = names.every((name, index) => index === 0 || (names[index - 1] ?? "") < name);
  return isSorted ? nodes.sort((a, b) => compareNaturally(String(a.part), String(b.part))) : nodes;
}
