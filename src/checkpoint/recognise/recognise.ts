import { invalidArgument, isOrbaxError, notFound, unsupported } from "../../errors.js";
import { inParallel } from "../../storage/in-parallel.js";
import type { ReadableStorage, StorageOptions } from "../../storage/storage.js";
import { within } from "../../storage/within.js";
import {
  committedEntries,
  isDeletedName,
  isPartialSaveName,
  isUnfinishedName,
  unfinishedNames,
} from "../commit/committed.js";
import { DELETION_FILE, readDeletionRecord } from "../metadata/deletion-record.js";
import { isSafetensorsName, SAFETENSORS_SUFFIX } from "../metadata/item-files.js";
import type { ReadOptions } from "../metadata/metadata-file.js";
import { ROOT_METADATA_DIRECTORY } from "../metadata/root-metadata.js";
import { readStepMetadata, STEP_METADATA_FILE, type StepMetadata } from "../metadata/step-metadata.js";
import { TREE_METADATA_FILE } from "../metadata/tree-metadata.js";
import { type Folder, firstByte, listChild, listFolder, startsMsgpackMap } from "./folder.js";
import { kindOfHandler } from "./handler-kind.js";
import { itemKindByFiles } from "./item-kind.js";
import {
  type ItemKind,
  itemsLayout,
  type Layout,
  layoutFile,
  type StepEntry,
  type StepLayout,
} from "./layout.js";
import { recogniseUnlisted } from "./recognise-unlisted.js";
import { compareSteps, isAmongSteps, parseStepFileName, parseStepName } from "./step-name.js";

/** Empty file by which Orbax's v1 interface knows a step. */
const V1_MARKER = "orbax.checkpoint";

/**
 * Recognises a directory, in this order: an item; a step, by `orbax.checkpoint` or `_CHECKPOINT_METADATA`; a directory
 * of steps; a step of items; safetensors files. It lists the directory and those one and two levels below, each once,
 * and reads small files only where names do not decide.
 *
 * @throws {OrbaxError} `NOT_FOUND` if it is not there or none of these, saying what was looked for ·
 * `INVALID_ARGUMENT` for a directory whose save was never finished, or whose removal has begun · `DATA_LOSS` for a
 * step with a deletion record that is damaged · `UNSUPPORTED` for a storage whose root is a file.
 */
export async function recognise(storage: ReadableStorage, options: ReadOptions = {}): Promise<Layout> {
  refuseLeftover(storage);
  if (storage.list === undefined) {
    return (await recogniseUnlisted(storage, options)) ?? nothingRecognised(storage);
  }
  const folder = (await listFolder(storage, options)) ?? (await nothingListed(storage, options));
  const step = await layoutOfMarked(folder, options);
  if (step !== undefined) return withoutDeleted(folder, step, options);
  const { items, steps } = await childrenOf(folder, options);
  if ([...items.keys()].some(isItemName)) return withoutDeleted(folder, itemsLayout(items), options);
  const unfinished = unfinishedNames(folder.entries);
  if (steps.length > 0) return { kind: "steps", steps, unfinished };
  if (items.size > 0) return withoutDeleted(folder, itemsLayout(items), options);
  if ([...folder.files].some(isSafetensorsName)) {
    return { kind: "item", item: "pytree" };
  }
  return unfinished.length > 0 ? { kind: "steps", steps, unfinished } : nothingRecognised(storage);
}

/**
 * The steps of a directory that is known to be one of steps, ascending; none if it is missing, or nothing can list it.
 */
export async function readSteps(
  storage: ReadableStorage,
  options: ReadOptions = {},
): Promise<readonly StepEntry[]> {
  const folder = await listFolder(storage, options);
  return folder === undefined ? [] : (await childrenOf(folder, options)).steps;
}

/**
 * What a directory holds that is known to be a step, whatever lies in it: an item, or its subdirectories that are items.
 *
 * @throws {OrbaxError} `NOT_FOUND` if it is not there · `DATA_LOSS` for a deletion record that is damaged.
 */
