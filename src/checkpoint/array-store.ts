import { isOrbaxError, OrbaxError } from "../errors.js";
import type { Limits } from "../limits.js";
import { type OcdbtValue, valueLength } from "../ocdbt/entry.js";
import { MANIFEST_FILE } from "../ocdbt/manifest-file.js";
import { type OcdbtDatabase, openOcdbt } from "../ocdbt/reader.js";
import { readExactInto, readFile } from "../storage/read.js";
import type { ReadableStorage, StorageKey, StorageOptions } from "../storage/storage.js";
import { within } from "../storage/within.js";
import { arrayKey } from "./array-key.js";

/** One wanted chunk of an array. */
export type ChunkRequest = {
  readonly array: string;
  readonly chunk: string;
  /** Bytes that the value must have to be read straight into `into()`. */
  readonly storedBytes: number | undefined;
  /** Where the stored bytes shall lie, if they are wanted as they are. Asking takes the memory. */
  readonly into: () => Uint8Array | undefined;
  /** Takes the value, `undefined` if there is none; good until this returns, or for ever if it is `into()`. */
  readonly receive: (stored: Uint8Array | undefined) => void;
};

/** Where an item's arrays lie, by parameter name (docs/spec/orbax-layout.md section 7). */
export interface ArrayStore {
  readonly layout: "ocdbt" | "files";
  /** The metadata document of each array, `undefined` where there is no such array. */
  documents(
    arrays: readonly string[],
    name: string,
    options?: StorageOptions,
  ): Promise<readonly (Uint8Array | undefined)[]>;
  /** Reads chunks, as many at once as is good. */
  readChunks(requests: Iterable<ChunkRequest>, options?: StorageOptions): Promise<void>;
  /** Stored size of a chunk without reading it; `undefined` if it is missing or only reading would tell. */
  storedBytes(array: string, chunk: string): number | undefined;
  /** A zarrita store rooted at the array. */
  store(array: string): ReadableStorage;
}

/** Arrays in one OCDBT database: its nodes are read when it is opened, and no more than once. */
class OcdbtArrayStore implements ArrayStore {
  readonly layout = "ocdbt";
  readonly #database: OcdbtDatabase;
  readonly #values: ReadonlyMap<string, OcdbtValue>;

  constructor(database: OcdbtDatabase, values: ReadonlyMap<string, OcdbtValue>) {
    this.#database = database;
    this.#values = values;
  }

  async documents(arrays: readonly string[], name: string, options?: StorageOptions) {
    const documents: (Uint8Array | undefined)[] = arrays.map(() => undefined);
    const requests = arrays.flatMap((array, index) => {
      const value = this.#values.get(arrayKey(array, name));
      const receive = (bytes: Uint8Array) => {
        documents[index] = bytes;
      };
      return value === undefined ? [] : [{ value, receive }];
    });
    await this.#database.readValues(requests, options);
    return documents;
  }

  async readChunks(requests: Iterable<ChunkRequest>, options?: StorageOptions): Promise<void> {
    const found = Array.from(requests).flatMap(({ array, chunk, storedBytes, into, receive }) => {
      const value = this.#values.get(arrayKey(array, chunk));
      if (value === undefined) {
        receive(undefined);
        return [];
      }
      // A value of another size must not end up in the array before the decoder has refused it.
      return [{ value, into: valueLength(value) === storedBytes ? into() : undefined, receive }];
    });
    await this.#database.readValues(found, options);
  }

  storedBytes(array: string, chunk: string): number | undefined {
    const value = this.#values.get(arrayKey(array, chunk));
    return value && valueLength(value);
  }

  store(array: string): ReadableStorage {
    return this.#database.store(arrayKey(array, ""));
  }
}

