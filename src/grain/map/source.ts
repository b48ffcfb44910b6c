import { invalidArgument } from "../../errors.js";
import { andThen, type MaybePromise } from "../maybe-promise.js";
import type { MapNode } from "../node.js";
import { positionOf } from "./epoch.js";

/** Records with random access: Grain's `RandomAccessDataSource`. */
export type RandomAccessDataSource<T> = {
  /** Number of records. */
  readonly length: number;
  /**
   * The record at an index from 0 to length − 1, or the promise of it; `null` and `undefined` are Python's `None`: no
   * element.
   */
  get(index: number): MaybePromise<T | null | undefined>;
};

/**
 * The records of a source, again from the start beyond its end. The length is asked for anew each time, as in Python.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for something without a length.
 */
export function sourceNode<T>(
  source: RandomAccessDataSource<T> | ArrayLike<T | null | undefined>,
): MapNode<T> {
  lengthOf(source);
  const read = isRandomAccess(source)
    ? (index: number) => source.get(index)
    : (index: number) => source[index];
  return {
    name: `SourceMapDataset(source=${Array.isArray(source) ? "list" : className(source)})`,
    parents: [],
    get length() {
      return lengthOf(source);
    },
    get: (index) => andThen(read(positionOf(index, lengthOf(source))), (record): T | null => record ?? null),
  };
}

function isRandomAccess<T>(
  source: RandomAccessDataSource<T> | ArrayLike<T | null | undefined>,
): source is RandomAccessDataSource<T> {
  return typeof source === "object" && "get" in source && typeof source.get === "function";
}

function lengthOf(source: { readonly length: number } | null | undefined): number {
  const length: unknown = source?.length;
  if (typeof length === "number" && length >= 0 && (Number.isSafeInteger(length) || length === Infinity)) {
    return length;
  }
  throw invalidArgument(`source: its length is ${String(length)}, expected an integer of 0 or more`, {
    field: "length",
    found: length,
    pythonType: "TypeError",
  });
}

function className(source: object): string {
  return source.constructor?.name ?? "object";
}
