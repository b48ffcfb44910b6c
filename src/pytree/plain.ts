import type { Limits } from "../limits.js";
import { NdArray } from "../zarr/nd-array.js";
import { dictOf, isDict, isList, isMap } from "./container.js";
import { tooDeep, walkDepth } from "./depth.js";
import { plainElement } from "./element.js";
import { Bytes, Scalar, type Tree, Tuple } from "./value.js";

/**
 * The plain form of what an exact load gives: numbers for `Scalar`s and arrays of rank 0, `Uint8Array` for `Bytes`,
 * arrays for tuples, objects of their fields for named tuples. Everything else stays as it is; containers are new.
 *
 * @throws {OrbaxError} `LIMIT_EXCEEDED` for a tree deeper than `limits.depth`.
 */
export function toPlain(tree: Tree, limits?: Partial<Limits>): Tree {
  const most = walkDepth(limits);
  return plainNode(tree, most, most);
}

/** @param levels How many containers may still come. */
function plainNode(node: Tree, levels: number, most: number): Tree {
  if (Scalar.is(node)) return node.value;
  if (Bytes.is(node)) return node.bytes;
  if (NdArray.is(node)) return node.shape.length === 0 ? plainElement(node, 0) : node;
  if (isList(node) || Tuple.is(node)) {
    if (levels === 0) throw tooDeep("tree", most);
    const items: Tree[] = [];
    for (const item of Tuple.is(node) ? node.items : node) items.push(plainNode(item, levels - 1, most));
    return Tuple.is(node) && node.names !== undefined ? fieldsOf(items, node.names) : items;
  }
  if (isMap(node)) {
    if (levels === 0) throw tooDeep("tree", most);
    const map = new Map<string | number | bigint, Tree>();
    for (const [key, child] of node) map.set(key, plainNode(child, levels - 1, most));
    return map;
  }
  if (!isDict(node)) return node;
  if (levels === 0) throw tooDeep("tree", most);
  const entries: [string, Tree][] = [];
  for (const [key, child] of Object.entries(node)) entries.push([key, plainNode(child, levels - 1, most)]);
  return dictOf(entries);
}

function fieldsOf(items: readonly Tree[], names: readonly string[]): Tree {
  return dictOf(items.map((item, index) => [names[index] ?? String(index), item]));
}