async function openOcdbtArrays(
  storage: ReadableStorage,
  limits: Limits,
  options: StorageOptions,
): Promise<OcdbtArrayStore> {
  const database = await openOcdbt(storage, { limits, ...options });
  const values = new Map<string, OcdbtValue>();
  for await (const entries of database.listBatches(options)) {
    for (const { key, value } of entries) {
      const text = textOf(key);
      if (text !== undefined) values.set(text, value);
    }
  }
  return new OcdbtArrayStore(database, values);
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A key as text; `undefined` if it is no UTF-8, and so no array's. */
function textOf(key: Uint8Array): string | undefined {
  try {
    return decoder.decode(key);
  } catch {
    return undefined;
  }
}

/** Arrays in one directory each. */
class FileArrayStore implements ArrayStore {
  readonly layout = "files";
  readonly #storage: ReadableStorage;
  readonly #limits: Limits;

  constructor(storage: ReadableStorage, limits: Limits) {
    this.#storage = storage;
    this.#limits = limits;
  }

  async documents(arrays: readonly string[], name: string, options?: StorageOptions) {
    const documents: (Uint8Array | undefined)[] = arrays.map(() => undefined);
    await inParallel(arrays.entries(), async ([index, array]) => {
      documents[index] = await this.document(array, name, options);
    });
    return documents;
  }

  document(array: string, name: string, options?: StorageOptions): Promise<Uint8Array | undefined> {
    const limit = { limit: this.#limits.metadataBytes, limitName: "metadataBytes" } as const;
    return readFile(this.#storage, fileKey(array, name), { ...limit, ...options });
  }

  async readChunks(requests: Iterable<ChunkRequest>, options?: StorageOptions): Promise<void> {
    await inParallel(requests, async (request) => {
      request.receive(await this.#readChunk(request, options));
    });
  }

  async #readChunk({ array, chunk, storedBytes, into }: ChunkRequest, options?: StorageOptions) {
    const key = fileKey(array, chunk);
    if (storedBytes !== undefined && this.#storage.readInto !== undefined) {
      // A file of another size must not end up in the array before the decoder has refused it.
      const size = await this.#storage.size?.(key, options);
      const target = size === storedBytes ? into() : undefined;
      if (target !== undefined) {
        await readExactInto(this.#storage, key, 0, target, options);
        return target;
      }
    }
    const limit = { limit: this.#limits.valueBytes, limitName: "valueBytes" } as const;
    return readFile(this.#storage, key, { ...limit, ...options });
  }

  storedBytes(): undefined {
    return undefined;
  }

  store(array: string): ReadableStorage {
    return within(this.#storage, fileKey(array, ""));
  }
}

/**
 * Where a file of an array lies below the item's directory.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a name that Orbax cannot have written, above all one that leads elsewhere.
 */
function fileKey(array: string, file: string): StorageKey {
  const key = arrayKey(array, file).replace(/\/$/, "");
  const isPath = key
    .split("/")
    .every((part) => part !== "" && part !== "." && part !== ".." && !part.includes("\0"));
  if (isPath || key === "") return `/${key}`;
  throw new OrbaxError("DATA_LOSS", `${JSON.stringify(array)}: no name of an array's directory`, {
    key: array,
  });
}

/** Files read at once: each costs a round trip rather than bandwidth. */
const PARALLEL_FILES = 8;

/** The first failure ends all. */
async function inParallel<T>(items: Iterable<T>, action: (item: T) => Promise<void>): Promise<void> {
  const queue = Array.from(items).values();
  let failed = false;
  const oneAfterAnother = async () => {
    for (const item of queue) {
      if (failed) return;
      await action(item);
    }
  };
  const workers = Array.from({ length: PARALLEL_FILES }, oneAfterAnother);
  await Promise.all(workers).catch((error: unknown) => {
    failed = true;
    throw error;
  });
}

/**
 * Opens an item's arrays. The files decide where they disagree with `use_ocdbt`, as in older releases
 * (docs/spec/orbax-layout.md section 15).
 *
 * @param firstArray Name of some array of the item, to tell the layouts apart.
 * @throws {OrbaxError} `DATA_LOSS` if there is neither a database nor that array's directory, or if the database
 * is damaged.
 */
export async function openArrayStore(
  storage: ReadableStorage,
  { useOcdbt, firstArray, document }: { useOcdbt: boolean | undefined; firstArray: string; document: string },
  limits: Limits,
  options: StorageOptions = {},
): Promise<ArrayStore> {
  const files = new FileArrayStore(storage, limits);
  const hasFiles = async () => (await files.document(firstArray, document, options)) !== undefined;
  // In a database an array may have a name that no directory can have.
  const mayHaveFiles = () =>
    hasFiles().catch((error: unknown) => {
      if (isOrbaxError(error, "DATA_LOSS")) return false;
      throw error;
    });
  if (useOcdbt === false && (await hasFiles())) return files;
  try {
    return await openOcdbtArrays(storage, limits, options);
  } catch (error) {
    if (!isOrbaxError(error, "NOT_FOUND")) throw error;
    if (useOcdbt !== false && (await mayHaveFiles())) return files;
    const file = useOcdbt === false ? arrayKey(firstArray, document) : MANIFEST_FILE;
    const expected = useOcdbt === false ? "the metadata of an array" : "the database of the item's arrays";
    throw new OrbaxError("DATA_LOSS", `${file}: not found, expected ${expected}`, { file, expected });
  }
}
