import { describeJson, expectArray, expectInteger, type JsonObject, type JsonValue } from "../bytes/json.js";
import { limitExceeded, OrbaxError, unsupported } from "../errors.js";
import { type Dtype, dtypeRow } from "./dtype.js";

const MOST_DIMENSIONS = 32; // TensorStore's, and of NumPy 1

/**
 * Sizes of dimensions in a metadata document.
 *
 * @param least 0 for a shape, 1 for chunks.
 * @throws {OrbaxError} `DATA_LOSS` for something else · `UNSUPPORTED` for more than 32 of them.
 */
export function decodeSizes(
  json: JsonValue | undefined,
  what: string,
  field: string,
  least: number,
): number[] {
  const sizes = expectArray(json, what, field);
  if (sizes.length > MOST_DIMENSIONS) {
    throw unsupported(what, {
      field: `rank of ${field}`,
      found: sizes.length,
      expected: `at most ${MOST_DIMENSIONS}`,
    });
  }
  return sizes.map((size, axis) => expectInteger(size, what, `${field}[${axis}]`, least));
}

/** One of some texts. @throws {OrbaxError} `DATA_LOSS` for anything else. */
export function decodeChoice<T extends string>(
  json: JsonValue | undefined,
  what: string,
  field: string,
  choices: readonly T[],
): T {
  const choice = choices.find((candidate) => candidate === json);
  if (choice !== undefined) return choice;
  const expected = choices.map((candidate) => `"${candidate}"`).join(" or ");
  const message = `${what}: ${field} is ${describeJson(json)}, expected ${expected}`;
  throw new OrbaxError("DATA_LOSS", message, { field, found: json, expected });
}

/** An integer within bounds. @throws {OrbaxError} `DATA_LOSS` for anything else. */
export function decodeIntegerWithin(
  json: JsonValue | undefined,
  what: string,
  field: string,
  [least, most]: readonly [number, number],
): number {
  const value = expectInteger(json, what, field);
  if (value >= least && value <= most) return value;
  const expected = `${least} to ${most}`;
  const message = `${what}: ${field} is ${value}, expected ${expected}`;
  throw new OrbaxError("DATA_LOSS", message, { field, found: value, expected });
}

/**
 * Holds a block of elements to the limit `arrayBytes`; sizes of 0 do not hide the others.
 *
 * @throws {OrbaxError} `LIMIT_EXCEEDED`.
 */
export function checkArrayBytes(
  sizes: readonly number[],
  dtype: Dtype,
  what: string,
  field: string,
  limit: number,
): void {
  const elements = sizes.reduce((count, size) => count * Math.max(size, 1), 1);
  const bytes = elements * dtypeRow(dtype).itemBytes;
  if (bytes > limit) {
    throw limitExceeded(what, {
      field: `bytes of ${field} [${sizes.join(", ")}] ${dtype}`,
      found: bytes,
      expected: `at most ${limit}`,
      limit: "arrayBytes",
    });
  }
}

/** @throws {OrbaxError} `UNSUPPORTED` for members that are not among the known ones. */
export function refuseOthers(json: JsonObject, known: readonly string[], what: string, field: string): void {
  const other = Object.keys(json).find((name) => !known.includes(name));
  if (other !== undefined) throw unsupported(what, { field: `member of ${field}`, found: other });
}
