import { notFound } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import type { Tree } from "../pytree/value.js";
import { openStorage, type StorageSource } from "../storage/open.js";
import type { ReadableStorage } from "../storage/storage.js";
import { Checkpoint, type LoadOptions } from "./checkpoint.js";
import { isPartialSaveName } from "./commit/committed.js";
import type { ReadOptions } from "./metadata/metadata-file.js";
import { NO_STEP_METADATA, readStepMetadata, type StepMetadata } from "./metadata/step-metadata.js";
import { chooseStep } from "./recognise/choose-step.js";
import { layoutFile, type StepEntry, type StepLayout } from "./recognise/layout.js";
import { storageOfStep } from "./recognise/recognise.js";
import { type RecognisedSource, recogniseSource } from "./recognise/recognise-source.js";

/** Options of {@link openCheckpoint}. */
export type OpenCheckpointOptions = ReadOptions & {
  /** A step's number in a directory of steps; `null` is Datarax's unversioned `checkpoint`. Default: the largest. */
  readonly step?: number | null | undefined;
  /** An item's name. Default: see {@link Checkpoint.item}. */
  readonly item?: string | undefined;
  /**
   * Also opens a tree that lost its top database, from those of its processes, and a partial save that was never
   * finalized (docs/spec/orbax-layout-extra.md sections 4 and 6), and is called with what was missing. Default: both are
   * refused.
   */
  readonly onSalvage?: ((message: string) => void) | undefined;
};

/**
 * Opens a checkpoint without reading its arrays: 2 to 4 reads, one more a further B+tree node.
 *
 * @param source An item, a step, or a directory of steps: a path or file URL, a storage, or any zarrita store. A path
 * may also be a file of Flax or of tensors (safetensors).
 * @throws {OrbaxError} `NOT_FOUND` nothing finished there, or no such step or item · `INVALID_ARGUMENT` an
 * unfinished save, or a number that two directories have · `CONFLICT` an item whose deletion has begun · `DATA_LOSS`
 * a step whose deletion record is damaged.
 * @example
 * const checkpoint = await openCheckpoint("runs/7");
 * for (const leaf of await checkpoint.leaves()) console.log(leaf.path, leaf.dtype, leaf.shape);
 * @see docs/spec/orbax-layout.md section 15
 */
export async function openCheckpoint(
  source: StorageSource,
  { step, item, limits: changes, onSalvage, signal }: OpenCheckpointOptions = {},
): Promise<Checkpoint> {
  const limits = withDefaultLimits(changes);
  const options = { limits, onSalvage, signal };
  const { storage, layout } = await recogniseOrSalvage(source, options);
  const checkpoint =
    layout.kind === "steps"
      ? await openStep(storage, chooseStep(storage, layout.steps, step), options)
      : await openAlone(storage, layout, { step, ...options });
  return item === undefined ? checkpoint : checkpoint.item(item);
}

type OpenOptions = Pick<OpenCheckpointOptions, "onSalvage" | "signal"> & { readonly limits: Limits };

/** A partial save that was never finalized is no checkpoint, but a tree for who salvages. */
async function recogniseOrSalvage(
  source: StorageSource,
  { limits, onSalvage, signal }: OpenOptions,
): Promise<RecognisedSource> {
  const storage = onSalvage === undefined ? undefined : await openStorage(source);
  if (storage?.name !== undefined && isPartialSaveName(storage.name)) {
    return { storage, layout: { kind: "item", item: "pytree" } };
  }
  return recogniseSource(source, { limits, signal });
}

/** @internal A step of a directory of steps. */
export async function openStep(
  root: ReadableStorage,
  entry: StepEntry,
  { limits, onSalvage, signal }: OpenOptions,
): Promise<Checkpoint> {
  const { layout, step } = entry;
  const storage = storageOfStep(root, entry);
  const metadata = await metadataOf(storage, layout, { limits, signal });
  return new Checkpoint({ storage, layout, step, metadata, limits, onSalvage });
}

async function openAlone(
  storage: ReadableStorage,
  layout: StepLayout,
  { step, limits, onSalvage, signal }: OpenOptions & Pick<OpenCheckpointOptions, "step">,
): Promise<Checkpoint> {
  if (step !== undefined) {
    const { name = "the storage" } = storage;
    throw notFound(`${name}: no directory of steps, so there is no step ${step}`, { file: name });
  }
  const metadata = await metadataOf(storage, layout, { limits, signal });
  return new Checkpoint({ storage, layout, step, metadata, limits, onSalvage });
}

/** A file has none: what lies beside it is not its own. */
async function metadataOf(
  storage: ReadableStorage,
  layout: StepLayout,
  options: ReadOptions,
): Promise<StepMetadata> {
  return layoutFile(layout) === undefined ? readStepMetadata(storage, options) : NO_STEP_METADATA;
}

/**
 * Reads a whole tree: `(await openCheckpoint(source, options)).load(options)`.
 *
 * @throws {OrbaxError} as {@link openCheckpoint} and {@link Checkpoint.load}.
 * @example const { params } = await load("runs/7");
 */
export async function load(
  source: StorageSource,
  options: OpenCheckpointOptions & LoadOptions = {},
): Promise<Tree> {
  const checkpoint = await openCheckpoint(source, options);
  return checkpoint.load(options);
}
