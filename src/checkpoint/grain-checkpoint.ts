import { isJsonObject, parseJson } from "../bytes/json.js";
import { decodeUtf8 } from "../bytes/utf8.js";
import { dataLoss, inFile, invalidArgument } from "../errors.js";
import { formatPythonJson } from "../pytree/python-json.js";
import type { Dict } from "../pytree/value.js";
import { openParent, type StorageSource, type WritableStorageSource } from "../storage/open.js";
import type { Checkpoint } from "./checkpoint.js";
import { type GrainProcess, grainFileName, readGrainText, writeGrainItem } from "./items/grain-item.js";
import type { ReadOptions } from "./metadata/metadata-file.js";
import { openCheckpoint } from "./open-checkpoint.js";
import { commitItem } from "./save/commit-item.js";

/** What a Grain iterator saves: a dict for datasets, for a `DataLoader` its JSON as a text or as bytes. */
export type GrainState = Dict | string | Uint8Array;

/** An iterator whose state Grain's checkpoint handler can hold: of a dataset, of a `DataLoader`, or one's own. */
export type GrainIterator = {
  getState(): GrainState | Promise<GrainState>;
  /** Is given the state in the form in which `getState` gives it. */
  setState(state: GrainState): void | Promise<void>;
};

/** Options of {@link saveGrainItem}. */
export type SaveGrainOptions = Partial<GrainProcess> & {
  /** Replaces an existing item; the old one is there until the new one is in its place. Default: false. */
  readonly overwrite?: boolean | undefined;
  /** Name of the item's directory below a destination that is a storage and no path. */
  readonly path?: string | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** Options of {@link restoreGrainItem}. */
export type RestoreGrainOptions = Partial<GrainProcess> &
  ReadOptions & {
    /** A step's number in a directory of steps. Default: the largest. */
    readonly step?: number | null | undefined;
    /** An item's name in a step. Default: the only one of Grain. */
    readonly item?: string | undefined;
  };

/** By this class the item restores itself in Orbax. */
const GRAIN_HANDLER = "grain._src.python.checkpoint.handler.CheckpointHandler";
const INDENT = 4; // of Grain's json.dumps

/**
 * Saves the state of an iterator as Grain's checkpoint handler does: a checkpoint of one item with a file
 * `process_<p>-of-<n>.json`, which `ocp.Checkpointer(grain.checkpoint.CheckpointHandler())` restores, and a manager
 * where it lies in a step. It appears whole or not at all.
 *
 * One call writes one directory. For a run of several processes give the iterators of all, in their order; with
 * `processIndex` and `processCount` the directory has the file of that process only.
 *
 * @param destination Directory of the new item, or a storage together with `options.path`.
 * @param states The iterator, or the text of its state; or a list of them, one a process.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a state that JSON has not, or processes that cannot be, before anything
 * is written · `ALREADY_EXISTS` without `overwrite` · `CONFLICT` if another process made the destination meanwhile.
 * @example await saveGrainItem("runs/7/1200/stream", iterator);
 * @see docs/spec/orbax-layout.md section 18
 */
export async function saveGrainItem(
  destination: WritableStorageSource,
  states: GrainIterator | string | readonly (GrainIterator | string)[],
  { processIndex = 0, processCount, overwrite = false, path, signal }: SaveGrainOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  const all = isList(states);
  const ofEach = all ? states : [states];
  const count = processCount ?? (all ? ofEach.length : 1);
  if (all && (processIndex !== 0 || count !== ofEach.length || count === 0)) {
    throw invalidArgument(`${ofEach.length} states for ${count} processes: a list has one of each`, {
      field: "processCount",
      found: count,
    });
  }
  const texts = new Map<string, string>();
  for (const [index, state] of ofEach.entries()) {
    const file = grainFileName({ processIndex: processIndex + index, processCount: count });
    texts.set(file, typeof state === "string" ? state : textOf(await state.getState()));
  }
  const { storage, name } = await openParent(destination, path);
  const options = { handler: GRAIN_HANDLER, customMetadata: {}, overwrite, signal };
  await commitItem(storage, name, options, (directory) => writeGrainItem(directory, texts));
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function textOf(state: GrainState): string {
  if (typeof state === "string") return state;
  return state instanceof Uint8Array ? decodeUtf8(state, "Grain state") : formatPythonJson(state, INDENT);
}

/**
 * Restores an iterator from what {@link saveGrainItem} or Python saved: Grain's checkpoint handler, Orbax's v1
 * interface, a manager.
 *
 * @param source An item, a step or a directory of steps, as `openCheckpoint` takes it.
 * @returns The same iterator.
 * @throws {OrbaxError} `NOT_FOUND` without the file of that process, in Grain's words · `DATA_LOSS` if it is damaged ·
 * what `openCheckpoint` and the iterator's `setState` throw; the iterator is then as before.
 * @example const iterator = await restoreGrainItem("runs/7/1200/stream", loader[Symbol.iterator]());
 */
export async function restoreGrainItem<I extends GrainIterator>(
  source: StorageSource,
  iterator: I,
  { processIndex = 0, processCount = 1, step, item, limits, signal }: RestoreGrainOptions = {},
): Promise<I> {
  const process = { processIndex, processCount };
  const file = grainFileName(process);
  const checkpoint = await openCheckpoint(source, { step, limits, signal });
  const { storage } = await grainItemOf(checkpoint, item);
  const text = await readGrainText(storage, process, { limits, signal });
  const own = await iterator.getState();
  if (typeof own === "string") await iterator.setState(text);
  else if (own instanceof Uint8Array) await iterator.setState(new TextEncoder().encode(text));
  else await iterator.setState(dictOfText(text, file, { limits }));
  return iterator;
}

async function grainItemOf(checkpoint: Checkpoint, name: string | undefined): Promise<Checkpoint> {
  if (name !== undefined || checkpoint.layout === "item") return checkpoint.item(name);
  const ofGrain = [...checkpoint.items].flatMap(([item, kind]) => (kind === "grain" ? [item] : []));
  if (ofGrain.length <= 1) return checkpoint.item(ofGrain[0]);
  const { name: place = "the step" } = checkpoint.storage;
  throw invalidArgument(`${place}: choose an item; those of Grain are ${ofGrain.join(", ")}`, {
    field: "item",
  });
}

function dictOfText(text: string, file: string, { limits }: ReadOptions): Dict {
  try {
    const json = parseJson(new TextEncoder().encode(text), "Grain state", limits);
    if (isJsonObject(json)) return json;
    throw dataLoss("Grain state", { expected: "a JSON object" });
  } catch (error) {
    throw inFile(error, file);
  }
}
