import { exactValue } from "../checkpoint/tree/leaf-value.js";
import { keyOfMarker, markerKind, stringOfMarker } from "../datarax/markers.js";
import { isOrbaxError } from "../errors.js";
import { isDict } from "../pytree/container.js";
import type { KeyPathPart } from "../pytree/key-path.js";
import { type PathAndValue, unflattenTree } from "../pytree/unflatten.js";
import { quoted, shapeText, valueText } from "./leaf-text.js";
import type { ShownLeaf, TreeNode } from "./tree-node.js";
import { addWeights, NO_WEIGHT, type Weight } from "./weight.js";

/** What one line says about a value: a leaf, or what several leaves make up. */
export type ShownValue = {
  /** `float32 [784, 512]`, `int64`, `str`. */
  readonly type: string;
  /** Empty where it is not known, or too long to show. */
  readonly value: string;
  readonly sharding: string;
  /** Whether its bytes are worth saying: not those of numbers and texts. */
  readonly isSized: boolean;
};

/** A place in a tree for people. */
export type ShownNode = {
  /** Key or index in the parent; of several alike that are one line, the first one's. */
  readonly part: KeyPathPart;
  /** How the line calls several that are alike. */
  readonly group?: { readonly name: string; readonly times: number } | undefined;
  readonly value: ShownValue | undefined;
  readonly children: readonly ShownNode[];
  /** Of all that it stands for. */
  readonly weight: Weight;
};

/** What a leaf's line says, and what it adds to its containers. */
export type DescribeLeaf = (leaf: ShownLeaf) => { readonly value: ShownValue; readonly weight: Weight };

/** The tree with its leaves described; what makes up one value for people is one node. */
export function shownTree(node: TreeNode, describe: DescribeLeaf): ShownNode {
  const { part, leaf } = node;
  const own = leaf === undefined ? undefined : describe(leaf);
  const children = node.children.map((child) => shownTree(child, describe));
  const weight = children.reduce((sum, child) => addWeights(sum, child.weight), own?.weight ?? NO_WEIGHT);
  const folded = leaf === undefined ? (foldMarker(node) ?? foldList(node)) : undefined;
  if (folded !== undefined)
    return { part, value: { ...folded, sharding: "", isSized: false }, children: [], weight };
  return { part, value: own?.value, children, weight };
}

type Folded = { readonly type: string; readonly value: string };

/** Datarax's strings and keys. */
function foldMarker(node: TreeNode): Folded | undefined {
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

/** Lists of plain values. */
function foldList({ children }: TreeNode): Folded | undefined {
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
