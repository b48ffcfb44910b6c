import type { DescribedLeaf } from "../checkpoint/stored-leaf.js";
import type { PytreeLeaf } from "../pytree/leaf.js";
import { dtypeRow, elementCount } from "../zarr/dtype.js";
import { arrayBytesOf, type ItemReader } from "./item-reader.js";
import { pythonDtype } from "./leaf-json.js";

/** What was read of some leaves. */
export type ReadValues = ReadonlyMap<DescribedLeaf, PytreeLeaf>;

/** What a tree amounts to. */
export type Totals = {
  /** Elements of all arrays. */
  readonly parameters: number;
  /** Bytes in memory of arrays, keys, and scalars as the Python numbers that come back. */
  readonly bytes: number;
  /** Bytes of all files. */
  readonly stored: number;
};

/** Adds up the leaves of a tree whose scalars were read. */
export function totalsOf(reader: ItemReader, values: ReadValues): Totals {
  let parameters = 0;
  let bytes = 0;
  for (const leaf of reader.leaves) {
    if (leaf.array === undefined) continue;
    if (reader.kindOf(leaf) === "array") parameters += elementCount(leaf.array.shape);
    bytes += scalarBytes(values.get(leaf)) ?? arrayBytesOf(leaf);
  }
  return { parameters, bytes, stored: reader.storedBytes };
}

function scalarBytes(value: PytreeLeaf | undefined): number | undefined {
  if (value?.kind !== "scalar") return undefined;
  return dtypeRow(pythonDtype(value.scalar)).itemBytes;
}
