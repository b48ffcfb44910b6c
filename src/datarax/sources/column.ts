import { fromBareArray, isBareArray } from "../../pytree/bare-array.js";
import { isList } from "../../pytree/container.js";
import { type PlainElement, plainElement } from "../../pytree/element.js";
import type { BareArray } from "../../pytree/value.js";
import { bytesOf, dtypeRow, elementCount } from "../../zarr/dtype.js";
import { NdArray } from "../../zarr/nd-array.js";

/** Values of all records, one a row: a typed array, an array whose first axis counts the records, or a list. */
export type Column = BareArray | NdArray | readonly unknown[];

/** One record's value of a column: a number, a row of an array of more dimensions, an item of a list. */
export type RowOf<C> = C extends BigInt64Array | BigUint64Array
  ? bigint
  : C extends BareArray
    ? number
    : C extends NdArray
      ? PlainElement | NdArray
      : C extends readonly (infer Item)[]
        ? Item
        : never;

/** Values of several records: of the column's own kind. */
export type RowsOf<C> = C extends BareArray | NdArray
  ? C
  : C extends readonly (infer Item)[]
    ? Item[]
    : never;

/** Whether a value has rows. An `NdArray` of rank 0 has none. */
export function isColumn(value: unknown): value is Column {
  return isBareArray(value) || (NdArray.is(value) && value.shape.length > 0) || isList(value);
}

/** Number of rows. */
export function rowCount(column: Column): number {
  return NdArray.is(column) ? (column.shape[0] ?? 0) : column.length;
}

/** @param index 0 to {@link rowCount} − 1. */
export function rowAt<C extends Column>(column: C, index: number): RowOf<C>;
export function rowAt(column: Column, index: number): unknown {
  if (!NdArray.is(column)) return column[index];
  const { dtype, shape, data } = column;
  if (shape.length === 1) return plainElement(column, index);
  const size = rowSize(column);
  return new NdArray(dtype, shape.slice(1), data.slice(index * size, (index + 1) * size));
}

/** The rows at `indices`, copied. */
export function rowsAt<C extends Column>(column: C, indices: readonly number[]): RowsOf<C>;
export function rowsAt(column: Column, indices: readonly number[]): unknown {
  if (NdArray.is(column)) return arrayRows(column, indices);
  if (isBareArray(column)) return arrayRows(fromBareArray(column), indices).data;
  return indices.map((index) => column[index]);
}

function arrayRows(array: NdArray, indices: readonly number[]): NdArray {
  const { dtype, shape } = array;
  const size = rowSize(array);
  const rowBytes = size * array.data.BYTES_PER_ELEMENT;
  const source = bytesOf(array.data);
  const target = new Uint8Array(indices.length * rowBytes);
  for (const [row, index] of indices.entries()) {
    target.set(source.subarray(index * rowBytes, (index + 1) * rowBytes), row * rowBytes);
  }
  const data = dtypeRow(dtype).view(target.buffer, 0, indices.length * size);
  return new NdArray(dtype, [indices.length, ...shape.slice(1)], data);
}

/** Entries of `data` a row. */
function rowSize({ dtype, shape }: NdArray): number {
  return elementCount(shape.slice(1)) * dtypeRow(dtype).components;
}

/** The column as a state holds it; lists are no part of one (docs/spec/datarax.md section 4). */
export function storedColumn(column: Column): NdArray | undefined {
  if (NdArray.is(column)) return column;
  return isBareArray(column) ? fromBareArray(column) : undefined;
}
