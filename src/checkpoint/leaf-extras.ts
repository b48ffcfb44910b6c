import {
  expectArray,
  expectObject,
  expectString,
  isJsonObject,
  optionalString,
  parseJson,
} from "../bytes/json.js";
import { inFile } from "../errors.js";
import type { Limits } from "../limits.js";
import { readFile } from "../storage/read.js";
import type { ReadableStorage, StorageKey, StorageOptions } from "../storage/storage.js";
import type { StoredLeaf } from "./stored-leaf.js";

/** File with the sharding of every `jax.Array` (docs/spec/orbax-layout.md section 10). */
const SHARDING_FILE = "_sharding";
/** File that names the generator of typed random keys; each process writes one with equal content. */
const ARRAY_METADATAS_FILE = "array_metadatas/process_0";

/** What files beside the arrays add to `jax.Array` leaves, by parameter name. */
export type LeafExtras = {
  /** The `_sharding` text; nothing in it is needed to read. */
  readonly sharding: ReadonlyMap<string, string>;
  /** JAX's name of the generator, for leaves that are typed random keys. */
  readonly keyImpl: ReadonlyMap<string, string>;
};

const NO_EXTRAS: LeafExtras = { sharding: new Map(), keyImpl: new Map() };

/**
 * Reads what only `jax.Array` leaves have; nothing at all if there are none.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a damaged file. A missing one says nothing.
 */
export async function readLeafExtras(
  storage: ReadableStorage,
  leaves: readonly StoredLeaf[],
  { sharding, limits }: { readonly sharding: boolean; readonly limits: Limits },
  options?: StorageOptions,
): Promise<LeafExtras> {
  if (leaves.every(({ valueType }) => valueType !== "jax.Array")) return NO_EXTRAS;
  const read = (file: string) => {
    const key: StorageKey = `/${file}`;
    return readFile(storage, key, { limit: limits.metadataBytes, limitName: "metadataBytes", ...options });
  };
  const [arrayMetadatas, shardings] = await Promise.all([
    read(ARRAY_METADATAS_FILE),
    sharding ? read(SHARDING_FILE) : undefined,
  ]);
  return {
    keyImpl: arrayMetadatas === undefined ? NO_EXTRAS.keyImpl : decodeKeyImpls(arrayMetadatas, limits),
    sharding: shardings === undefined ? NO_EXTRAS.sharding : decodeShardings(shardings, limits),
  };
}

function decodeKeyImpls(bytes: Uint8Array, limits: Limits): Map<string, string> {
  const what = "array metadatas";
  try {
    const json = expectObject(parseJson(bytes, what, limits), what, "the document");
    const impls = new Map<string, string>();
    for (const element of expectArray(json["array_metadatas"], what, "array_metadatas")) {
      const wrapper = expectObject(element, what, "an element");
      const entry = expectObject(wrapper["array_metadata"], what, "array_metadata");
      const extra = entry["ext_metadata"];
      const impl = isJsonObject(extra)
        ? optionalString(extra["random_key_impl"], what, "random_key_impl")
        : undefined;
      if (impl !== undefined) impls.set(expectString(entry["param_name"], what, "param_name"), impl);
    }
    return impls;
  } catch (error) {
    throw inFile(error, ARRAY_METADATAS_FILE);
  }
}

function decodeShardings(bytes: Uint8Array, limits: Limits): Map<string, string> {
  const what = "shardings";
  try {
    const json = expectObject(parseJson(bytes, what, limits), what, "the document");
    return new Map(
      Object.entries(json).map(([key, text]) => [decodeName(key), expectString(text, what, key)]),
    );
  } catch (error) {
    throw inFile(error, SHARDING_FILE);
  }
}

/** Names are keys in base64url; one that is none belongs to no leaf. */
function decodeName(key: string): string {
  const base64 = /^([A-Za-z0-9+/]*)={0,2}$/.exec(key.replaceAll("-", "+").replaceAll("_", "/"))?.[1];
  if (base64 === undefined || base64.length % 4 === 1) return key;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
