import { isOrbaxError } from "../../errors.js";
import type { StorageOptions } from "../../storage/storage.js";
import { arrayVersionInDatabase } from "../arrays/array-version.js";
import {
  ARRAY_FILES,
  CHECKPOINT_NAME,
  contentFiles,
  GRAIN_FILE,
  HOST_FILES,
  JSON_FILES,
  KEY_DIRECTORIES,
  PROTO_SUFFIX,
} from "../metadata/item-files.js";
import type { ReadOptions } from "../metadata/metadata-file.js";
import { TREE_METADATA_FILE } from "../metadata/tree-metadata.js";
import { childHasFile, type Folder, firstByte, startsMsgpackArray, startsMsgpackMap } from "./folder.js";
import { kindOfHandler } from "./handler-kind.js";
import type { ItemKind } from "./layout.js";

/** File of a database; named here, so that what only lists needs nothing of databases. */
export const MANIFEST_FILE = "manifest.ocdbt";

/**
 * What a directory's files make it, whatever its handler is called. Only trees have directories, too.
 *
 * @param handlerOf Asked for the class path of its handler where files alone do not decide.
 * @returns `undefined` where the files are no known kind's.
 */
export async function itemKindByFiles(
  folder: Folder,
  handlerOf: () => Promise<string | undefined>,
  options: ReadOptions = {},
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

/**
 * Whether a database holds an array that was saved by itself: up to Orbax 0.5.3 with nothing beside it. One that is
 * damaged tells nothing.
 */
export async function isArrayInDatabase(
  { storage }: Pick<Folder, "storage">,
  options: ReadOptions,
): Promise<boolean> {
  try {
    return (await arrayVersionInDatabase(storage, options)) !== undefined;
  } catch (error) {
    if (isOrbaxError(error)) return false;
    throw error;
  }
}

/** Whether the file `checkpoint` is the tree of an old aggregate: TensorFlow writes one of that name, too, as text. */
export async function isAggregate(
  { storage }: Pick<Folder, "storage">,
  options?: StorageOptions,
): Promise<boolean> {
  const byte = await firstByte(storage, `/${CHECKPOINT_NAME}`, options);
  return startsMsgpackMap(byte) || startsMsgpackArray(byte);
}
