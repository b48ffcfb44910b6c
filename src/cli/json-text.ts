import { isJsonArray, type JsonObject, type JsonValue } from "../bytes/json.js";

/** Elements of a flat array that are written in one piece. */
const PIECE_ELEMENTS = 8192;
/** A piece is given out when it is as long. */
const PIECE_LENGTH = 2 ** 14;
/** Deeper levels are not indented further: a thousand of them around a million values would make gigabytes of spaces. */
const DEEPEST_INDENT = 32;

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
 * digits, −0 its sign, floats beyond 2^53 a point. Arrays of plain values stay on one line. Depth costs no stack, and
 * no time for each value.
 */
export function* jsonText(
  root: JsonValue,
  { indent = 0, formatNonFinite = taggedFloat }: JsonTextOptions = {},
): Generator<string> {
  const writing = { indent, formatNonFinite };
  const open: OpenContainer[] = [];
  let text = "";
  for (let value: JsonValue | undefined = root; value !== undefined; ) {
    if (isJsonArray(value) && value.every(isPlain)) {
      for (const piece of flatArray(value, writing)) {
        text += piece;
        if (text.length < PIECE_LENGTH) continue;
        yield text;
        text = "";
      }
    } else if (typeof value === "object" && value !== null) {
      const container = openContainer(value, indent);
      text += container.brackets.charAt(0);
      open.push(container);
    } else {
      text += plainText(value, writing);
    }
    [value, text] = nextValue(open, text, indent);
    if (text.length >= PIECE_LENGTH) {
      yield text;
      text = "";
    }
  }
  yield text;
}

/** A container of which not all children have been written. */
type OpenContainer = {
  readonly brackets: "[]" | "{}";
  /** Its children, each with what stands before it. */
  readonly children: Iterator<readonly [before: string, child: JsonValue]>;
  isEmpty: boolean;
};

function openContainer(value: readonly JsonValue[] | JsonObject, indent: number): OpenContainer {
  return isJsonArray(value)
    ? { brackets: "[]", children: elements(value), isEmpty: true }
    : { brackets: "{}", children: members(value, indent === 0 ? ":" : ": "), isEmpty: true };
}

function* elements(items: readonly JsonValue[]): Generator<readonly [string, JsonValue]> {
  for (const item of items) yield ["", item];
}

function* members(object: JsonObject, colon: string): Generator<readonly [string, JsonValue]> {
  for (const key of Object.keys(object)) yield [JSON.stringify(key) + colon, object[key] ?? null];
}

/** Closes the containers that end here. Gives the next value, `undefined` at the end, and the text up to it. */
function nextValue(open: OpenContainer[], before: string, indent: number): [JsonValue | undefined, string] {
  let text = before;
  for (let container = open.at(-1); container !== undefined; container = open.at(-1)) {
    const next = container.children.next();
    if (next.done !== true) {
      const [key, child] = next.value;
      text += (container.isEmpty ? "" : ",") + lineBreak(indent, open.length) + key;
      container.isEmpty = false;
      return [child, text];
    }
    open.pop();
    text += (container.isEmpty ? "" : lineBreak(indent, open.length)) + container.brackets.charAt(1);
  }
  return [undefined, text];
}

function lineBreak(indent: number, level: number): string {
  return indent === 0 ? "" : `\n${" ".repeat(indent * Math.min(level, DEEPEST_INDENT))}`;
}

function taggedFloat(value: number): string {
  return `{"$float":"${value}"}`;
}

function isPlain(value: JsonValue): boolean {
  return typeof value !== "object" || value === null;
}

function plainText(value: JsonValue, { formatNonFinite }: Writing): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "number") return JSON.stringify(value);
  if (!Number.isFinite(value)) return formatNonFinite(value);
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  // An integer of so many digits is a bigint: these are the shortest of a float, and another integer than it is.
  return Number.isInteger(value) && !Number.isSafeInteger(value) && !text.includes("e") ? `${text}.0` : text;
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
