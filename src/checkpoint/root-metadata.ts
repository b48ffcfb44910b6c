import { expectObject, isJsonObject, type JsonObject, parseJson } from "../bytes/json.js";
import { inFile } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import { readFile } from "../storage/read.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";

/** Directory in which a manager keeps what was given for all its steps (docs/spec/orbax-layout.md section 5). */
export const ROOT_METADATA_DIRECTORY = "metadata";

/** What a manager was given for all its steps. */
export type RootMetadata = {
  /** The user's own data. */
  readonly customMetadata: JsonObject;
  /** Orbax's own; empty in all releases so far. */
  readonly internalMetadata: JsonObject;
};

const FILE = `${ROOT_METADATA_DIRECTORY}/_ROOT_METADATA`;
/** Before Orbax 0.10: the user's object itself. */
const OLD_FILE = `${ROOT_METADATA_DIRECTORY}/metadata`;

const NOTHING: JsonObject = Object.freeze(Object.create(null));

/**
 * Decodes `_ROOT_METADATA` of any release: 0.10.3 calls the user's data `custom`. As Orbax does, it takes unknown
 * members for the user's.
 *
 * @throws {OrbaxError} `DATA_LOSS` if it is no JSON object · `LIMIT_EXCEEDED` as `parseJson`.
 */
export function decodeRootMetadata(bytes: Uint8Array, limits?: Partial<Limits>): RootMetadata {
  const json = expectObject(parseJson(bytes, "root metadata", limits), "root metadata", "the document");
  const { custom_metadata: custom, internal_metadata: internal, ...others } = json;
  const { custom: early, ...unknown } = others;
  const isEarly = custom === undefined && isJsonObject(early) && Object.keys(unknown).length === 0;
  const customMetadata: { [name: string]: JsonObject[string] } = Object.create(null);
  const members = isEarly ? early : { ...others, ...(isJsonObject(custom) ? custom : {}) };
  for (const [name, value] of Object.entries(members)) customMetadata[name] = value;
  return { customMetadata, internalMetadata: isJsonObject(internal) ? internal : NOTHING };
}

/**
 * Reads what a manager was given for all its steps; empty where it was given nothing.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a file that is damaged · `LIMIT_EXCEEDED` beyond `limits.metadataBytes`.
 */
export async function readRootMetadata(
  storage: ReadableStorage,
  { limits: changes, ...options }: StorageOptions & { readonly limits?: Partial<Limits> | undefined } = {},
): Promise<RootMetadata> {
  const limits = withDefaultLimits(changes);
  const reading = { limit: limits.metadataBytes, limitName: "metadataBytes", ...options } as const;
  const bytes = await readFile(storage, `/${FILE}`, reading);
  if (bytes !== undefined) return decodingFile(FILE, () => decodeRootMetadata(bytes, limits));
  const old = await readFile(storage, `/${OLD_FILE}`, reading);
  if (old === undefined) return { customMetadata: NOTHING, internalMetadata: NOTHING };
  return decodingFile(OLD_FILE, () => {
    const json = parseJson(old, "root metadata", limits);
    const customMetadata = expectObject(json, "root metadata", "the document");
    return { customMetadata, internalMetadata: NOTHING };
  });
}

function decodingFile<T>(file: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw inFile(error, file);
  }
}
