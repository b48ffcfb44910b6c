import { invalidArgument } from "../../errors.js";
import { dictOf, isDict } from "../../pytree/container.js";
import { pythonRepr } from "../../pytree/python-repr.js";
import type { BareArray, Tree } from "../../pytree/value.js";
import type { Dtype } from "../../zarr/dtype.js";
import type { NdArray } from "../../zarr/nd-array.js";
import {
  type Column,
  isColumn,
  type RowOf,
  type RowsOf,
  rowAt,
  rowCount,
  rowsAt,
  storedColumn,
} from "./column.js";

/** A data set by its columns. What is no column stands in every record as it is. */
export type Columns = { readonly [name: string]: Column | number | bigint | boolean | null };

/** What a source can serve: columns of one length, one array, or a list of records. */
export type SourceData = Columns | BareArray | NdArray | readonly unknown[];

/** One record of a data set `D`; of a source that was given a length only, its index. */
export type ElementOf<D extends SourceData | undefined> = D extends undefined
  ? number
  : D extends Column
    ? RowOf<D>
    : { readonly [Name in keyof D]: D[Name] extends Column ? RowOf<D[Name]> : D[Name] };

/** Several records of `D`: columns stay columns, lists are lists; of a source with a length only, the indices. */
export type BatchOf<D extends SourceData | undefined> = D extends undefined
  ? number[]
  : D extends Column
    ? RowsOf<D>
    : { readonly [Name in keyof D]: D[Name] extends Column ? RowsOf<D[Name]> : D[Name][] };

/** Shape and dtype of each value of a record; the one value of a record without names is called "". */
export type RecordSpec = {
  readonly [name: string]: { readonly dtype: Dtype; readonly shape: readonly number[] };
};

/** Random access to the records of a source. */
export type Records<Element, Batch> = {
  readonly length: number;
  /** @param index 0 to length − 1. */
  at(index: number): Element;
  /** The records at `indices`, copied. */
  take(indices: readonly number[]): Batch;
  /** What Python's state holds under `data`: arrays, whole. `undefined` where there is none. */
  readonly stored: Tree | undefined;
  /** What a record is, where all its values are arrays; `undefined` where one comes from a list. */
  readonly spec: RecordSpec | undefined;
};

/** The options that say what records there are. */
export type RecordsOptions<D extends SourceData | undefined> =
  | { readonly length: number; readonly data?: undefined }
  | { readonly data: D & SourceData; readonly length?: undefined };

/**
 * The records of a source.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text for columns of different lengths and for no columns, or
 * for a length that is no size.
 */
export function openRecords<D extends SourceData | undefined>(
  options: RecordsOptions<D>,
): Records<ElementOf<D>, BatchOf<D>>;
export function openRecords(options: RecordsOptions<SourceData>): Records<unknown, unknown> {
  const { data, length } = options;
  if (data === undefined) return indexRecords(length);
  if (isColumn(data)) return columnRecords(data);
  if (isDict(data)) return namedRecords(data);
  throw invalidArgument("a source needs a length, or data: columns, an array or a list of records", {
    pythonType: "TypeError",
  });
}

function indexRecords(length: number | undefined): Records<number, number[]> {
  if (length === undefined || !Number.isSafeInteger(length) || length < 0) {
    throw invalidArgument(`length must be a non-negative integer, got ${String(length)}`, {
      field: "length",
      pythonType: "ValueError",
    });
  }
  return {
    length,
    at: (index) => index,
    take: (indices) => [...indices],
    stored: undefined,
    spec: undefined,
  };
}

function columnRecords(column: Column): Records<unknown, unknown> {
  return {
    length: rowCount(column),
    at: (index) => rowAt(column, index),
    take: (indices) => rowsAt(column, indices),
    stored: storedColumn(column),
    spec: specOf([["", column]]),
  };
}

function namedRecords(data: { readonly [name: string]: unknown }): Records<unknown, unknown> {
  const lengths: [string, number][] = [];
  const stored: [string, Tree][] = [];
  for (const [name, value] of Object.entries(data)) {
    if (!isColumn(value)) continue;
    lengths.push([name, rowCount(value)]);
    const column = storedColumn(value);
    if (column !== undefined) stored.push([name, column]);
  }
  const [, length] = lengths[0] ?? [];
  if (length === undefined) {
    throw invalidArgument("Data dictionary must contain at least one array-like value", VALUE_ERROR);
  }
  if (lengths.some(([, other]) => other !== length)) {
    throw invalidArgument(
      "All arrays in data dictionary must have the same length. " +
        `Got lengths: ${pythonRepr(dictOf(lengths))}`,
      VALUE_ERROR,
    );
  }
  const perColumn = (read: (value: unknown) => unknown) => {
    const record: { [name: string]: unknown } = Object.create(null);
    for (const [name, value] of Object.entries(data)) record[name] = read(value);
    return record;
  };
  return {
    length,
    at: (index) => perColumn((value) => (isColumn(value) ? rowAt(value, index) : value)),
    take: (indices) =>
      perColumn((value) => (isColumn(value) ? rowsAt(value, indices) : indices.map(() => value))),
    stored: stored.length === 0 ? undefined : dictOf(stored),
    spec: specOf(Object.entries(data)),
  };
}

function specOf(values: readonly (readonly [string, unknown])[]): RecordSpec | undefined {
  const spec: { [name: string]: RecordSpec[string] } = Object.create(null);
  for (const [name, value] of values) {
    const column = isColumn(value) ? storedColumn(value) : undefined;
    if (column === undefined) return undefined;
    spec[name] = { dtype: column.dtype, shape: column.shape.slice(1) };
  }
  return spec;
}

const VALUE_ERROR = { pythonType: "ValueError" };
