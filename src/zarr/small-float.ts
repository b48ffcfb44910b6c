import type { Dtype } from "./dtype.js";

/**
 * A binary float of at most 16 bits: a sign, then exponent and fraction.
 *
 * `specials` says what the highest patterns are: `ieee` infinity and NaN; `fn` NaN where all bits are 1 and no
 * infinity; `fnuz` neither of these and no −0, whose pattern is the one NaN; `finite` none at all. `exponent` is
 * another thing: 8 bits without sign and fraction, a power of 2 each, the last one NaN, no zero.
 */
export type SmallFloat = {
  readonly specials: "ieee" | "fn" | "fnuz" | "finite" | "exponent";
  readonly exponentBits: number;
  readonly fractionBits: number;
  /** What the exponent's field is more than the exponent. */
  readonly bias: number;
};

/** IEEE 754 half precision. */
export const FLOAT16: SmallFloat = { specials: "ieee", exponentBits: 5, fractionBits: 10, bias: 15 };

/** The upper half of a float32. */
export const BFLOAT16: SmallFloat = { specials: "ieee", exponentBits: 8, fractionBits: 7, bias: 127 };

// ml_dtypes names its types by these: e and m are the widths, b the bias where it is unusual.
const SMALL_FLOATS: { readonly [D in Dtype]?: SmallFloat } = {
  float16: FLOAT16,
  bfloat16: BFLOAT16,
  float8_e4m3fn: { specials: "fn", exponentBits: 4, fractionBits: 3, bias: 7 },
  float8_e5m2: { specials: "ieee", exponentBits: 5, fractionBits: 2, bias: 15 },
  float8_e4m3b11fnuz: { specials: "fnuz", exponentBits: 4, fractionBits: 3, bias: 11 },
  float8_e4m3fnuz: { specials: "fnuz", exponentBits: 4, fractionBits: 3, bias: 8 },
  float8_e5m2fnuz: { specials: "fnuz", exponentBits: 5, fractionBits: 2, bias: 16 },
  float8_e3m4: { specials: "ieee", exponentBits: 3, fractionBits: 4, bias: 3 },
  float8_e8m0fnu: { specials: "exponent", exponentBits: 8, fractionBits: 0, bias: 127 },
  float4_e2m1fn: { specials: "finite", exponentBits: 2, fractionBits: 1, bias: 1 },
};

/** The format of a float dtype that JavaScript has no typed array for. */
export function smallFloatOf(dtype: Dtype): SmallFloat | undefined {
  return SMALL_FLOATS[dtype];
}

/**
 * The number that `bits` stand for; exact. In a byte of float4 each of the upper five bits is a sign, as in ml_dtypes;
 * properly there is one.
 */
export function decodeSmallFloat(format: SmallFloat, bits: number): number {
  const { specials, exponentBits, fractionBits, bias } = format;
  const magnitude = bits & (2 ** (exponentBits + fractionBits) - 1);
  if (specials === "exponent") return magnitude === E8M0_NAN ? Number.NaN : 2 ** (magnitude - bias);
  const negative = bits >>> (exponentBits + fractionBits) > 0;
  const largest = largestFinite(format);
  if (magnitude > largest) {
    const isInfinity = specials === "ieee" && magnitude === largest + 1;
    return isInfinity ? (negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : Number.NaN;
  }
  if (specials === "fnuz" && negative && magnitude === 0) return Number.NaN;
  const exponent = magnitude >>> fractionBits;
  const fraction = magnitude & (2 ** fractionBits - 1);
  const value =
    exponent === 0
      ? fraction * 2 ** (1 - bias - fractionBits)
      : (1 + fraction / 2 ** fractionBits) * 2 ** (exponent - bias);
  return negative ? -value : value;
}

/**
 * The bits of the nearest value, ties to even. What is too large becomes infinity, NaN where there is none, the
 * largest number where there is neither; NaN becomes the quiet one without a sign. All as ml_dtypes casts a float32.
 */
export function encodeSmallFloat(format: SmallFloat, value: number): number {
  const { specials, exponentBits, fractionBits, bias } = format;
  if (specials === "exponent") return encodeExponent(value, bias);
  const signBit = 2 ** (exponentBits + fractionBits);
  const largest = largestFinite(format);
  if (Number.isNaN(value)) {
    if (specials === "ieee") return largest + 1 + 2 ** (fractionBits - 1);
    return specials === "fn" ? largest + 1 : signBit; // NaN of float4 is −0, in ml_dtypes too
  }
  const sign = value < 0 || Object.is(value, -0) ? signBit : 0;
  const size = Math.abs(value);
  const exponent = size === 0 ? 1 - bias : Math.max(1 - bias, exponentOf(size));
  // Units of a normal number hold its leading 1, which carries into the exponent's field; so does rounding up.
  const units = roundHalfToEven(size / 2 ** (exponent - fractionBits));
  const magnitude = (exponent + bias - 1) * 2 ** fractionBits + units;
  if (size === Number.POSITIVE_INFINITY || magnitude > largest) {
    if (specials === "fnuz") return signBit;
    return sign + (specials === "finite" ? largest : largest + 1);
  }
  return specials === "fnuz" && magnitude === 0 ? 0 : sign + magnitude;
}

/** Bits of the largest number, without a sign. */
function largestFinite({ specials, exponentBits, fractionBits }: SmallFloat): number {
  const all = 2 ** (exponentBits + fractionBits) - 1;
  if (specials === "ieee") return all - 2 ** fractionBits;
  return specials === "fn" ? all - 1 : all;
}

const E8M0_NAN = 0xff;

/** Halfway goes up. Zero, infinity and what is negative are NaN. */
function encodeExponent(value: number, bias: number): number {
  if (!(value > 0) || value === Number.POSITIVE_INFINITY) return E8M0_NAN;
  // ml_dtypes rounds up whatever lies between its two least powers.
  if (value < 2 ** (1 - bias)) return value > 2 ** -bias ? 1 : 0;
  const below = exponentOf(value);
  return Math.min(E8M0_NAN, (value / 2 ** below >= 1.5 ? below + 1 : below) + bias);
}

/** floor(log2(size)), which the logarithm of a double can miss by one. */
function exponentOf(size: number): number {
  if (size === Number.POSITIVE_INFINITY) return size;
  const estimate = Math.floor(Math.log2(size));
  if (2 ** estimate > size) return estimate - 1;
  return 2 ** (estimate + 1) <= size ? estimate + 1 : estimate;
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
