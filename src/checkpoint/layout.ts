import { invalidArgument, notFound, unsupported } from "../errors.js";
import type { ReadableStorage, StorageEntry, StorageOptions } from "../storage/storage.js";
import { within } from "../storage/within.js";
import { committedEntries, isDeletedName, isUnfinishedName, unfinishedNames } from "./committed.js";
import { STEP_METADATA_FILE } from "./step-metadata.js";
import { compareSteps, isAmongSteps, parseStepName, type StepName } from "./step-name.js";
import { TREE_METADATA_FILE } from "./tree-metadata.js";

/** What an item is: a tree of arrays, or a file of another handler (docs/spec/orbax-layout.md section 18). */
export type ItemKind = "pytree" | "json" | "proto-text" | "grain";

/** A step directory: one item by itself, or items in directories of their own. */
export type StepLayout =
  | { readonly kind: "item"; readonly item: ItemKind }
  | { readonly kind: "items"; readonly items: ReadonlyMap<string, ItemKind> };

/** A step in a directory of steps. */
export type StepEntry = StepName & {
  /** Where it really lies: `name`, or the old version that stands for it during an overwrite. */
  readonly storedName: string;
  readonly layout: StepLayout;
};

/** What a directory is (section 2). */
export type Layout =
  | StepLayout
  | { readonly kind: "steps"; readonly steps: readonly StepEntry[]; readonly unfinished: readonly string[] };

/** Empty file by which Orbax's v1 interface knows a step. */
const V1_MARKER = "orbax.checkpoint";

const ROOT_METADATA_DIRECTORY = "metadata";

/**
 * Recognises a directory: an item; a step with items; a directory of steps.
 *
 * @throws {OrbaxError} `NOT_FOUND` if it is not there or none of these, saying what was looked for ·
 * `INVALID_ARGUMENT` for a directory whose save was never finished, or whose removal has begun · `UNSUPPORTED` for a
 * file.
 */
export async function recognise(storage: ReadableStorage, options?: StorageOptions): Promise<Layout> {
  refuseLeftover(storage);
  const entries = await list(storage, options);
  if (entries === undefined) return recogniseWithoutListing(storage, options);
  const items = await findItems(storage, entries, options);
  const step = stepOf(entries, items);
  if (step !== undefined) return step;
  const steps = await findSteps(storage, entries, options);
  if (steps.length === 0 && items.size > 0) return { kind: "items", items };
  const unfinished = unfinishedNames(entries);
  if (steps.length > 0 || unfinished.length > 0) return { kind: "steps", steps, unfinished };
  throw nothingRecognised(storage);
}

/** A directory inside of one that is unfinished is unfinished, too, whatever it holds (section 4). */
function refuseLeftover({ name = "" }: ReadableStorage): void {
  const parts = name.split(/[/\\]/);
  if (parts.some(isUnfinishedName)) {
    const message = `${name}: an unfinished save; only what has its final name can be opened`;
    throw invalidArgument(message, { file: name });
  }
  if (parts.some(isDeletedName)) {
    throw invalidArgument(`${name}: a checkpoint whose removal has begun`, { file: name });
  }
}

function nothingRecognised({ name = "the storage" }: ReadableStorage) {
  return notFound(
    `${name}: no checkpoint: neither ${TREE_METADATA_FILE}, nor ${STEP_METADATA_FILE} or directories with items, ` +
      "nor directories of steps",
    { file: name },
  );
}

async function list(storage: ReadableStorage, options?: StorageOptions) {
  if (storage.list === undefined) return undefined;
  const entries = await storage.list("/", options);
  if (entries !== undefined) return entries;
  const { name = "the storage" } = storage;
  if (await storage.has?.("/", options)) {
    throw unsupported(`${name}: a file; this version reads directories only`, { file: name });
  }
  throw notFound(`${name}: no such directory`, { file: name });
}

