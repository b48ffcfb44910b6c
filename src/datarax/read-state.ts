import { exactValue } from "../checkpoint/tree/leaf-value.js";
import { openOrbaxTree } from "../checkpoint/tree/orbax-tree.js";
import type { Limits } from "../limits.js";
import { unflattenTree } from "../pytree/unflatten.js";
import type { Tree } from "../pytree/value.js";
import { openStorage, type StorageSource } from "../storage/open.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";
import { unwrapState } from "./envelope.js";
import { type DecodeOptions, decodeState } from "./state-codec.js";
import { findCheckpoint } from "./step-directories.js";

/** What a checkpoint of Datarax holds, every value with its exact type. */
export type SavedState = {
  /** The step that was read, `null` for the unversioned checkpoint. */
  readonly step: number | null;
  readonly state: Tree;
  /** What was saved beside the state, `null` if nothing was. */
  readonly metadata: Tree | null;
};

/** Options of {@link readState}. */
export type ReadStateOptions = StorageOptions & {
  /** Default: the largest step, else the unversioned checkpoint. */
  readonly step?: number | undefined;
  readonly limits?: Partial<Limits> | undefined;
};

/**
 * Reads the state that an iterator's `setState` would receive, and the metadata saved with it
 * (docs/spec/datarax.md sections 1.5, 1.8 and 3).
 *
 * @param source Base directory of an `IteratorCheckpoint`.
 * @throws {OrbaxError} `NOT_FOUND` with Datarax's words · `DATA_LOSS` if the checkpoint is damaged ·
 * `INVALID_ARGUMENT` for a step that is no safe integer.
 */
export async function readState(source: StorageSource, options: ReadStateOptions = {}): Promise<SavedState> {
  return readSaved(source, options, {});
}

/** {@link readState} for the target of a handler's restore: Datarax leaves its keys and empty dicts as they are. */
export async function readStateForTarget(source: StorageSource, step?: number): Promise<SavedState> {
  return readSaved(source, { step }, { intPaths: false });
}

async function readSaved(
  source: StorageSource,
  { step, ...options }: ReadStateOptions,
  decoding: DecodeOptions,
): Promise<SavedState> {
  const found = await findCheckpoint(await openStorage(source), step);
  const { tree, limits } = await loadTree(found.storage, options);
  return { step: found.step, ...unwrapState(decodeState(tree, { ...decoding, exact: true, limits })) };
}

async function loadTree(storage: ReadableStorage, options: ReadStateOptions) {
  const item = await openOrbaxTree(storage, options);
  const leaves = await item.load({ sharding: true, signal: options.signal });
  const tree = unflattenTree(leaves.map(({ path, leaf }) => ({ path, value: exactValue(leaf) })));
  return { tree, limits: item.limits };
}
