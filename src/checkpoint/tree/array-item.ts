import type { Limits } from "../../limits.js";
import type { KeyPath } from "../../pytree/key-path.js";
import type { ReadableStorage } from "../../storage/storage.js";
import { openArrayStore } from "../arrays/open-array-store.js";
import { CHECKPOINT_NAME } from "../metadata/item-files.js";
import { keyImplOf } from "../metadata/random-key.js";
import type { TreeMetadata } from "../metadata/tree-metadata.js";
import { NO_EXTRAS, readLeafExtras } from "./leaf-extras.js";
import { PytreeItem } from "./pytree-item.js";
import { arrayLeaf } from "./stored-leaf.js";

/** Class of the handler, the part of its path that did not move between releases. */
export const ARRAY_HANDLER = /(?:^|\.)ArrayCheckpointHandler$/;

/** Whether a tree has the form that `ArraySave` writes: one array of that name, in files. */
export function isArrayItem({ entries, useOcdbt }: TreeMetadata): boolean {
  const [entry, ...others] = entries;
  if (entry === undefined || others.length > 0 || useOcdbt === true) return false;
  return entry.path.length === 1 && entry.path[0] === CHECKPOINT_NAME;
}

/** The one array of an item whose `_METADATA` names it: the bare leaf. */
export function bareArray(item: PytreeItem): PytreeItem {
  return item.withLeaves(item.leaves.map((leaf) => ({ ...leaf, path: BARE })));
}

const BARE: KeyPath = [];

/** An array without `_METADATA`, as older releases left it. A missing chunk reads as zeros, as there. */
export function legacyArrayItem(storage: ReadableStorage, zarr: 2 | 3, limits: Limits): PytreeItem {
  const store = { useOcdbt: undefined, zarr, firstArray: CHECKPOINT_NAME, limits };
  return new PytreeItem({
    storage,
    limits,
    leaves: [arrayLeaf(BARE, CHECKPOINT_NAME)],
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
