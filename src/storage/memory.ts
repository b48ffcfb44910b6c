import { checkByteCount, checkRange, clampRange } from "./byte-range.js";
import {
  alreadyExists,
  directoryInTheWay,
  fileInTheWay,
  movedIntoItself,
  notAFile,
  nothingThere,
} from "./refusals.js";
import type {
  ByteRange,
  FileSink,
  StorageEntry,
  StorageKey,
  StorageOptions,
  SyncOptions,
  WritableStorage,
  WriteOptions,
} from "./storage.js";
import { fileOf, fileParts, keyParts } from "./storage-key.js";

type MemoryFile = { readonly kind: "file"; bytes: Uint8Array };
type MemoryDirectory = { readonly kind: "directory"; readonly children: Map<string, MemoryNode> };
type MemoryNode = MemoryFile | MemoryDirectory;

/**
 * Files in memory, with the semantics of a local folder: a directory that was made, by itself or for a file,
 * stays until it is removed. What {@link get} gives is the stored array itself; what {@link set} takes is copied.
 * Nothing in it is durable, whatever it is told.
 * It says `atomic` for `set` and `rename`, because no call of it waits between two changes.
 *
 * @example const storage = new MemoryStorage([["/a/b.json", new TextEncoder().encode("{}")]]);
 */
export class MemoryStorage implements WritableStorage {
  readonly atomic = { set: true, rename: true } as const;
  /** All files, shared with the storages that {@link within} made. */
  #top: MemoryDirectory = newDirectory();
  /** Where below the top this storage is rooted. */
  #base: readonly string[] = [];

  /**
   * @param files Values by key, taken over without a copy: a `Map`, also one that zarrita takes as a store.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a key that is none, or that lies below another one's file.
   */
  constructor(files: Iterable<readonly [string, Uint8Array]> = []) {
    for (const [key, bytes] of files) this.#put(key, bytes);
  }

