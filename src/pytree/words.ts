import { elementCount } from "../zarr/dtype.js";
import { NdArray } from "../zarr/nd-array.js";
import { PrngKey } from "./value.js";

/** The words of a typed key as an array, with an axis of their own at the end. */
export function wordsOf({ shape, data }: PrngKey): NdArray<"uint32"> {
  const keys = elementCount(shape);
  return new NdArray("uint32", [...shape, keys === 0 ? 0 : data.length / keys], data);
}

/**
 * A typed key, or an array of them, over an array of words whose last axis counts those of one key.
 *
 * @returns `undefined` for an array that holds no words of keys.
 */
export function keyOfWords(array: NdArray, impl: string, sharding?: string): PrngKey | undefined {
  const { shape, data } = array;
  if (!(data instanceof Uint32Array) || shape.length === 0 || elementCount(shape) === 0) return undefined;
  return new PrngKey(shape.slice(0, -1), data, impl, sharding);
}
