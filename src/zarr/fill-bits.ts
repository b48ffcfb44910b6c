import { type Dtype, dtypeRow } from "./dtype.js";
import { decodeSmallFloat, encodeSmallFloat, smallFloatOf } from "./small-float.js";

/**
 * The element that stands for every element of a missing chunk, exactly: `bigint` for int64 and uint64, complex
 * as its parts, floats rounded to the dtype. What no number says, such as a NaN with a payload, is `bits`: those of
 * the whole element as an unsigned integer, for complex with the real part in the lower half. `undefined` where the
 * file says `null`: all bits are 0.
 */
export type FillValue =
  | number
  | bigint
  | boolean
  | readonly [re: number, im: number]
  | { readonly bits: bigint }
  | undefined;

/** Whether a fill value is given by its bits. */
export function isFillBits(fill: FillValue): fill is { readonly bits: bigint } {
  return typeof fill === "object" && "bits" in fill;
}

/** Type of a part of a complex dtype. */
export function partOf(dtype: Dtype): Dtype {
  return dtype === "complex64" ? "float32" : "float64";
}

/** The fill value of a float or complex dtype with these bits. */
export function fillOfBits(bits: bigint, dtype: Dtype): FillValue {
  const { itemBytes, kind } = dtypeRow(dtype);
  if (kind !== "complex") {
    const value = numberOfBits(bits, dtype);
    return bitsOfNumber(value, dtype) === bits ? value : { bits };
  }
  const half = itemBytes * 4;
  const re = fillOfBits(BigInt.asUintN(half, bits), partOf(dtype));
  const im = fillOfBits(bits >> BigInt(half), partOf(dtype));
  return typeof re === "number" && typeof im === "number" ? [re, im] : { bits };
}

/** All bits of an element, an unsigned integer. */
export function bitsOfFill(fill: FillValue, dtype: Dtype): bigint {
  const { itemBytes, kind } = dtypeRow(dtype);
  if (fill === undefined) return 0n;
  if (typeof fill === "object") {
    if (isFillBits(fill)) return fill.bits;
    return bitsOfParts(bitsOfNumber(fill[0], partOf(dtype)), bitsOfNumber(fill[1], partOf(dtype)), dtype);
  }
  return kind === "float" ? bitsOfNumber(Number(fill), dtype) : BigInt.asUintN(itemBytes * 8, BigInt(fill));
}

/** The bits of a complex element. */
export function bitsOfParts(re: bigint, im: bigint, dtype: Dtype): bigint {
  return (im << BigInt(dtypeRow(dtype).itemBytes * 4)) | re;
}

/** The bits of a float dtype's nearest number; one NaN on every platform. */
export function bitsOfNumber(value: number, dtype: Dtype): bigint {
  const small = smallFloatOf(dtype);
  if (small !== undefined) return BigInt(encodeSmallFloat(small, value));
  const isSingle = dtype === "float32";
  if (Number.isNaN(value)) return isSingle ? 0x7fc00000n : 0x7ff8000000000000n;
  const view = new DataView(new ArrayBuffer(8));
  if (isSingle) view.setFloat32(0, value);
  else view.setFloat64(0, value);
  return isSingle ? BigInt(view.getUint32(0)) : view.getBigUint64(0);
}

function numberOfBits(bits: bigint, dtype: Dtype): number {
  const small = smallFloatOf(dtype);
  if (small !== undefined) return decodeSmallFloat(small, Number(bits));
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return dtype === "float32" ? view.getFloat32(4) : view.getFloat64(0);
}
