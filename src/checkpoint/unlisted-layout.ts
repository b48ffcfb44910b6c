import type { Limits } from "../limits.js";
import type { ReadableStorage, StorageKey, StorageOptions } from "../storage/storage.js";
import { readDeletionRecord } from "./deletion-record.js";
import { firstByte, startsMsgpackMap } from "./folder.js";
import { kindOfHandler } from "./handler-kind.js";
import { ARRAY_FILES, CHECKPOINT_NAME, JSON_FILES, KEY_DIRECTORIES, PROTO_FILE } from "./item-kind.js";
import type { ItemKind, StepLayout } from "./step-layout.js";
import { readStepMetadata } from "./step-metadata.js";
import { TREE_METADATA_FILE } from "./tree-metadata.js";

type Options = StorageOptions & { readonly limits?: Partial<Limits> | undefined };

/** Names of items where the step does not tell them. */
const USUAL_ITEMS = ["default", "state", "pytree"] as const;

/** Grain's file of a run with one process; which others there are cannot be known. */
const USUAL_GRAIN_FILE = "process_0-of-1.json";

/**
 * Recognises what a store holds that cannot list its files, by asking for those that there could be: first for a tree,
 * then for what the step says of itself, then for the usual names of items, then for other kinds of item. Names that
 * only a listing could tell stay unknown: those of steps, of Flax's files, of items that no metadata names.
 *
 * @returns `undefined` if there is none of these.
 * @throws {OrbaxError} `DATA_LOSS` for a step with a deletion record that is damaged.
 */
export async function recogniseUnlisted(
  storage: ReadableStorage,
  options: Options,
): Promise<StepLayout | undefined> {
  if (await isThere(storage, `/${TREE_METADATA_FILE}`, options)) return { kind: "item", item: "pytree" };
  const { itemHandlers } = await readStepMetadata(storage, options);
  const items =
    typeof itemHandlers === "object"
      ? await namedItems(storage, itemHandlers, options)
      : await usualItems(storage, options);
  if (items.size > 0) return withoutDeleted(storage, items, options);
  const kind =
    (await kindByFiles(storage, options)) ??
    (typeof itemHandlers === "string" ? kindOfHandler(itemHandlers) : undefined);
  return kind && { kind: "item", item: kind };
}

async function isThere(storage: ReadableStorage, key: StorageKey, options: Options): Promise<boolean> {
  return (await storage.get(key, { signal: options.signal })) !== undefined;
}

/** The items that a step's metadata names: trees by their own files, whatever wrote them, others by what wrote them. */
async function namedItems(
  storage: ReadableStorage,
  handlers: { readonly [item: string]: string },
  options: Options,
): Promise<Map<string, ItemKind>> {
  const items = new Map<string, ItemKind>();
  for (const [name, handler] of Object.entries(handlers)) {
    if (name === "" || name === "." || name === ".." || name.includes("/")) continue;
    const isTree = await isThere(storage, `/${name}/${TREE_METADATA_FILE}`, options);
    const kind = isTree ? "pytree" : kindOfHandler(handler);
    if (kind !== undefined) items.set(name, kind);
  }
  return items;
}

async function usualItems(storage: ReadableStorage, options: Options): Promise<Map<string, ItemKind>> {
  const items = new Map<string, ItemKind>();
  for (const name of USUAL_ITEMS) {
    if (await isThere(storage, `/${name}/${TREE_METADATA_FILE}`, options)) items.set(name, "pytree");
  }
  return items;
}

async function kindByFiles(storage: ReadableStorage, options: Options): Promise<ItemKind | undefined> {
  if (startsMsgpackMap(await firstByte(storage, `/${CHECKPOINT_NAME}`, options))) return "pytree";
  const ofTrees = [
    ...ARRAY_FILES.map((file) => `/${CHECKPOINT_NAME}/${file}` as const),
    ...KEY_DIRECTORIES.map((directory) => `/${directory}_metadata/metadata` as const),
  ];
  for (const key of ofTrees) if (await isThere(storage, key, options)) return "pytree";
  for (const file of JSON_FILES) if (await isThere(storage, `/${file}`, options)) return "json";
  if (await isThere(storage, `/${USUAL_GRAIN_FILE}`, options)) return "grain";
  return (await isThere(storage, `/${PROTO_FILE}`, options)) ? "proto-text" : undefined;
}

async function withoutDeleted(
  storage: ReadableStorage,
  items: Map<string, ItemKind>,
  options: Options,
): Promise<StepLayout> {
  const record = await readDeletionRecord(storage, options);
  if (record !== undefined) items.delete(record.name);
  return { kind: "items", items, deleting: record === undefined ? [] : [record.name] };
}
