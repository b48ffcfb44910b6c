/** A key below a storage's root: `/` followed by parts joined with `/`. zarrita's `AbsolutePath`. */
export type StorageKey = `/${string}`;

/** Part of a value: from an offset, or the last bytes. zarrita's `RangeQuery`. */
export type ByteRange =
  | { readonly offset: number; readonly length: number }
  | { readonly suffixLength: number };

/** Options of every storage call. An aborted signal rethrows its reason. */
export type StorageOptions = { readonly signal?: AbortSignal | undefined };

/** Options of every call that writes a file. */
export type WriteOptions = StorageOptions & {
  /**
   * Whether the bytes survive a crash of the machine once the file is written. `false` saves that wait where many
   * files are made durable together, by {@link WritableStorage.sync} with `recursive`. Only for files below a
   * directory that nobody looks into yet: a reader may see a part of a new value. Default: true.
   */
  readonly durable?: boolean | undefined;
};

/** Options of {@link WritableStorage.sync}. */
export type SyncOptions = {
  /** Makes everything below durable, too: files, directories and their entries. Default: false. */
  readonly recursive?: boolean | undefined;
};

/** A child of a directory, by {@link ReadableStorage.list}. */
export type StorageEntry = { readonly name: string; readonly kind: "file" | "directory" };

/**
 * Where bytes lie. The required part is zarrita's store interface, so that any zarrita store is a source as it
 * is. A missing value is `undefined`, never an error. Values may be views of larger buffers: copy before you
 * change one.
 */
export interface ReadableStorage {
  /** The whole value, or `undefined` if there is no such file. */
  get(key: StorageKey, options?: StorageOptions): Promise<Uint8Array | undefined> | Uint8Array | undefined;
  /**
   * A part of the value, fewer bytes where the value ends earlier. A storage that tells sizes allocates no more than
   * there is, however much is asked for, and gives no bytes of an empty value.
   */
  getRange?(key: StorageKey, range: ByteRange, options?: StorageOptions): Promise<Uint8Array | undefined>;
  /** Reads `target.length` bytes from `offset` straight into `target`; returns how many there were. */
  readInto?(
    key: StorageKey,
    offset: number,
    target: Uint8Array,
    options?: StorageOptions,
  ): Promise<number | undefined>;
  /** Bytes of a file, `undefined` if there is none. */
  size?(key: StorageKey, options?: StorageOptions): Promise<number | undefined>;
  /** Whether there is a file or directory. */
  has?(key: StorageKey, options?: StorageOptions): Promise<boolean>;
  /** Direct children of a directory, in any order; `undefined` if it is no directory or not there. */
  list?(directory: StorageKey, options?: StorageOptions): Promise<readonly StorageEntry[] | undefined>;
  /** The same kind of storage, rooted at a directory below this one. */
  within?(directory: StorageKey): ReadableStorage;
  /** How to call this storage in messages: a path or an address. */
  readonly name?: string;
}

/** One new file being written, front to back. */
export interface FileSink {
  /** Appends parts in order, without joining them. */
  write(parts: readonly Uint8Array[]): Promise<void>;
  /** Makes the bytes durable (fsync where there is one) unless that was left to a later sync; closes the file. */
  close(): Promise<void>;
  /** Closes the file without any promise about its content. */
  abort(): Promise<void>;
}

/** A {@link ReadableStorage} that can be written, and that knows its directories. */
export interface WritableStorage extends ReadableStorage {
  /** Which operations appear at once to every other reader. */
  readonly atomic: { readonly set: boolean; readonly rename: boolean };
  size(key: StorageKey, options?: StorageOptions): Promise<number | undefined>;
  has(key: StorageKey, options?: StorageOptions): Promise<boolean>;
  list(directory: StorageKey, options?: StorageOptions): Promise<readonly StorageEntry[] | undefined>;
  within(directory: StorageKey): WritableStorage;
  /** Writes a whole file, durable by default, making its parent directories. */
  set(key: StorageKey, value: Uint8Array, options?: WriteOptions): Promise<void>;
  /** Starts a new file, making its parent directories. Fails if it exists. */
  create(key: StorageKey, options?: WriteOptions): Promise<FileSink>;
  /** Makes a directory and its parents. No error if it is there. */
  makeDirectory(directory: StorageKey): Promise<void>;
  /** Removes a file, or a directory with all it holds. No error if it is missing. */
  delete(key: StorageKey): Promise<void>;
  /** Moves a file or directory to a name that is free. */
  rename(from: StorageKey, to: StorageKey): Promise<void>;
  /** Makes a directory's own entries durable (fsync of the directory where there is one), or all below it. */
  sync(directory: StorageKey, options?: SyncOptions): Promise<void>;
}
