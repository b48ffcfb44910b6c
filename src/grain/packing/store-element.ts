import { invalidArgument } from "../../errors.js";
import type { PlainElement } from "../../pytree/element.js";
import { Complex } from "../../pytree/value.js";
import { type Dtype, dtypeRow } from "../../zarr/dtype.js";
import type { NdArray } from "../../zarr/nd-array.js";
import { encodeSmallFloat, smallFloatOf } from "../../zarr/small-float.js";

/** Where an element comes from. */
export type ElementOrigin = {
  /** Whether it was a float, of which the fraction is cut, and not an integer, of which low bits are kept. */
  readonly isFloat: boolean;
  /** Whether it was a scalar, for which NumPy looks whether it fits. */
  readonly checked: boolean;
};

/**
 * `array[index] = element`, converted as NumPy does: to the nearest float, integers modulo 2^bits, fractions cut,
 * imaginary parts dropped. What lies outside an integer's range becomes what x86 processors make of it, as far as
 * NumPy is of one mind there.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with NumPy's text for a scalar that an integer dtype cannot hold.
 */
export function storeElement(
  array: NdArray,
  index: number,
  element: PlainElement,
  origin: ElementOrigin,
): void {
  const { dtype, data } = array;
  const { kind } = dtypeRow(dtype);
  if (kind === "complex") {
    store(data, 2 * index, Complex.is(element) ? element.re : Number(element));
    store(data, 2 * index + 1, Complex.is(element) ? element.im : 0);
    return;
  }
  if (kind === "bool") {
    const isZero = Complex.is(element) ? element.re === 0 && element.im === 0 : Number(element) === 0;
    store(data, index, isZero ? 0 : 1);
    return;
  }
  const real = Complex.is(element) ? element.re : typeof element === "boolean" ? Number(element) : element;
  if (kind === "float") {
    const smallFloat = smallFloatOf(dtype);
    const number = Number(real);
    store(data, index, smallFloat === undefined ? number : encodeSmallFloat(smallFloat, number));
    return;
  }
  if (origin.checked) checkFits(dtype, real);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    data[index] = typeof real === "bigint" ? real : wholeBigInt(real);
    return;
  }
  const whole = typeof real === "bigint" ? Number(BigInt.asIntN(32, real)) : wholeNumber(dtype, real, origin);
  store(data, index, narrow(dtype, whole));
}

function store(data: NdArray["data"], index: number, value: number): void {
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) data[index] = value;
}

const INT32_MIN = -(2 ** 31);
const INT64_MIN = -(2n ** 63n);

function wholeBigInt(real: number): bigint {
  const whole = Math.trunc(real);
  return Math.abs(whole) < 2 ** 64 ? BigInt(whole) : INT64_MIN;
}

/** A number of which a typed array takes the low bits. */
function wholeNumber(dtype: Dtype, real: number, { isFloat }: ElementOrigin): number {
  if (!isFloat) return real;
  const whole = Math.trunc(real);
  if (dtype === "uint32") return Math.abs(whole) < 2 ** 63 ? whole : 0;
  return whole >= INT32_MIN && whole < -INT32_MIN ? whole : INT32_MIN;
}

/** Integers of less than a byte lie in one with their sign, or with zeros, in the other bits. */
function narrow(dtype: Dtype, whole: number): number {
  const { kind, storedBits } = dtypeRow(dtype);
  if (storedBits === undefined) return whole;
  const unused = 32 - storedBits;
  return kind === "uint" ? (whole << unused) >>> unused : (whole << unused) >> unused;
}

function checkFits(dtype: Dtype, real: number | bigint): void {
  if (Number.isNaN(real)) throw overflow("cannot convert float NaN to integer", "ValueError");
  if (typeof real === "number" && !Number.isFinite(real))
    throw overflow("cannot convert float infinity to integer");
  const whole = typeof real === "bigint" ? real : BigInt(Math.trunc(real));
  const { kind, itemBytes, storedBits } = dtypeRow(dtype);
  const bits = storedBits ?? 8 * itemBytes;
  const kept = kind === "uint" ? BigInt.asUintN(bits, whole) : BigInt.asIntN(bits, whole);
  if (kept === whole) return;
  const isTooWide = bits === 64 && (kind === "int" || whole > 0n);
  throw overflow(
    isTooWide
      ? "Python int too large to convert to C long"
      : `Python integer ${whole} out of bounds for ${dtype}`,
  );
}

function overflow(message: string, pythonType = "OverflowError") {
  return invalidArgument(message, { pythonType });
}
