import { invalidArgument } from "../errors.js";
import type { ByteRange } from "./storage.js";

/** @throws {OrbaxError} `INVALID_ARGUMENT` unless all numbers of `range` are integers from 0 to 2^53 − 1. */
export function checkRange(range: ByteRange): void {
  clampRange(range, 0);
}

/** What a range covers of a value that has `size` bytes: nothing beyond its end. */
export function clampRange(range: ByteRange, size: number): { offset: number; length: number } {
  if ("suffixLength" in range) {
    const length = Math.min(checkByteCount(range.suffixLength, "suffixLength"), size);
    return { offset: size - length, length };
  }
  const offset = Math.min(checkByteCount(range.offset, "offset"), size);
  return { offset, length: Math.min(checkByteCount(range.length, "length"), size - offset) };
}

/** `count` itself. @throws {OrbaxError} `INVALID_ARGUMENT` unless it is an integer from 0 to 2^53 − 1. */
export function checkByteCount(count: number, name: string): number {
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw invalidArgument(`${name} is ${String(count)}, expected an integer from 0 to 2^53 - 1`, {
    field: name,
    found: count,
  });
}
