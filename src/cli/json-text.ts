import { isJsonArray, isJsonObject, type JsonValue } from "../bytes/json.js";

/** Elements of a flat array that are written in one piece. */
const PIECE_ELEMENTS = 8192;

/** How JSON is written. */
export type JsonTextOptions = {
  /** Spaces a level; by default everything is on one line. */
  readonly indent?: number | undefined;
  /** Writes NaN and the infinities, which JSON has not. Default: `{"$float":"NaN"}`. */
  readonly formatNonFinite?: ((value: number) => string) | undefined;
};

type Writing = { readonly indent: number; readonly formatNonFinite: (value: number) => string };

/**
 * The text of a JSON value, in pieces of moderate length, so that no single string has to hold it. Integers keep all
 * digits, −0 its sign. Arrays of plain values stay on one line.
 */
export function jsonText(
  value: JsonValue,
  { indent = 0, formatNonFinite = taggedFloat }: JsonTextOptions = {},
): Generator<string> {
  return textOf(value, { indent, formatNonFinite }, 0);
}

function taggedFloat(value: number): string {
  return `{"$float":"${value}"}`;
}

function* textOf(value: JsonValue, writing: Writing, level: number): Generator<string> {
  if (isJsonArray(value)) {
    if (value.every(isPlain)) yield* flatArray(value, writing);
    else yield* container("[]", value.entries(), () => "", writing, level);
  } else if (isJsonObject(value)) {
    const space = writing.indent === 0 ? ":" : ": ";
    yield* container("{}", Object.entries(value), (key) => JSON.stringify(key) + space, writing, level);
  } else {
    yield plainText(value, writing);
  }
}

function isPlain(value: JsonValue): boolean {
  return typeof value !== "object" || value === null;
}

function plainText(value: JsonValue, { formatNonFinite }: Writing): string {
  if (Object.is(value, -0)) return "-0.0";
  if (typeof value === "number" && !Number.isFinite(value)) return formatNonFinite(value);
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}

function* flatArray(items: readonly JsonValue[], writing: Writing): Generator<string> {
  yield "[";
  for (let start = 0; start < items.length; start += PIECE_ELEMENTS) {
    const piece = items
      .slice(start, start + PIECE_ELEMENTS)
      .map((item) => plainText(item, writing))
      .join(",");
    yield start === 0 ? piece : `,${piece}`;
  }
  yield "]";
}

function* container<K>(
  brackets: "[]" | "{}",
  entries: Iterable<readonly [K, JsonValue]>,
  before: (key: K) => string,
  writing: Writing,
  level: number,
): Generator<string> {
  const { indent } = writing;
  const lineBreak = (depth: number) => (indent === 0 ? "" : `\n${" ".repeat(indent * depth)}`);
  yield brackets.slice(0, 1);
  let isEmpty = true;
  for (const [key, child] of entries) {
    yield (isEmpty ? "" : ",") + lineBreak(level + 1) + before(key);
    yield* textOf(child, writing, level + 1);
    isEmpty = false;
  }
  yield (isEmpty ? "" : lineBreak(level)) + brackets.slice(1);
}
