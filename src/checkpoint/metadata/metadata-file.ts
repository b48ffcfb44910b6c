import { inFile } from "../../errors.js";
import { type Limits, withDefaultLimits } from "../../limits.js";
import { readFile } from "../../storage/read.js";
import type { ReadableStorage, StorageOptions } from "../../storage/storage.js";

/** How a checkpoint's own files are read: each that is parsed in memory is held to `limits.metadataBytes`. */
export type ReadOptions = StorageOptions & {
  /** Changes to the library's limits. */
  readonly limits?: Partial<Limits> | undefined;
};

/**
 * Reads a file that is decoded as a whole, such as one of JSON or text.
 *
 * @param file Its path below the storage's root.
 * @param decode Gets all of its bytes, and the limits with the defaults filled in.
 * @returns What `decode` makes of it; `undefined` if there is no such file.
 * @throws {OrbaxError} `LIMIT_EXCEEDED` beyond `limits.metadataBytes` · `IO` as `readFile` · what `decode` throws, with
 * the file's name.
 */
export async function readMetadataFile<T>(
  storage: ReadableStorage,
  file: string,
  decode: (bytes: Uint8Array, limits: Limits) => T,
  { limits: changes, signal }: ReadOptions = {},
): Promise<T | undefined> {
  const limits = withDefaultLimits(changes);
  const limit = { limit: limits.metadataBytes, limitName: "metadataBytes" } as const;
  const bytes = await readFile(storage, `/${file}`, { ...limit, signal });
  try {
    return bytes && decode(bytes, limits);
  } catch (error) {
    throw inFile(error, file);
  }
}
