import { invalidArgument } from "../errors.js";

// float32 arithmetic as XLA's CPU code does it (docs/spec/datarax.md section 5.2).

const LEAST_NORMAL = 2 ** -126;

const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);
const LOW_WORD = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;

/** The float32 of [0, 1) that JAX makes of a random word: 23 of its bits. */
export function unitFloat(word: number): number {
  return (word >>> 9) * 2 ** -23;
}

/** Nearest float32, a subnormal one as zero of the same sign. */
export function flushed(value: number): number {
  if (typeof value !== "number") {
    throw invalidArgument("a value for float32 must be a number", { found: value, pythonType: "TypeError" });
  }
  const rounded = Math.fround(value);
  if (Math.abs(rounded) >= LEAST_NORMAL || Number.isNaN(rounded)) return rounded;
  return rounded < 0 || Object.is(rounded, -0) ? -0 : 0;
}

/**
 * `factor * scale + offset` of float32 numbers, rounded once, as a fused instruction does it. The product is exact in
 * double; where the sum is not, the double is made odd, so that the second rounding cannot meet a tie that is none.
 */
export function fusedMultiplyAdd(factor: number, scale: number, offset: number): number {
  const product = factor * scale;
  const sum = product + offset;
  const offsetPart = sum - product;
  const lost = product - (sum - offsetPart) + (offset - offsetPart);
  return flushed(lost === 0 || !Number.isFinite(lost) ? sum : roundedToOdd(sum, lost));
}

/** The one of the two doubles around `sum + lost` whose last bit is 1. */
function roundedToOdd(sum: number, lost: number): number {
  double[0] = sum;
  const low = doubleWords[LOW_WORD] ?? 0;
  if (low % 2 === 1) return sum;
  const isOutward = sum > 0 === lost > 0;
  if (isOutward) {
    doubleWords[LOW_WORD] = low + 1;
  } else {
    doubleWords[LOW_WORD] = low - 1;
    if (low === 0) doubleWords[1 - LOW_WORD] = (doubleWords[1 - LOW_WORD] ?? 0) - 1;
  }
  return double[0];
}

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);

const HALF_SQRT2 = Math.fround(Math.SQRT1_2);
const LN2_HIGH = 0.693359375;
const LN2_LOW = Math.fround(-2.1219444e-4);

// Coefficients of Cephes' polynomial for log(1 + x), in groups of three, which XLA evaluates side by side.
const P0 = Math.fround(7.0376836292e-2);
const P1 = Math.fround(-1.151461031e-1);
const P2 = Math.fround(1.167699874e-1);
const P3 = Math.fround(-1.2420140846e-1);
const P4 = Math.fround(1.4249322787e-1);
const P5 = Math.fround(-1.6668057665e-1);
const P6 = Math.fround(2.0000714765e-1);
const P7 = Math.fround(-2.4999993993e-1);
const P8 = Math.fround(3.3333331174e-1);

/**
 * XLA's logarithm of a positive normal float32: not always the nearest float32, but the same one, for every number
 * that {@link gumbelFloat} asks for.
 */
function logFloat(value: number): number {
  float[0] = value;
  const word = floatBits[0] ?? 0;
  floatBits[0] = (word & 0x007fffff) | 0x3f000000; // the mantissa, as a number of [0.5, 1)
  const mantissa = float[0];
  const isLow = mantissa < HALF_SQRT2;
  const exponent = (word >>> 23) - 126 - (isLow ? 1 : 0);
  const x = Math.fround(isLow ? mantissa - 1 + mantissa : mantissa - 1);

  const square = Math.fround(x * x);
  const cube = Math.fround(square * x);
  const high = nearest(nearest(P0, x, P1), x, P2);
  const middle = nearest(nearest(P3, x, P4), x, P5);
  const low = nearest(nearest(P6, x, P7), x, P8);
  const polynomial = nearest(nearest(high, cube, middle), cube, low);
  const correction = nearest(polynomial, cube, Math.fround(exponent * LN2_LOW));
  return nearest(exponent, LN2_HIGH, Math.fround(nearest(-0.5, square, x) + correction));
}

/** `a * b + c` with one rounding but for ties, none of which the logarithms of all unit floats meet. */
function nearest(a: number, b: number, c: number): number {
  return Math.fround(a * b + c);
}

/** JAX's standard Gumbel noise of a random word, as float32: `-log(-log(u))` of a `u` that is not 0. */
export function gumbelFloat(word: number): number {
  return -logFloat(-logFloat(Math.max(LEAST_NORMAL, unitFloat(word))));
}
