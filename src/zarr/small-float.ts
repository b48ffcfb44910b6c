/** A binary float of at most 16 bits: a sign, then exponent and fraction of these widths. */
export type SmallFloat = { readonly exponentBits: number; readonly fractionBits: number };

/** IEEE 754 half precision. */
export const FLOAT16: SmallFloat = { exponentBits: 5, fractionBits: 10 };

/** The upper half of a float32. */
export const BFLOAT16: SmallFloat = { exponentBits: 8, fractionBits: 7 };

/** The number that `bits` stand for; exact. */
export function decodeSmallFloat({ exponentBits, fractionBits }: SmallFloat, bits: number): number {
  const ones = 2 ** exponentBits - 1;
  const bias = (ones - 1) / 2;
  const sign = (bits >>> (exponentBits + fractionBits)) & 1 ? -1 : 1;
  const exponent = (bits >>> fractionBits) & ones;
  const fraction = bits & (2 ** fractionBits - 1);
  if (exponent === ones) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits);
  return sign * (1 + fraction / 2 ** fractionBits) * 2 ** (exponent - bias);
}

/** The bits of the nearest value, ties to even; NaN is the quiet one without a sign. */
export function encodeSmallFloat({ exponentBits, fractionBits }: SmallFloat, value: number): number {
  const ones = 2 ** exponentBits - 1;
  const bias = (ones - 1) / 2;
  const infinity = ones * 2 ** fractionBits;
  if (Number.isNaN(value)) return infinity + 2 ** (fractionBits - 1);
  const sign = (value < 0 || Object.is(value, -0) ? 1 : 0) * 2 ** (exponentBits + fractionBits);
  const magnitude = Math.abs(value);
  if (magnitude === 0) return sign;
  const exponent = Math.max(1 - bias, Math.min(bias + 1, exponentOf(magnitude)));
  const units = roundHalfToEven(magnitude / 2 ** (exponent - fractionBits));
  // Units of a normal number hold its leading 1, which carries into the exponent's field; so does rounding up.
  return sign + Math.min(infinity, (exponent + bias - 1) * 2 ** fractionBits + units);
}

/** floor(log2(magnitude)), which the logarithm of a double can miss by one. */
function exponentOf(magnitude: number): number {
  if (magnitude === Number.POSITIVE_INFINITY) return magnitude;
  const estimate = Math.floor(Math.log2(magnitude));
  if (2 ** estimate > magnitude) return estimate - 1;
  return 2 ** (estimate + 1) <= magnitude ? estimate + 1 : estimate;
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
