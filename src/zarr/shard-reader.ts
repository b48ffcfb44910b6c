import { dataLoss } from "../errors.js";
import type { ByteRange, StorageKey } from "../storage/storage.js";
import type { ShardingSerializer } from "./codecs.js";
import {
  checkRange,
  decodeShardIndex,
  type InnerRange,
  indexBytes,
  innerName,
  type ShardIndex,
  tooShortForIndex,
} from "./shard-index.js";

/** Options of every read. */
export type ChunkReadOptions = { readonly signal?: AbortSignal };

/** A store rooted at one array: `get("/0.1")` gives the chunk's stored bytes. Any zarrita store is one. */
export type ChunkStore = {
  get(key: StorageKey, options?: ChunkReadOptions): Promise<Uint8Array | undefined> | Uint8Array | undefined;
  /** A part of a value, fewer bytes where it ends earlier. */
  getRange?(key: StorageKey, range: ByteRange, options?: ChunkReadOptions): Promise<Uint8Array | undefined>;
};

/** What the shards of an array have in common. */
export type ShardLayout = {
  readonly sharding: ShardingSerializer;
  /** Inner chunks along each axis of a shard, in stored order. */
  readonly counts: readonly number[];
};

/** An inner chunk in a shard. */
export type InnerPlace = {
  /** Key of the shard below the array. */
  readonly key: string;
  /** Indices within the shard, in stored order of axes. */
  readonly within: readonly number[];
  /** How to call the shard in messages. */
  readonly what: string;
};

type RangeReader = (
  key: StorageKey,
  range: ByteRange,
  options: ChunkReadOptions,
) => Promise<Uint8Array | undefined>;

/** Memory of the indexes that are kept, so that the next inner chunk costs one read instead of two. */
const KEPT_BYTES = 2 ** 24;

/** What keeping an index costs beside its bytes. */
const KEEPING_BYTES = 512;

/** Reads inner chunks by range: a shard's index at its first one, and no more than once. */
export class ShardReader {
  readonly #readRange: RangeReader;
  readonly #layout: ShardLayout;
  readonly #indexBytes: number;
  /** By key of the shard, the one that was read first at the front; `undefined` for shards that are missing. */
  readonly #indexes = new Map<string, Promise<ShardIndex | undefined>>();

  private constructor(readRange: RangeReader, layout: ShardLayout) {
    this.#readRange = readRange;
    this.#layout = layout;
    this.#indexBytes = indexBytes(layout.counts, layout.sharding.index);
  }

  /** `undefined` for a store that reads no ranges. */
  static over(store: ChunkStore, layout: ShardLayout): ShardReader | undefined {
    if (store.getRange === undefined) return undefined;
    return new ShardReader(async (key, range, options) => store.getRange?.(key, range, options), layout);
  }

  /**
   * The stored bytes of an inner chunk; `undefined` if it is missing, or its shard is.
   *
   * @throws {OrbaxError} `DATA_LOSS` for a damaged index, or a range that is not within the shard.
   */
  async read(place: InnerPlace, options: ChunkReadOptions): Promise<Uint8Array | undefined> {
    const index = await this.#index(place, options);
    const range = index?.range(place.within);
    if (range === undefined) return undefined;
    const name = innerName(place.what, place.within);
    checkRange(range, Number.MAX_SAFE_INTEGER, name);
    if (range.length === 0) return new Uint8Array(0); // no store can tell that range
    const bytes = await this.#readRange(`/${place.key}`, range, options);
    if (bytes?.length !== range.length) throw cutShort(bytes, range, name);
    return bytes;
  }

  async #index(place: InnerPlace, options: ChunkReadOptions): Promise<ShardIndex | undefined> {
    const { key } = place;
    const known = this.#indexes.get(key);
    if (known !== undefined) {
      try {
        return await known;
      } catch {
        // It failed for another caller, perhaps because that one aborted it.
        options.signal?.throwIfAborted();
        if (this.#indexes.get(key) !== known) return this.#index(place, options);
      }
    }
    const index = this.#readIndex(place, options);
    this.#keep(key, index);
    try {
      return await index;
    } catch (error) {
      if (this.#indexes.get(key) === index) this.#indexes.delete(key);
      throw error;
    }
  }

  #keep(key: string, index: Promise<ShardIndex | undefined>): void {
    this.#indexes.delete(key);
    this.#indexes.set(key, index);
    const most = Math.max(1, Math.floor(KEPT_BYTES / (this.#indexBytes + KEEPING_BYTES)));
    for (const oldest of this.#indexes.keys()) {
      if (this.#indexes.size <= most) return;
      this.#indexes.delete(oldest);
    }
  }

  async #readIndex({ key, what }: InnerPlace, options: ChunkReadOptions): Promise<ShardIndex | undefined> {
    const { sharding, counts } = this.#layout;
    const length = this.#indexBytes;
    // No shard is longer, and no range either.
    if (!Number.isSafeInteger(length)) throw tooShortForIndex("less", length, what);
    const range = sharding.indexLocation === "start" ? { offset: 0, length } : { suffixLength: length };
    const stored = await this.#readRange(`/${key}`, range, options);
    if (stored === undefined) return undefined;
    if (stored.length !== length) throw tooShortForIndex(stored.length, length, what);
    // A copy: the store may have given a view of something large.
    return decodeShardIndex(stored.slice(), counts, sharding.index, what);
  }
}

function cutShort(bytes: Uint8Array | undefined, { offset, length }: InnerRange, name: string) {
  return dataLoss(name, {
    field: "range in the shard",
    found: `${length} bytes from ${offset}`,
    expected: `to end within it: there are ${bytes?.length ?? 0}`,
  });
}
