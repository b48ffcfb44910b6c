import { allocateData, type Dtype, dtypeRow, elementCount } from "../zarr/dtype.js";
import { elementAt } from "../zarr/element.js";
import { NdArray } from "../zarr/nd-array.js";
import { decodeSmallFloat, encodeSmallFloat, smallFloatOf } from "../zarr/small-float.js";
import { Complex, complex, plainInteger } from "./value.js";

/** One element of an array: an integer beyond 2^53−1 is a `bigint`. */
export type PlainElement = number | bigint | boolean | Complex;

/** The element at a position in C order, as a plain load gives it; exact. */
export function plainElement(array: NdArray, index: number): PlainElement {
  const element = elementAt(array, index);
  if (typeof element === "bigint") return plainInteger(element);
  return typeof element === "object" ? complex(...element) : element;
}

/**
 * An array of `elements` in C order, or `undefined` if one of them is none of the dtype's values: out of range,
 * not exact, a boolean where numbers are, −0 among integers.
 *
 * @param sharding The `_sharding` text that makes it a `jax.Array`.
 */
export function arrayOfElements(
  dtype: Dtype,
  shape: readonly number[],
  elements: readonly PlainElement[],
  sharding?: string,
): NdArray | undefined {
  if (elements.length !== elementCount(shape)) return undefined;
  const array: NdArray = new NdArray(dtype, [...shape], allocateData(dtype, elements.length), sharding);
  return elements.every((element, index) => storeElement(array, index, element)) ? array : undefined;
}

/** Stores an element and tells whether the array now holds exactly that. */
function storeElement({ dtype, data }: NdArray, index: number, element: PlainElement): boolean {
  const { kind } = dtypeRow(dtype);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const integer = integerOf(element);
    if (integer === undefined) return false;
    data[index] = integer;
    return data[index] === integer;
  }
  if (kind === "complex" || Complex.is(element)) {
    if (kind !== "complex" || !Complex.is(element)) return false;
    return store(data, 2 * index, element.re) && store(data, 2 * index + 1, element.im);
  }
  if (dtype === "bool" || typeof element === "boolean") {
    return dtype === "bool" && typeof element === "boolean" && store(data, index, Number(element));
  }
  const number = Number(element);
  if (typeof element === "bigint" && !(Number.isFinite(number) && BigInt(number) === element)) return false;
  const smallFloat = smallFloatOf(dtype);
  if (smallFloat === undefined) return isWithin(dtype, number) && store(data, index, number);
  const bits = encodeSmallFloat(smallFloat, number);
  return store(data, index, bits) && Object.is(decodeSmallFloat(smallFloat, bits), number);
}

/** Whether an integer of less than a byte has the value; of all others the typed array knows. */
function isWithin(dtype: Dtype, value: number): boolean {
  const { kind, storedBits } = dtypeRow(dtype);
  if (storedBits === undefined) return true;
  const above = 2 ** (kind === "int" ? storedBits - 1 : storedBits);
  return value < above && value >= (kind === "int" ? -above : 0);
}

type NumberArray = Exclude<NdArray["data"], BigInt64Array | BigUint64Array>;

function store(data: NumberArray, index: number, value: number): boolean {
  data[index] = value;
  return Object.is(data[index], value);
}

function integerOf(element: PlainElement): bigint | undefined {
  if (typeof element === "bigint") return element;
  const whole = typeof element === "number" && Number.isInteger(element) && !Object.is(element, -0);
  return whole ? BigInt(element) : undefined;
}
