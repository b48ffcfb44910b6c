import type { Dtype } from "../zarr/dtype.js";
import type { ItemReader } from "./item-reader.js";
import { leafWeight } from "./leaf-weight.js";
import type { ShownLeaf } from "./tree-node.js";

/** What leaves amount to. */
export type Totals = {
  /** Elements of all arrays. */
  readonly parameters: number;
  readonly arrays: number;
  /** Bytes in memory of arrays, keys, and scalars as the Python numbers that come back. */
  readonly bytes: number;
  /** {@link bytes} by dtype, in the order of the file. */
  readonly bytesOf: ReadonlyMap<Dtype, number>;
};

/** Adds up leaves whose scalars were read. */
export function totalsOf(leaves: Iterable<ShownLeaf>, reader: Pick<ItemReader, "kindOf">): Totals {
  let parameters = 0;
  let arrays = 0;
  let bytes = 0;
  const bytesOf = new Map<Dtype, number>();
  for (const { leaf, value } of leaves) {
    const kind = reader.kindOf(leaf);
    const weight = leafWeight(leaf, kind, value);
    if (kind === "array") arrays++;
    parameters += weight.parameters;
    bytes += weight.bytes;
    if (weight.dtype !== undefined)
      bytesOf.set(weight.dtype, (bytesOf.get(weight.dtype) ?? 0) + weight.bytes);
  }
  return { parameters, arrays, bytes, bytesOf };
}
