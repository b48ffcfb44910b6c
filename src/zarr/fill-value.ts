import { describeJson, isJsonArray, type JsonValue } from "../bytes/json.js";
import { OrbaxError } from "../errors.js";
import { type BlockLayout, copyBlock } from "./block.js";
import { nativeBytes } from "./byte-order.js";
import { bytesOf, type DataOf, type Dtype, dtypeRow } from "./dtype.js";
import {
  bitsOfFill,
  bitsOfNumber,
  bitsOfParts,
  type FillValue,
  fillOfBits,
  isFillBits,
  partOf,
} from "./fill-bits.js";
import { formatBase64, formatFloat, parseBase64, parseFloatText } from "./float-text.js";

export type { FillValue } from "./fill-bits.js";

/**
 * Reads zarr v2's `fill_value` for elements of `dtype`, accepting what TensorStore accepts.
 *
 * @param byteOrder Order of the bytes that are written in base64. Default: little.
 * @throws {OrbaxError} `DATA_LOSS` for a value of another kind or range.
 */
export function decodeFillValue(
  json: JsonValue | undefined,
  dtype: Dtype,
  what: string,
  byteOrder: "little" | "big" = "little",
): FillValue {
  if (json === null) return undefined;
  const { kind, itemBytes, storedBits } = dtypeRow(dtype);
  if (kind === "bool") return decodeBool(json, what);
  if (kind === "int" || kind === "uint") {
    const value = decodeInteger(json, dtype, what, itemBytes * 8);
    if (storedBits === undefined || typeof value === "bigint") return value;
    // TensorStore reads an int8 and takes the lowest bits.
    return kind === "int" ? (value << (32 - storedBits)) >> (32 - storedBits) : value % 2 ** storedBits;
  }
  if (kind === "float" && storedBits === undefined) {
    return fillOfBits(decodeFloat(json, dtype, what, parseFloatText), dtype);
  }
  // For float4 TensorStore takes no numbers.
  if (kind === "complex" && isJsonArray(json)) return decodeComplex(json, dtype, what, parseFloatText);
  const bytes = typeof json === "string" ? parseBase64(json, itemBytes) : undefined;
  const or = kind === "complex" ? "a pair of numbers or " : "";
  if (bytes === undefined) throw wrongFill(json, what, `${or}${itemBytes} bytes in base64`);
  return fillOfBits(bitsOfBytes(bytes, dtype, byteOrder), dtype);
}

/**
 * Reads zarr v3's `fill_value` for elements of `dtype`: numbers, `"NaN"`, `"Infinity"`, `"-Infinity"`, the bits of a
 * float as in `"0x7fc00001"`, pairs of these for complex, true and false. There must be one.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a value of another kind or range, or none.
 */
export function decodeFillValue3(json: JsonValue | undefined, dtype: Dtype, what: string): FillValue {
  const { kind, itemBytes, storedBits } = dtypeRow(dtype);
  if (kind === "bool") return decodeBool(json, what);
  if (kind === "int" || kind === "uint") return decodeInteger(json, dtype, what, storedBits ?? itemBytes * 8);
  if (kind === "float") return fillOfBits(decodeFloat(json, dtype, what, parseBits), dtype);
  return decodeComplex(json, dtype, what, parseBits);
}

function decodeBool(json: JsonValue | undefined, what: string): boolean {
  if (typeof json !== "boolean") throw wrongFill(json, what, "true or false");
  return json;
}

function decodeInteger(json: JsonValue | undefined, dtype: Dtype, what: string, width: number) {
  const { itemBytes, kind } = dtypeRow(dtype);
  const bits = BigInt(width);
  const [least, most] =
    kind === "int" ? [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n] : [0n, 2n ** bits - 1n];
  const isInteger = typeof json === "bigint" || (typeof json === "number" && Number.isInteger(json));
  const value = isInteger ? BigInt(json) : undefined;
  if (value === undefined || value < least || value > most) {
    throw wrongFill(json, what, `an integer from ${least} to ${most}`);
  }
  return itemBytes === 8 ? value : Number(value);
}

/** What other strings than the names of infinity and NaN say: a number, or the bits of one. */
type FloatParser = (text: string, dtype: Dtype) => number | bigint | undefined;

/** The bits of a float. */
function decodeFloat(json: JsonValue | undefined, dtype: Dtype, what: string, parse: FloatParser): bigint {
  const value = typeof json === "string" ? (NAMES.get(json) ?? parse(json, dtype)) : finite(json);
  if (value === undefined) throw wrongFill(json, what, "a number");
  return typeof value === "bigint" ? value : roundedBits(value, dtype);
}

const NAMES: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** Python's JSON has NaN and numbers beyond a double, TensorStore's has not. */
function finite(json: JsonValue | undefined): number | undefined {
  if (typeof json !== "number" && typeof json !== "bigint") return undefined;
  const value = Number(json);
  return Number.isFinite(value) ? value : undefined;
}

const E8M0_OFFSET = 2 ** 64;

