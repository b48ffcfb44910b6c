import { invalidArgument, unsupported } from "../../errors.js";

/** An index of a dataset as the epoch that it lies in and the position there. */
export type EpochIndex = { readonly epoch: number; readonly position: number };

/**
 * Python's `divmod(index, length)`.
 *
 * @param length May be `Infinity`: then everything lies in the first epoch.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a length of 0, Python's ZeroDivisionError.
 */
export function epochOf(index: number, length: number): EpochIndex {
  if (length === 0) throw zeroDivision("integer division or modulo by zero");
  const position = index % length;
  return { epoch: length === Number.POSITIVE_INFINITY ? 0 : (index - position) / length, position };
}

/**
 * Python's `index % length`.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a length of 0, Python's ZeroDivisionError.
 */
export function positionOf(index: number, length: number): number {
  if (length === 0) throw zeroDivision("integer modulo by zero");
  return index % length;
}

/**
 * Where an epoch of a dataset begins.
 *
 * @throws {OrbaxError} `UNSUPPORTED` for an index beyond 2^53−1: that of a second epoch of an endless dataset.
 */
export function epochOffset(epoch: number, length: number): number {
  if (epoch === 0) return 0;
  const offset = epoch * length;
  if (Number.isSafeInteger(offset)) return offset;
  throw unsupported("index of a dataset", { found: offset, expected: "at most 2^53-1" });
}

function zeroDivision(message: string) {
  return invalidArgument(message, { pythonType: "ZeroDivisionError" });
}
