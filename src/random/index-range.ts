import { elementsOf } from "./shape.js";

/**
 * The numbers 0 … n−1: NumPy's `arange(n)` as int32.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a number that is no size, or beyond 2^28.
 */
export function indexRange(n: number): Int32Array {
  const indices = new Int32Array(elementsOf(n));
  for (let index = 0; index < indices.length; index++) indices[index] = index;
  return indices;
}
