import {
  expectArray,
  expectObject,
  expectString,
  isJsonObject,
  type JsonValue,
  optionalString,
  parseJson,
} from "../../bytes/json.js";
import { dataLoss, isOrbaxError } from "../../errors.js";
import type { Limits } from "../../limits.js";
import type { PytreeLeaf } from "../../pytree/leaf.js";
import type { ReadableStorage, StorageOptions } from "../../storage/storage.js";
import { type ReadOptions, readMetadataFile } from "../metadata/metadata-file.js";
import type { StoredLeaf } from "./stored-leaf.js";

/** File with the sharding of every `jax.Array` (docs/spec/orbax-layout.md section 10). */
const SHARDING_FILE = "_sharding";
/** Directory with a file of each process, of equal content, that names the generator of typed random keys. */
const ARRAY_METADATAS = "array_metadatas";
const PROCESS_FILE = /^process_\d+$/;
/** Of a generator's name, which is printed for every leaf that has it; JAX's own have a dozen characters. */
const LONGEST_IMPL = 256;

/** What files beside the arrays add to `jax.Array` leaves, by parameter name. */
export type LeafExtras = {
  /** The `_sharding` text, which no array needs to be read. */
  readonly sharding: ReadonlyMap<string, string>;
  /** JAX's name of the generator, for leaves that are typed random keys. */
  readonly keyImpl: ReadonlyMap<string, string>;
};

/** For trees that have nothing beside their arrays. */
export const NO_EXTRAS: LeafExtras = { sharding: new Map(), keyImpl: new Map() };

/** What a leaf is, by metadata alone. */
export function leafKind(leaf: StoredLeaf, extras: LeafExtras): PytreeLeaf["kind"] {
  const { storage } = leaf;
  if (storage.kind === "value") return storage.leaf.kind;
  if (storage.kind === "string") return "string";
  return leafImpl(leaf, extras) === undefined ? storage.holds : "prng-key";
}

/** JAX's name of the generator of a typed random key; `undefined` for every other leaf. */
export function leafImpl(
  { valueType, name, storage }: StoredLeaf,
  { keyImpl }: LeafExtras,
): string | undefined {
  if (storage.kind === "value") return storage.leaf.kind === "prng-key" ? storage.leaf.key.impl : undefined;
  return valueType === "jax.Array" ? keyImpl.get(name) : undefined;
}

/** The `_sharding` text of a `jax.Array`. */
export function leafSharding({ valueType, name }: StoredLeaf, { sharding }: LeafExtras): string | undefined {
  return valueType === "jax.Array" ? sharding.get(name) : undefined;
}

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
  const reading = { limits, ...options };
  const [keyImpl, shardings] = await Promise.all([
    readKeyImpls(storage, reading),
    sharding ? readMetadataFile(storage, SHARDING_FILE, decodeShardings, reading) : undefined,
  ]);
  return { keyImpl: keyImpl ?? NO_EXTRAS.keyImpl, sharding: shardings ?? NO_EXTRAS.sharding };
}

/** Mostly process 0 was there; where it was not, as on the disk of another host, any other will do. */
async function readKeyImpls(
  storage: ReadableStorage,
  options: ReadOptions,
): Promise<LeafExtras["keyImpl"] | undefined> {
  const read = (file: string) =>
    readMetadataFile(storage, `${ARRAY_METADATAS}/${file}`, decodeKeyImpls, options);
  const first = await read("process_0");
  if (first !== undefined || storage.list === undefined) return first;
  const entries = (await storage.list(`/${ARRAY_METADATAS}`, { signal: options.signal })) ?? [];
  const [other] = entries
    .map(({ name }) => name)
    .filter((name) => PROCESS_FILE.test(name))
    .sort();
  return other === undefined ? undefined : read(other);
}

function decodeKeyImpls(bytes: Uint8Array, limits: Limits): LeafExtras["keyImpl"] {
  const what = "array metadatas";
  const json = expectObject(parseJson(bytes, what, limits), what, "the document");
  const impls = new Map<string, string>();
  for (const element of expectArray(json["array_metadatas"] ?? [], what, "array_metadatas")) {
    const wrapper = expectObject(element, what, "an element");
    const entry = expectObject(wrapper["array_metadata"], what, "array_metadata");
    const name = expectString(entry["param_name"], what, "param_name");
    // Nobody needs them, but Orbax restores nothing without (docs/spec/orbax-layout.md section 10).
    for (const shape of ["write_shape", "chunk_shape"]) expectArray(entry[shape], what, shape);
    const extra = entry["ext_metadata"];
    const impl = isJsonObject(extra)
      ? optionalString(extra["random_key_impl"], what, "random_key_impl")
      : undefined;
    if (impl !== undefined && impl.length > LONGEST_IMPL) {
      const [field, found] = ["length of random_key_impl", impl.length];
      throw dataLoss(what, { field, found, expected: `at most ${LONGEST_IMPL}` });
    }
    if (impl !== undefined) impls.set(name, impl);
  }
  return impls;
}

function decodeShardings(bytes: Uint8Array, limits: Limits): LeafExtras["sharding"] {
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
