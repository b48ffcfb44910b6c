import { expectObject, isJsonObject, type JsonObject, parseJson } from "../../bytes/json.js";
import type { Limits } from "../../limits.js";
import type { ReadableStorage } from "../../storage/storage.js";
import { type ReadOptions, readMetadataFile } from "./metadata-file.js";

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
const WHAT = "root metadata";

/**
 * Decodes `_ROOT_METADATA` of any release: 0.10.3 calls the user's data `custom`. As Orbax does, it takes unknown
 * members for the user's.
 *
 * @throws {OrbaxError} `DATA_LOSS` if it is no JSON object · `LIMIT_EXCEEDED` as `parseJson`.
 */
function decodeRootMetadata(bytes: Uint8Array, limits?: Partial<Limits>): RootMetadata {
  const json = expectObject(parseJson(bytes, WHAT, limits), WHAT, "the document");
  const { custom_metadata: custom, internal_metadata: internal, ...others } = json;
  const { custom: early, ...unknown } = others;
  const isEarly = custom === undefined && isJsonObject(early) && Object.keys(unknown).length === 0;
  const customMetadata: { [name: string]: JsonObject[string] } = Object.create(null);
  const members = isEarly ? early : { ...others, ...(isJsonObject(custom) ? custom : {}) };
  for (const [name, value] of Object.entries(members)) customMetadata[name] = value;
  return { customMetadata, internalMetadata: isJsonObject(internal) ? internal : NOTHING };
}

/** Decodes the file of releases before 0.10. Errors as {@link decodeRootMetadata}. */
function decodeOldRootMetadata(bytes: Uint8Array, limits?: Partial<Limits>): RootMetadata {
  const customMetadata = expectObject(parseJson(bytes, WHAT, limits), WHAT, "the document");
  return { customMetadata, internalMetadata: NOTHING };
}

/**
 * Reads what a manager was given for all its steps; empty where it was given nothing.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a file that is damaged · `LIMIT_EXCEEDED` beyond `limits.metadataBytes`.
 */
export async function readRootMetadata(
  storage: ReadableStorage,
  options: ReadOptions = {},
): Promise<RootMetadata> {
  return (
    (await readMetadataFile(storage, FILE, decodeRootMetadata, options)) ??
    (await readMetadataFile(storage, OLD_FILE, decodeOldRootMetadata, options)) ?? {
      customMetadata: NOTHING,
      internalMetadata: NOTHING,
    }
  );
}
