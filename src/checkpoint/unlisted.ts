import type { ByteRange, ReadableStorage, StorageKey, StorageOptions } from "../storage/storage.js";
import { TREE_METADATA_FILE } from "./tree-metadata.js";

/**
 * A store that cannot list its files is asked for `_METADATA` to find out what it holds. That answer, which may be
 * megabytes from far away, is kept for whoever reads the file next.
 *
 * @returns `storage` itself if it can list.
 */
export function keepMetadata(storage: ReadableStorage): ReadableStorage {
  if (storage.list !== undefined) return storage;
  const kept = new Map<StorageKey, Uint8Array>();
  return {
    ...(storage.name === undefined ? {} : { name: storage.name }),
    ...(storage.getRange && {
      getRange: async (key: StorageKey, range: ByteRange, options?: StorageOptions) =>
        storage.getRange?.(key, range, options),
    }),
    get: async (key, options) => {
      const answer = kept.get(key);
      if (kept.delete(key)) return answer;
      const bytes = await storage.get(key, options);
      if (bytes !== undefined && key.endsWith(`/${TREE_METADATA_FILE}`)) kept.set(key, bytes);
      return bytes;
    },
  };
}
