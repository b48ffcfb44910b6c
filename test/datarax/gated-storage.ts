import { MemoryStorage } from "../../src/storage/memory.js";
import type {
  FileSink,
  StorageEntry,
  StorageKey,
  StorageOptions,
  WritableStorage,
} from "../../src/storage/storage.js";

/** What all storages below one {@link GatedStorage} share. */
type Gate = {
  /** Called before each write with its key; a write goes on when the promise is fulfilled, and fails as it does. */
  pass: (operation: string, key: StorageKey) => Promise<void>;
};

/** A storage in memory whose writes wait, or fail, as a test says. Reads always work. */
export class GatedStorage implements WritableStorage {
  readonly atomic = { set: true, rename: true } as const;
  readonly #inner: MemoryStorage;
  readonly #gate: Gate;

  constructor(inner = new MemoryStorage(), gate: Gate = { pass: async () => undefined }) {
    this.#inner = inner;
    this.#gate = gate;
  }

  get name(): string {
    return this.#inner.name;
  }

  /** Lets writes wait until the function that comes back is called. */
  hold(): () => void {
    const release: (() => void)[] = [];
    const promise = new Promise<void>((resolve) => {
      release.push(resolve);
    });
    this.#gate.pass = () => promise;
    return () => {
      this.mend();
      for (const releaseNow of release) releaseNow();
    };
  }

  /** Lets the next write of a kind fail. */
  failNext(error: Error, operation: string): void {
    this.fail(error, (current) => {
      if (current !== operation) return false;
      this.mend();
      return true;
    });
  }

  /** Lets every write fail that `when` picks, from now on. */
  fail(error: Error, when: (operation: string, key: StorageKey) => boolean = () => true): void {
    this.#gate.pass = async (operation, key) => {
      if (when(operation, key)) throw error;
    };
  }

  /** Writes work again. */
  mend(): void {
    this.#gate.pass = async () => undefined;
  }

  /** Names in the top directory, sorted. */
  async names(): Promise<string[]> {
    return ((await this.list("/")) ?? []).map(({ name }) => name).sort();
  }

  get(key: StorageKey, options?: StorageOptions): Promise<Uint8Array | undefined> {
    return this.#inner.get(key, options);
  }

  size(key: StorageKey, options?: StorageOptions): Promise<number | undefined> {
    return this.#inner.size(key, options);
  }

  has(key: StorageKey, options?: StorageOptions): Promise<boolean> {
    return this.#inner.has(key, options);
  }

  list(directory: StorageKey, options?: StorageOptions): Promise<StorageEntry[] | undefined> {
    return this.#inner.list(directory, options);
  }

  within(directory: StorageKey): GatedStorage {
    return new GatedStorage(this.#inner.within(directory), this.#gate);
  }

  async set(key: StorageKey, value: Uint8Array, options?: StorageOptions): Promise<void> {
    await this.#gate.pass("set", key);
    await this.#inner.set(key, value, options);
  }

  async create(key: StorageKey, options?: StorageOptions): Promise<FileSink> {
    await this.#gate.pass("create", key);
    return this.#inner.create(key, options);
  }

  async makeDirectory(directory: StorageKey): Promise<void> {
    await this.#gate.pass("makeDirectory", directory);
    await this.#inner.makeDirectory(directory);
  }

  async delete(key: StorageKey): Promise<void> {
    await this.#gate.pass("delete", key);
    await this.#inner.delete(key);
  }

  async rename(from: StorageKey, to: StorageKey): Promise<void> {
    await this.#gate.pass("rename", from);
    await this.#inner.rename(from, to);
  }

  async sync(directory: StorageKey): Promise<void> {
    await this.#inner.sync(directory);
  }
}
