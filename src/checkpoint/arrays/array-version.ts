import { hasFile } from "../../storage/read.js";
import type { ReadableStorage } from "../../storage/storage.js";
import { ARRAY_DOCUMENT } from "../../zarr/metadata.js";
import { CHECKPOINT_NAME } from "../metadata/item-files.js";
import type { ReadOptions } from "../metadata/metadata-file.js";
import { arrayKey } from "./array-key.js";

/**
 * Which zarr an array that was saved by itself, without `_METADATA`, is stored in as files; `undefined` if there is no
 * array of that name.
 */
export async function arrayVersionInFiles(
  storage: ReadableStorage,
  { signal }: ReadOptions,
): Promise<2 | 3 | undefined> {
  return firstVersion((key) => hasFile(storage, `/${key}`, { signal }));
}

/**
 * {@link arrayVersionInFiles} in a database, where Orbax up to 0.5.3 put it. Loads what reads databases.
 *
 * @throws {OrbaxError} as `openOcdbt`.
 */
export async function arrayVersionInDatabase(
  storage: ReadableStorage,
  { limits, signal }: ReadOptions,
): Promise<2 | 3 | undefined> {
  const { openOcdbt } = await import("../../ocdbt/reader.js");
  const database = await openOcdbt(storage, { limits, signal });
  return firstVersion(async (key) => (await database.find(key, { signal })) !== undefined);
}

async function firstVersion(has: (key: string) => Promise<boolean>): Promise<2 | 3 | undefined> {
  for (const zarr of [2, 3] as const) {
    if (await has(arrayKey(CHECKPOINT_NAME, ARRAY_DOCUMENT[zarr]))) return zarr;
  }
  return undefined;
}
