import { inFolder, invalidArgument, isOrbaxError, notFound, OrbaxError } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import { MemoryStorage } from "../storage/memory.js";
import { openFileParent, openStorage, type StorageSource } from "../storage/open.js";
import { readExact, readFile } from "../storage/read.js";
import type { ByteRange, ReadableStorage, StorageKey, StorageOptions } from "../storage/storage.js";

/** Options of everything that opens record files. */
export type RecordFileOptions = StorageOptions & {
  /** Where the paths lead from. Default: they are paths, or `file:` URLs, of this machine. */
  readonly storage?: StorageSource | undefined;
  readonly limits?: Partial<Limits> | undefined;
};

type Place = {
  readonly storage: ReadableStorage;
  readonly key: StorageKey;
  /** What messages put in front of the key. */
  readonly folder: string;
  readonly size: number | undefined;
  readonly limits: Limits;
};

/** A file of records, read by ranges. Errors name it as it was given. */
export class RecordFile {
  /** Bytes of the file; `undefined` where the storage tells no sizes. */
  readonly size: number | undefined;
  readonly limits: Limits;
  readonly #storage: ReadableStorage;
  readonly #key: StorageKey;
  readonly #folder: string;

  /** @internal Call {@link openRecordFile}. */
  constructor({ storage, key, folder, size, limits }: Place) {
    this.#storage = storage;
    this.#key = key;
    this.#folder = folder;
    this.size = size;
    this.limits = limits;
  }

  /** How messages call the file. */
  get name(): string {
    return this.#folder + this.#key.slice(1);
  }

  /**
   * Exactly the bytes from `offset` on; a view, perhaps of the storage's own memory.
   *
   * @throws {OrbaxError} `DATA_LOSS` if there are not as many.
   */
  async readExact(offset: number, length: number, options: StorageOptions = {}): Promise<Uint8Array> {
    try {
      return await readExact(this.#storage, this.#key, offset, length, signalOf(options));
    } catch (error) {
      throw this.#named(error);
    }
  }

  /** Up to `length` bytes, at least 1, from `offset` on: fewer only where the file ends. */
  async readUpTo(offset: number, length: number, options: StorageOptions = {}): Promise<Uint8Array> {
    if (this.size !== undefined) {
      const most = Math.min(length, Math.max(0, this.size - offset));
      return this.readExact(Math.min(offset, this.size), most, options);
    }
    if (offset === 0) return this.#readStart(length, options);
    // Servers refuse a range that begins at the end; who got as far as `offset` knows that there is a byte before.
    const bytes = await this.#range({ offset: offset - 1, length: length + 1 }, options);
    return this.#atMost(bytes, length + 1).subarray(1);
  }

  /** The first bytes, where a server refuses every range of an empty file. */
  async #readStart(length: number, options: StorageOptions): Promise<Uint8Array> {
    try {
      return this.#atMost(await this.#range({ offset: 0, length }, options), length);
    } catch (error) {
      if (!isOrbaxError(error, "IO")) throw error;
      const last = await this.#range({ suffixLength: 1 }, options).catch(() => undefined);
      if (last?.length === 0) return last;
      throw error;
    }
  }

  #atMost(bytes: Uint8Array, length: number): Uint8Array {
    if (bytes.length <= length) return bytes;
    const message = `${this.name}: the storage gave ${bytes.length} bytes where ${length} were asked for`;
    throw new OrbaxError("DATA_LOSS", message, { file: this.name });
  }

  /** The last bytes of the file, fewer than `length` if it has no more. */
  async readEnd(length: number, options: StorageOptions = {}): Promise<Uint8Array> {
    if (this.size !== undefined) {
      const most = Math.min(length, this.size);
      return this.readExact(this.size - most, most, options);
    }
    return this.#range({ suffixLength: length }, options);
  }

  async #range(range: ByteRange, options: StorageOptions): Promise<Uint8Array> {
    const bytes = await this.#reading(options, async () =>
      this.#storage.getRange?.(this.#key, range, signalOf(options)),
    );
    if (bytes === undefined) throw this.missing();
    return bytes;
  }

  async #reading<T>({ signal }: StorageOptions, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (isOrbaxError(error) || signal?.aborted === true) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new OrbaxError("IO", `${this.name}: ${reason}`, { file: this.name }, { cause: error });
    }
  }

  /** @internal The error for a file that is not there. */
  missing(): OrbaxError {
    return notFound(`${this.name}: no such file`, { file: this.name });
  }

  /** `error` of a decoder, which cannot know the file, with its name. Other errors come back as they are. */
  named(error: unknown): unknown {
    if (!isOrbaxError(error) || error.details.file !== undefined) return error;
    const details = { ...error.details, file: this.name };
    return new OrbaxError(error.code, `${this.name}: ${error.message}`, details, { cause: error });
  }

  #named(error: unknown): unknown {
    return inFolder(error, this.#folder.replace(/\/$/, ""));
  }
}

function signalOf({ signal }: StorageOptions): StorageOptions {
  return { signal };
}

/**
 * Opens one file: asks for its size, and reads nothing else; but a storage without `getRange` has it read whole, once.
 *
 * @throws {OrbaxError} `NOT_FOUND` · `INVALID_ARGUMENT` for a path that is none.
 */
export async function openRecordFile(
  path: string | URL,
  { storage: source, limits: changes, signal }: RecordFileOptions = {},
): Promise<RecordFile> {
  const limits = withDefaultLimits(changes);
  const place = source === undefined ? await localPlace(path) : await placeIn(source, path);
  const { storage, key } = place;
  if (storage.getRange === undefined) {
    const limit = limits.valueBytes;
    const bytes = await readFile(storage, key, { limit, limitName: "valueBytes", signal });
    const size = bytes?.length;
    const memory = new MemoryStorage(bytes === undefined ? new Map() : new Map([[key, bytes]]));
    return found(new RecordFile({ ...place, storage: memory, size, limits }));
  }
  const size = await storage.size?.(key, { signal });
  const file = new RecordFile({ ...place, size, limits });
  return storage.size === undefined ? file : found(file);
}

function found(file: RecordFile): RecordFile {
  if (file.size === undefined) throw file.missing();
  return file;
}

async function localPlace(path: string | URL) {
  const { storage, name } = await openFileParent(path); // refuses URLs that cannot be decoded
  const text = typeof path === "string" ? path : decodeURIComponent(path.pathname);
  return { storage, key: `/${name}` as const, folder: text.slice(0, text.lastIndexOf("/") + 1) };
}

async function placeIn(source: StorageSource, path: string | URL) {
  if (typeof path !== "string") {
    throw invalidArgument(`${path.href}: a file of a storage is named by its path there`);
  }
  const key = `/${path.replace(/^\//, "")}` as const;
  return { storage: await openStorage(source), key, folder: "" };
}
