import { type Dtype, dtypeRow, elementCount } from "../zarr/dtype.js";
import type { NdArray } from "../zarr/nd-array.js";
import { decodeSmallFloat, encodeSmallFloat, FLOAT16, smallFloatOf } from "../zarr/small-float.js";
import { type PlainElement, plainElement } from "./element.js";
import { decimalOf, formatExponent, pointAfter } from "./python-float.js";
import { Complex, type PrngKey } from "./value.js";

// NumPy's array printing with its default options (numpy/_core/arrayprint.py), without breaking lines.

const MOST_SHOWN = 1000;
const PRECISION = 8; // digits after the point

/** Dtypes that NumPy leaves out of a `repr`. */
const IMPLIED: readonly Dtype[] = ["bool", "int64", "float64", "complex128"];

/** `array([1, 2], dtype=int32)`, and `Array(…)` for what was a `jax.Array`. */
export function formatArray(array: NdArray): string {
  const { dtype, shape, sharding } = array;
  const size = elementCount(shape);
  const jax = sharding !== undefined;
  const parts = [size > MOST_SHOWN ? "[...]" : brackets(shape, cellsOf(array), ", ")];
  if (size > MOST_SHOWN || (size === 0 && shape.length > 1)) parts.push(`shape=${formatShape(shape)}`);
  // NumPy quotes what could be no name of Python's.
  if (jax) parts.push(`dtype=${dtype}`);
  else if (size === 0 || !IMPLIED.includes(dtype)) {
    parts.push(dtype.includes("_") ? `dtype='${dtype}'` : `dtype=${dtype}`);
  }
  return `${jax ? "Array" : "array"}(${parts.join(", ")})`;
}

const KEY_NAMES: { readonly [impl: string]: string | undefined } = {
  threefry2x32: "fry",
  rbg: "rbg",
  unsafe_rbg: "urbg",
};

/** JAX's `repr` of a typed key: its shape, then its words. */
export function formatKey({ shape, data, impl }: PrngKey): string {
  const words = data.length / Math.max(1, elementCount(shape));
  const cells = aligned(Array.from(data.subarray(0, MOST_SHOWN), String));
  const text = data.length > MOST_SHOWN ? "[...]" : brackets([...shape, words], cells, " ");
  return `Array(${formatShape(shape)}, dtype=key<${KEY_NAMES[impl] ?? impl}>) overlaying:\n${text}`;
}

