import { dataLoss, inFolder, limitExceeded } from "../../errors.js";
import type { Limits } from "../../limits.js";
import { type OcdbtValue, valueLength } from "../../ocdbt/entry.js";
import type { OcdbtDatabase } from "../../ocdbt/reader.js";
import type { ValueRequest } from "../../ocdbt/value-reader.js";
import type { ReadableStorage, StorageOptions } from "../../storage/storage.js";
import type { ArrayMetadata } from "../../zarr/metadata.js";
import type { ArrayDocuments } from "./array-documents.js";
import { arrayKey } from "./array-key.js";
import type { ArrayRequest, ArrayStore, ChunkRequest } from "./array-store.js";

/** A database and where it lies below the item: empty for the item's own, which stands at its top. */
export type DatabaseInFolder = { readonly folder: string; readonly database: OcdbtDatabase };

/** A database with the places of all its values, by key. */
type ListedDatabase = DatabaseInFolder & { readonly values: ReadonlyMap<string, OcdbtValue> };

/**
 * Arrays in one OCDBT database, or in several that hold parts of the same arrays, as those of the processes of one
 * save do. Nodes are read when it is opened, and no more than once.
 */
export class OcdbtArrays implements ArrayStore {
  readonly layout = "ocdbt";
  readonly #documents: ArrayDocuments;
  /** The database that holds a key. */
  readonly #holderOf: (key: string) => ListedDatabase | undefined;

  private constructor(holderOf: (key: string) => ListedDatabase | undefined, documents: ArrayDocuments) {
    this.#holderOf = holderOf;
    this.#documents = documents;
  }

  /**
   * Lists the databases.
   *
   * @throws {OrbaxError} `DATA_LOSS` for a damaged node, or for a key whose values in two databases differ ·
   * `LIMIT_EXCEEDED` for more keys in all of them than `listedKeys`, or more bytes to compare than `listedBytes`.
   */
  static async open(
    databases: readonly DatabaseInFolder[],
    { documents, limits }: { readonly documents: ArrayDocuments; readonly limits: Limits },
    options?: StorageOptions,
  ): Promise<OcdbtArrays> {
    const listed: ListedDatabase[] = [];
    let keys = 0;
    for (const place of databases) {
      const values = await listValues(place, options);
      keys += values.size;
      checkTotal(keys, "number of keys", "listedKeys", limits);
      listed.push({ ...place, values });
    }
    const [only, ...others] = listed;
    if (others.length === 0) return new OcdbtArrays(() => only, documents);
    const holders = await joinKeys(listed, limits, options);
    return new OcdbtArrays((key) => holders.get(key), documents);
  }

  async describe(arrays: readonly ArrayRequest[], options?: StorageOptions): Promise<ArrayMetadata[]> {
    const documents: (Uint8Array | undefined)[] = arrays.map(() => undefined);
    const reads = new Reads();
    for (const [index, { name }] of arrays.entries()) {
      const key = arrayKey(name, this.#documents.file);
      const holder = this.#holderOf(key);
      const value = holder?.values.get(key);
      if (holder === undefined || value === undefined) continue;
      reads.add(holder, {
        value,
        receive: (bytes) => {
          documents[index] = bytes;
        },
      });
    }
    await reads.run(options);
    return arrays.map((array, index) => this.#documents.decode(documents[index], array));
  }

  async readChunks(requests: Iterable<ChunkRequest>, options?: StorageOptions): Promise<void> {
    const reads = new Reads();
    for (const { array, chunk, storedBytes, into, receive } of requests) {
      const key = arrayKey(array, chunk);
      const holder = this.#holderOf(key);
      const value = holder?.values.get(key);
      if (holder === undefined || value === undefined) {
        receive(undefined);
      } else {
        // A value of another size must not end up in the array before the decoder has refused it.
        reads.add(holder, { value, into: valueLength(value) === storedBytes ? into() : undefined, receive });
      }
    }
    await reads.run(options);
  }

  storedBytes(array: string, file: string): number | undefined {
    const key = arrayKey(array, file);
    const value = this.#holderOf(key)?.values.get(key);
    return value && valueLength(value);
  }

  store(array: string): ReadableStorage {
    const prefix = arrayKey(array, "");
    const storeOf = (key: string) => this.#holderOf(prefix + key.slice(1))?.database.store(prefix);
    return {
      get: async (key, options) => storeOf(key)?.get(key, options),
      getRange: async (key, range, options) => storeOf(key)?.getRange(key, range, options),
    };
  }
}

async function listValues(
  place: DatabaseInFolder,
  options?: StorageOptions,
): Promise<Map<string, OcdbtValue>> {
  const values = new Map<string, OcdbtValue>();
  await inItsFolder(place, async () => {
    for await (const entries of place.database.listBatches(options)) {
      for (const { key, value } of entries) {
        const text = textOf(key);
        if (text !== undefined) values.set(text, value);
      }
    }
  });
  return values;
}

/** What is to be read, database by database, as they lie in different files. */
class Reads {
  readonly #requests = new Map<DatabaseInFolder, ValueRequest[]>();

  add(place: DatabaseInFolder, request: ValueRequest): void {
    const others = this.#requests.get(place);
    if (others === undefined) this.#requests.set(place, [request]);
    else others.push(request);
  }

  async run(options?: StorageOptions): Promise<void> {
    for (const [place, requests] of this.#requests) {
      await inItsFolder(place, () => place.database.readValues(requests, options));
    }
  }
}

async function inItsFolder({ folder }: DatabaseInFolder, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    throw inFolder(error, folder);
  }
}

/** The database of each key. One that two of them hold is damage, unless both hold the same. */
async function joinKeys(
  databases: readonly ListedDatabase[],
  limits: Limits,
  options?: StorageOptions,
): Promise<Map<string, ListedDatabase>> {
  const holders = new Map<string, ListedDatabase>();
  let compared = 0;
  for (const database of databases) {
    for (const [key, value] of database.values) {
      const other = holders.get(key);
      const known = other?.values.get(key);
      if (other === undefined || known === undefined) {
        holders.set(key, database);
        continue;
      }
      compared += valueLength(value);
      checkTotal(compared, "bytes that two of them hold", "listedBytes", limits);
      if (!(await areSame([other, known], [database, value], options))) {
        throw dataLoss(`${key}: in ${other.folder} and ${database.folder}`, {
          key,
          found: "different values",
          expected: "one, or the same twice",
        });
      }
    }
  }
  return holders;
}

/** Each database is held to the limits by itself, and all together are not to cost a multiple. */
function checkTotal(
  found: number,
  field: string,
  limit: "listedKeys" | "listedBytes",
  { [limit]: most }: Limits,
): void {
  if (found > most) {
    throw limitExceeded("databases of processes", { field, found, expected: `at most ${most}`, limit });
  }
}

type Place = readonly [DatabaseInFolder, OcdbtValue];

async function areSame(one: Place, other: Place, options?: StorageOptions): Promise<boolean> {
  if (valueLength(one[1]) !== valueLength(other[1])) return false;
  const first = await readPlace(one, options);
  const second = await readPlace(other, options);
  return first.every((byte, index) => byte === second[index]);
}

async function readPlace([place, value]: Place, options?: StorageOptions): Promise<Uint8Array> {
  let bytes = new Uint8Array(0);
  const reads = new Reads();
  reads.add(place, {
    value,
    receive: (stored) => {
      bytes = stored.slice();
    },
  });
  await reads.run(options);
  return bytes;
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
