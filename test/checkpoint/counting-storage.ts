import type {
  ByteRange,
  ReadableStorage,
  StorageEntry,
  StorageKey,
  StorageOptions,
} from "../../src/storage/storage.js";

/** One read of bytes: which file, how many bytes came, and whether straight into the caller's memory. */
export type Read = {
  readonly key: string;
  readonly bytes: number;
  readonly into: Uint8Array | undefined;
};

/** A storage that writes down every read. Sizes and listings are no reads. */
export class CountingStorage implements ReadableStorage {
  readonly #inner: ReadableStorage;
  readonly #prefix: string;
  readonly reads: Read[];
  readonly getRange?: NonNullable<ReadableStorage["getRange"]>;
  readonly readInto?: NonNullable<ReadableStorage["readInto"]>;
  readonly size?: NonNullable<ReadableStorage["size"]>;
  readonly list?: NonNullable<ReadableStorage["list"]>;

  /** @param only Without `list`, `size` and `readInto`: a zarrita store. */
  constructor(
    inner: ReadableStorage,
    { only = false, prefix = "", reads = [] }: { only?: boolean; prefix?: string; reads?: Read[] } = {},
  ) {
    this.#inner = inner;
    this.#prefix = prefix;
    this.reads = reads;
    this.getRange = async (key: StorageKey, range: ByteRange, options?: StorageOptions) =>
      this.#note(key, await inner.getRange?.(key, range, options));
    if (only) return;
    this.size = async (key: StorageKey, options?: StorageOptions) => inner.size?.(key, options);
    this.list = async (
      key: StorageKey,
      options?: StorageOptions,
    ): Promise<readonly StorageEntry[] | undefined> => inner.list?.(key, options);
    this.readInto = async (key: StorageKey, offset: number, target: Uint8Array, options?: StorageOptions) => {
      const bytes = await inner.readInto?.(key, offset, target, options);
      this.reads.push({ key: this.#prefix + key, bytes: bytes ?? 0, into: target });
      return bytes;
    };
  }

  async get(key: StorageKey, options?: StorageOptions): Promise<Uint8Array | undefined> {
    return this.#note(key, await this.#inner.get(key, options));
  }

  #note(key: StorageKey, bytes: Uint8Array | undefined): Uint8Array | undefined {
    this.reads.push({ key: this.#prefix + key, bytes: bytes?.length ?? 0, into: undefined });
    return bytes;
  }

  within(directory: StorageKey): ReadableStorage {
    const inner = this.#inner.within?.(directory);
    if (inner === undefined) throw new Error("the inner storage cannot be rooted elsewhere");
    return new CountingStorage(inner, {
      only: this.list === undefined,
      prefix: this.#prefix + directory,
      reads: this.reads,
    });
  }

  /** Files that were read since the last call, in order. */
  takeKeys(): string[] {
    return this.reads.splice(0).map(({ key }) => key);
  }
}