/** As TensorStore rounds. */
function roundedBits(value: number, dtype: Dtype): bigint {
  if (dtype === "float8_e8m0fnu") {
    // TensorStore counts the exponents of this one from 63 rather than 127, and so wherever it writes or reads a fill.
    const size = Math.abs(value) / E8M0_OFFSET;
    return size === 0 ? 0n : bitsOfNumber(size, dtype);
  }
  const overFloat32 = dtype === "float16" || dtype === "bfloat16";
  return bitsOfNumber(overFloat32 ? Math.fround(value) : value, dtype);
}

/** `0x` and at most as many digits as the dtype has. */
function parseBits(text: string, dtype: Dtype): bigint | undefined {
  const digits = /^0x([0-9a-fA-F]{1,16})$/u.exec(text)?.[1];
  return digits === undefined || digits.length > dtypeRow(dtype).itemBytes * 2 ? undefined : BigInt(text);
}

function decodeComplex(json: JsonValue | undefined, dtype: Dtype, what: string, parse: FloatParser) {
  if (!isJsonArray(json) || json.length !== 2) throw wrongFill(json, what, "a pair of numbers");
  const re = decodeFloat(json[0], partOf(dtype), what, parse);
  const im = decodeFloat(json[1], partOf(dtype), what, parse);
  return fillOfBits(bitsOfParts(re, im, dtype), dtype);
}

function bitsOfBytes(bytes: readonly number[], dtype: Dtype, byteOrder: "little" | "big"): bigint {
  const { wordBytes } = dtypeRow(dtype);
  const flip = byteOrder === "big" ? wordBytes - 1 : 0; // a power of 2 less 1: reverses places within a word
  return bytes.reduce((bits, byte, index) => bits | (BigInt(byte) << BigInt(8 * (index ^ flip))), 0n);
}

function wrongFill(found: JsonValue | undefined, what: string, expected: string): OrbaxError {
  const message = `${what}: fill_value is ${describeJson(found)}, expected ${expected}`;
  return new OrbaxError("DATA_LOSS", message, { field: "fill_value", found, expected });
}

/**
 * Writes zarr v2's fill value as TensorStore does: `null`, `true`, `7`, `1.0`, `"NaN"`, `[0.0,0.0]`, base64 for
 * float4. The payload of a NaN is lost, but for complex.
 */
export function encodeFillValue(fill: FillValue, dtype: Dtype): string {
  if (fill === undefined) return "null";
  const { kind, itemBytes, storedBits } = dtypeRow(dtype);
  if ((kind === "float" && storedBits !== undefined) || (kind === "complex" && isFillBits(fill))) {
    const bits = bitsOfFill(fill, dtype);
    const bytes = Array.from({ length: itemBytes }, (_, index) =>
      Number((bits >> BigInt(8 * index)) & 0xffn),
    );
    return `"${formatBase64(bytes)}"`;
  }
  return isFillBits(fill) ? '"NaN"' : encodePlain(fill, dtype);
}

/** Writes zarr v3's fill value as TensorStore does: `0`, `0.0`, `false`, `"0x7fc00001"`; zero for `undefined`. */
export function encodeFillValue3(fill: FillValue, dtype: Dtype): string {
  const { kind, itemBytes } = dtypeRow(dtype);
  if (fill === undefined) return encodePlain(ZEROS[kind], dtype);
  if (!isFillBits(fill)) return encodePlain(fill, dtype);
  if (kind !== "complex") return `"0x${fill.bits.toString(16).padStart(itemBytes * 2, "0")}"`;
  const half = itemBytes * 4;
  const parts = [BigInt.asUintN(half, fill.bits), fill.bits >> BigInt(half)];
  const texts = parts.map((bits) => encodeFillValue3(fillOfBits(bits, partOf(dtype)), partOf(dtype)));
  return `[${texts.join(",")}]`;
}

const ZEROS = { bool: false, int: 0, uint: 0, float: 0, complex: [0, 0] } as const;

function encodePlain(fill: Exclude<FillValue, { readonly bits: bigint } | undefined>, dtype: Dtype): string {
  if (typeof fill === "object") return `[${formatFloat(fill[0])},${formatFloat(fill[1])}]`;
  if (typeof fill !== "number" || dtypeRow(dtype).kind !== "float") return String(fill);
  if (dtype !== "float8_e8m0fnu") return formatFloat(fill);
  return formatFloat(bitsOfNumber(fill, dtype) === 0n ? 0 : fill * E8M0_OFFSET);
}

/** Writes a fill value into every element of a block of new memory, whose bytes are 0 so far. */
export function fillBlock(
  fill: FillValue,
  dtype: Dtype,
  shape: readonly number[],
  target: Uint8Array,
  to: BlockLayout,
): void {
  const element = bytesOf(fillElement(fill, dtype));
  if (element.every((byte) => byte === 0)) return;
  const standingStill = { offset: 0, strides: shape.map(() => 0) };
  copyBlock(shape, element.length, target, to, element, standingStill);
}

/** One element that holds the fill value. */
export function fillElement(fill: FillValue, dtype: Dtype): DataOf<Dtype> {
  const { itemBytes, wordBytes, components, view } = dtypeRow(dtype);
  const bits = bitsOfFill(fill, dtype);
  const bytes = Uint8Array.from({ length: itemBytes }, (_, index) =>
    Number((bits >> BigInt(8 * index)) & 0xffn),
  );
  return view(nativeBytes(bytes, wordBytes, false).buffer, 0, components);
}
