import { invalidArgument } from "../../errors.js";
import { fromBareArray, isBareArray } from "../../pytree/bare-array.js";
import { isDict, isList } from "../../pytree/container.js";
import { bytesOf, dtypeRow } from "../../zarr/dtype.js";
import { NdArray } from "../../zarr/nd-array.js";

/**
 * Batches of several sources, one behind the other, as one batch of the same kind: columns stay columns.
 *
 * @param batches One or more.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for batches of different kinds, columns, shapes or dtypes.
 */
export function joinBatches<Batch>(batches: readonly Batch[]): Batch;
export function joinBatches(batches: readonly unknown[]): unknown {
  const [first] = batches;
  if (batches.every(isList)) return batches.flat(1);
  if (batches.every((batch) => NdArray.is(batch))) return joinArrays(batches);
  if (batches.every(isBareArray)) return joinArrays(batches.map(fromBareArray)).data;
  if (!isDict(first) || !batches.every(isDict)) throw different();
  const names = Object.keys(first);
  const columns: { [name: string]: unknown } = Object.create(null);
  for (const name of names) columns[name] = joinBatches(batches.map((batch) => batch[name]));
  if (batches.some((batch) => Object.keys(batch).length !== names.length)) throw different();
  return columns;
}

function joinArrays(arrays: readonly NdArray[]): NdArray {
  const [first] = arrays;
  if (first === undefined) throw new Error("no batches to join");
  const { dtype, shape } = first;
  const rowShape = shape.slice(1);
  for (const array of arrays) {
    if (array.dtype !== dtype || array.shape.slice(1).join() !== rowShape.join()) throw different();
  }
  const parts = arrays.map(({ data }) => bytesOf(data));
  const bytes = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  const rows = arrays.reduce((total, array) => total + (array.shape[0] ?? 0), 0);
  const length = arrays.reduce((total, { data }) => total + data.length, 0);
  return new NdArray(dtype, [rows, ...rowShape], dtypeRow(dtype).view(bytes.buffer, 0, length));
}

function different() {
  return invalidArgument("the sources give records of different kinds, which make no batch", {
    pythonType: "TypeError",
  });
}
