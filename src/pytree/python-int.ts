/**
 * Digits that Python takes: `sys.int_info.default_max_str_digits`, all of them counted. It is there because the
 * conversion takes quadratic time; `int()` raises the same ValueError as for no number at all.
 */
const MOST_DIGITS = 4300;

/** Digits, each of two UTF-16 units, underscores between them, and a sign. */
const MOST_UNITS = 3 * MOST_DIGITS;

const INTEGER = /^[+-]?\p{Nd}+(?:_\p{Nd}+)*$/u;
const DIGIT = /\p{Nd}/u;

/**
 * Python's `int(text)`, or `undefined` where it raises ValueError: whitespace around, one sign, decimal digits
 * of any script, single underscores between them (docs/spec/datarax.md section 1.3).
 */
export function parsePythonInt(text: string): bigint | undefined {
  const first = text.charCodeAt(0);
  if (first > 0x39 && first < 0x80) return undefined; // letters, with which nearly all keys begin
  const number = strip(text);
  if (number.length > MOST_UNITS || !INTEGER.test(number)) return undefined;
  const negative = number.startsWith("-");
  const digits = Array.from(number.replace(/[+\-_]/gu, ""), asciiDigit);
  if (digits.length > MOST_DIGITS) return undefined;
  const magnitude = BigInt(digits.join(""));
  return negative ? -magnitude : magnitude;
}

/**
 * The decimal text of the int that Python makes of a dict key, the form that such keys have in JavaScript;
 * other keys as they are.
 */
export function canonicalKey(key: string): string {
  return parsePythonInt(key)?.toString() ?? key;
}

const CANONICAL = new RegExp(`^(?:0|-?[1-9][0-9]{0,${MOST_DIGITS - 1}})$`, "u");

/** Whether a key is the decimal text of an int, as {@link canonicalKey} gives it. */
export function isIntKey(key: string): boolean {
  return CANONICAL.test(key);
}

/** Without whitespace at both ends. `int()` does not take U+001C to U+001F for whitespace, `str.strip` does. */
function strip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(unit: number): boolean {
  if (unit <= 0xff) return unit === 0x20 || (unit >= 9 && unit <= 13) || unit === 0x85 || unit === 0xa0;
  if (unit >= 0x2000 && unit <= 0x200a) return true;
  return [0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000].includes(unit);
}

/** The value of a decimal digit of any script: they stand in runs of ten, 0 to 9, some runs side by side. */
function asciiDigit(digit: string): string {
  const codePoint = digit.codePointAt(0) ?? 0;
  if (codePoint < 0x80) return digit;
  let zero = codePoint;
  while (DIGIT.test(String.fromCodePoint(zero - 1))) zero--;
  return String((codePoint - zero) % 10);
}
