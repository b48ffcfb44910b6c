import { inFile, ioFailure, isOrbaxError, limitExceeded, OrbaxError } from "../errors.js";
import type { Limits } from "../limits.js";
import { checkByteCount } from "./byte-range.js";
import type { ReadableStorage, StorageKey, StorageOptions } from "./storage.js";
import { fileOf } from "./storage-key.js";

/** How much {@link readFile} may read, and which limit a caller raises for more. */
export type ReadFileOptions = StorageOptions & { readonly limit: number; readonly limitName: keyof Limits };

/**
 * A whole file, `undefined` if it is missing: one read where the storage has `getRange` and `size`, and then at most
 * one byte beyond `limit`.
 *
 * @throws {OrbaxError} `LIMIT_EXCEEDED` for a file of more than `limit` bytes · `IO` for what a foreign store throws.
 */
export async function readFile(
  storage: ReadableStorage,
  key: StorageKey,
  { limit, limitName, ...options }: ReadFileOptions,
): Promise<Uint8Array | undefined> {
  const file = fileOf(key);
  const tooLarge = (bytes: number) =>
    limitExceeded(file, {
      file,
      field: "size",
      found: bytes,
      expected: `at most ${limit} bytes`,
      limit: limitName,
    });
  return reading(file, options, async () => {
    if (storage.size === undefined || storage.getRange === undefined) {
      const size = await storage.size?.(key, options);
      if (size !== undefined && size > limit) throw tooLarge(size);
      const bytes = await storage.get(key, options);
      if (bytes !== undefined && bytes.length > limit) throw tooLarge(bytes.length);
      return bytes;
    }
    // One byte more than is allowed tells whether there are more. Only where sizes are known: a server refuses
    // every range of an empty file.
    const range = { offset: 0, length: Math.min(limit + 1, Number.MAX_SAFE_INTEGER) };
    const bytes = await storage.getRange(key, range, options);
    if (bytes === undefined || bytes.length <= limit) return bytes;
    throw tooLarge((await storage.size(key, options)) ?? bytes.length);
  });
}

/** Whether a file or directory is there; of a storage that knows no other way, the file is read. */
export async function hasFile(
  storage: ReadableStorage,
  key: StorageKey,
  options: StorageOptions = {},
): Promise<boolean> {
  if (storage.has !== undefined) return storage.has(key, options);
  return (await storage.get(key, options)) !== undefined;
}

/** Bytes of a file, `undefined` if it is missing; in a storage that tells no sizes it is read. */
export async function fileSize(
  storage: ReadableStorage,
  key: StorageKey,
  options: StorageOptions = {},
): Promise<number | undefined> {
  if (storage.size !== undefined) return storage.size(key, options);
  return (await storage.get(key, options))?.length;
}

/** `into`: where {@link readExact} puts the bytes; it has just as many as are read. */
export type ReadExactOptions = StorageOptions & { readonly into?: Uint8Array };

/**
 * Exactly `length` bytes from `offset` of a file: `into` if that is given, else a view that may share memory with the
 * storage. Costs one read, none if `length` is 0; of the whole file where the store has no `getRange`.
 *
 * @throws {OrbaxError} `DATA_LOSS` if the file is missing or has fewer bytes there · `IO` for what a foreign store
 * throws.
 */
export async function readExact(
  storage: ReadableStorage,
  key: StorageKey,
  offset: number,
  length: number,
  { into, ...options }: ReadExactOptions = {},
): Promise<Uint8Array> {
  checkByteCount(offset, "offset");
  checkByteCount(length, "length");
  if (into === undefined) return readPart(storage, key, { offset, length }, options);
  if (into.length !== length) throw new Error(`${into.length} bytes of memory for ${length} bytes`);
  await readExactInto(storage, key, offset, into, options);
  return into;
}

/** Fills `target` from `offset` of a file, straight where the storage has `readInto`. Errors as {@link readExact}. */
export async function readExactInto(
  storage: ReadableStorage,
  key: StorageKey,
  offset: number,
  target: Uint8Array,
  options: StorageOptions = {},
): Promise<void> {
  checkByteCount(offset, "offset");
  const { length } = target;
  if (length === 0) return;
  if (storage.readInto === undefined) {
    target.set(await readPart(storage, key, { offset, length }, options));
    return;
  }
  const file = fileOf(key);
  const count = await reading(file, options, async () => storage.readInto?.(key, offset, target, options));
  if (count !== length) throw shortRead(file, { offset, length }, count);
}

type Part = { readonly offset: number; readonly length: number };

async function readPart(
  storage: ReadableStorage,
  key: StorageKey,
  part: Part,
  options: StorageOptions,
): Promise<Uint8Array> {
  const { offset, length } = part;
  if (length === 0) return new Uint8Array(0); // HTTP has no empty ranges
  const file = fileOf(key);
  const bytes = await reading(file, options, async () =>
    storage.getRange === undefined
      ? (await storage.get(key, options))?.subarray(offset, offset + length)
      : storage.getRange(key, part, options),
  );
  // A server that ignores ranges sends the whole file: more bytes are wrong bytes, too.
  if (bytes?.length !== length) throw shortRead(file, part, bytes?.length);
  return bytes;
}

function shortRead(file: string, { offset, length }: Part, count: number | undefined): OrbaxError {
  const found = count === undefined ? "no such file" : `${count} bytes`;
  const expected = `${length} bytes`;
  const message = `${file}: ${found} at offset ${offset}, expected ${expected}`;
  return new OrbaxError("DATA_LOSS", message, { file, offset, found, expected });
}

/** Names the file in errors; what is no error of ours becomes `IO`, but the reason of an abort stays. */
async function reading<T>(file: string, { signal }: StorageOptions, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (signal?.aborted === true && !isOrbaxError(error)) throw error;
    throw isOrbaxError(error) ? inFile(error, file) : ioFailure(file, error);
  }
}
