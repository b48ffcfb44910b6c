import { invalidArgument } from "../errors.js";
import { fromBareArray, isBareArray } from "../pytree/bare-array.js";
import { isDict } from "../pytree/container.js";
import { compareCodePoints } from "../pytree/key-path.js";
import { pythonTypeName } from "../pytree/python-type-name.js";
import { bytesOf, dtypeRow, elementCount } from "../zarr/dtype.js";
import { NdArray } from "../zarr/nd-array.js";
import { isBatch, rememberBatch } from "./batch-array.js";

// Batches as rows: what `rebatch` cuts and joins. A batch is a tree of arrays with the same first axis.

/**
 * Rows of a batch.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a tree without arrays, a leaf that is no array, and leaves of different
 * numbers of rows.
 */
export function rowCount(batch: unknown): number {
  const counts = leavesOf(batch).map(rowsOfLeaf);
  const [first] = counts;
  if (first === undefined) throw invalidArgument("list index out of range", { pythonType: "IndexError" });
  const other = counts.find((count) => count !== first);
  if (other === undefined) return first;
  throw invalidArgument(`rebatch: arrays of ${first} and ${other} rows in one batch`, {
    pythonType: "ValueError",
  });
}

/** Rows `start` to `stop` − 1. The batch must have passed {@link rowCount}. */
export function sliceRows<T>(batch: T, start: number, stop: number): T;
export function sliceRows(batch: unknown, start: number, stop: number): unknown {
  return mapLeaves([batch], ([leaf]) => sliceLeaf(leaf, start, stop));
}

/**
 * The rows of several batches as one.
 *
 * @param batches One or more, each of which passed {@link rowCount}.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for batches of different structure, dtype or shape of a row.
 */
export function joinRows<T>(batches: readonly T[]): T;
export function joinRows(batches: readonly unknown[]): unknown {
  return batches.length === 1 ? batches[0] : mapLeaves(batches, joinLeaves);
}

function leavesOf(tree: unknown): unknown[] {
  if (tree === null || tree === undefined) return [];
  if (isListOfLeaves(tree)) return tree.flatMap(leavesOf);
  if (isDict(tree)) return sortedKeys(tree).flatMap((key) => leavesOf(tree[key]));
  return [tree];
}

function sortedKeys(dict: object): string[] {
  return Object.keys(dict).sort(compareCodePoints);
}

/** A list of scalars, which would have no rows in Python, counts as a batch. */
function isListOfLeaves(tree: unknown): tree is readonly unknown[] {
  return Array.isArray(tree) && !isRowList(tree);
}

function isRowList(leaf: unknown): leaf is readonly unknown[] {
  return isBatch(leaf) || (Array.isArray(leaf) && leaf.every(isScalar));
}

function isScalar(value: unknown): boolean {
  return ["number", "bigint", "boolean", "string"].includes(typeof value);
}

function mapLeaves(trees: readonly unknown[], change: (leaves: readonly unknown[]) => unknown): unknown {
  const [first] = trees;
  if (first === null || first === undefined) {
    if (trees.some((tree) => tree !== null && tree !== undefined)) throw differentStructure();
    return first;
  }
  if (isListOfLeaves(first)) {
    if (!trees.every(isListOfLeaves) || trees.some((list) => list.length !== first.length)) {
      throw differentStructure();
    }
    return first.map((_, index) =>
      mapLeaves(
        trees.map((list) => list[index]),
        change,
      ),
    );
  }
  if (isDict(first)) {
    if (!trees.every(isDict) || trees.some((dict) => !sameKeys(dict, first))) throw differentStructure();
    const changed: { [key: string]: unknown } = Object.create(null);
    for (const key of Object.keys(first)) {
      changed[key] = mapLeaves(
        trees.map((dict) => dict[key]),
        change,
      );
    }
    return changed;
  }
  return change(trees);
}

function sameKeys(a: object, b: object): boolean {
  const keys = sortedKeys(a);
  const others = sortedKeys(b);
  return keys.length === others.length && keys.every((key, index) => key === others[index]);
}

function differentStructure() {
  return invalidArgument("rebatch: batches of different structure", { pythonType: "ValueError" });
}

function rowsOfLeaf(leaf: unknown): number {
  if (isRowList(leaf) || isBareArray(leaf)) return leaf.length;
  const rows = NdArray.is(leaf) ? leaf.shape[0] : undefined;
  if (rows !== undefined) return rows;
  const message = NdArray.is(leaf)
    ? "len() of unsized object"
    : `object of type '${pythonTypeName(leaf)}' has no len()`;
  throw invalidArgument(message, { pythonType: "TypeError" });
}

function sliceLeaf(leaf: unknown, start: number, stop: number): unknown {
  if (isRowList(leaf)) return rememberBatch(leaf.slice(start, stop));
  const array = arrayOf(leaf);
  const { components, view } = dtypeRow(array.dtype);
  const [, ...rowShape] = array.shape;
  const perRow = elementCount(rowShape) * components;
  const bytes = bytesOf(array.data);
  const rowBytes = perRow * array.data.BYTES_PER_ELEMENT;
  const { buffer } = new Uint8Array(bytes.subarray(start * rowBytes, stop * rowBytes));
  return new NdArray(array.dtype, [stop - start, ...rowShape], view(buffer, 0, (stop - start) * perRow));
}

function joinLeaves(leaves: readonly unknown[]): unknown {
  if (leaves.every(isRowList)) return rememberBatch(leaves.flat());
  const arrays = leaves.map(arrayOf);
  const [first] = arrays;
  if (first === undefined) throw new Error("no batches to join");
  const { components, view } = dtypeRow(first.dtype);
  const [, ...rowShape] = first.shape;
  for (const { dtype, shape } of arrays) {
    if (dtype !== first.dtype || String(shape.slice(1)) !== String(rowShape)) {
      throw invalidArgument(
        `rebatch: rows of ${first.dtype}[${rowShape.join(", ")}] and ${dtype}[${shape.slice(1).join(", ")}]`,
        { pythonType: "ValueError" },
      );
    }
  }
  const rows = arrays.reduce((count, { shape }) => count + (shape[0] ?? 0), 0);
  const parts = arrays.map(({ data }) => bytesOf(data));
  const joined = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  const length = rows * elementCount(rowShape) * components;
  return new NdArray(first.dtype, [rows, ...rowShape], view(joined.buffer, 0, length));
}

function arrayOf(leaf: unknown): NdArray {
  if (NdArray.is(leaf)) return leaf;
  if (isBareArray(leaf)) return fromBareArray(leaf);
  throw differentStructure();
}
