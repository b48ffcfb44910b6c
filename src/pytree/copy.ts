import { bytesOf, dtypeRow } from "../zarr/dtype.js";
import { NdArray } from "../zarr/nd-array.js";
import { fromBareArray, isBareArray } from "./bare-array.js";
import { dictOf, isDict, isList, isMap } from "./container.js";
import { Bytes, PrngKey, type Tree, Tuple } from "./value.js";

/**
 * The same tree over memory of its own, so that nobody can change it any more. Depth must have been checked: it
 * recurses.
 */
export function copyArrays(tree: Tree): Tree {
  if (NdArray.is(tree)) return copyArray(tree);
  if (isBareArray(tree)) return copyArray(fromBareArray(tree));
  if (PrngKey.is(tree)) return new PrngKey(tree.shape, new Uint32Array(tree.data), tree.impl, tree.sharding);
  if (Bytes.is(tree)) return new Bytes(new Uint8Array(tree.bytes));
  if (Tuple.is(tree)) return new Tuple(tree.items.map(copyArrays), tree.names, tree.className);
  if (isList(tree)) return tree.map(copyArrays);
  if (isMap(tree)) return new Map(Array.from(tree, ([key, child]) => [key, copyArrays(child)]));
  if (isDict(tree)) return dictOf(Object.entries(tree).map(([key, child]) => [key, copyArrays(child)]));
  return tree;
}

/** By bytes: `slice` of Node's `Buffer`, which is a typed array too, would be a view of the same memory. */
function copyArray({ dtype, shape, data, sharding }: NdArray): NdArray {
  const { buffer } = new Uint8Array(bytesOf(data));
  return new NdArray(dtype, shape, dtypeRow(dtype).view(buffer, 0, data.length), sharding);
}
