import { invalidArgument } from "../../errors.js";
import { integerNumber } from "../../random/integer-argument.js";
import { permutation, type RandomKey } from "../../random/jax-random.js";

const INT32_RANGE = 2 ** 31;

/** An argument of `getBatchAt` that JAX takes as int32. @throws {OrbaxError} `INVALID_ARGUMENT` with JAX's text. */
export function int32Argument(name: string, value: number): number {
  const integer = integerNumber(value, name);
  if (integer >= -INT32_RANGE && integer < INT32_RANGE) return integer;
  throw invalidArgument(`Python integer ${value} out of bounds for int32`, {
    field: name,
    found: value,
    pythonType: "OverflowError",
  });
}

/** Entries of one JavaScript array: V8 ends the process where one grows to a GiB. */
const MOST_RECORDS = 2 ** 26;

/** A number of records that are listed one by one. @throws {OrbaxError} `INVALID_ARGUMENT` for one that cannot be. */
export function listedCount(name: string, size: number): number {
  const count = batchSizeArgument(name, size);
  if (count <= MOST_RECORDS) return count;
  throw invalidArgument(`${name} must be at most ${MOST_RECORDS}, got ${count}`, {
    field: name,
    found: count,
    pythonType: "MemoryError",
  });
}

/** A number of records. @throws {OrbaxError} `INVALID_ARGUMENT` for one that cannot be. */
export function batchSizeArgument(name: string, size: number): number {
  if (Number.isSafeInteger(size) && size >= 0 && size < INT32_RANGE) return size;
  throw invalidArgument(`${name} must be an integer from 0 to 2^31-1, got ${String(size)}`, {
    field: name,
    pythonType: "ValueError",
  });
}

/**
 * `size` record indices from `start` on, which begin again behind the last record, in the order that a key gives if
 * there is one: Datarax's `resolve_wrapped_indices` (docs/spec/datarax.md section 5.4). A key costs a permutation of
 * all records.
 *
 * @param start int32; positions count on in int32, so they wrap to negative ones.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for numbers outside int32, or where there are no records.
 */
export function wrappedIndices(
  start: number,
  size: number,
  length: number,
  key: RandomKey | undefined,
): number[] {
  const first = int32Argument("start", start);
  const count = listedCount("size", size);
  int32Argument("length", length);
  if (count === 0) return [];
  if (length === 0) {
    throw invalidArgument("Cannot do a non-empty jnp.take() from an empty axis.", {
      pythonType: "IndexError",
    });
  }
  const order = key === undefined ? undefined : permutation(key, length);
  return Array.from({ length: count }, (_, offset) => {
    const position = (first + offset) | 0;
    const index = ((position % length) + length) % length;
    return order?.[index] ?? index;
  });
}

/** An index as Python's `source[index]` takes it: negative ones count from the end; undefined outside. */
export function resolvedIndex(index: number, length: number): number | undefined {
  if (typeof index !== "number") return undefined; // as JavaScript may pass it
  const resolved = index < 0 ? index + length : index;
  return Number.isSafeInteger(resolved) && resolved >= 0 && resolved < length ? resolved + 0 : undefined;
}
