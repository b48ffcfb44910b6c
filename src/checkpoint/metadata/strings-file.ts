import { isJsonArray, isJsonObject, type JsonValue, parseJson } from "../../bytes/json.js";
import { dataLoss, inFile, invalidArgument, OrbaxError } from "../../errors.js";
import type { Limits } from "../../limits.js";
import { compareCodePoints } from "../../pytree/key-path.js";
import type { ReadableStorage } from "../../storage/storage.js";
import { type ReadOptions, readMetadataFile } from "./metadata-file.js";

/** File that holds an item's string leaves (docs/spec/orbax-layout.md section 10). */
export const STRINGS_FILE = "_strings.json";

/** The strings of an item, by parameter name. */
export type Strings = { get(parameterName: string): string };

/** The strings of one file. */
export class StringsFile implements Strings {
  readonly #root: JsonValue;

  /** @throws {OrbaxError} `DATA_LOSS`, `LIMIT_EXCEEDED` as `parseJson`. */
  constructor(bytes: Uint8Array, limits?: Partial<Limits>) {
    try {
      this.#root = parseJson(bytes, "strings", limits);
    } catch (error) {
      throw inFile(error, STRINGS_FILE);
    }
  }

  /**
   * The string of a leaf. TensorStore finds it by the JSON pointer `/<parameter name>`: a slash in the name steps
   * into an object or array, `~1` stands for `/` and `~0` for `~`. Other values come back as Python's text of them.
   *
   * @throws {OrbaxError} `DATA_LOSS` if there is none, or something that no string was written as.
   */
  get(parameterName: string): string {
    const value = this.#find(parameterName);
    const text = pythonText(value);
    if (text !== undefined) return text;
    throw dataLoss(`${STRINGS_FILE}: ${JSON.stringify(parameterName)}`, {
      file: STRINGS_FILE,
      key: parameterName,
      found: value === undefined ? "nothing" : typeof value === "number" ? value : "a container",
      expected: "a string",
    });
  }

  /** Whether anything stands there for a leaf. */
  has(parameterName: string): boolean {
    return this.#find(parameterName) !== undefined;
  }

  #find(parameterName: string): JsonValue | undefined {
    let value: JsonValue | undefined = this.#root;
    for (const part of parameterName.split("/")) {
      value = memberOf(value, part.replaceAll("~1", "/").replaceAll("~0", "~"));
    }
    return value;
  }
}

/** Reads the strings of an item; `undefined` if it has no such file. Errors as {@link StringsFile}. */
export async function readStringsFile(
  storage: ReadableStorage,
  options: ReadOptions = {},
): Promise<StringsFile | undefined> {
  return readMetadataFile(storage, STRINGS_FILE, (bytes, limits) => new StringsFile(bytes, limits), options);
}

/** The error for string leaves without a file of strings. */
export function missingStrings(): OrbaxError {
  const details = { file: STRINGS_FILE, expected: "the string leaves" };
  return new OrbaxError("DATA_LOSS", `${STRINGS_FILE}: not found, expected ${details.expected}`, details);
}

function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (isJsonArray(value)) return /^(0|[1-9]\d{0,15})$/.test(name) ? value[Number(name)] : undefined;
  return isJsonObject(value) ? value[name] : undefined;
}

const LEAST_INTEGER = -(2n ** 63n);
const MOST_INTEGER = 2n ** 64n - 1n;

/** Text of what is one in any reading; a number with a fraction is not: Python writes 1.0 and 1e-05 its own way. */
function pythonText(value: JsonValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : undefined;
  }
  if (typeof value === "bigint" && value >= LEAST_INTEGER && value <= MOST_INTEGER) return value.toString();
  return undefined;
}

/**
 * Encodes the strings of an item byte for byte as TensorStore does: names sorted, no spaces. Each must have passed
 * {@link checkString}.
 */
export function encodeStringsFile(strings: ReadonlyMap<string, string>): Uint8Array {
  // Put together by hand: an object would move names like "10" to its front.
  const members = Array.from(strings)
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`);
  return new TextEncoder().encode(`{${members.join(",")}}`);
}

/**
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a name with `/` or `~`, which would be read as a pointer's syntax, or
 * a text that has no UTF-8.
 */
export function checkString(parameterName: string, text: string): void {
  if (/[/~]/.test(parameterName)) {
    throw invalidArgument(
      `${parameterName}: the path of a string holds "/" or "~", which ${STRINGS_FILE} cannot hold; ` +
        "rename the key, or store the text as a uint8 array",
      { key: parameterName },
    );
  }
  if (/\p{Surrogate}/u.test(text)) {
    throw invalidArgument(`${parameterName}: the string holds a lone surrogate, which has no UTF-8`, {
      key: parameterName,
    });
  }
}
