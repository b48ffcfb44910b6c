import { dataLoss, invalidArgument, limitExceeded, OrbaxError } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import { type JsonObject, type JsonValue, parseExactJson } from "./exact-json.js";
import { decodeUtf8 } from "./utf8.js";

export type { JsonObject, JsonValue } from "./exact-json.js";

/**
 * Parses a JSON file as Python does (docs/spec/orbax-layout.md section 10, "JSON hazards"): UTF-8 without byte
 * order mark, exact integers, `NaN` and the infinities; the last of equal names wins. About 13 ms a megabyte.
 *
 * Objects come without prototype rather than as `Map`: `JSON.parse` can make them, and a prototype is taken
 * away for a quarter of what filling a map costs. The price is that names like `"10"` come first in them.
 *
 * @param what How to call the text in messages: `_METADATA`, `.zarray`.
 * @throws {OrbaxError} `DATA_LOSS` for what is no JSON, with the byte · `LIMIT_EXCEEDED` for more bytes than
 * `limits.metadataBytes` or deeper nesting than `limits.depth`.
 */
export function parseJson(bytes: Uint8Array, what: string, limits?: Partial<Limits>): JsonValue {
  const { depth, metadataBytes } = withDefaultLimits(limits);
  if (bytes.length > metadataBytes) {
    throw limitExceeded(what, {
      field: "length",
      found: bytes.length,
      expected: `at most ${metadataBytes} bytes`,
      limit: "metadataBytes",
    });
  }
  const text = decodeUtf8(bytes, what);
  if (text.startsWith("\ufeff")) throw dataLoss(what, { offset: 0, expected: "no byte order mark" });
  return isPlainJson(bytes, what, depth) ? parsePlain(text, what, depth) : parseExactJson(text, what, depth);
}

/**
 * Parses JSON that lies inside a string of other JSON, as {@link parseJson} does.
 *
 * @throws {OrbaxError} as {@link parseJson}.
 */
export function parseJsonText(text: string, what: string, limits?: Partial<Limits>): JsonValue {
  return parseExactJson(text, what, withDefaultLimits(limits).depth);
}

function parsePlain(text: string, what: string, depth: number): JsonValue {
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch {
    return parseExactJson(text, what, depth); // throws, and knows the place
  }
  removePrototypes(value);
  return value;
}

/** Takes the prototype from every object below `root`, in place. */
function removePrototypes(root: JsonValue): void {
  const rest: JsonValue[] = [root];
  for (let value = rest.pop(); value !== undefined; value = rest.pop()) {
    if (isJsonArray(value)) {
      for (const item of value) if (typeof item === "object" && item !== null) rest.push(item);
    } else if (isJsonObject(value)) {
      Object.setPrototypeOf(value, null);
      // Without prototype, `in` gives own names only; three times as fast as Object.values.
      for (const name in value) {
        const member = value[name];
        if (typeof member === "object" && member !== null) rest.push(member);
      }
    }
  }
}

// Byte values of the characters that `isPlainJson` looks for.
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const OPENING = 0x7b; // "{"; "[" differs from it by 0x20 only, as "]" from "}"
const CLOSING = 0x7d;
const LARGE_I = 0x49;
const LARGE_N = 0x4e;

/**
 * Whether `JSON.parse` would be exact: outside strings no run of 16 digits, no `-0`, no `NaN`, no `Infinity`.
 * Also holds the nesting to `depth` before anything is built, since `JSON.parse` takes 50 bytes a bracket.
 */
function isPlainJson(bytes: Uint8Array, what: string, depth: number): boolean {
  let open = 0;
  let beforeDigits = -1; // place of the last byte that was no digit
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      at = closingQuote(bytes, at + 1);
      beforeDigits = at;
    } else if (byte >= ZERO && byte <= NINE) {
      if (at - beforeDigits >= 16) return false;
    } else {
      beforeDigits = at;
      const bracket = byte | 0x20;
      if (bracket === OPENING) {
        if (++open > depth) throw tooDeep(what, at, depth);
      } else if (bracket === CLOSING) {
        open--;
      } else if (byte === LARGE_N || byte === LARGE_I || (byte === MINUS && bytes[at + 1] === ZERO)) {
        return false;
      }
    }
  }
  return true;
}

function closingQuote(bytes: Uint8Array, start: number): number {
  let at = start;
  for (let byte = bytes[at]; byte !== undefined && byte !== QUOTE; byte = bytes[at]) {
    at += byte === BACKSLASH ? 2 : 1;
  }
  return at;
}

