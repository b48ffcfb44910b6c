import { MemoryStorage } from "../../src/storage/memory.js";
import type {
  FileSink,
  StorageEntry,
  StorageKey,
  StorageOptions,
  SyncOptions,
  WritableStorage,
  WriteOptions,
} from "../../src/storage/storage.js";
import { joinKey } from "../../src/storage/storage-key.js";

/** Called before a change, with what a power cut would take at that moment. */
export type BeforeChange = (change: string, atRisk: readonly string[]) => void;

/**
 * A storage that keeps account of what a power cut would take: `bytes <key>` of a file that was not synced, `name
 * <key>` of a file or directory whose directory was not synced.
 */
export class DurabilityLedger implements WritableStorage {
  readonly atomic = { set: true, rename: true } as const;
  readonly #files: MemoryStorage;
  readonly #base: StorageKey;
  readonly #before: BeforeChange;
  readonly #atRisk: Set<string>;

  constructor(
    before: BeforeChange = () => undefined,
    files = new MemoryStorage(),
    base: StorageKey = "/",
    atRisk = new Set<string>(),
  ) {
    this.#before = before;
    this.#files = files;
    this.#base = base;
    this.#atRisk = atRisk;
  }

  /** What a power cut would take now, sorted. */
  get atRisk(): string[] {
    return [...this.#atRisk].sort();
  }

  #key(key: StorageKey): StorageKey {
    return joinKey(this.#base, key);
  }

  get(key: StorageKey, options?: StorageOptions): Promise<Uint8Array | undefined> {
    return this.#files.get(this.#key(key), options);
  }

  size(key: StorageKey, options?: StorageOptions): Promise<number | undefined> {
    return this.#files.size(this.#key(key), options);
  }

  has(key: StorageKey, options?: StorageOptions): Promise<boolean> {
    return this.#files.has(this.#key(key), options);
  }

  list(directory: StorageKey, options?: StorageOptions): Promise<readonly StorageEntry[] | undefined> {
    return this.#files.list(this.#key(directory), options);
  }

  within(directory: StorageKey): DurabilityLedger {
    return new DurabilityLedger(this.#before, this.#files, this.#key(directory), this.#atRisk);
  }

  async set(key: StorageKey, value: Uint8Array, options?: WriteOptions): Promise<void> {
    const path = this.#key(key);
    this.#before(`set ${path}`, this.atRisk);
    await this.#noteNewNames(path);
    await this.#files.set(path, value, options);
    if (options?.durable === false) this.#atRisk.add(`bytes ${path}`);
  }

  async create(key: StorageKey, options?: WriteOptions): Promise<FileSink> {
    const path = this.#key(key);
    this.#before(`create ${path}`, this.atRisk);
    await this.#noteNewNames(path);
    const sink = await this.#files.create(path, options);
    this.#atRisk.add(`bytes ${path}`);
    return {
      write: (parts) => sink.write(parts),
      abort: () => sink.abort(),
      close: async () => {
        await sink.close();
        if (options?.durable !== false) this.#atRisk.delete(`bytes ${path}`);
      },
    };
  }

  async makeDirectory(directory: StorageKey): Promise<void> {
    const path = this.#key(directory);
    this.#before(`mkdir ${path}`, this.atRisk);
    await this.#noteNewNames(path);
    await this.#files.makeDirectory(path);
  }

  async delete(key: StorageKey): Promise<void> {
    const path = this.#key(key);
    this.#before(`delete ${path}`, this.atRisk);
    await this.#files.delete(path);
    for (const risk of this.#below(path, "itself too")) this.#atRisk.delete(risk);
  }

  async rename(from: StorageKey, to: StorageKey): Promise<void> {
    const [source, target] = [this.#key(from), this.#key(to)];
    this.#before(`rename ${source} ${target}`, this.atRisk);
    await this.#files.rename(source, target);
    for (const risk of this.#below(source, "itself too")) {
      this.#atRisk.delete(risk);
      this.#atRisk.add(risk.replace(source, target));
    }
    this.#atRisk.add(`name ${target}`);
  }

  async sync(directory: StorageKey, options?: SyncOptions): Promise<void> {
    const path = this.#key(directory);
    await this.#files.sync(path, options);
    const names = [...this.#atRisk].filter(
      (risk) => risk.startsWith("name ") && parentOf(pathOf(risk)) === path,
    );
    for (const risk of options?.recursive === true ? this.#below(path) : names) this.#atRisk.delete(risk);
  }

  /** The names that writing at `path` adds to directories. */
  async #noteNewNames(path: StorageKey): Promise<void> {
    for (let key = path; key !== "/"; key = parentOf(key)) {
      if (await this.#files.has(key)) return;
      this.#atRisk.add(`name ${key}`);
    }
  }

  #below(directory: StorageKey, itself?: "itself too"): string[] {
    const prefix = directory === "/" ? "/" : `${directory}/`;
    return [...this.#atRisk].filter((risk) => {
      const path = pathOf(risk);
      return path.startsWith(prefix) || (itself !== undefined && path === directory);
    });
  }
}

function pathOf(risk: string): string {
  return risk.slice(risk.indexOf(" ") + 1);
}

function parentOf(key: string): StorageKey {
  return `/${key.split("/").slice(1, -1).join("/")}`;
}