export async function recogniseStep(
  storage: ReadableStorage,
  options: ReadOptions = {},
): Promise<StepLayout> {
  if (storage.list === undefined) {
    return (await recogniseUnlisted(storage, options)) ?? nothingRecognised(storage);
  }
  const folder = (await listFolder(storage, options)) ?? (await nothingListed(storage, options));
  const layout =
    (await layoutOfMarked(folder, options)) ??
    itemsLayout(await itemsOf(folder, handlersOf(folder, options), options));
  return withoutDeleted(folder, layout, options);
}

/** The storage that goes with a step's layout: its directory, or for a file the directory that holds it. */
export function storageOfStep(root: ReadableStorage, { storedName, layout }: StepEntry): ReadableStorage {
  return layoutFile(layout) === undefined ? within(root, `/${storedName}`) : root;
}

/** A directory inside of one that is unfinished is unfinished, too, whatever it holds (section 4). */
function refuseLeftover({ name = "" }: ReadableStorage): void {
  const parts = name.split(/[/\\]/);
  if (parts.some(isUnfinishedName)) {
    const message = `${name}: an unfinished save; only what has its final name can be opened`;
    const wayOut = parts.some(isPartialSaveName) ? "; --salvage reads what a partial save holds" : "";
    throw invalidArgument(message + wayOut, { file: name });
  }
  if (parts.some(isDeletedName)) {
    throw invalidArgument(`${name}: a checkpoint whose removal has begun`, { file: name });
  }
}

function nothingRecognised(storage: ReadableStorage): never {
  const { name = "the storage" } = storage;
  const message =
    storage.list === undefined
      ? `${name}: no checkpoint that a store without list can tell: neither ${TREE_METADATA_FILE}, nor ` +
        `${STEP_METADATA_FILE} that names items, nor files of another kind of item; of steps it must be given one`
      : `${name}: no checkpoint: neither ${TREE_METADATA_FILE}, nor ${STEP_METADATA_FILE} or directories with items, ` +
        `nor directories of steps, nor files of another kind of item, of Flax (checkpoint_<step>) or *${SAFETENSORS_SUFFIX}`;
  throw notFound(message, { file: name });
}

async function nothingListed(storage: ReadableStorage, options: StorageOptions): Promise<never> {
  const { name = "the storage" } = storage;
  if (await storage.has?.("/", options)) {
    throw unsupported(`${name}: a file; give its path, or the directory that holds it`, { file: name });
  }
  throw notFound(`${name}: no such directory`, { file: name });
}

/** Whether a name is an item's and no step's, nor that of what older managers keep about their steps (section 5). */
function isItemName(name: string): boolean {
  return !isAmongSteps(name) && name !== ROOT_METADATA_DIRECTORY;
}

/** What `_CHECKPOINT_METADATA` says about handlers, read at the first question. */
type Handlers = () => Promise<StepMetadata["itemHandlers"]>;

function handlersOf({ storage, files }: Folder, options: ReadOptions): Handlers {
  let handlers: ReturnType<Handlers> | undefined;
  return () => {
    handlers ??= files.has(STEP_METADATA_FILE) ? readHandlers(storage, options) : Promise.resolve(undefined);
    return handlers;
  };
}

/** One that is too large or too deep is refused when the step is opened, not when its kind is asked for. */
async function readHandlers(storage: ReadableStorage, options: ReadOptions) {
  try {
    return (await readStepMetadata(storage, options)).itemHandlers;
  } catch (error) {
    if (isOrbaxError(error)) return undefined;
    throw error;
  }
}

/** An item, or a step by its marks; `undefined` if it is neither. */
async function layoutOfMarked(folder: Folder, options: ReadOptions): Promise<StepLayout | undefined> {
  const handlers = handlersOf(folder, options);
  const ownHandler = async () => {
    const own = await handlers();
    return typeof own === "string" ? own : undefined;
  };
  const own = await itemKindByFiles(folder, ownHandler, options);
  if (own !== undefined) return { kind: "item", item: own };
  if (!folder.files.has(V1_MARKER) && !folder.files.has(STEP_METADATA_FILE)) return undefined;
  const items = await itemsOf(folder, handlers, options);
  // One that wrote something else than it should, nothing, or what only a user's own handler can read.
  const alone = items.size === 0 ? kindOfHandler(await ownHandler()) : undefined;
  return alone === undefined ? itemsLayout(items) : { kind: "item", item: alone };
}

