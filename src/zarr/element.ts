import { dtypeRow } from "./dtype.js";
import type { NdArray } from "./nd-array.js";
import { decodeSmallFloat, smallFloatOf } from "./small-float.js";

/** One element as a JavaScript value; a complex one as its real and imaginary part. */
export type Element = number | bigint | boolean | readonly [re: number, im: number];

/**
 * The element at a position in C order: int64 and uint64 always as `bigint`, floats that are held as their bits
 * decoded, bool as `boolean`, complex as `[re, im]`.
 *
 * @throws {Error} if there is no such element: a bug of the caller.
 */
export function elementAt(array: NdArray, index: number): Element {
  const { dtype, data } = array;
  const { kind, components } = dtypeRow(dtype);
  const value = data[index * components];
  if (value === undefined) {
    throw new Error(`element ${index} of an array of ${data.length / components}`);
  }
  if (typeof value === "bigint") return value;
  if (kind === "bool") return value !== 0;
  if (kind === "complex") return [value, Number(data[index * components + 1])];
  const smallFloat = smallFloatOf(dtype);
  return smallFloat === undefined ? value : decodeSmallFloat(smallFloat, value);
}