function tooDeep(what: string, offset: number, depth: number) {
  return limitExceeded(what, {
    offset,
    expected: `at most ${depth} containers inside each other`,
    limit: "depth",
  });
}

/**
 * Writes JSON as Python's `json.dumps` does by default: ASCII only, `", "` and `": "`, `NaN` and the infinities
 * as such. A `number` without fraction becomes a JSON integer, except −0.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for values nested deeper than `limits.depth`, cycles included.
 */
export function formatJson(value: JsonValue, limits?: Partial<Limits>): string {
  return formatWithin(value, Math.min(withDefaultLimits(limits).depth, DEEPEST_FORMAT));
}

const DEEPEST_FORMAT = 2000; // what the smallest stacks of browsers hold

function formatWithin(value: JsonValue, depth: number): string {
  if (typeof value === "string") return formatString(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0.0" : String(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (depth === 0) throw invalidArgument("JSON: nested too deeply; limit depth", { limit: "depth" });
  // Text is appended: to collect the members in a list and join them takes half as long again.
  let text = "";
  if (isJsonArray(value)) {
    for (const item of value) text += `${text === "" ? "" : ", "}${formatWithin(item, depth - 1)}`;
    return `[${text}]`;
  }
  for (const [name, member] of Object.entries(value)) {
    text += `${text === "" ? "" : ", "}${formatString(name)}: ${formatWithin(member, depth - 1)}`;
  }
  return `{${text}}`;
}

/** Texts that JSON writes as they are. */
const PLAIN_ASCII = /^[ !#-[\]-~]*$/;

function formatString(text: string): string {
  if (PLAIN_ASCII.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Whether a value is a JSON array. */
export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Whether a value is a JSON object. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * `value` as an object. `what` names the file and `field` the member for the message; likewise below.
 *
 * @throws {OrbaxError} `DATA_LOSS` if it is something else or absent.
 */
export function expectObject(value: JsonValue | undefined, what: string, field: string): JsonObject {
  if (!isJsonObject(value)) throw wrongKind(value, what, field, "an object");
  return value;
}

/** `value` as an array. @throws {OrbaxError} `DATA_LOSS` if it is something else or absent. */
export function expectArray(value: JsonValue | undefined, what: string, field: string): readonly JsonValue[] {
  if (!isJsonArray(value)) throw wrongKind(value, what, field, "an array");
  return value;
}

/** `value` as a string. @throws {OrbaxError} `DATA_LOSS` if it is something else or absent. */
export function expectString(value: JsonValue | undefined, what: string, field: string): string {
  if (typeof value !== "string") throw wrongKind(value, what, field, "a string");
  return value;
}

/** `value` as a boolean. @throws {OrbaxError} `DATA_LOSS` if it is something else or absent. */
export function expectBoolean(value: JsonValue | undefined, what: string, field: string): boolean {
  if (typeof value !== "boolean") throw wrongKind(value, what, field, "true or false");
  return value;
}

/**
 * `value` as an integer from `least` to 2^53−1; `2.0` counts, since writers differ there.
 *
 * @throws {OrbaxError} `DATA_LOSS` if it is something else or absent.
 */
export function expectInteger(
  value: JsonValue | undefined,
  what: string,
  field: string,
  least = -Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least) {
    throw wrongKind(value, what, field, least < 0 ? "an integer" : `an integer of ${least} or more`);
  }
  return value + 0; // + 0: no -0
}

/** As {@link expectString}, and `undefined` for a member that is absent or `null`. */
export function optionalString(
  value: JsonValue | undefined,
  what: string,
  field: string,
): string | undefined {
  return value === undefined || value === null ? undefined : expectString(value, what, field);
}

/** As {@link expectBoolean}, and `undefined` for a member that is absent or `null`. */
export function optionalBoolean(
  value: JsonValue | undefined,
  what: string,
  field: string,
): boolean | undefined {
  return value === undefined || value === null ? undefined : expectBoolean(value, what, field);
}

function wrongKind(found: JsonValue | undefined, what: string, field: string, expected: string) {
  const message = `${what}: ${field} is ${describeJson(found)}, expected ${expected}`;
  return new OrbaxError("DATA_LOSS", message, { field, found, expected });
}

/** A value in a few words, for messages: containers by their size, long strings cut. */
export function describeJson(value: JsonValue | undefined): string {
  if (value === undefined) return "missing";
  if (isJsonArray(value)) return `an array of ${value.length}`;
  if (isJsonObject(value)) return "an object";
  const text = formatJson(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
