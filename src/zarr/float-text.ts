// The digits are taken up in one way only, so that no text makes the search go back and forth.
const DECIMAL = /^[ \t\n\v\f\r]*([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[ \t\n\v\f\r]*$/u;
const HEXADECIMAL =
  /^[ \t\n\v\f\r]*([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?(?:[pP]([+-]?[0-9]+))?[ \t\n\v\f\r]*$/u;

/**
 * Reads a float as C does: decimal, or hexadecimal as in `0x1.8p3`, white space around it; rounded to nearest.
 * `undefined` for anything else, names of infinity and NaN included, and for what is too large for a double.
 */
export function parseFloatText(text: string): number | undefined {
  const decimal = DECIMAL.exec(text)?.[1];
  const value = decimal === undefined ? parseHexadecimal(text) : Number(decimal);
  return value === undefined || Number.isFinite(value) ? value : undefined;
}

/** Digits of a mantissa that can matter: 53 bits, one to round by, and whether anything else is there. */
const MOST_DIGITS = 16;

function parseHexadecimal(text: string): number | undefined {
  const match = HEXADECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", power = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const digits = (whole + fraction).replace(/^0+/u, "");
  const rest = digits.slice(MOST_DIGITS);
  const leading = BigInt(`0x0${digits.slice(0, MOST_DIGITS)}`);
  const mantissa = (leading << 1n) | (/[^0]/u.test(rest) ? 1n : 0n);
  const magnitude = scaled(mantissa, Number(power) - 4 * fraction.length + 4 * rest.length - 1);
  return sign === "-" ? -magnitude : magnitude;
}

/** `mantissa`·2^`power`, rounded once, ties to even; `Infinity` where that is too large. */
function scaled(mantissa: bigint, power: number): number {
  if (mantissa === 0n) return 0;
  const leadingPower = mantissa.toString(2).length - 1 + power;
  if (leadingPower > 1023) return Number.POSITIVE_INFINITY;
  if (leadingPower < -1075) return 0;
  const unitPower = Math.max(leadingPower - 52, -1074);
  const dropped = unitPower - power;
  if (dropped <= 0) return Number(mantissa << BigInt(-dropped)) * 2 ** unitPower;
  const half = 1n << BigInt(dropped - 1);
  const below = mantissa >> BigInt(dropped);
  const remainder = mantissa - (below << BigInt(dropped));
  const up = remainder > half || (remainder === half && below % 2n === 1n);
  return Number(up ? below + 1n : below) * 2 ** unitPower;
}

/** A double as TensorStore's JSON library writes it: with a point from 1e-5 up to 1e15, an exponent of 2 digits. */
export function formatFloat(value: number): string {
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

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * Reads base64 of exactly `length` bytes as TensorStore does: white space anywhere, padding of `=` or `.` or none at
 * all, and whatever bits behind the last byte. `undefined` for anything else.
 */
export function parseBase64(text: string, length: number): number[] | undefined {
  const match = /^([A-Za-z0-9+/]*)([=.]*)$/u.exec(text.replace(/[ \t\n\v\f\r]+/gu, ""));
  const [, digits = "", padding = ""] = match ?? [];
  if (match === null || digits.length !== Math.ceil((length * 4) / 3)) return undefined;
  if (padding !== "" && (digits.length + padding.length) % 4 !== 0) return undefined;
  if (padding.length > 2) return undefined;
  let bits = 0n;
  for (const digit of digits) bits = (bits << 6n) | BigInt(BASE64.indexOf(digit));
  const unused = digits.length * 6 - length * 8;
  return Array.from({ length }, (_, index) =>
    Number((bits >> BigInt(unused + 8 * (length - 1 - index))) & 0xffn),
  );
}

/** Base64 with padding. */
export function formatBase64(bytes: readonly number[]): string {
  return btoa(String.fromCharCode(...bytes));
}
