import {
  describeJson,
  expectArray,
  expectBoolean,
  expectObject,
  expectString,
  formatJson,
  type JsonObject,
  type JsonValue,
  optionalBoolean,
  parseJson,
} from "../../bytes/json.js";
import { dataLoss } from "../../errors.js";
import type { Limits } from "../../limits.js";
import { tooDeep, walkDepth } from "../../pytree/depth.js";
import { formatEntryName, type KeyPath, type KeyPathPart, parseIndex } from "../../pytree/key-path.js";
import type { ReadableStorage } from "../../storage/storage.js";
import { type ReadOptions, readMetadataFile } from "./metadata-file.js";

/** File that describes an item's tree (docs/spec/orbax-layout.md section 6). */
export const TREE_METADATA_FILE = "_METADATA";

/** One leaf or empty container of the tree. */
export type TreeEntry = {
  readonly path: KeyPath;
  /** Orbax's name of the kind of value (section 9): `jax.Array`, `np.ndarray`, `scalar`, `string`, `None`, … */
  readonly valueType: string;
  /** True for empties, which have no data of their own. */
  readonly skipDeserialize: boolean;
};

/** What `_METADATA` says. `undefined` where an older Orbax left the field out. */
export type TreeMetadata = {
  readonly entries: readonly TreeEntry[];
  readonly useOcdbt: boolean | undefined;
  readonly useZarr3: boolean;
  /** True: a missing chunk is damage. False: it reads as zeros. */
  readonly storesAllChunks: boolean;
  /** The user's own data. */
  readonly customMetadata: JsonValue;
  /** Text that tells tuples from lists; only with rich types. */
  readonly valueMetadataTree?: string | undefined;
};

/** Of an entry's name in messages; some are megabytes. */
const LONGEST_NAME = 200;

const LIST_INDEX = 1;
const DICT_KEY = 2;

/**
 * Decodes `_METADATA`.
 *
 * @throws {OrbaxError} `DATA_LOSS` with the entry's name for a missing field or one of the wrong type, an unknown
 * key type, an index that is no canonical decimal, or no entries at all · `LIMIT_EXCEEDED` for a path longer than
 * `limits.depth`.
 */
export function decodeTreeMetadata(bytes: Uint8Array, limits?: Partial<Limits>): TreeMetadata {
  const what = "tree metadata";
  const depth = walkDepth(limits);
  const json = expectObject(parseJson(bytes, what, limits), what, "the document");
  const entries = Object.entries(expectObject(json["tree_metadata"], what, "tree_metadata"));
  if (entries.length === 0) {
    throw dataLoss(what, { field: "tree_metadata", found: "empty", expected: "entries" });
  }
  return {
    entries: entries.map(([name, entry]) => decodeEntry(name, entry, depth)),
    useOcdbt: optionalBoolean(json["use_ocdbt"], what, "use_ocdbt"),
    useZarr3: optionalBoolean(json["use_zarr3"], what, "use_zarr3") ?? false,
    storesAllChunks:
      optionalBoolean(
        json["store_array_data_equal_to_fill_value"],
        what,
        "store_array_data_equal_to_fill_value",
      ) ?? false,
    customMetadata: json["custom_metadata"] ?? null,
    valueMetadataTree: isText(json["value_metadata_tree"]) ? json["value_metadata_tree"] : undefined,
  };
}

/** Orbax looks at the field only where rich types are asked for. */
function isText(value: JsonValue | undefined): value is string {
  return typeof value === "string";
}

function decodeEntry(name: string, value: JsonValue, depth: number): TreeEntry {
  const what = `entry ${name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name}`;
  const entry = expectObject(value, what, "the entry");
  const path = expectArray(entry["key_metadata"], what, "key_metadata").map((part) => decodePart(part, what));
  if (path.length > depth) throw tooDeep(what, depth);
  const valueMetadata = expectObject(entry["value_metadata"], what, "value_metadata");
  return {
    path,
    valueType: expectString(valueMetadata["value_type"], what, "value_type"),
    skipDeserialize: expectBoolean(valueMetadata["skip_deserialize"], what, "skip_deserialize"),
  };
}

function decodePart(value: JsonValue, what: string): KeyPathPart {
  const part = expectObject(value, what, "an element of key_metadata");
  const { key, key_type: type } = part;
  if (type === DICT_KEY) return expectString(key, what, "key");
  if (type !== LIST_INDEX) {
    throw dataLoss(what, { field: "key_type", found: describeJson(type), expected: "1 or 2" });
  }
  return parseIndex(typeof key === "number" ? String(key) : expectString(key, what, "key"), what);
}

/**
 * Reads `_METADATA` of an item; `undefined` if there is none.
 *
 * @throws {OrbaxError} `LIMIT_EXCEEDED` beyond `limits.metadataBytes`, and as {@link decodeTreeMetadata}.
 */
export async function readTreeMetadata(
  storage: ReadableStorage,
  options: ReadOptions = {},
): Promise<TreeMetadata | undefined> {
  return readMetadataFile(storage, TREE_METADATA_FILE, decodeTreeMetadata, options);
}

/**
 * Encodes what {@link decodeTreeMetadata} reads, with all fields of today's Orbax. Entries must come depth first,
 * since older releases need a list's entries in index order.
 */
export function encodeTreeMetadata(metadata: TreeMetadata): Uint8Array {
  const treeMetadata: { [name: string]: JsonValue } = Object.create(null);
  for (const { path, valueType, skipDeserialize } of metadata.entries) {
    treeMetadata[formatEntryName(path)] = {
      key_metadata: path.map((part) => ({
        key: String(part),
        key_type: typeof part === "number" ? LIST_INDEX : DICT_KEY,
      })),
      value_metadata: { value_type: valueType, skip_deserialize: skipDeserialize },
    };
  }
  const json: JsonObject = {
    tree_metadata: treeMetadata,
    use_ocdbt: metadata.useOcdbt ?? true,
    use_zarr3: metadata.useZarr3,
    store_array_data_equal_to_fill_value: metadata.storesAllChunks,
    custom_metadata: metadata.customMetadata,
  };
  return new TextEncoder().encode(formatJson(json));
}
