import { expectBoolean, expectObject, parseJson } from "../../bytes/json.js";
import { dataLoss } from "../../errors.js";
import type { Limits } from "../../limits.js";
import type { ReadableStorage } from "../../storage/storage.js";
import { type ReadOptions, readMetadataFile } from "./metadata-file.js";

/** Directory in which `JaxRandomKeySave` puts the words of a key, an array item (docs/spec/orbax-layout.md section 18). */
export const JAX_KEY_DIRECTORY = "jax_random_key";
/** Directory in which `NumpyRandomKeySave` puts the state of a generator, a tree. */
export const NUMPY_KEY_DIRECTORY = "np_random_key";
/** File that tells whether the key is typed. */
export const JAX_KEY_METADATA = "jax_random_key_metadata/metadata";

const RBG_WORDS = 4;

/**
 * JAX's name of the generator of a typed key, which is not stored: it is the default one of the process that saved it,
 * since Orbax can save no other. Four words make a key of `rbg`, two one of `threefry2x32`.
 *
 * @param shape Of the array of words, whose last axis counts those of one key.
 */
export function keyImplOf(shape: readonly number[]): string {
  return shape.at(-1) === RBG_WORDS ? "rbg" : "threefry2x32";
}

/** Whether the words in a directory are those of a typed key. @throws {OrbaxError} `DATA_LOSS` if nothing tells it. */
export async function isTypedKey(storage: ReadableStorage, options: ReadOptions = {}): Promise<boolean> {
  const typed = await readMetadataFile(storage, JAX_KEY_METADATA, decodeTyped, options);
  if (typed !== undefined) return typed;
  const details = { file: JAX_KEY_METADATA, found: "no such file", expected: "whether the key is typed" };
  throw dataLoss(JAX_KEY_METADATA, details);
}

function decodeTyped(bytes: Uint8Array, limits: Limits): boolean {
  const what = "random key metadata";
  const json = expectObject(parseJson(bytes, what, limits), what, "the document");
  return expectBoolean(json["typed"], what, "typed");
}
