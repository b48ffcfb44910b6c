import type { DescribedLeaf } from "../checkpoint/stored-leaf.js";
import type { KeyPathPart } from "../pytree/key-path.js";
import type { PytreeLeaf } from "../pytree/leaf.js";

/** A leaf of a tree that is shown; its value only where that is small. */
export type ShownLeaf = { readonly leaf: DescribedLeaf; readonly value: PytreeLeaf | undefined };

/** A place in a tree, in the order of its file. */
export type TreeNode = {
  /** Key or index in the parent. */
  readonly part: KeyPathPart;
  readonly leaf: ShownLeaf | undefined;
  /** Empty for a leaf. */
  readonly children: readonly TreeNode[];
};

type Branch = { readonly leaf: ShownLeaf | undefined; readonly children: Map<KeyPathPart, Branch> };

/** Arranges leaves by their key paths. A path that is leaf and container at once is both. */
export function treeOf(leaves: readonly ShownLeaf[]): TreeNode {
  let root: Branch = { leaf: undefined, children: new Map() };
  for (const shown of leaves) {
    const { path } = shown.leaf;
    let branch = root;
    for (const [depth, part] of path.entries()) {
      const child = branch.children.get(part);
      const isLeaf = depth + 1 === path.length;
      const next = { leaf: isLeaf ? shown : child?.leaf, children: child?.children ?? new Map() };
      branch.children.set(part, next);
      branch = next;
    }
    if (path.length === 0) root = { leaf: shown, children: root.children };
  }
  return nodeOf(".", root);
}

function nodeOf(part: KeyPathPart, { leaf, children }: Branch): TreeNode {
  return { part, leaf, children: Array.from(children, ([name, child]) => nodeOf(name, child)) };
}
