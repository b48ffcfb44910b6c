import { type Limits, withDefaultLimits } from "../../limits.js";
import { MANIFEST_FILE } from "../../ocdbt/manifest-file.js";
import { hasFile } from "../../storage/read.js";
import type { ReadableStorage, StorageEntry, StorageOptions } from "../../storage/storage.js";
import { within } from "../../storage/within.js";
import { arrayVersionInDatabase, arrayVersionInFiles } from "../arrays/array-version.js";
import { openArrayStore } from "../arrays/open-array-store.js";
import { PARTIAL_SAVE_SUFFIX } from "../commit/committed.js";
import { CHECKPOINT_NAME, isSafetensorsName } from "../metadata/item-files.js";
import { readMetadataFile } from "../metadata/metadata-file.js";
import {
  isTypedKey,
  JAX_KEY_DIRECTORY,
  JAX_KEY_METADATA,
  NUMPY_KEY_DIRECTORY,
} from "../metadata/random-key.js";
import { decodeStepMetadata, STEP_METADATA_FILE } from "../metadata/step-metadata.js";
import { readTreeMetadata, TREE_METADATA_FILE } from "../metadata/tree-metadata.js";
import { aggregateLeaves, readMsgpackFile } from "./aggregate-file.js";
import { ARRAY_HANDLER, bareArray, isArrayItem, legacyArrayItem, typedKey } from "./array-item.js";
import { noTreeMetadata, type OpenTreeOptions, openOrbaxTree, treeOf } from "./orbax-tree.js";
import { openPartialSave } from "./partial-save.js";
import { PytreeItem } from "./pytree-item.js";
import { firstArrayName, valueLeaf } from "./stored-leaf.js";

/** Where a tree lies. */
export type TreePlace = {
  /** Its directory, or the one that holds its file. */
  readonly storage: ReadableStorage;
  /** The one file that is the tree: Flax msgpack or safetensors. */
  readonly file?: string | undefined;
  /** Class path of the handler that wrote it, where `_CHECKPOINT_METADATA` of its step tells. */
  readonly handler?: string | undefined;
};

/**
 * Opens a tree, whichever format its files have: of any release of Orbax, an array or a random key by itself, Flax
 * msgpack, safetensors.
 *
 * @throws {OrbaxError} `NOT_FOUND` if there is none · `DATA_LOSS` if it is damaged.
 */
export async function openTree(place: TreePlace, options: OpenTreeOptions = {}): Promise<PytreeItem> {
  const { storage, file } = place;
  const limits = withDefaultLimits(options.limits);
  if (file !== undefined) return openFile(storage, file, limits, options);
  if (options.onSalvage !== undefined && (storage.name ?? "").endsWith(PARTIAL_SAVE_SUFFIX)) {
    return openPartialSave(storage, { ...options, limits, onSalvage: options.onSalvage });
  }
  const metadata = await readTreeMetadata(storage, options);
  if (metadata !== undefined) {
    const item = await treeOf(storage, metadata, options);
    return isArrayItem(metadata) && (await isFromArrayHandler(place, options)) ? bareArray(item) : item;
  }
  const item = await openWithoutMetadata(storage, limits, options);
  if (item === undefined) throw noTreeMetadata(storage);
  return item;
}

async function openFile(
  storage: ReadableStorage,
  file: string,
  limits: Limits,
  options: StorageOptions,
): Promise<PytreeItem> {
  if (isSafetensorsName(file)) {
    const { openSafetensorsTree } = await import("./safetensors-tree.js");
    return openSafetensorsTree(storage, [file], limits, options);
  }
  const leaves = await readMsgpackFile(storage, file, limits, options);
  return new PytreeItem({ storage, limits, leaves: leaves.map(({ path, leaf }) => valueLeaf(path, leaf)) });
}

/**
 * A tree saved as `{"checkpoint": array}` in files looks the same: who wrote it is told by the step, or by the item
 * itself if it is alone.
 */
async function isFromArrayHandler(
  { storage, handler }: TreePlace,
  options: OpenTreeOptions,
): Promise<boolean> {
  if (handler !== undefined) return ARRAY_HANDLER.test(handler);
  const metadata = await readMetadataFile(storage, STEP_METADATA_FILE, decodeStepMetadata, options);
  // Trees of old releases, which do not tell either, have a database; an array beside `_METADATA` never had one.
  if (metadata === undefined)
    return !(await hasFile(storage, `/${MANIFEST_FILE}`, { signal: options.signal }));
  const { itemHandlers } = metadata;
  return typeof itemHandlers === "string" && ARRAY_HANDLER.test(itemHandlers);
}

async function openWithoutMetadata(
  storage: ReadableStorage,
  limits: Limits,
  options: OpenTreeOptions,
): Promise<PytreeItem | undefined> {
  const reading = { signal: options.signal };
  const entries = await storage.list?.("/", reading);
  /** In a storage that cannot list, `file` tells whether a directory is there. */
  const isThere = async (name: string, kind: StorageEntry["kind"], file = name): Promise<boolean> =>
    entries === undefined
      ? hasFile(storage, `/${file}`, reading)
      : entries.some((entry) => entry.name === name && entry.kind === kind);
  if (await isThere(JAX_KEY_DIRECTORY, "directory", JAX_KEY_METADATA)) {
    return openJaxKey(storage, options);
  }
  if (await isThere(NUMPY_KEY_DIRECTORY, "directory", `${NUMPY_KEY_DIRECTORY}/${TREE_METADATA_FILE}`)) {
    return openOrbaxTree(within(storage, `/${NUMPY_KEY_DIRECTORY}`), options);
  }
  if (await isThere(CHECKPOINT_NAME, "file")) return openAggregate(storage, limits, options);
  const zarr =
    (await arrayVersionInFiles(storage, options)) ??
    ((await isThere(MANIFEST_FILE, "file")) ? await arrayVersionInDatabase(storage, options) : undefined);
  if (zarr !== undefined) return legacyArrayItem(storage, zarr, limits);
  const files = (entries ?? []).filter(({ name, kind }) => kind === "file" && isSafetensorsName(name));
  if (files.length === 0) return undefined;
  const { openSafetensorsTree } = await import("./safetensors-tree.js");
  const names = files.map(({ name }) => name);
  return openSafetensorsTree(storage, names, limits, options);
}

async function openJaxKey(storage: ReadableStorage, options: OpenTreeOptions): Promise<PytreeItem> {
  const typed = await isTypedKey(storage, options);
  const words = within(storage, `/${JAX_KEY_DIRECTORY}`);
  const item = await openTree({ storage: words, handler: "ArrayCheckpointHandler" }, options);
  return typed ? typedKey(item, words) : item;
}

/** A tree of Orbax before `_METADATA`: the msgpack file alone tells what it holds. */
async function openAggregate(
  storage: ReadableStorage,
  limits: Limits,
  { onSalvage, ...options }: OpenTreeOptions,
): Promise<PytreeItem> {
  const leaves = await aggregateLeaves(storage, limits, options);
  const firstArray = firstArrayName(leaves);
  const store = { useOcdbt: undefined, zarr: 2, firstArray, limits, onSalvage } as const;
  return new PytreeItem({
    storage,
    limits,
    leaves,
    openArrays: (reading) => openArrayStore(storage, store, reading),
  });
}