function formatShape(shape: readonly number[]): string {
  return `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
}

/** Cells in nested brackets, rows of rank 1 on lines of their own as NumPy separates them, joined by one space. */
function brackets(shape: readonly number[], cells: readonly string[], separator: string): string {
  const [size, ...inner] = shape;
  if (size === undefined) return cells[0] ?? "";
  if (cells.length === 0) return "[]";
  const step = cells.length / size;
  const rows = Array.from({ length: size }, (_, index) =>
    brackets(inner, cells.slice(index * step, (index + 1) * step), separator),
  );
  return `[${rows.join(separator)}]`;
}

function cellsOf(array: NdArray): string[] {
  const elements = Array.from({ length: Math.min(elementCount(array.shape), MOST_SHOWN) }, (_, index) =>
    plainElement(array, index),
  );
  const { kind, storedBits } = dtypeRow(array.dtype);
  if (kind === "float" && isFromMlDtypes(array.dtype))
    return elements.map((value) => generalFloat(Number(value)));
  if (kind === "float") return floatCells(elements.map(Number), array.dtype);
  if (kind === "complex") {
    const parts = elements.filter((element) => Complex.is(element));
    const part = array.dtype === "complex64" ? "float32" : "float64";
    const re = floatCells(
      parts.map((element) => element.re),
      part,
    );
    const im = floatCells(
      parts.map((element) => element.im),
      part,
    );
    return re.map((text, index) => text + signed((im[index] ?? "").trimStart()));
  }
  const names = elements.map(integerCell);
  if (array.shape.length === 0 || storedBits !== undefined) return names;
  return aligned(names, array.dtype === "bool" ? "False".length : 0);
}

/** NumPy asks the types of ml_dtypes for the text of each element, and aligns nothing. */
function isFromMlDtypes(dtype: Dtype): boolean {
  return dtype !== "float16" && smallFloatOf(dtype) !== undefined;
}

/** C's `%g`. */
function generalFloat(value: number): string {
  if (!Number.isFinite(value)) return nonFinite(value);
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const { digits, exponent } = decimalOf(value.toExponential(GENERAL_DIGITS - 1));
  const shown = trimZeros(digits);
  const plain = exponent >= -4 && exponent < GENERAL_DIGITS;
  const text = plain ? pointAfter(shown, exponent) : pointAfter(shown, 0) + formatExponent(exponent);
  return (value < 0 ? "-" : "") + text;
}

const GENERAL_DIGITS = 6;

function integerCell(element: PlainElement): string {
  if (typeof element === "boolean") return element ? "True" : "False";
  return Complex.is(element) ? "" : element.toString();
}

function signed(imaginary: string): string {
  return `${imaginary.startsWith("-") ? "" : "+"}${imaginary}j`;
}

function aligned(cells: readonly string[], least = 0): string[] {
  const width = Math.max(least, ...cells.map((cell) => cell.length));
  return cells.map((cell) => cell.padStart(width));
}

/** NumPy's `FloatingFormat`: all with an exponent or none, points below each other. */
function floatCells(values: readonly number[], dtype: Dtype): string[] {
  const exponents = usesExponents(values, dtype);
  const split = values.map((value) =>
    Number.isFinite(value) ? splitFloat(value, dtype, exponents) : undefined,
  );
  const finite = split.filter((parts) => parts !== undefined);
  const fractionWidth = Math.max(0, ...finite.map((parts) => parts.fraction.length));
  const fill = exponents ? "0" : " ";
  const cells = split.map((parts, index) => {
    if (parts === undefined) return nonFinite(values[index] ?? Number.NaN);
    return `${parts.whole}.${parts.fraction.padEnd(fractionWidth, fill)}${parts.exponent}`;
  });
  return aligned(cells);
}

function nonFinite(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

/** NumPy goes by the decimal digits that a dtype holds for certain. */
const SURE_DIGITS: { readonly [dtype: string]: number | undefined } = { float16: 3, float32: 6 };

function usesExponents(values: readonly number[], dtype: Dtype): boolean {
  const sizes = values.map(Math.abs).filter((size) => size !== 0 && Number.isFinite(size));
  if (sizes.length === 0) return false;
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  return most >= 10 ** Math.min(8, SURE_DIGITS[dtype] ?? 8) || least < 1e-4 || most / least > 1000;
}

type FloatParts = { readonly whole: string; readonly fraction: string; readonly exponent: string };

function splitFloat(value: number, dtype: Dtype, exponents: boolean): FloatParts {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const shortest = decimalOf(shortestExponential(Math.abs(value), dtype));
  if (exponents) {
    const { digits, exponent } =
      shortest.digits.length <= PRECISION + 1
        ? shortest
        : decimalOf(Math.abs(value).toExponential(PRECISION));
    return {
      whole: sign + digits.slice(0, 1),
      fraction: trimZeros(digits.slice(1)),
      exponent: formatExponent(exponent),
    };
  }
  const plain = pointAfter(shortest.digits, shortest.exponent);
  const [whole = "", fraction = ""] = plain.split(".");
  if (fraction.length <= PRECISION)
    return { whole: sign + whole, fraction: trimZeros(fraction), exponent: "" };
  const [roundedWhole = "", rounded = ""] = Math.abs(value).toFixed(PRECISION).split(".");
  return { whole: sign + roundedWhole, fraction: trimZeros(rounded), exponent: "" };
}

function trimZeros(fraction: string): string {
  return fraction.replace(/0+$/u, "");
}

/** The fewest digits that read back as the same value of the dtype. */
function shortestExponential(value: number, dtype: Dtype): string {
  if (dtype === "float64") return value.toExponential();
  const round = (number: number) =>
    dtype === "float16" ? decodeSmallFloat(FLOAT16, encodeSmallFloat(FLOAT16, number)) : Math.fround(number);
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits);
    if (round(Number(text)) === value) return text;
  }
  return value.toExponential();
}
