import {
  expectArray,
  expectObject,
  expectString,
  isJsonObject,
  type JsonValue,
  optionalString,
  parseJson,
} from "../bytes/json.js";
import { inFile, isOrbaxError } from "../errors.js";
import type { Limits } from "../limits.js";
import { type ReadFileOptions, readFile } from "../storage/read.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";
import type { StoredLeaf } from "./stored-leaf.js";

/** File with the sharding of every `jax.Array` (docs/spec/orbax-layout.md section 10). */
const SHARDING_FILE = "_sharding";
/** Directory with a file of each process, of equal content, that names the generator of typed random keys. */
const ARRAY_METADATAS = "array_metadatas";
const PROCESS_FILE = /^process_\d+$/;

/** What files beside the arrays add to `jax.Array` leaves, by parameter name. */
export type LeafExtras = {
  /** The `_sharding` text, which no array needs to be read. */
  readonly sharding: ReadonlyMap<string, string>;
  /** JAX's name of the generator, for leaves that are typed random keys. */
  readonly keyImpl: ReadonlyMap<string, string>;
};

/** For trees that have nothing beside their arrays. */
export const NO_EXTRAS: LeafExtras = { sharding: new Map(), keyImpl: new Map() };

/**
 * Reads what only `jax.Array` leaves have; nothing at all if there are none. A missing file says nothing, and neither
 * does a damaged `_sharding`: the arrays are whole without it (docs/spec/orbax-layout.md section 16).
 *
 * @throws {OrbaxError} `DATA_LOSS` for damage in `array_metadatas`, which tells random keys from arrays.
 */
export async function readLeafExtras(
  storage: ReadableStorage,
  leaves: readonly StoredLeaf[],
  { sharding, limits }: { readonly sharding: boolean; readonly limits: Limits },
  options?: StorageOptions,
): Promise<LeafExtras> {
  if (leaves.every(({ valueType }) => valueType !== "jax.Array")) return NO_EXTRAS;
  const limit = { limit: limits.metadataBytes, limitName: "metadataBytes" } as const;
  const [arrayMetadatas, shardings] = await Promise.all([
    readArrayMetadatas(storage, { ...limit, ...options }),
    sharding ? readFile(storage, `/${SHARDING_FILE}`, { ...limit, ...options }) : undefined,
  ]);
  return {
    keyImpl: arrayMetadatas === undefined ? NO_EXTRAS.keyImpl : keyImplsOf(arrayMetadatas, limits),
    sharding: shardings === undefined ? NO_EXTRAS.sharding : decodeShardings(shardings, limits),
  };
}

type NamedFile = { readonly name: string; readonly bytes: Uint8Array };

/** Mostly process 0 was there; where it was not, as on the disk of another host, any other will do. */
async function readArrayMetadatas(
  storage: ReadableStorage,
  options: ReadFileOptions,
): Promise<NamedFile | undefined> {
  const first = await readProcessFile(storage, "process_0", options);
  if (first !== undefined || storage.list === undefined) return first;
  const entries = (await storage.list(`/${ARRAY_METADATAS}`, { signal: options.signal })) ?? [];
  const [other] = entries
    .map(({ name }) => name)
    .filter((name) => PROCESS_FILE.test(name))
    .sort();
  return other === undefined ? undefined : readProcessFile(storage, other, options);
}

async function readProcessFile(storage: ReadableStorage, file: string, options: ReadFileOptions) {
  const name = `${ARRAY_METADATAS}/${file}`;
  const bytes = await readFile(storage, `/${name}`, options);
  return bytes && { name, bytes };
}

function keyImplsOf({ name, bytes }: NamedFile, limits: Limits): Map<string, string> {
  const what = "array metadatas";
  try {
    const json = expectObject(parseJson(bytes, what, limits), what, "the document");
    const impls = new Map<string, string>();
    for (const element of expectArray(json["array_metadatas"] ?? [], what, "array_metadatas")) {
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
    throw inFile(error, name);
  }
}

function decodeShardings(bytes: Uint8Array, limits: Limits): ReadonlyMap<string, string> {
  const shardings = new Map<string, string>();
  for (const [key, text] of Object.entries(parseShardings(bytes, limits))) {
    if (typeof text === "string") shardings.set(decodeName(key), text);
  }
  return shardings;
}

function parseShardings(bytes: Uint8Array, limits: Limits): { readonly [key: string]: JsonValue } {
  try {
    const json = parseJson(bytes, SHARDING_FILE, limits);
    return isJsonObject(json) ? json : {};
  } catch (error) {
    if (isOrbaxError(error)) return {};
    throw error;
  }
}

/** Names are keys in base64url; one that is none belongs to no leaf. */
function decodeName(key: string): string {
  const base64 = /^([A-Za-z0-9+/]*)={0,2}$/.exec(key.replaceAll("-", "+").replaceAll("_", "/"))?.[1];
  if (base64 === undefined || base64.length % 4 === 1) return key;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
