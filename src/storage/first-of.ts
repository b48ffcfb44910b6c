import type { ReadableStorage, StorageKey, StorageOptions } from "./storage.js";
import { within } from "./within.js";

/** Several storages as one: each file is that of the first storage that has it. */
export function firstOf(storages: readonly ReadableStorage[]): ReadableStorage {
  const ask = async <T>(
    question: (storage: ReadableStorage) => Promise<T | undefined> | T | undefined,
  ): Promise<T | undefined> => {
    for (const storage of storages) {
      const answer = await question(storage);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };
  const sized = storages.every((storage) => storage.size !== undefined);
  const ranged = storages.every((storage) => storage.getRange !== undefined);
  return {
    get: (key, options) => ask((storage) => storage.get(key, options)),
    ...(ranged && {
      getRange: (key, range, options) => ask((storage) => storage.getRange?.(key, range, options)),
    }),
    ...(sized && {
      size: (key: StorageKey, options?: StorageOptions) => ask((storage) => storage.size?.(key, options)),
    }),
    within: (directory) => firstOf(storages.map((storage) => within(storage, directory))),
  };
}
