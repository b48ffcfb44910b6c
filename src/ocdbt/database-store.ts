import type { Limits } from "../limits.js";
import { clampRange } from "../storage/byte-range.js";
import type { ByteRange, ReadableStorage, StorageKey, StorageOptions } from "../storage/storage.js";
import { type OcdbtValue, valueLength } from "./entry.js";
import { readValue } from "./value-reader.js";

/** What a store needs of a database. */
export type ValueLookup = {
  find(key: string, options?: StorageOptions): Promise<OcdbtValue | undefined>;
  /** Where the values lie. */
  readonly storage: ReadableStorage;
};

/** The keys of a database as a zarrita store: `/0.1` is the key `<prefix>0.1`. */
export class OcdbtStore implements ReadableStorage {
  readonly #database: ValueLookup;
  readonly #prefix: string;
  readonly #limits: Limits;

  constructor(database: ValueLookup, prefix: string, limits: Limits) {
    this.#database = database;
    this.#prefix = prefix;
    this.#limits = limits;
  }

  async get(key: StorageKey, options?: StorageOptions): Promise<Uint8Array | undefined> {
    const value = await this.#find(key, options);
    return value && readValue(this.#database.storage, value, this.#limits, options);
  }

  async getRange(
    key: StorageKey,
    range: ByteRange,
    options?: StorageOptions,
  ): Promise<Uint8Array | undefined> {
    const value = await this.#find(key, options);
    return value && readValue(this.#database.storage, partOf(value, range), this.#limits, options);
  }

  #find(key: StorageKey, options?: StorageOptions): Promise<OcdbtValue | undefined> {
    return this.#database.find(this.#prefix + key.slice(1), options);
  }
}

/** The part of a value that a range asks for, cut at the value's end. */
function partOf(value: OcdbtValue, range: ByteRange): OcdbtValue {
  const { offset, length } = clampRange(range, valueLength(value));
  if (value.kind === "inline") {
    return { kind: "inline", bytes: value.bytes.subarray(offset, offset + length) };
  }
  return { ...value, offset: value.offset + offset, length };
}
