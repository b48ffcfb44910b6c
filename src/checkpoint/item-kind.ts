import { isOrbaxError } from "../errors.js";
import type { Limits } from "../limits.js";
import type { StorageOptions } from "../storage/storage.js";
import { ARRAY_DOCUMENT } from "../zarr/array-document.js";
import { childHasFile, type Folder, firstByte, startsMsgpackArray, startsMsgpackMap } from "./folder.js";
import { kindOfHandler } from "./handler-kind.js";
import { JAX_KEY_DIRECTORY, NUMPY_KEY_DIRECTORY } from "./random-key-item.js";
import type { ItemKind } from "./step-layout.js";
import { STEP_METADATA_FILE } from "./step-metadata.js";
import { TREE_METADATA_FILE } from "./tree-metadata.js";

/** Orbax's mark of a finished save, never content (docs/spec/orbax-layout-extra.md section 8). */
export const COMMIT_FILE = "commit_success.txt";
/** The item of a manager's step where nobody named one. */
export const DEFAULT_ITEM = "default";
/** In a step: what a manager was told about it. */
export const METRICS_FILE = "metrics/metrics";
/** The file of an aggregate, or the directory of an array that was saved by itself. */
export const CHECKPOINT_NAME = "checkpoint";
/** Metadata of one array. */
export const ARRAY_FILES: readonly string[] = Object.values(ARRAY_DOCUMENT);
/** File of a database; named here, so that what only lists needs nothing of databases. */
const MANIFEST_FILE = "manifest.ocdbt";
/** Directories of a random key that was saved by itself. */
export const KEY_DIRECTORIES = [JAX_KEY_DIRECTORY, NUMPY_KEY_DIRECTORY] as const;
/** Files of JSON items, in the order in which readers look for them (section 19 of orbax-layout.md). */
export const JSON_FILES = ["data.json", "metadata", "metrics"] as const;
/** One process's state of a Grain iterator: which one, and of how many. */
export const GRAIN_FILE = /^process_(\d+)-of-(\d+)\.json$/;
/** Protobuf as text. */
export const PROTO_SUFFIX = ".pbtxt";
/** Its file where nobody configured another. */
export const PROTO_FILE = "proto.pbtxt";
/** Tensors in a file, which count only where nothing of Orbax lies beside them. */
export const SAFETENSORS_SUFFIX = ".safetensors";
/** What checkpoints of single hosts keep beside the tree (docs/spec/orbax-layout-extra.md section 10). */
const HOST_FILES = ["global_process_metadata.json", "mesh_metadata.json", "pygrain_states.json"] as const;

/** How a kind is found out. */
export type ItemKindOptions = StorageOptions & { readonly limits?: Partial<Limits> | undefined };

/** Files that a handler wrote directly into an item, without those that Orbax adds. */
export function contentFiles({ files }: Folder): string[] {
  return [...files].filter((name) => name !== COMMIT_FILE && name !== STEP_METADATA_FILE);
}

/**
 * What a directory's files make it, whatever its handler is called. Only trees have directories, too.
 *
 * @param handlerOf Asked for the class path of its handler where files alone do not decide.
 * @returns `undefined` where the files are no known kind's.
 */
export async function itemKindByFiles(
  folder: Folder,
  handlerOf: () => Promise<string | undefined>,
  options: ItemKindOptions = {},
): Promise<ItemKind | undefined> {
  const { files, directories } = folder;
  if (files.has(TREE_METADATA_FILE)) return "pytree";
  if (KEY_DIRECTORIES.some((name) => directories.has(name))) return "pytree";
  if (files.has(CHECKPOINT_NAME) && (await isAggregate(folder, options))) return "pytree";
  if (
    directories.has(CHECKPOINT_NAME) &&
    (await childHasFile(folder, CHECKPOINT_NAME, ARRAY_FILES, options))
  ) {
    return "pytree";
  }
  if (files.has(MANIFEST_FILE) && (await isArrayInDatabase(folder, options))) return "pytree";
  if (directories.size > 0) return undefined;
  const names = contentFiles(folder);
  if (JSON_FILES.some((name) => files.has(name))) {
    // A user's own handler may call one of several files so.
    const alone = names.length === 1;
    return alone || kindOfHandler(await handlerOf()) !== "files" ? "json" : "files";
  }
  if (names.some((name) => GRAIN_FILE.test(name))) return "grain";
  if (HOST_FILES.some((name) => files.has(name))) return "files";
  return names.some((name) => name.endsWith(PROTO_SUFFIX)) ? "proto-text" : undefined;
}

/** Up to Orbax 0.5.3 an array by itself lies in a database with nothing beside it. One that is damaged tells nothing. */
async function isArrayInDatabase({ storage }: Folder, { limits, signal }: ItemKindOptions): Promise<boolean> {
  const { openOcdbt } = await import("../ocdbt/reader.js");
  try {
    const database = await openOcdbt(storage, { limits, signal });
    const key = `${CHECKPOINT_NAME}/${ARRAY_DOCUMENT[2]}`;
    return (await database.get(key, signal === undefined ? {} : { signal })) !== undefined;
  } catch (error) {
    if (isOrbaxError(error)) return false;
    throw error;
  }
}

/** TensorFlow writes a file of that name, too: as text. */
async function isAggregate({ storage }: Folder, options?: StorageOptions): Promise<boolean> {
  const byte = await firstByte(storage, `/${CHECKPOINT_NAME}`, options);
  return startsMsgpackMap(byte) || startsMsgpackArray(byte);
}
