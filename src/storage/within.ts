import type { ByteRange, ReadableStorage, StorageKey, StorageOptions, WritableStorage } from "./storage.js";
import { fileOf, fileParts, joinKey, keyParts, ROOT } from "./storage-key.js";

/**
 * The same storage, rooted at one of its directories, which need not exist. Uses the storage's own `within` where
 * it has one; else a wrapper that has just those optional methods that `storage` has. The wrapper checks its
 * keys, so that none leads out of the directory, also in a storage that resolves `..` itself.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` if `directory` is no key.
 */
export function within(storage: WritableStorage, directory: StorageKey): WritableStorage;
export function within(storage: ReadableStorage, directory: StorageKey): ReadableStorage;
export function within(storage: ReadableStorage, directory: StorageKey): ReadableStorage {
  return storage.within?.(directory) ?? prefixed(storage, directory);
}

function prefixed(inner: ReadableStorage, directory: StorageKey): ReadableStorage {
  const { directoryKey, fileKey } = keysBelow(directory);
  return {
    name: nameBelow(inner.name, directory),
    get: async (key, options) => inner.get(fileKey(key), options),
    within: (child) => prefixed(inner, directoryKey(child)),
    ...(inner.getRange && {
      getRange: async (key: StorageKey, range: ByteRange, options?: StorageOptions) =>
        inner.getRange?.(fileKey(key), range, options),
    }),
    ...(inner.readInto && {
      readInto: async (key: StorageKey, offset: number, target: Uint8Array, options?: StorageOptions) =>
        inner.readInto?.(fileKey(key), offset, target, options),
    }),
    ...(inner.size && {
      size: async (key: StorageKey, options?: StorageOptions) => inner.size?.(fileKey(key), options),
    }),
    ...(inner.has && {
      has: async (key: StorageKey, options?: StorageOptions) =>
        (await inner.has?.(directoryKey(key), options)) ?? false,
    }),
    ...(inner.list && {
      list: async (child: StorageKey, options?: StorageOptions) => inner.list?.(directoryKey(child), options),
    }),
  };
}

/** Keys of the inner storage, for calls that take the root and for those that do not. */
function keysBelow(directory: StorageKey) {
  keyParts(directory); // a directory that is none is refused here, not at the first read
  const directoryKey = (key: StorageKey): StorageKey => joinKey(directory, key);
  const fileKey = (key: StorageKey): StorageKey => {
    fileParts(key);
    return directoryKey(key);
  };
  return { directoryKey, fileKey };
}

function nameBelow(name: string | undefined, directory: StorageKey): string {
  if (directory === ROOT) return name ?? fileOf(ROOT);
  return name === undefined ? fileOf(directory) : `${name.replace(/\/$/, "")}${directory}`;
}
