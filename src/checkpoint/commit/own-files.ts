import type { StorageKey, WritableStorage } from "../../storage/storage.js";

/**
 * Remembers which files are written and deleted through it, to tell at the end whether a directory holds just those.
 * Two processes that save one step at once share its temporary directory: either may remove files of the other, or
 * write its own over them.
 */
export class OwnFiles {
  readonly #directory: WritableStorage;
  /** Contents of files that were set; `undefined` of those that were written piece by piece, whose names are random. */
  readonly #written = new Map<StorageKey, Uint8Array | undefined>();

  /** @param directory Holds nothing yet. */
  constructor(directory: WritableStorage) {
    this.#directory = directory;
  }

  /** The directory, for whoever writes into it. */
  get storage(): WritableStorage {
    return this.#view(this.#directory, "");
  }

  #view(storage: WritableStorage, prefix: StorageKey | ""): WritableStorage {
    const set: WritableStorage["set"] = async (key, value, options) => {
      await storage.set(key, value, options);
      this.#written.set(`${prefix}${key}`, value);
    };
    const create: WritableStorage["create"] = async (key, options) => {
      const sink = await storage.create(key, options);
      this.#written.set(`${prefix}${key}`, undefined);
      return sink;
    };
    const remove: WritableStorage["delete"] = async (key) => {
      await storage.delete(key);
      this.#written.delete(`${prefix}${key}`);
    };
    const within: WritableStorage["within"] = (directory) =>
      this.#view(storage.within(directory), `${prefix}${directory}`);
    const own = { set, create, delete: remove, within };
    return new Proxy(storage, {
      get: (target, property) => {
        const member: unknown = Reflect.get(property in own ? own : target, property);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  /** Whether the directory and all that was written is there as it was, and nothing beside it. */
  async areAlone(): Promise<boolean> {
    const found = await this.#filesBelow("/");
    if (found?.length !== this.#written.size) return false;
    for (const key of found) {
      if (!this.#written.has(key)) return false;
      const content = this.#written.get(key);
      if (content !== undefined && !isSame(content, await this.#directory.get(key))) return false;
    }
    return true;
  }

  /** `undefined` if the directory is missing. */
  async #filesBelow(directory: StorageKey): Promise<StorageKey[] | undefined> {
    const entries = await this.#directory.list(directory);
    const files: StorageKey[] = [];
    for (const { name, kind } of entries ?? []) {
      const key: StorageKey = directory === "/" ? `/${name}` : `${directory}/${name}`;
      if (kind === "file") files.push(key);
      else for (const below of (await this.#filesBelow(key)) ?? []) files.push(below);
    }
    return entries && files;
  }
}

function isSame(written: Uint8Array, found: Uint8Array | undefined): boolean {
  return written.length === found?.length && written.every((byte, index) => byte === found[index]);
}