/** Stores that cannot list are asked for the files that an item or a step would have. */
async function recogniseWithoutListing(
  storage: ReadableStorage,
  options?: StorageOptions,
): Promise<StepLayout> {
  if ((await storage.get(`/${TREE_METADATA_FILE}`, options)) !== undefined)
    return { kind: "item", item: "pytree" };
  const items = new Map<string, ItemKind>();
  for (const item of ["default", "state", "pytree"]) {
    if ((await storage.get(`/${item}/${TREE_METADATA_FILE}`, options)) !== undefined)
      items.set(item, "pytree");
  }
  if (items.size > 0) return { kind: "items", items };
  throw nothingRecognised(storage);
}

/** The directory as a step, `undefined` if it is none or may be a directory of steps. */
function stepOf(
  entries: readonly StorageEntry[],
  items: ReadonlyMap<string, ItemKind>,
): StepLayout | undefined {
  const own = itemKindOf(entries);
  if (own !== undefined) return { kind: "item", item: own };
  const isMarked = hasFile(entries, V1_MARKER) || hasFile(entries, STEP_METADATA_FILE);
  return isMarked || [...items.keys()].some(isItemName) ? { kind: "items", items } : undefined;
}

/** Whether a name is an item's and no step's, nor that of what older managers keep about their steps (section 5). */
function isItemName(name: string): boolean {
  return !isAmongSteps(name) && name !== ROOT_METADATA_DIRECTORY;
}

function hasFile(entries: readonly StorageEntry[], name: string): boolean {
  return entries.some((entry) => entry.name === name && entry.kind === "file");
}

/** Subdirectories that are items; none of a directory that is an item itself. */
async function findItems(
  storage: ReadableStorage,
  entries: readonly StorageEntry[],
  options?: StorageOptions,
): Promise<Map<string, ItemKind>> {
  const items = new Map<string, ItemKind>();
  if (itemKindOf(entries) !== undefined) return items;
  for (const { name, kind, storedName } of committedEntries(entries)) {
    if (kind !== "directory") continue;
    const item = itemKindOf(await childrenOf(storage, storedName, options));
    if (item !== undefined) items.set(name, item);
  }
  return items;
}

const JSON_FILES: ReadonlySet<string> = new Set(["metadata", "data.json", "metrics"]);
const GRAIN_FILE = /^process_\d+-of-\d+\.json$/;

/** What a directory's files make it. Only trees have directories, too. */
function itemKindOf(entries: readonly StorageEntry[]): ItemKind | undefined {
  if (hasFile(entries, TREE_METADATA_FILE)) return "pytree";
  if (entries.some(({ kind }) => kind === "directory")) return undefined;
  const files = entries.map(({ name }) => name);
  if (files.some((name) => JSON_FILES.has(name))) return "json";
  if (files.some((name) => GRAIN_FILE.test(name))) return "grain";
  return files.some((name) => name.endsWith(".pbtxt")) ? "proto-text" : undefined;
}

/** Children with step names that really are steps, ascending. */
async function findSteps(
  storage: ReadableStorage,
  entries: readonly StorageEntry[],
  options?: StorageOptions,
): Promise<StepEntry[]> {
  const steps: StepEntry[] = [];
  for (const { name, kind, storedName } of committedEntries(entries)) {
    const step = kind === "directory" ? parseStepName(name) : undefined;
    if (step === undefined) continue;
    const children = await childrenOf(storage, storedName, options);
    const items = await findItems(within(storage, `/${storedName}`), children, options);
    const layout = stepOf(children, items);
    if (layout !== undefined) steps.push({ ...step, storedName, layout });
  }
  return steps.sort(compareSteps);
}

/** What a subdirectory holds. It may be a link that leads elsewhere, as a step on another disk is. */
async function childrenOf(
  storage: ReadableStorage,
  directory: string,
  options?: StorageOptions,
): Promise<readonly StorageEntry[]> {
  return (await within(storage, `/${directory}`).list?.("/", options)) ?? [];
}
