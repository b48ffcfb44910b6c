import { randomUUID } from "node:crypto";
import { constants, type Dirent } from "node:fs";
import { lstat, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { invalidArgument, ioFailure, isOrbaxError, OrbaxError } from "../errors.js";
import { checkByteCount, checkRange, clampRange } from "./byte-range.js";
import { LocalFileSink, type OpenFile, openFile, readAt, readNew, requireFile } from "./local-file.js";
import { isMissing, LocalRoot, localParts, orMissing, systemCode } from "./local-root.js";
import { alreadyExists, directoryInTheWay, movedIntoItself, nothingThere } from "./refusals.js";
import type {
  ByteRange,
  FileSink,
  StorageEntry,
  StorageKey,
  StorageOptions,
  WritableStorage,
} from "./storage.js";
import { fileOf, keyParts } from "./storage-key.js";

/** How a {@link LocalStorage} treats links. */
export type LocalStorageOptions = {
  /** Reads and writes also through symbolic links that lead outside the folder. Default: false. */
  readonly followLinks?: boolean;
};

/** Codes with which platforms say that a directory cannot be synced; then nothing can be done. */
const CANNOT_SYNC = new Set(["EINVAL", "EISDIR", "EPERM", "ENOTSUP"]);

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
    return attemptRead(key, options, async () => {
      const path = await this.#root.entry(key);
      if (path === undefined) return undefined;
      let stats = await lstat(path);
      if (stats.isSymbolicLink()) {
        const real = await this.#root.followLink(path, key);
        if (real === undefined) return undefined;
        stats = await stat(real);
      }
      requireFile(stats, key);
      return stats.size;
    });
  }

  async has(key: StorageKey, options?: StorageOptions): Promise<boolean> {
    const found = await attemptRead(key, options, async () => {
      if (keyParts(key).length === 0) return stat(this.#root.path);
      const path = await this.#root.entry(key);
      return path === undefined ? undefined : stat(path);
    });
    return found !== undefined;
  }

  async list(directory: StorageKey, options?: StorageOptions): Promise<StorageEntry[] | undefined> {
    return attemptRead(directory, options, async () => {
      const path = await this.#root.directory(directory);
      if (path === undefined) return undefined;
      const children = await readdir(path, { withFileTypes: true });
      const entries = await Promise.all(children.map((child) => entryOf(path, child)));
      return entries.filter((entry) => entry !== undefined);
    });
  }

  /**
   * A storage rooted at a directory below, with the same options. Its root is trusted as every root is: a step
   * directory that is a link to another disk can be opened this way.
   */
  within(directory: StorageKey): LocalStorage {
    return new LocalStorage(join(this.name, ...localParts(directory, keyParts)), this.#options);
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

  /** Writes beside the file under another name, then replaces it, also where it is a link. */
  async set(key: StorageKey, value: Uint8Array, options?: StorageOptions): Promise<void> {
    const path = await attempt(key, options, () => this.#root.makeParent(key));
    const temporary = join(dirname(path), `.orbax-ts-${randomUUID()}.tmp`);
    await attempt(key, options, async () => {
      const sink = new LocalFileSink(await open(temporary, "wx"), fileOf(key));
      try {
        await sink.write([value]);
        await sink.close();
        options?.signal?.throwIfAborted();
        await rename(temporary, path).catch(async (error: unknown) => {
          throw (await isDirectory(path)) ? directoryInTheWay(fileOf(key), error) : error;
        });
      } catch (error) {
        await sink.abort();
        await rm(temporary, { force: true });
        throw error;
      }
    });
  }

  async create(key: StorageKey, options?: StorageOptions): Promise<FileSink> {
    const path = await attempt(key, options, () => this.#root.makeParent(key));
    return attempt(key, options, async () => {
      const handle = await open(path, "wx").catch((error: unknown) => {
        throw systemCode(error) === "EEXIST" ? alreadyExists(fileOf(key), error) : error;
      });
      return new LocalFileSink(handle, fileOf(key));
    });
  }

  async makeDirectory(directory: StorageKey): Promise<void> {
    await attempt(directory, undefined, () => this.#root.makeDirectory(directory));
  }

  async delete(key: StorageKey): Promise<void> {
    await attempt(key, undefined, async () => {
      const path = await this.#root.entry(key);
      if (path === undefined) return;
      const { remove } = await import("fs-extra/esm");
      await remove(path)
        .catch(orMissing)
        .finally(() => this.#root.forget());
    });
  }

  /**
   * One rename of the system, so that it appears at once; the directory of `to` must be there. Another process that
   * makes `to` at the same moment is not noticed if it makes a file or an empty directory.
   */
  async rename(from: StorageKey, to: StorageKey): Promise<void> {
    await attempt(from, undefined, async () => {
      const [source, target] = [await this.#root.entry(from), await this.#root.entry(to)];
      if (source === undefined || !(await isThere(source))) {
        throw nothingThere(fileOf(from), "file or directory");
      }
      if (target !== undefined && (await isThere(target))) throw alreadyExists(fileOf(to));
      if (to.startsWith(`${from}/`)) throw movedIntoItself(fileOf(from), fileOf(to));
      if (target === undefined) throw nothingThere(fileOf(to), "directory");
      try {
        await rename(source, target);
      } catch (error) {
        if (!isMissing(error)) throw error;
        if (await isThere(source)) throw nothingThere(fileOf(to), "directory", error);
        throw nothingThere(fileOf(from), "file or directory", error);
      } finally {
        this.#root.forget();
      }
    });
  }

  /** Where the platform cannot sync directories, nothing is done. */
  async sync(directory: StorageKey): Promise<void> {
    await attempt(directory, undefined, async () => {
      const path = await this.#root.directory(directory);
      if (path === undefined) throw nothingThere(fileOf(directory), "directory");
      try {
        const handle = await open(path, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
        await handle.sync().finally(() => handle.close());
      } catch (error) {
        if (isMissing(error)) throw nothingThere(fileOf(directory), "directory", error);
        if (!CANNOT_SYNC.has(systemCode(error))) throw error;
      }
    });
  }

  /** Opens a file for one read. `undefined` if it is missing. */
  async #read<T>(
    key: StorageKey,
    options: StorageOptions | undefined,
    read: (file: OpenFile) => Promise<T>,
  ): Promise<T | undefined> {
    return attemptRead(key, options, async () => {
      const path = await this.#root.entry(key);
      const file = path === undefined ? undefined : await openFile(path, this.#root, key);
      return file === undefined ? undefined : read(file).finally(() => file.handle.close());
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

/** Runs an action on a key; what the system refuses becomes `IO`. */
async function attempt<T>(
  key: string,
  options: StorageOptions | undefined,
  action: () => Promise<T>,
): Promise<T> {
  options?.signal?.throwIfAborted();
  try {
    return await action();
  } catch (error) {
    const aborted = options?.signal?.aborted === true && error === options.signal.reason;
    throw aborted || isOrbaxError(error) || systemCode(error) === "" ? error : ioFailure(fileOf(key), error);
  }
}

/** {@link attempt}, where nothing there means `undefined`. */
function attemptRead<T>(
  key: string,
  options: StorageOptions | undefined,
  action: () => Promise<T>,
): Promise<T | undefined> {
  return attempt(key, options, () => action().catch(orMissing));
}

/** A child as it is listed: a link by what it points to, `undefined` if that cannot be reached. */
async function entryOf(directory: string, child: Dirent): Promise<StorageEntry | undefined> {
  const { name } = child;
  if (!child.isSymbolicLink()) return { name, kind: child.isDirectory() ? "directory" : "file" };
  const target = await stat(join(directory, name)).catch(() => undefined);
  return target && { name, kind: target.isDirectory() ? "directory" : "file" };
}

/** Whether a name is taken, if only by a link that leads nowhere. */
async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(orMissing)) !== undefined;
}

async function isDirectory(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true;
}
