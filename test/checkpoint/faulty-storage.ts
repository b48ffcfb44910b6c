import type {
  FileSink,
  ReadableStorage,
  StorageEntry,
  StorageKey,
  StorageOptions,
  SyncOptions,
  WritableStorage,
  WriteOptions,
} from "../../src/storage/storage.js";

/**
 * What happens at the `at`-th call that changes something, counted from 1.
 *
 * - `stop`: it is done, and nothing after it: the process was killed.
 * - `stop within`: it is done in part, and nothing after it.
 * - `fail`: it throws without having done anything; the calls after it work.
 * - `fail on`: it and all after it throw: the disk is gone.
 */
export type Fault = { readonly kind: "stop" | "stop within" | "fail" | "fail on"; readonly at: number };

/** What every call throws once the process is dead. */
export const KILLED: Error = new Error("the process was killed");

/** What a call throws that was made to fail. */
export const FAULT: Error = new Error("made to fail");

/** Called before a change is made; `change` names it, e.g. `rename /a /b`. */
export type BeforeChange = (change: string) => Promise<void> | void;

/** What all storages below one {@link faulty} storage share. */
class Course {
  readonly #fault: Fault | undefined;
  readonly #before: BeforeChange;
  changes = 0;
  #dead = false;

  constructor(fault: Fault | undefined, before: BeforeChange) {
    this.#fault = fault;
    this.#before = before;
  }

  alive(): void {
    if (this.#dead) throw KILLED;
  }

  /** @param partly What is done of the change if the process dies within it. */
  async change<T>(what: string, whole: () => Promise<T>, partly: () => Promise<void>): Promise<T> {
    this.alive();
    await this.#before(what);
    this.changes++;
    const { kind, at } = this.#fault ?? { kind: "stop", at: 0 };
    const isNow = this.changes === at;
    if ((kind === "fail" && isNow) || (kind === "fail on" && at > 0 && this.changes >= at)) throw FAULT;
    if (kind === "stop within" && isNow) {
      this.#dead = true;
      await partly();
      throw KILLED;
    }
    const result = await whole();
    if (kind === "stop" && isNow) this.#dead = true;
    this.alive();
    return result;
  }
}

/** A storage whose process can be killed, or whose calls can fail, at a chosen change. */
export type FaultyStorage = { readonly storage: WritableStorage; readonly changes: () => number };

/** Wraps a storage. Also in `within` storages every call counts. */
export function faulty(
  inner: WritableStorage,
  fault?: Fault,
  before: BeforeChange = () => undefined,
): FaultyStorage {
  const course = new Course(fault, before);
  return { storage: new Wrapped(inner, course, ""), changes: () => course.changes };
}

const nothing = async () => undefined;

class Wrapped implements WritableStorage {
  readonly #inner: WritableStorage;
  readonly #course: Course;
  readonly #prefix: string;

  constructor(inner: WritableStorage, course: Course, prefix: string) {
    this.#inner = inner;
    this.#course = course;
    this.#prefix = prefix;
  }

  get name(): string {
    return this.#inner.name ?? "";
  }

  get atomic(): WritableStorage["atomic"] {
    return this.#inner.atomic;
  }

  async get(key: StorageKey, options?: StorageOptions): Promise<Uint8Array | undefined> {
    this.#course.alive();
    return this.#inner.get(key, options);
  }

  async size(key: StorageKey, options?: StorageOptions): Promise<number | undefined> {
    this.#course.alive();
    return this.#inner.size(key, options);
  }

  async has(key: StorageKey, options?: StorageOptions): Promise<boolean> {
    this.#course.alive();
    return this.#inner.has(key, options);
  }

  async list(directory: StorageKey, options?: StorageOptions): Promise<readonly StorageEntry[] | undefined> {
    this.#course.alive();
    return this.#inner.list(directory, options);
  }

  within(directory: StorageKey): WritableStorage {
    return new Wrapped(this.#inner.within(directory), this.#course, this.#prefix + directory);
  }

  set(key: StorageKey, value: Uint8Array, options?: WriteOptions): Promise<void> {
    return this.#change(`set ${this.#prefix}${key}`, () => this.#inner.set(key, value, options));
  }

  async create(key: StorageKey, options?: WriteOptions): Promise<FileSink> {
    const create = () => this.#inner.create(key, options);
    const sink = await this.#course.change(`create ${this.#prefix}${key}`, create, nothing);
    return new WrappedSink(sink, this.#course, this.#prefix + key);
  }

  makeDirectory(directory: StorageKey): Promise<void> {
    return this.#change(`mkdir ${this.#prefix}${directory}`, () => this.#inner.makeDirectory(directory));
  }

  delete(key: StorageKey): Promise<void> {
    return this.#course.change(
      `delete ${this.#prefix}${key}`,
      () => this.#inner.delete(key),
      () => deleteFirstFile(this.#inner, key),
    );
  }

  rename(from: StorageKey, to: StorageKey): Promise<void> {
    return this.#change(`rename ${this.#prefix}${from} ${this.#prefix}${to}`, () =>
      this.#inner.rename(from, to),
    );
  }

  sync(directory: StorageKey, options?: SyncOptions): Promise<void> {
    return this.#change(`sync ${this.#prefix}${directory}`, () => this.#inner.sync(directory, options));
  }

  #change(what: string, whole: () => Promise<void>): Promise<void> {
    return this.#course.change(what, whole, nothing);
  }
}

class WrappedSink implements FileSink {
  readonly #inner: FileSink;
  readonly #course: Course;
  readonly #key: string;

  constructor(inner: FileSink, course: Course, key: string) {
    this.#inner = inner;
    this.#course = course;
    this.#key = key;
  }

  write(parts: readonly Uint8Array[]): Promise<void> {
    const [first] = parts;
    return this.#course.change(
      `write ${this.#key}`,
      () => this.#inner.write(parts),
      async () => {
        if (first !== undefined) await this.#inner.write([first.subarray(0, first.length / 2)]);
        await this.#inner.close();
      },
    );
  }

  close(): Promise<void> {
    return this.#course.change(`close ${this.#key}`, () => this.#inner.close(), nothing);
  }

  async abort(): Promise<void> {
    this.#course.alive();
    await this.#inner.abort();
  }
}

/** What a removal that is cut short may have done: one file of the directory is gone. */
async function deleteFirstFile(storage: WritableStorage, directory: StorageKey): Promise<void> {
  const [first] = (await filesBelow(storage, directory)).keys();
  if (first !== undefined) await storage.delete(first);
}

/** All files below a directory, by key, sorted; none if it is a file or missing. */
export async function filesBelow(
  storage: ReadableStorage,
  directory: StorageKey,
): Promise<Map<StorageKey, Uint8Array>> {
  const files = new Map<StorageKey, Uint8Array>();
  const entries = (await storage.list?.(directory)) ?? [];
  for (const { name, kind } of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const key: StorageKey = directory === "/" ? `/${name}` : `${directory}/${name}`;
    if (kind === "directory") {
      for (const [below, bytes] of await filesBelow(storage, key)) files.set(below, bytes);
    } else {
      files.set(key, (await storage.get(key)) ?? new Uint8Array(0));
    }
  }
  return files;
}
