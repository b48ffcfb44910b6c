import { hasFile } from "../../storage/read.js";
import type { ReadableStorage } from "../../storage/storage.js";
import { readDeletionRecord } from "../metadata/deletion-record.js";
import {
  ARRAY_FILES,
  CHECKPOINT_NAME,
  JSON_FILES,
  KEY_DIRECTORIES,
  PROTO_FILE,
  USUAL_GRAIN_FILE,
  USUAL_ITEMS,
} from "../metadata/item-files.js";
import type { ReadOptions } from "../metadata/metadata-file.js";
import { readStepMetadata } from "../metadata/step-metadata.js";
import { TREE_METADATA_FILE } from "../metadata/tree-metadata.js";
import { kindOfHandler } from "./handler-kind.js";
import { isAggregate, isArrayInDatabase, MANIFEST_FILE } from "./item-kind.js";
import { type ItemKind, itemsLayout, type StepLayout } from "./layout.js";

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
  options: ReadOptions,
): Promise<StepLayout | undefined> {
  if (await hasFile(storage, `/${TREE_METADATA_FILE}`, options)) return { kind: "item", item: "pytree" };
  const { itemHandlers } = await readStepMetadata(storage, options);
  const items =
    typeof itemHandlers === "object"
      ? await namedItems(storage, itemHandlers, options)
      : await usualItems(storage, options);
  if (items.size > 0) return itemsLayout(items, (await readDeletionRecord(storage, options))?.name);
  const kind =
    (await kindByFiles(storage, options)) ??
    (typeof itemHandlers === "string" ? kindOfHandler(itemHandlers) : undefined);
  return kind && { kind: "item", item: kind };
}

/** The items that a step's metadata names: trees by their own files, whatever wrote them, others by what wrote them. */
async function namedItems(
  storage: ReadableStorage,
  handlers: { readonly [item: string]: string },
  options: ReadOptions,
): Promise<Map<string, ItemKind>> {
  const items = new Map<string, ItemKind>();
  for (const [name, handler] of Object.entries(handlers)) {
    if (name === "" || name === "." || name === ".." || name.includes("/")) continue;
    const isTree = await hasFile(storage, `/${name}/${TREE_METADATA_FILE}`, options);
    const kind = isTree ? "pytree" : kindOfHandler(handler);
    if (kind !== undefined) items.set(name, kind);
  }
  return items;
}

async function usualItems(storage: ReadableStorage, options: ReadOptions): Promise<Map<string, ItemKind>> {
  const items = new Map<string, ItemKind>();
  for (const name of USUAL_ITEMS) {
    if (await hasFile(storage, `/${name}/${TREE_METADATA_FILE}`, options)) items.set(name, "pytree");
  }
  return items;
}

async function kindByFiles(storage: ReadableStorage, options: ReadOptions): Promise<ItemKind | undefined> {
  if (await isAggregate({ storage }, options)) return "pytree";
  const ofTrees = [
    ...ARRAY_FILES.map((file) => `/${CHECKPOINT_NAME}/${file}` as const),
    ...KEY_DIRECTORIES.map((directory) => `/${directory}_metadata/metadata` as const),
  ];
  for (const key of ofTrees) if (await hasFile(storage, key, options)) return "pytree";
  if (await hasFile(storage, `/${MANIFEST_FILE}`, options)) {
    if (await isArrayInDatabase({ storage }, options)) return "pytree";
  }
  for (const file of JSON_FILES) if (await hasFile(storage, `/${file}`, options)) return "json";
  if (await hasFile(storage, `/${USUAL_GRAIN_FILE}`, options)) return "grain";
  return (await hasFile(storage, `/${PROTO_FILE}`, options)) ? "proto-text" : undefined;
}
