import { type Dirent, lstatSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { invalidArgument, ioFailure, isOrbaxError, OrbaxError } from "../errors.js";
import { checkByteCount, checkRange, clampRange } from "./byte-range.js";
import { countBusy, turnOfOthers } from "./event-loop.js";
import { type OpenFile, openFile, readAt, readNew, requireFile } from "./local-file.js";
import type { LocalHandle } from "./local-handle.js";
import { removePath } from "./local-remove.js";
import { isMissing, LocalRoot, localParts, orMissing, pathBelow, systemCode } from "./local-root.js";
import { createFile, createUnlessTaken, LocalFileSink, writeWhole } from "./local-sink.js";
import { syncDirectory, syncTree } from "./local-sync.js";
import { alreadyExists, directoryInTheWay, movedIntoItself, nothingThere } from "./refusals.js";
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
import { fileOf, keyParts } from "./storage-key.js";

/** How a {@link LocalStorage} treats links. */
export type LocalStorageOptions = {
  /** Reads and writes also through symbolic links that lead outside the folder. Default: false. */
  readonly followLinks?: boolean;
};

/**
 * A local folder. It need not exist before the first write.
 *
 * Links: the folder itself may be one. Below it, a symbolic link that leads outside is refused with
 * `INVALID_ARGUMENT` (unless `followLinks`) by all that reads, lists or writes through it; `has` and `list` of the
 * directory that holds it still show what it points to, `delete` and `rename` take the link itself, and
 * {@link within} opens it. A link that leads nowhere is not there.
 *
 * Besides: reads of something that is no regular file (a directory, FIFO, socket, device) throw `DATA_LOSS`, what
 * the system refuses throws `IO` with its error as `cause`, malformed keys, offsets and lengths throw
 * `INVALID_ARGUMENT`.
 *
 * Inside its asynchronous methods, what is short is done by the synchronous calls of the system: names, and values
 * up to 64 KiB. A checkpoint of an iterator is dozens of such calls of 2 to 10 µs, and a promise around each costs
 * ten times as much. What is long leaves the event loop free: larger values, making bytes durable, removing many
 * files; and after 10 ms of short calls in a row everything else in the process gets its turn.
 */
export class LocalStorage implements WritableStorage {
  /** The folder as it was given. */
  readonly name: string;
  readonly atomic = { set: true, rename: true } as const;
  readonly #options: LocalStorageOptions;
  readonly #root: LocalRoot;

  /**
   * @param root Path, resolved against the working directory, or `file:` URL of a folder.
   * @throws {OrbaxError} `INVALID_ARGUMENT` if it is neither.
   */
  constructor(root: string | URL, options: LocalStorageOptions = {}) {
    this.name = pathOf(root);
    this.#options = options;
    this.#root = new LocalRoot(this.name, options.followLinks ?? false);
  }

  async get(key: StorageKey, options?: StorageOptions): Promise<Uint8Array | undefined> {
    return this.#read(key, options, ({ handle, size }) =>
      readNew(handle, { offset: 0, length: size }, key, options?.signal),
    );
  }

  async getRange(
    key: StorageKey,
    range: ByteRange,
    options?: StorageOptions,
  ): Promise<Uint8Array | undefined> {
    checkRange(range);
    return this.#read(key, options, ({ handle, size }) =>
      readNew(handle, clampRange(range, size), key, options?.signal),
    );
  }

  async readInto(
    key: StorageKey,
    offset: number,
    target: Uint8Array,
    options?: StorageOptions,
  ): Promise<number | undefined> {
    checkByteCount(offset, "offset");
    return this.#read(key, options, ({ handle, size }) => {
      const { length } = clampRange({ offset, length: target.length }, size);
      return readAt(handle, offset, target.subarray(0, length), options?.signal);
    });
  }

  async size(key: StorageKey, options?: StorageOptions): Promise<number | undefined> {
    return attemptRead(key, options, () => {
      const path = this.#root.entry(key);
      if (path === undefined) return undefined;
      let stats = lstatSync(path);
      if (stats.isSymbolicLink()) {
        const real = this.#root.followLink(path, key);
        if (real === undefined) return undefined;
        stats = statSync(real);
      }
      requireFile(stats, key);
      return stats.size;
    });
  }

  async has(key: StorageKey, options?: StorageOptions): Promise<boolean> {
    const found = await attemptRead(key, options, () => {
      const path = keyParts(key).length === 0 ? this.#root.path : this.#root.entry(key);
      return path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
    });
    return found !== undefined;
  }

  async list(directory: StorageKey, options?: StorageOptions): Promise<StorageEntry[] | undefined> {
    return attemptRead(directory, options, () => {
      const path = this.#root.directory(directory);
      if (path === undefined) return undefined;
      const entries = readdirSync(path, { withFileTypes: true }).map((child) => entryOf(path, child));
      return entries.filter((entry) => entry !== undefined);
    });
  }

  /**
   * A storage rooted at a directory below, with the same options. Its root is trusted as every root is: a step
   * directory that is a link to another disk can be opened this way.
   */
  within(directory: StorageKey): LocalStorage {
    return new LocalStorage(pathBelow(this.name, localParts(directory, keyParts)), this.#options);
  }

  /**
   * The folder that holds this one, and this one's name in it.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a root directory, which nothing holds.
   */
  parent(): { readonly storage: LocalStorage; readonly name: string } {
    const path = resolve(this.name);
    const name = basename(path);
    if (name === "")
      throw invalidArgument(`${this.name}: expected a folder in a folder`, { file: this.name });
    return { storage: new LocalStorage(dirname(path), this.#options), name };
  }

  /**
   * Writes beside the file under another name, then replaces it, also where it is a link. With `durable: false` a name
   * that is free is written straight.
   */
  async set(key: StorageKey, value: Uint8Array, options?: WriteOptions): Promise<void> {
    await attempt(key, options, async () => {
      const durable = options?.durable ?? true;
      const signal = options?.signal;
      const straight = durable ? undefined : await this.#inDirectory(key, createUnlessTaken);
      if (straight !== undefined) {
        await writeWhole(straight, value, { file: fileOf(key), durable, signal });
        return;
      }
      const { target, created } = await this.#inDirectory(key, (path) => ({
        target: path,
        created: createFile(pathBelow(dirname(path), [`.orbax-ts-${crypto.randomUUID()}.tmp`])),
      }));
      await writeWhole(created, value, { file: fileOf(key), durable, signal });
      try {
        renameSync(created.path, target);
      } catch (error) {
        rmSync(created.path, { force: true });
        throw isDirectory(target) ? directoryInTheWay(fileOf(key), error) : error;
      }
    });
  }

  async create(key: StorageKey, options?: WriteOptions): Promise<FileSink> {
    return attempt(key, options, async () => {
      const durable = options?.durable ?? true;
      const created = await this.#inDirectory(key, createUnlessTaken);
      if (created === undefined) throw alreadyExists(fileOf(key));
      return new LocalFileSink(created.handle, { file: fileOf(key), durable });
    });
  }

  async makeDirectory(directory: StorageKey): Promise<void> {
    await attempt(directory, undefined, () => this.#root.makeDirectory(directory));
  }

  async delete(key: StorageKey): Promise<void> {
    await attempt(key, undefined, async () => {
      const path = this.#root.entry(key);
      if (path === undefined) return;
      try {
        await removePath(path);
      } finally {
        this.#root.forget();
      }
    });
  }

  /**
   * One rename of the system, so that it appears at once; the directory of `to` must be there. Another process that
   * makes `to` at the same moment is not noticed if it makes a file or an empty directory.
   */
  async rename(from: StorageKey, to: StorageKey): Promise<void> {
    await attempt(from, undefined, async () => {
      const [source, target] = [this.#root.entry(from), this.#root.entry(to)];
      if (source === undefined || !isThere(source)) throw nothingThere(fileOf(from), "file or directory");
      if (target !== undefined && isThere(target)) throw alreadyExists(fileOf(to));
      if (to.startsWith(`${from}/`)) throw movedIntoItself(fileOf(from), fileOf(to));
      if (target === undefined) throw nothingThere(fileOf(to), "directory");
      try {
        renameSync(source, target);
      } catch (error) {
        if (!isMissing(error)) throw error;
        if (isThere(source)) throw nothingThere(fileOf(to), "directory", error);
        throw nothingThere(fileOf(from), "file or directory", error);
      } finally {
        this.#root.forget();
      }
    });
  }

  /** Where the platform cannot sync directories, only their files are synced. */
  async sync(directory: StorageKey, { recursive = false }: SyncOptions = {}): Promise<void> {
    await attempt(directory, undefined, async () => {
      const path = this.#root.directory(directory);
      if (path === undefined) throw nothingThere(fileOf(directory), "directory");
      try {
        await (recursive ? syncTree(path) : syncDirectory(path));
      } catch (error) {
        throw isMissing(error) ? nothingThere(fileOf(directory), "directory", error) : error;
      }
    });
  }

  /** Runs `action` on the path of `key`; if its directory is missing, once more when that has been made. */
  async #inDirectory<T>(key: StorageKey, action: (path: string) => T): Promise<T> {
    const path = this.#root.entry(key);
    try {
      if (path !== undefined) return action(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    return action(await this.#root.makeParent(key));
  }

  /** Opens a file for one read. `undefined` if it is missing. */
  #read<T>(
    key: StorageKey,
    options: StorageOptions | undefined,
    read: (file: OpenFile) => T | Promise<T>,
  ): Promise<T | undefined> {
    return attemptRead(key, options, () => {
      const path = this.#root.entry(key);
      const file = path === undefined ? undefined : openFile(path, this.#root, key);
      return file && closeAfter(file.handle, () => read(file));
    });
  }
}

function pathOf(root: string | URL): string {
  if (typeof root === "string") {
    if (root === "" || root.includes("\0")) throw invalidArgument("a folder's path is empty or holds NUL");
    return root;
  }
  try {
    return fileURLToPath(root);
  } catch (cause) {
    throw new OrbaxError("INVALID_ARGUMENT", `${root.href}: is no URL of a local folder`, {}, { cause });
  }
}

/** Runs an action on a key when others had their turn; what the system refuses becomes `IO`. */
async function attempt<T>(
  key: string,
  options: StorageOptions | undefined,
  action: () => T | Promise<T>,
): Promise<T> {
  options?.signal?.throwIfAborted();
  try {
    const turn = turnOfOthers();
    if (turn !== undefined) {
      await turn;
      options?.signal?.throwIfAborted();
    }
    return await countBusy(action);
  } catch (error) {
    const aborted = options?.signal?.aborted === true && error === options.signal.reason;
    throw aborted || isOrbaxError(error) || systemCode(error) === "" ? error : ioFailure(fileOf(key), error);
  }
}

/** {@link attempt}, where nothing there means `undefined`. */
function attemptRead<T>(
  key: string,
  options: StorageOptions | undefined,
  action: () => T | Promise<T>,
): Promise<T | undefined> {
  return attempt(key, options, () => orMissing(action));
}

/** Runs an action on a file and closes that, where the action takes longer behind its promise. */
function closeAfter<T>(handle: LocalHandle, action: () => T | Promise<T>): T | Promise<T> {
  let closes = true;
  try {
    const result = action();
    if (!(result instanceof Promise)) return result;
    closes = false;
    return result.finally(() => handle.close());
  } finally {
    if (closes) handle.close();
  }
}

/** A child as it is listed: a link by what it points to, `undefined` if that cannot be reached. */
function entryOf(directory: string, child: Dirent): StorageEntry | undefined {
  const { name } = child;
  if (!child.isSymbolicLink()) return { name, kind: child.isDirectory() ? "directory" : "file" };
  try {
    const isFolder = statSync(pathBelow(directory, [name])).isDirectory();
    return { name, kind: isFolder ? "directory" : "file" };
  } catch {
    return undefined;
  }
}

/** Whether a name is taken, if only by a link that leads nowhere. */
function isThere(path: string): boolean {
  return orMissing(() => lstatSync(path, { throwIfNoEntry: false })) !== undefined;
}

function isDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}