/** A directory among steps: an item, or a step with items; `undefined` if it is neither. */
async function layoutOfStep(folder: Folder, options: ReadOptions): Promise<StepLayout | undefined> {
  const marked = await layoutOfMarked(folder, options);
  if (marked !== undefined) return marked;
  const items = await itemsOf(folder, handlersOf(folder, options), options);
  return [...items.keys()].some(isItemName) ? itemsLayout(items) : undefined;
}

/** Subdirectories that are items, in the order of the listing. */
async function itemsOf(folder: Folder, handlers: Handlers, options: ReadOptions) {
  const kinds = new Map<string, ItemKind | undefined>();
  const children = committedEntries(folder.entries).filter(({ kind }) => kind === "directory");
  for (const { name } of children) kinds.set(name, undefined);
  await inParallel(children, async ({ name, storedName }) => {
    const child = await listChild(folder, storedName, options);
    if (child === undefined) return;
    const handler = async () => {
      const all = await handlers();
      return typeof all === "object" ? all[name] : undefined;
    };
    const byFiles = await itemKindByFiles(child, handler, options);
    // A tree that lost its metadata is still the item by which it was saved: it is damaged rather than absent.
    kinds.set(name, byFiles ?? kindOfHandler(await handler()));
  });
  return definedOf(kinds);
}

/** What a directory without marks holds: items for a step of items, and steps, which may be the same directories. */
async function childrenOf(folder: Folder, options: ReadOptions) {
  const kinds = new Map<string, ItemKind | undefined>();
  const steps: StepEntry[] = [];
  const children = committedEntries(folder.entries).filter(
    ({ name, kind }) => kind === "directory" || parseStepFileName(name) !== undefined,
  );
  for (const { name, kind } of children) if (kind === "directory") kinds.set(name, undefined);
  await inParallel(children, async ({ name, kind, storedName }) => {
    if (kind === "file") {
      const step = await flaxStep(folder, name, options);
      if (step !== undefined) steps.push(step);
      return;
    }
    const child = await listChild(folder, storedName, options);
    if (child === undefined) return;
    const step = parseStepName(name);
    if (step === undefined) {
      kinds.set(name, await itemKindByFiles(child, noHandler, options));
      return;
    }
    const layout = await layoutOfStep(child, options);
    if (layout === undefined) return;
    if (layout.kind === "item") kinds.set(name, layout.item);
    steps.push({ ...step, storedName, ...(await damageOf(child, layout, options)) });
  });
  return { items: definedOf(kinds), steps: steps.sort(compareSteps) };
}

async function noHandler(): Promise<undefined> {}

function definedOf(kinds: ReadonlyMap<string, ItemKind | undefined>): ReadonlyMap<string, ItemKind> {
  const items = new Map<string, ItemKind>();
  for (const [name, kind] of kinds) if (kind !== undefined) items.set(name, kind);
  return items;
}

/** A file that Flax wrote for a step; `undefined` for every other file. */
async function flaxStep(
  { storage }: Folder,
  name: string,
  options: StorageOptions,
): Promise<StepEntry | undefined> {
  const step = parseStepFileName(name);
  if (step === undefined || !startsMsgpackMap(await firstByte(storage, `/${name}`, options)))
    return undefined;
  return { ...step, storedName: name, layout: { kind: "item", item: "pytree", file: name } };
}

/** The layout without items that are being deleted. Errors as {@link readDeletionRecord}. */
async function withoutDeleted(
  { storage, files }: Folder,
  layout: StepLayout,
  options: ReadOptions,
): Promise<StepLayout> {
  if (layout.kind === "item" || !files.has(DELETION_FILE)) return layout;
  const record = await readDeletionRecord(storage, options);
  return record === undefined ? layout : itemsLayout(layout.items, record.name);
}

/** As {@link withoutDeleted}, but one step with a damaged record does not spoil the listing of all. */
async function damageOf(
  folder: Folder,
  layout: StepLayout,
  options: ReadOptions,
): Promise<Pick<StepEntry, "layout" | "damage">> {
  try {
    return { layout: await withoutDeleted(folder, layout, options) };
  } catch (error) {
    if (isOrbaxError(error)) return { layout, damage: error };
    throw error;
  }
}
