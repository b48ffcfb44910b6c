import type { MemoryStorage } from "../../src/storage/memory.js";
import type { ReadableStorage } from "../../src/storage/storage.js";

/**
 * The same storage, and what is read from it: `d/x[64:144]` for a part, `d/x` for a whole file. Sizes are
 * told unless `sizes` is false, as by a plain zarrita store.
 */
export function counting(
  inner: MemoryStorage,
  { sizes = true } = {},
): { readonly storage: ReadableStorage; readonly reads: string[] } {
  const reads: string[] = [];
  const storage: ReadableStorage = {
    get: (key, options) => {
      reads.push(key.slice(1));
      return inner.get(key, options);
    },
    getRange: (key, range, options) => {
      const size = inner.files().get(key)?.length ?? 0;
      const offset = "offset" in range ? range.offset : size - range.suffixLength;
      const end = "offset" in range ? offset + range.length : size;
      reads.push(offset === 0 && end >= size ? key.slice(1) : `${key.slice(1)}[${offset}:${end}]`);
      return inner.getRange(key, range, options);
    },
    list: (key, options) => inner.list(key, options),
    ...(sizes && { size: (key, options) => inner.size(key, options) }),
  };
  return { storage, reads };
}
