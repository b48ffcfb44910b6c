import { isOrbaxError } from "../../errors.js";
import { readExact } from "../../storage/read.js";
import type { ReadableStorage, StorageEntry, StorageKey, StorageOptions } from "../../storage/storage.js";
import { within } from "../../storage/within.js";

/** A directory with the names in it, listed once. */
export type Folder = {
  readonly storage: ReadableStorage;
  readonly entries: readonly StorageEntry[];
  readonly files: ReadonlySet<string>;
  readonly directories: ReadonlySet<string>;
};

/** Lists a storage's root: one listing. `undefined` if it is no directory or not there, or nothing can list it. */
export async function listFolder(
  storage: ReadableStorage,
  options?: StorageOptions,
): Promise<Folder | undefined> {
  const entries = await storage.list?.("/", options);
  if (entries === undefined) return undefined;
  const files = new Set<string>();
  const directories = new Set<string>();
  for (const { name, kind } of entries) (kind === "file" ? files : directories).add(name);
  return { storage, entries, files, directories };
}

/** {@link listFolder} of a subdirectory, which may be a link that leads elsewhere, as a step on another disk is. */
export async function listChild(
  { storage }: Folder,
  name: string,
  options?: StorageOptions,
): Promise<Folder | undefined> {
  return listFolder(within(storage, `/${name}`), options);
}

/** Whether a subdirectory has one of these files, without listing it where the storage can tell otherwise. */
export async function childHasFile(
  folder: Folder,
  name: string,
  files: readonly string[],
  options?: StorageOptions,
): Promise<boolean> {
  const child = within(folder.storage, `/${name}`);
  if (child.has === undefined) {
    const listed = await listFolder(child, options);
    return files.some((file) => listed?.files.has(file));
  }
  for (const file of files) if (await child.has(`/${file}`, options)) return true;
  return false;
}

/** The first byte of a file; `undefined` if it is empty or cannot be read, so that one file spoils no listing. */
export async function firstByte(
  storage: ReadableStorage,
  key: StorageKey,
  options?: StorageOptions,
): Promise<number | undefined> {
  try {
    return (await readExact(storage, key, 0, 1, options))[0];
  } catch (error) {
    if (isOrbaxError(error)) return undefined;
    throw error;
  }
}

/** Whether a file's first byte begins a map of msgpack, as Flax's files do (docs/spec/orbax-layout.md section 20). */
export function startsMsgpackMap(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x80 && byte <= 0x8f) || byte === 0xde || byte === 0xdf);
}

/** Whether a file's first byte begins an array of msgpack: what old Orbax wrote for a tree that is a list. */
export function startsMsgpackArray(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x90 && byte <= 0x9f) || byte === 0xdc || byte === 0xdd);
}
