import { arrayTypeOf, type DescribedLeaf } from "../checkpoint/tree/stored-leaf.js";
import type { PytreeLeaf } from "../pytree/leaf.js";
import { byteCount, type Dtype, dtypeRow, elementCount } from "../zarr/dtype.js";
import { pythonDtype } from "./leaf-json.js";
import type { Weight } from "./weight.js";

/** Bytes in memory of a leaf that is an array, a number or a key; 0 for others. */
export function arrayBytesOf(leaf: DescribedLeaf): number {
  const type = arrayTypeOf(leaf);
  return type === undefined ? 0 : byteCount(type.dtype, type.shape);
}

/**
 * What a leaf adds to its tree.
 *
 * @param kind What the leaf is, by `ItemReader.kindOf`.
 * @param value Its value if it was read: a scalar counts as the Python number that comes back.
 */
export function leafWeight(
  leaf: DescribedLeaf,
  kind: PytreeLeaf["kind"],
  value: PytreeLeaf | undefined,
): Weight & { readonly dtype: Dtype | undefined } {
  const type = arrayTypeOf(leaf);
  const parameters = kind === "array" && type !== undefined ? elementCount(type.shape) : 0;
  const dtype = value?.kind === "scalar" ? pythonDtype(value.scalar) : type?.dtype;
  const bytes =
    value?.kind === "scalar" && dtype !== undefined ? dtypeRow(dtype).itemBytes : arrayBytesOf(leaf);
  return { parameters, bytes, leaves: 1, dtype };
}
