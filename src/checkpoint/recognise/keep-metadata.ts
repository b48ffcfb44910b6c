import type { ByteRange, ReadableStorage, StorageKey, StorageOptions } from "../../storage/storage.js";
import { STEP_METADATA_FILE } from "../metadata/step-metadata.js";
import { TREE_METADATA_FILE } from "../metadata/tree-metadata.js";

const KEPT_FILES = [`/${TREE_METADATA_FILE}`, `/${STEP_METADATA_FILE}`] as const;

/**
 * A store that cannot list its files is asked for `_METADATA` and `_CHECKPOINT_METADATA` to find out what it holds.
 * Those answers, which may be megabytes from far away, are kept for whoever reads the file next.
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
      if (bytes !== undefined && KEPT_FILES.some((file) => key.endsWith(file))) kept.set(key, bytes);
      return bytes;
    },
  };
}
