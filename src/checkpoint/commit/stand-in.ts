import { openParent, type StorageSource } from "../../storage/open.js";
import type { ReadableStorage } from "../../storage/storage.js";
import { resolveCommitted } from "./committed.js";

/**
 * The storage of what stands for a path that was found missing: the old version, between the two renames of an
 * interrupted overwrite, or the path itself if that overwrite has ended by now.
 *
 * @returns `undefined` if there is neither, or `source` is no path.
 */
export async function standInFor(source: StorageSource): Promise<ReadableStorage | undefined> {
  if (typeof source !== "string" && !(source instanceof URL)) return undefined;
  const { storage, name } = await openParent(source);
  const stored = await resolveCommitted(storage, name);
  return stored === undefined ? undefined : storage.within(`/${stored}`);
}
