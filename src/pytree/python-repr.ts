import { NdArray } from "../zarr/nd-array.js";
import { formatArray, formatKey } from "./array-repr.js";
import { fromBareArray, isBareArray } from "./bare-array.js";
import { isDict, isList, isMap } from "./container.js";
import { formatPythonComplex, formatPythonFloat } from "./python-float.js";
import { isIntKey } from "./python-int.js";
import { Complex, Placeholder, PrngKey, Scalar, type Tree, Tuple } from "./value.js";

const DEEPEST = 100; // a message, not a dump: below that `...` stands, as for Python's recursive containers

/**
 * Python's `repr` of the value that a plain or exact one stands for: 2 and 2.0 by the rule of saves, `True`,
 * `None`, strings in Python's quotes, `array(2, dtype=int32)`.
 *
 * Multi-line wrapping of long arrays is left out.
 */
export function pythonRepr(value: Tree): string {
  return reprNode(value, false, 0);
}

/** @param inList Inside lists dict keys are strings, elsewhere those that read as ints are ints. */
function reprNode(value: Tree, inList: boolean, depth: number): string {
  if (value === null) return "None";
  if (typeof value === "string") return reprString(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") {
    const int = Number.isSafeInteger(value) && !Object.is(value, -0);
    return int ? value.toString() : formatPythonFloat(value);
  }
  if (Scalar.is(value)) {
    const float = value.dtype.includes("float") && typeof value.value === "number";
    return float ? formatPythonFloat(value.value) : reprNode(value.value, inList, depth);
  }
  if (Complex.is(value)) return formatPythonComplex(value);
  if (NdArray.is(value)) return formatArray(value);
  if (PrngKey.is(value)) return formatKey(value);
  if (Placeholder.is(value)) return "Ellipsis";
  if (isBareArray(value)) return formatArray(fromBareArray(value));
  if (depth >= DEEPEST) return "...";
  if (isList(value)) return `[${reprItems(value, depth)}]`;
  if (Tuple.is(value)) return `(${reprItems(value.items, depth)}${value.items.length === 1 ? "," : ""})`;
  const entries = isMap(value) ? Array.from(value) : isDict(value) ? Object.entries(value) : [];
  const pairs = entries.map(([key, child]) => {
    const int = typeof key !== "string" || (!inList && isIntKey(key));
    return `${int ? String(key) : reprString(key)}: ${reprNode(child, inList, depth + 1)}`;
  });
  return `{${pairs.join(", ")}}`;
}

function reprItems(items: readonly Tree[], depth: number): string {
  return items.map((item) => reprNode(item, true, depth + 1)).join(", ");
}

const SHORT_ESCAPES: { readonly [character: string]: string | undefined } = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** What Python escapes: control, format, unassigned, private and lone surrogate characters, spaces but U+0020. */
const UNPRINTABLE = /[\p{C}\p{Z}]/u;

function reprString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = Array.from(text, (character) => {
    if (character === quote) return `\\${quote}`;
    const short = SHORT_ESCAPES[character];
    if (short !== undefined) return short;
    return character !== " " && UNPRINTABLE.test(character) ? numericEscape(character) : character;
  });
  return quote + escaped.join("") + quote;
}

function numericEscape(character: string): string {
  const codePoint = character.codePointAt(0) ?? 0;
  const hex = codePoint.toString(16);
  if (codePoint <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return codePoint <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