  get name(): string {
    return ["memory", ...this.#base].join("/");
  }

  /** All files, by key. The arrays are the stored ones. */
  files(): Map<StorageKey, Uint8Array> {
    const files = new Map<StorageKey, Uint8Array>();
    const found: { key: StorageKey; node: MemoryNode | undefined }[] = [{ key: "/", node: this.#find([]) }];
    for (const { key, node } of found) {
      if (node?.kind === "file") files.set(key, node.bytes);
      else if (node !== undefined) {
        const prefix: StorageKey = key === "/" ? key : `${key}/`;
        for (const [name, child] of node.children) found.push({ key: `${prefix}${name}`, node: child });
      }
    }
    return files;
  }

  /** @throws {OrbaxError} `DATA_LOSS` if the key is a directory's. */
  async get(key: StorageKey, options?: StorageOptions): Promise<Uint8Array | undefined> {
    options?.signal?.throwIfAborted();
    return this.#file(key)?.bytes;
  }

  async getRange(
    key: StorageKey,
    range: ByteRange,
    options?: StorageOptions,
  ): Promise<Uint8Array | undefined> {
    options?.signal?.throwIfAborted();
    checkRange(range);
    const bytes = this.#file(key)?.bytes;
    if (bytes === undefined) return undefined;
    const { offset, length } = clampRange(range, bytes.length);
    return bytes.subarray(offset, offset + length);
  }

  async readInto(
    key: StorageKey,
    offset: number,
    target: Uint8Array,
    options?: StorageOptions,
  ): Promise<number | undefined> {
    options?.signal?.throwIfAborted();
    checkByteCount(offset, "offset");
    const bytes = this.#file(key)?.bytes.subarray(offset, offset + target.length);
    if (bytes !== undefined) target.set(bytes);
    return bytes?.length;
  }

  async size(key: StorageKey, options?: StorageOptions): Promise<number | undefined> {
    options?.signal?.throwIfAborted();
    return this.#file(key)?.bytes.length;
  }

  async has(key: StorageKey, options?: StorageOptions): Promise<boolean> {
    options?.signal?.throwIfAborted();
    return this.#find(keyParts(key)) !== undefined;
  }

  async list(directory: StorageKey, options?: StorageOptions): Promise<StorageEntry[] | undefined> {
    options?.signal?.throwIfAborted();
    const node = this.#find(keyParts(directory));
    if (node?.kind !== "directory") return undefined;
    return [...node.children].map(([name, { kind }]) => ({ name, kind }));
  }

  within(directory: StorageKey): MemoryStorage {
    const inner = new MemoryStorage();
    inner.#base = [...this.#base, ...keyParts(directory)];
    inner.#top = this.#top;
    return inner;
  }

  async set(key: StorageKey, value: Uint8Array, options?: WriteOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    this.#put(key, new Uint8Array(value)); // slice() of a Buffer would be a view
  }

  async create(key: StorageKey, options?: WriteOptions): Promise<FileSink> {
    options?.signal?.throwIfAborted();
    const { parent, name } = this.#makeParent(key);
    if (parent.children.has(name)) throw alreadyExists(fileOf(key));
    const file: MemoryFile = { kind: "file", bytes: new Uint8Array(0) };
    parent.children.set(name, file);
    return new MemoryFileSink(file);
  }

  async makeDirectory(directory: StorageKey): Promise<void> {
    const parts = keyParts(directory);
    if (this.#find(parts)?.kind === "file") throw alreadyExists(fileOf(directory));
    this.#makeDirectories(parts, fileOf(directory));
  }

  async delete(key: StorageKey): Promise<void> {
    const { parent, name } = this.#parentOf(key);
    parent?.children.delete(name);
  }

  async rename(from: StorageKey, to: StorageKey): Promise<void> {
    const source = this.#parentOf(from);
    const target = this.#parentOf(to);
    const node = source.parent?.children.get(source.name);
    if (node === undefined) throw nothingThere(fileOf(from), "file or directory");
    if (target.parent?.children.has(target.name) === true) throw alreadyExists(fileOf(to));
    if (to.startsWith(`${from}/`)) throw movedIntoItself(fileOf(from), fileOf(to));
    if (target.parent === undefined) throw nothingThere(fileOf(to), "directory");
    source.parent?.children.delete(source.name);
    target.parent.children.set(target.name, node);
  }

  async sync(directory: StorageKey, _options?: SyncOptions): Promise<void> {
    if (this.#find(keyParts(directory))?.kind === "directory") return;
    throw nothingThere(fileOf(directory), "directory");
  }

  #find(parts: readonly string[]): MemoryNode | undefined {
    let node: MemoryNode | undefined = this.#top;
    for (const part of [...this.#base, ...parts]) {
      if (node?.kind !== "directory") return undefined;
      node = node.children.get(part);
    }
    return node;
  }

  #file(key: StorageKey): MemoryFile | undefined {
    const node = this.#find(fileParts(key));
    if (node?.kind === "directory") throw notAFile(fileOf(key), "a directory");
    return node;
  }

  /** Where the key's own name belongs; without `parent` if that directory is missing. */
  #parentOf(key: StorageKey): { parent: MemoryDirectory | undefined; name: string } {
    const parts = fileParts(key);
    const name = parts.pop() ?? "";
    const parent = this.#find(parts);
    return { parent: parent?.kind === "directory" ? parent : undefined, name };
  }

  #makeParent(key: string): { parent: MemoryDirectory; name: string } {
    const parts = fileParts(key);
    const name = parts.pop() ?? "";
    return { parent: this.#makeDirectories(parts, fileOf(key)), name };
  }

  #makeDirectories(parts: readonly string[], file: string): MemoryDirectory {
    let directory = this.#top;
    for (const part of [...this.#base, ...parts]) {
      const child: MemoryNode = directory.children.get(part) ?? newDirectory();
      if (child.kind === "file") throw fileInTheWay(file);
      directory.children.set(part, child);
      directory = child;
    }
    return directory;
  }

  #put(key: string, bytes: Uint8Array): void {
    const { parent, name } = this.#makeParent(key);
    if (parent.children.get(name)?.kind === "directory") throw directoryInTheWay(fileOf(key));
    // A new node, so that a sink that is still open on the old file cannot write into this one.
    parent.children.set(name, { kind: "file", bytes });
  }
}

function newDirectory(): MemoryDirectory {
  return { kind: "directory", children: new Map() };
}

class MemoryFileSink implements FileSink {
  readonly #file: MemoryFile;
  #parts: Uint8Array[] | undefined = [];

  constructor(file: MemoryFile) {
    this.#file = file;
  }

  async write(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#parts === undefined) throw new Error("write to a closed file");
    for (const part of parts) this.#parts.push(new Uint8Array(part));
  }

  async close(): Promise<void> {
    if (this.#parts === undefined) return;
    const bytes = new Uint8Array(this.#parts.reduce((length, part) => length + part.length, 0));
    let offset = 0;
    for (const part of this.#parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    this.#file.bytes = bytes;
    this.#parts = undefined;
  }

  async abort(): Promise<void> {
    this.#parts = undefined;
  }
}
