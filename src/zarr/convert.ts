import type { Chunk, DataType } from "zarrita";
import { invalidArgument } from "../errors.js";
import { denseStrides } from "./block.js";
import { type DataOf, type Dtype, dtypeRow } from "./dtype.js";
import { type NdArray } from "./nd-array.js";
import { decodeSmallFloat, type SmallFloat, smallFloatOf } from "./small-float.js";

/**
 * All elements as float32, in C order: exact for floats of at most 16 bits (of float16 and bfloat16 the payload of a
 * NaN included), bool as 0 and 1, everything else rounded to nearest. For a float32 array this is its own data, not a
 * copy.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for complex arrays, whose elements are two numbers each.
 */
export function toFloat32(array: NdArray): Float32Array {
  if (dtypeRow(array.dtype).kind === "complex") {
    throw invalidArgument(`toFloat32: an element of ${array.dtype} is two numbers`);
  }
  return float32Of(array.dtype, array.data);
}

function float32Of(dtype: Dtype, data: DataOf<Dtype>): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return Float32Array.from({ length: data.length }, (_, index) => nearestFloat32(data[index] ?? 0n));
  }
  if (dtype === "float16") return fromBits(data, float16ToFloat32Bits);
  if (dtype === "bfloat16") return fromBits(data, (bits) => bits << 16);
  const smallFloat = smallFloatOf(dtype);
  return smallFloat === undefined ? new Float32Array(data) : fromBytes(data, smallFloat);
}

/** Over a table of all 256 values. */
function fromBytes(data: ArrayLike<number>, format: SmallFloat): Float32Array {
  const values = Float32Array.from({ length: 256 }, (_, bits) => decodeSmallFloat(format, bits));
  const floats = new Float32Array(data.length);
  for (let index = 0; index < floats.length; index++) floats[index] = values[data[index] ?? 0] ?? 0;
  return floats;
}

function fromBits(data: ArrayLike<number>, float32Bits: (bits: number) => number): Float32Array {
  const patterns = new Uint32Array(data.length);
  for (let index = 0; index < patterns.length; index++) patterns[index] = float32Bits(data[index] ?? 0);
  return new Float32Array(patterns.buffer);
}

/** The float32 bit pattern of a float16, modulo 2^32. A value would not do: it may lose the payload of a NaN. */
function float16ToFloat32Bits(bits: number): number {
  const sign = (bits & 0x8000) << 16;
  const exponent = bits & 0x7c00;
  const fraction = bits & 0x3ff;
  if (exponent === 0x7c00) return sign | 0x7f800000 | (fraction << 13);
  if (exponent !== 0) return sign | (((bits & 0x7fff) << 13) + ((127 - 15) << 23));
  if (fraction === 0) return sign;
  // A subnormal: shift until its leading one stands where float32 leaves it out.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

/** Rounds once. Over a double, an integer beyond 2^53 would be rounded twice, and sometimes wrong. */
function nearestFloat32(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  if (magnitude < 2n ** 53n) return Math.fround(Number(value));
  // 53 leading bits, the last one set if anything behind it was: the double is exact and no tie is made up.
  const leading = magnitude >> 11n;
  const sticky = leading << 11n === magnitude ? leading : leading | 1n;
  return Math.fround(Number(sticky)) * (value < 0n ? -2048 : 2048);
}

/** How an array of some dtype looks to zarrita. */
export type ShownAs = {
  /** zarrita's name of the elements' type. */
  readonly dataType: DataType;
  /** Sizes of axes behind the array's own: `[2]` for the parts of complex numbers. */
  readonly innerShape: readonly number[];
};

/**
 * The type by which zarrita sees a dtype: its own where zarrita has it; floats of at most 16 bits as float32 (`raw`:
 * their bits as uint16 or uint8); int4 and int2 as int8, uint4 as uint8; complex as floats with one more axis of 2.
 */
export function shownAs(dtype: Dtype, raw: boolean): ShownAs {
  if (dtype === "complex64") return { dataType: "float32", innerShape: [2] };
  if (dtype === "complex128") return { dataType: "float64", innerShape: [2] };
  if (isZarritas(dtype)) return { dataType: dtype, innerShape: [] };
  const { kind, itemBytes } = dtypeRow(dtype);
  if (kind === "int") return { dataType: "int8", innerShape: [] };
  if (kind === "float" && !raw) return { dataType: "float32", innerShape: [] };
  return { dataType: itemBytes === 2 ? "uint16" : "uint8", innerShape: [] };
}

/** Whether zarrita has the dtype; its float16 is left out, as not every platform has an array for it. */
function isZarritas(dtype: Dtype): dtype is Dtype & DataType {
  return smallFloatOf(dtype) === undefined && dtypeRow(dtype).storedBits === undefined;
}

/** Elements of `dtype` in C order as zarrita's chunk, in the type that {@link shownAs} tells. Loads zarrita. */
export async function toZarritaChunk(
  dtype: Dtype,
  shape: readonly number[],
  data: DataOf<Dtype>,
  raw: boolean,
): Promise<Chunk<DataType>> {
  const { dataType, innerShape } = shownAs(dtype, raw);
  const shownShape = [...shape, ...innerShape];
  const stride = denseStrides(shownShape, "C");
  if (dataType === "bool") {
    const { BoolArray } = await import("zarrita");
    return { data: new BoolArray(data.buffer, data.byteOffset, data.length), shape: shownShape, stride };
  }
  const asFloats = dataType === "float32" && !raw;
  return { data: asFloats ? float32Of(dtype, data) : data, shape: shownShape, stride };
}

/**
 * An array as a zarrita `Chunk` over the same memory, with strides; bool as zarrita's `BoolArray`. What zarrita lacks
 * comes in another type: floats of at most 16 bits as float32 values (a copy), int4 and int2 as int8, uint4 as uint8,
 * complex as floats with one more axis of 2.
 *
 * @param options.raw Floats of at most 16 bits as the uint16 or uint8 of their bits instead, without a copy.
 */
export function toChunk(
  array: NdArray,
  { raw = false }: { readonly raw?: boolean } = {},
): Promise<Chunk<DataType>> {
  return toZarritaChunk(array.dtype, array.shape, array.data, raw);
}
