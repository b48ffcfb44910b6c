import type { Limits } from "../limits.js";
import { MANIFEST_FILE } from "../ocdbt/manifest-file.js";
import { openOcdbt } from "../ocdbt/reader.js";
import type { KeyPath } from "../pytree/key-path.js";
import type { ReadableStorage, StorageKey, StorageOptions } from "../storage/storage.js";
import { ARRAY_DOCUMENT } from "../zarr/array-document.js";
import { arrayKey } from "./array-key.js";
import { NO_EXTRAS, readLeafExtras } from "./leaf-extras.js";
import { openArrayStore } from "./open-array-store.js";
import { PytreeItem } from "./pytree-item.js";
import { keyImplOf } from "./random-key-item.js";
import type { StoredLeaf } from "./stored-leaf.js";
import type { TreeMetadata } from "./tree-metadata.js";

/** Name under which `ArraySave` stores its one array (docs/spec/orbax-layout.md section 18). */
export const ARRAY_ITEM_NAME = "checkpoint";

/** Class of the handler, the part of its path that did not move between releases. */
export const ARRAY_HANDLER = /(?:^|\.)ArrayCheckpointHandler$/;

/** Whether a tree has the form that `ArraySave` writes: one array of that name, in files. */
export function isArrayItem({ entries, useOcdbt }: TreeMetadata): boolean {
  const [entry, ...others] = entries;
  if (entry === undefined || others.length > 0 || useOcdbt === true) return false;
  return entry.path.length === 1 && entry.path[0] === ARRAY_ITEM_NAME;
}

/** The one array of an item whose `_METADATA` names it: the bare leaf. */
export function bareArray(item: PytreeItem): PytreeItem {
  return item.withLeaves(item.leaves.map((leaf) => ({ ...leaf, path: BARE })));
}

const BARE: KeyPath = [];

/**
 * Which zarr an array without `_METADATA` is stored in, as files or, up to 0.5.3, in a database; `undefined` if there is
 * no array of that name.
 */
export async function arrayVersion(
  storage: ReadableStorage,
  limits: Limits,
  options: StorageOptions,
): Promise<2 | 3 | undefined> {
  const inFiles = await firstVersion((key) => hasFile(storage, `/${key}`, options));
  if (inFiles !== undefined || !(await hasFile(storage, `/${MANIFEST_FILE}`, options))) return inFiles;
  const database = await openOcdbt(storage, { limits, ...options });
  return firstVersion(async (key) => (await database.find(key, options)) !== undefined);
}

async function firstVersion(has: (key: string) => Promise<boolean>): Promise<2 | 3 | undefined> {
  for (const zarr of [2, 3] as const) {
    if (await has(arrayKey(ARRAY_ITEM_NAME, ARRAY_DOCUMENT[zarr]))) return zarr;
  }
  return undefined;
}

/** Whether a file is there, also in a storage that knows no other way than to read it. */
export async function hasFile(
  storage: ReadableStorage,
  key: StorageKey,
  options: StorageOptions,
): Promise<boolean> {
  if (storage.has !== undefined) return storage.has(key, options);
  return (await storage.get(key, options)) !== undefined;
}

/** An array without `_METADATA`, as older releases left it. A missing chunk reads as zeros, as there. */
export function legacyArrayItem(storage: ReadableStorage, zarr: 2 | 3, limits: Limits): PytreeItem {
  const leaf: StoredLeaf = {
    path: BARE,
    name: ARRAY_ITEM_NAME,
    valueType: "np.ndarray",
    storage: { kind: "array", holds: "array" },
  };
  const store = { useOcdbt: undefined, zarr, firstArray: ARRAY_ITEM_NAME, limits };
  return new PytreeItem({
    storage,
    limits,
    leaves: [leaf],
    openArrays: (reading) => openArrayStore(storage, store, reading),
  });
}

/** An array of key words as the typed key that they are. */
export function typedKey(item: PytreeItem, storage: ReadableStorage): PytreeItem {
  const leaves = item.leaves.map((leaf) => ({ ...leaf, valueType: "jax.Array" }));
  return item.withLeaves(leaves, async (described, { sharding }, options) => {
    const { limits } = item;
    const extras = sharding
      ? await readLeafExtras(storage, described, { sharding, limits }, options)
      : NO_EXTRAS;
    const keyImpl = new Map(described.map(({ name, array }) => [name, keyImplOf(array?.shape ?? [])]));
    return { ...extras, keyImpl };
  });
}
