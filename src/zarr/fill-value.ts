import { describeJson, isJsonArray, type JsonValue } from "../bytes/json.js";
import { OrbaxError, unsupported } from "../errors.js";
import { type BlockLayout, copyBlock } from "./block.js";
import { type Dtype, dtypeRow } from "./dtype.js";
import { BFLOAT16, decodeSmallFloat, encodeSmallFloat, FLOAT16, type SmallFloat } from "./small-float.js";

/**
 * The element that stands for every element of a missing chunk, exactly: `bigint` for int64 and uint64, complex
 * as its parts, floats rounded to the dtype. `undefined` where the file says `null`: zero.
 */
export type FillValue = number | bigint | boolean | readonly [re: number, im: number] | undefined;

/**
 * Reads zarr v2's `fill_value` for elements of `dtype`, accepting what TensorStore accepts but for floats in
 * hexadecimal.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a value of another kind or range · `UNSUPPORTED` for hexadecimal floats.
 */
export function decodeFillValue(json: JsonValue | undefined, dtype: Dtype, what: string): FillValue {
  if (json === null) return undefined;
  const { kind } = dtypeRow(dtype);
  if (kind === "bool") {
    if (typeof json !== "boolean") throw wrongFill(json, what, "true or false");
    return json;
  }
  if (kind === "int" || kind === "uint") return decodeInteger(json, dtype, what);
  if (kind === "float") return decodeFloat(json, dtype, what);
  return decodeComplex(json, dtype, what);
}

function decodeInteger(json: JsonValue | undefined, dtype: Dtype, what: string): number | bigint {
  const { itemBytes, kind } = dtypeRow(dtype);
  const bits = BigInt(itemBytes * 8);
  const [least, most] =
    kind === "int" ? [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n] : [0n, 2n ** bits - 1n];
  const isInteger = typeof json === "bigint" || (typeof json === "number" && Number.isInteger(json));
  const value = isInteger ? BigInt(json) : undefined;
  if (value === undefined || value < least || value > most) {
    throw wrongFill(json, what, `an integer from ${least} to ${most}`);
  }
  return itemBytes === 8 ? value : Number(value);
}

const DECIMAL = /^[ \t\r\n]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[ \t\r\n]*$/;
const HEXADECIMAL = /^\s*[+-]?0[xX]/;

function decodeFloat(json: JsonValue | undefined, dtype: Dtype, what: string): number {
  if (typeof json === "number") return roundTo(dtype, json);
  if (typeof json === "bigint") return roundTo(dtype, Number(json));
  if (json === "NaN") return NaN;
  if (json === "Infinity") return Infinity;
  if (json === "-Infinity") return -Infinity;
  if (typeof json === "string") {
    if (HEXADECIMAL.test(json)) throw unsupported(what, { field: "fill_value", found: json });
    const match = DECIMAL.exec(json);
    if (match !== null) return roundTo(dtype, Number(match[1]));
  }
  throw wrongFill(json, what, "a number");
}

/** `[re, im]`, or the bytes of an element in base64. */
function decodeComplex(json: JsonValue | undefined, dtype: Dtype, what: string): readonly [number, number] {
  const part = dtype === "complex64" ? "float32" : "float64";
  if (isJsonArray(json) && json.length === 2) {
    return [decodeFloat(json[0], part, what), decodeFloat(json[1], part, what)];
  }
  if (typeof json === "string") throw unsupported(what, { field: "fill_value", found: json });
  throw wrongFill(json, what, "a pair of numbers");
}

/** Over float32, as TensorStore does. */
function roundTo(dtype: Dtype, value: number): number {
  const small = smallFloatOf(dtype);
  if (small !== undefined) return decodeSmallFloat(small, encodeSmallFloat(small, Math.fround(value)));
  return dtype === "float32" ? Math.fround(value) : value;
}

function smallFloatOf(dtype: Dtype): SmallFloat | undefined {
  return dtype === "float16" ? FLOAT16 : dtype === "bfloat16" ? BFLOAT16 : undefined;
}

function wrongFill(found: JsonValue | undefined, what: string, expected: string): OrbaxError {
  const message = `${what}: fill_value is ${describeJson(found)}, expected ${expected}`;
  return new OrbaxError("DATA_LOSS", message, { field: "fill_value", found, expected });
}

/** Writes a fill value as TensorStore does: `null`, `true`, `7`, `1.0`, `"NaN"`, `[0.0,0.0]`. */
export function encodeFillValue(fill: FillValue, dtype: Dtype): string {
  if (fill === undefined) return "null";
  if (typeof fill === "object") return `[${formatFloat(fill[0])},${formatFloat(fill[1])}]`;
  return typeof fill === "number" && dtypeRow(dtype).kind === "float" ? formatFloat(fill) : String(fill);
}

/** A double as TensorStore's JSON library writes it: with a point from 1e-5 up to 1e15, an exponent of 2 digits. */
function formatFloat(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const sign = value < 0 ? "-" : "";
  const [mantissa = "", power = ""] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const point = Number(power) + 1; // digits before the decimal point
  if (point > 15 || point <= -4) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const exponent = Math.abs(point - 1)
      .toString()
      .padStart(2, "0");
    return `${sign}${digits.charAt(0)}${fraction}e${point > 0 ? "+" : "-"}${exponent}`;
  }
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  const whole = digits.slice(0, point).padEnd(point, "0");
  return `${sign}${whole}.${digits.slice(point) || "0"}`;
}

/** Writes a fill value into every element of a block of new memory, whose bytes are 0 so far. */
export function fillBlock(
  fill: FillValue,
  dtype: Dtype,
  shape: readonly number[],
  target: Uint8Array,
  to: BlockLayout,
): void {
  const element = fillElement(fill, dtype);
  if (element.every((byte) => byte === 0)) return;
  const standingStill = { offset: 0, strides: shape.map(() => 0) };
  copyBlock(shape, element.length, target, to, element, standingStill);
}

/** One element in the platform's byte order. */
function fillElement(fill: FillValue, dtype: Dtype): Uint8Array {
  const { itemBytes, components, view } = dtypeRow(dtype);
  const element = view(new ArrayBuffer(itemBytes), 0, components);
  const values = typeof fill === "object" ? fill : [fill ?? 0];
  const small = smallFloatOf(dtype);
  values.forEach((value, index) => {
    if (element instanceof BigInt64Array || element instanceof BigUint64Array) element[index] = BigInt(value);
    else element[index] = small === undefined ? Number(value) : encodeSmallFloat(small, Number(value));
  });
  return new Uint8Array(element.buffer);
}
