import { isJsonArray, isJsonObject, type JsonValue } from "../bytes/json.js";

/** Elements of a flat array that are written in one piece. */
const PIECE_ELEMENTS = 8192;

/**
 * The text of a JSON value, in pieces of moderate length, so that no single string has to hold it. Integers keep all
 * digits, −0 its sign; other numbers must be finite.
 *
 * @param indent Spaces a level; 0 puts everything on one line. Arrays of plain values stay on one line.
 */
export function* jsonText(value: JsonValue, indent = 0, level = 0): Generator<string> {
  if (isJsonArray(value)) {
    if (value.every(isPlain)) yield* flatArray(value);
    else yield* container("[", "]", indent, level, value.entries(), () => "");
  } else if (isJsonObject(value)) {
    const space = indent === 0 ? ":" : ": ";
    yield* container("{", "}", indent, level, Object.entries(value), (key) => JSON.stringify(key) + space);
  } else {
    yield plainText(value);
  }
}

function isPlain(value: JsonValue): boolean {
  return typeof value !== "object" || value === null;
}

function plainText(value: JsonValue): string {
  if (Object.is(value, -0)) return "-0.0";
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}

function* flatArray(items: readonly JsonValue[]): Generator<string> {
  yield "[";
  for (let start = 0; start < items.length; start += PIECE_ELEMENTS) {
    const piece = items
      .slice(start, start + PIECE_ELEMENTS)
      .map(plainText)
      .join(",");
    yield start === 0 ? piece : `,${piece}`;
  }
  yield "]";
}

function* container<K>(
  opening: string,
  closing: string,
  indent: number,
  level: number,
  entries: Iterable<readonly [K, JsonValue]>,
  before: (key: K) => string,
): Generator<string> {
  const lineBreak = (depth: number) => (indent === 0 ? "" : `\n${" ".repeat(indent * depth)}`);
  yield opening;
  let isEmpty = true;
  for (const [key, child] of entries) {
    yield (isEmpty ? "" : ",") + lineBreak(level + 1) + before(key);
    yield* jsonText(child, indent, level + 1);
    isEmpty = false;
  }
  yield (isEmpty ? "" : lineBreak(level)) + closing;
}
