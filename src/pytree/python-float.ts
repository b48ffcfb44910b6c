import type { Complex } from "../pytree/value.js";

/** Python's `repr` of a float: `2.0`, `1e-05`, `1e+16`, `-0.0`, `nan`, `-inf`; the fewest digits that read back. */
export function formatPythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const { digits, exponent } = decimalOf(value.toExponential());
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (exponent < -4 || exponent >= 16) return `${sign}${scientific(digits, exponent)}`;
  const positional = pointAfter(digits, exponent);
  return sign + (positional.includes(".") ? positional : `${positional}.0`);
}

/** Digits without point and sign, of which the first counts 10^exponent. */
export type Decimal = { readonly digits: string; readonly exponent: number };

/** The parts of what `Number.prototype.toExponential` gives. */
export function decimalOf(exponential: string): Decimal {
  const [mantissa = "", exponent = ""] = exponential.split("e");
  return { digits: mantissa.replace(/[-.]/gu, ""), exponent: Number(exponent) };
}

/** Plain notation without an exponent, and without a point where nothing follows it. */
export function pointAfter(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const fraction = digits.slice(exponent + 1);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/** The exponent as Python writes it: a sign and two digits or more. */
export function formatExponent(exponent: number): string {
  return `e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function scientific(digits: string, exponent: number): string {
  return pointAfter(digits, 0) + formatExponent(exponent);
}

const FLOAT = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/u;

/** The float of a Python `repr`, `undefined` for other texts. */
export function parsePythonFloat(text: string): number | undefined {
  if (text === "nan") return Number.NaN;
  if (text === "inf") return Number.POSITIVE_INFINITY;
  if (text === "-inf") return Number.NEGATIVE_INFINITY;
  return FLOAT.test(text) ? Number(text) : undefined;
}

/** Python's `repr` of a complex number: `(1+2j)`, `-1.5j`. */
export function formatPythonComplex({ re, im }: Complex): string {
  const imaginary = `${formatPart(im)}j`;
  if (Object.is(re, 0)) return imaginary;
  return `(${formatPart(re)}${imaginary.startsWith("-") ? "" : "+"}${imaginary})`;
}

function formatPart(value: number): string {
  return formatPythonFloat(value).replace(/\.0$/u, "");
}
