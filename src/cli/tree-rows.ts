import { exactValue } from "../checkpoint/leaf-value.js";
import { keyOfMarker, markerKind, stringOfMarker } from "../datarax/markers.js";
import { isOrbaxError } from "../errors.js";
import { isDict } from "../pytree/container.js";
import type { KeyPathPart } from "../pytree/key-path.js";
import { type PathAndValue, unflattenTree } from "../pytree/unflatten.js";
import { escapeText } from "./escape-text.js";
import { quoted, shapeText, valueText } from "./leaf-text.js";
import type { ShownLeaf, TreeNode } from "./tree-node.js";

/** One line of a tree: a container, whose children follow a level deeper, or a value. */
export type TreeRow = {
  readonly level: number;
  readonly name: string;
  /** The leaf that it stands for, `undefined` for containers and for what several leaves make up. */
  readonly leaf?: ShownLeaf | undefined;
  /** Type and value of what several leaves make up. */
  readonly folded?: { readonly type: string; readonly value: string } | undefined;
};

/** The lines of a tree, top-level keys first at level 0. */
export function treeRows(root: TreeNode): TreeRow[] {
  if (root.leaf !== undefined) return [{ level: 0, name: String(root.part), leaf: root.leaf }];
  const folded = fold(root);
  if (folded !== undefined) return [{ level: 0, name: String(root.part), folded }];
  return root.children.flatMap((child) => Array.from(rowsOf(child, 0)));
}

function* rowsOf(node: TreeNode, level: number): Generator<TreeRow> {
  const { leaf, children } = node;
  const name = nameOf(node.part);
  if (leaf !== undefined) yield { level, name, leaf };
  if (children.length === 0) return;
  const folded = fold(node);
  if (folded !== undefined) {
    yield { level, name, folded };
    return;
  }
  // Containers with nothing but one container inside share a line.
  let inner = node;
  let names = `${name}/`;
  for (let only = onlyContainer(inner); only !== undefined; only = onlyContainer(inner)) {
    inner = only;
    names += `${nameOf(inner.part)}/`;
  }
  yield { level, name: names };
  for (const child of inner.children) yield* rowsOf(child, level + 1);
}

function onlyContainer({ children }: TreeNode): TreeNode | undefined {
  const [only] = children;
  const isContainer = children.length === 1 && only !== undefined && only.children.length > 0;
  return isContainer && only.leaf === undefined && fold(only) === undefined ? only : undefined;
}

/** A key that could be mistaken for something else stands in quotes; an index in brackets. */
function nameOf(part: KeyPathPart): string {
  if (typeof part === "number") return `[${part}]`;
  return /^[^\s"'/[\]]+$/u.test(part) && escapeText(part) === part ? part : quoted(part);
}

/** A container that is shown as one value: Datarax's strings and keys, and lists of plain values. */
function fold(node: TreeNode): TreeRow["folded"] {
  return foldMarker(node) ?? foldList(node);
}

function foldMarker(node: TreeNode): TreeRow["folded"] {
  const isMarker = node.children.some(({ part }) => part === "__string__" || part === "__prng_key__");
  const values = isMarker ? valuesOf(node) : undefined;
  if (values === undefined) return undefined;
  try {
    const marker = unflattenTree(values);
    const kind = isDict(marker) ? markerKind(marker) : undefined;
    if (!isDict(marker) || kind === undefined) return undefined;
    if (kind === "string") return { type: "str", value: quoted(stringOfMarker(marker, () => "")) };
    const { shape, impl, data } = keyOfMarker(marker, () => "");
    return { type: `key ${impl} ${shapeText(shape)}`, value: Array.from(data).join(", ") };
  } catch (error) {
    // Damaged for Datarax, but a tree all the same.
    if (isOrbaxError(error)) return undefined;
    throw error;
  }
}

/** All values below a node, `undefined` if one of them was not read. */
function valuesOf(node: TreeNode): PathAndValue[] | undefined {
  const values: PathAndValue[] = [];
  const rest: { readonly node: TreeNode; readonly path: readonly KeyPathPart[] }[] = [{ node, path: [] }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { leaf, children } = next.node;
    if (leaf !== undefined) {
      if (leaf.value === undefined) return undefined;
      values.push({ path: next.path, value: exactValue(leaf.value) });
    }
    for (const child of children) rest.push({ node: child, path: [...next.path, child.part] });
  }
  return values;
}

/** Shorter lists show more when each element has its line. */
const LEAST_FOLDED = 2;
/** More would be cut anyway. */
const SHOWN_ITEMS = 40;

function foldList({ children }: TreeNode): TreeRow["folded"] {
  if (children.length < LEAST_FOLDED || !children.every(isPlainItem)) return undefined;
  const shown = children.slice(0, SHOWN_ITEMS).map(({ leaf }) => itemText(leaf));
  const more = children.length > SHOWN_ITEMS ? ", …" : "";
  return { type: `list of ${children.length}`, value: `${shown.join(", ")}${more}` };
}

function isPlainItem({ part, leaf, children }: TreeNode): boolean {
  const kind = leaf?.value?.kind;
  const isPlain = kind === "scalar" || kind === "string" || kind === "none";
  return typeof part === "number" && isPlain && children.length === 0;
}

function itemText(leaf: ShownLeaf | undefined): string {
  return leaf?.value?.kind === "none" ? "None" : valueText(leaf?.value);
}
