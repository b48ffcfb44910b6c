import { readExact } from "../storage/read.js";
import type { ReadableStorage, StorageKey, StorageOptions } from "../storage/storage.js";

/** What lies this close is read together: it costs less than asking once more. */
const BLOCK_BYTES = 2 ** 16;
/** 16 MiB: so much of a file may be read in any order without reading a block twice. */
const KEPT_BLOCKS = 256;

/**
 * Reads nodes' bytes from data files. A writer puts the nodes of a level side by side: from the second small one of
 * a file on they are cut out of blocks that are read once, in storages that tell sizes. Values are not read here.
 */
export class DataFileReader {
  readonly #storage: ReadableStorage;
  /** Files that were read before; their size as soon as it is needed. */
  readonly #sizes = new Map<StorageKey, number | undefined>();
  readonly #blocks = new Map<string, Uint8Array>();

  constructor(storage: ReadableStorage) {
    this.#storage = storage;
  }

  /** Exactly `length` bytes, perhaps a view of the storage. Errors as {@link readExact}. */
  async read(
    file: StorageKey,
    offset: number,
    length: number,
    options: StorageOptions = {},
  ): Promise<Uint8Array> {
    const small = length > 0 && length <= BLOCK_BYTES;
    const size = small && this.#sizes.has(file) ? await this.#size(file, options) : undefined;
    if (size !== undefined && offset + length <= size) return this.#cut(file, offset, length, size, options);
    const bytes = await readExact(this.#storage, file, offset, length, options);
    if (!this.#sizes.has(file)) this.#sizes.set(file, undefined);
    return bytes;
  }

  /** `undefined` where the storage does not tell it: what is wrong then shows when the bytes are read. */
  async #size(file: StorageKey, options: StorageOptions): Promise<number | undefined> {
    const known = this.#sizes.get(file);
    if (known !== undefined) return known;
    const size = await this.#storage.size?.(file, options).catch(() => undefined);
    this.#sizes.set(file, size);
    return size;
  }

  /** Cuts a range, which touches two blocks at most, out of its blocks. */
  async #cut(
    file: StorageKey,
    offset: number,
    length: number,
    size: number,
    options: StorageOptions,
  ): Promise<Uint8Array> {
    const first = Math.floor(offset / BLOCK_BYTES);
    const last = Math.floor((offset + length - 1) / BLOCK_BYTES);
    const start = offset - first * BLOCK_BYTES;
    const head = await this.#block(file, first, size, options);
    if (first === last) return head.slice(start, start + length);
    const tail = await this.#block(file, last, size, options);
    const bytes = new Uint8Array(length);
    bytes.set(head.subarray(start));
    bytes.set(tail.subarray(0, length - (BLOCK_BYTES - start)), BLOCK_BYTES - start);
    return bytes;
  }

  async #block(file: StorageKey, index: number, size: number, options: StorageOptions): Promise<Uint8Array> {
    const name = `${file}:${index}`;
    const start = index * BLOCK_BYTES;
    const kept = this.#blocks.get(name);
    const block =
      kept ?? (await readExact(this.#storage, file, start, Math.min(BLOCK_BYTES, size - start), options));
    this.#blocks.delete(name);
    this.#blocks.set(name, block);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= KEPT_BLOCKS) break;
      this.#blocks.delete(oldest);
    }
    return block;
  }
}
