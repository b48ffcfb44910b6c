import type { JsonObject } from "../bytes/json.js";
import { invalidArgument, isOrbaxError, notFound, unsupported } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import type { KeyPath, KeyPathSelector } from "../pytree/key-path.js";
import { toPlain } from "../pytree/plain.js";
import { unflattenTree } from "../pytree/unflatten.js";
import type { Tree } from "../pytree/value.js";
import { openStorage, type StorageSource } from "../storage/open.js";
import { readFile } from "../storage/read.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";
import { within } from "../storage/within.js";
import type { LazyArray } from "../zarr/lazy.js";
import { type ItemKind, type Layout, recognise, type StepEntry, type StepLayout } from "./layout.js";
import { describeLeaves, type LeafInfo } from "./leaf-info.js";
import { exactValue } from "./leaf-value.js";
import { PytreeItem } from "./pytree-item.js";
import { Shared } from "./shared.js";
import { standInFor } from "./stand-in.js";
import { decodeStepMetadata, STEP_METADATA_FILE, type StepMetadata } from "./step-metadata.js";
import { keepMetadata } from "./unlisted.js";

/** Options of {@link openCheckpoint}. */
export type OpenCheckpointOptions = StorageOptions & {
  /** A step's number in a directory of steps; `null` is Datarax's unversioned `checkpoint`. Default: the largest. */
  readonly step?: number | null | undefined;
  /** An item's name. Default: see {@link Checkpoint.item}. */
  readonly item?: string | undefined;
  /** Changes to the library's limits. */
  readonly limits?: Partial<Limits> | undefined;
};

/** Options of {@link Checkpoint.load}. */
export type LoadOptions = StorageOptions & {
  /**
   * Only leaves at this key path or below; a string is a glob over keys joined by `/`. A list with key paths in it
   * selects what any of its members does.
   */
  readonly only?: KeyPathSelector | readonly KeyPathSelector[] | undefined;
  /** Keeps every leaf's exact type: `Scalar`, `NdArray` of rank 0, `Tuple`, sharding. Default: plain values. */
  readonly exact?: boolean | undefined;
  /** Called after each array, numbers included, with how many are there and how many there will be. */
  readonly onProgress?: ((done: number, all: number) => void) | undefined;
};

/**
 * Opens a checkpoint without reading its arrays: 2 to 4 reads, one more a further B+tree node.
 *
 * @param source An item, a step, or a directory of steps: a path or file URL, a storage, or any zarrita store.
 * @throws {OrbaxError} `NOT_FOUND` nothing finished there, or no such step or item · `INVALID_ARGUMENT` an
 * unfinished save, or a number that two directories have · `UNSUPPORTED` a file.
 * @example
 * const checkpoint = await openCheckpoint("runs/7");
 * for (const leaf of await checkpoint.leaves()) console.log(leaf.path, leaf.dtype, leaf.shape);
 * @see docs/spec/orbax-layout.md section 15
 */
export async function openCheckpoint(
  source: StorageSource,
  { step, item, limits: changes, signal }: OpenCheckpointOptions = {},
): Promise<Checkpoint> {
  const limits = withDefaultLimits(changes);
  const storage = keepMetadata(await openStorage(source));
  const { storage: root, layout } = await recogniseOrStandIn(source, storage, { signal });
  const chosen = layout.kind === "steps" ? chooseStep(root, layout.steps, step) : { storage: root, layout };
  if (layout.kind !== "steps" && step !== undefined) {
    const { name = "the storage" } = root;
    throw notFound(`${name}: no directory of steps, so there is no step ${step}`, { file: name });
  }
  const stepNumber = "step" in chosen ? chosen.step : undefined;
  const metadata = await readStepMetadata(chosen.storage, limits, { signal });
  const checkpoint = new Checkpoint({ ...chosen, step: stepNumber, metadata, limits });
  return item === undefined ? checkpoint : checkpoint.item(item);
}

/** A path whose overwrite was interrupted is opened as the old version that stands for it. */
async function recogniseOrStandIn(
  source: StorageSource,
  storage: ReadableStorage,
  options: StorageOptions,
): Promise<{ readonly storage: ReadableStorage; readonly layout: Layout }> {
  try {
    return { storage, layout: await recognise(storage, options) };
  } catch (error) {
    const standIn = isOrbaxError(error, "NOT_FOUND") ? await standInFor(source) : undefined;
    if (standIn === undefined) throw error;
    return { storage: standIn, layout: await recognise(standIn, options) };
  }
}

function chooseStep(root: ReadableStorage, steps: readonly StepEntry[], step: number | null | undefined) {
  const name = root.name ?? "the storage";
  const wanted = step === undefined ? steps.at(-1)?.step : step;
  const found = steps.filter((candidate) => candidate.step === wanted);
  const [first, second] = found;
  if (first === undefined) {
    const message = step === undefined ? `${name}: no finished step` : `${name}: no step ${step}`;
    throw notFound(message, { file: name });
  }
  if (second !== undefined) {
    const message = `${name}: step ${wanted} is both ${first.name} and ${second.name}; open one of them`;
    throw invalidArgument(message, { file: name });
  }
  return { storage: within(root, `/${first.storedName}`), layout: first.layout, step: first.step };
}

async function readStepMetadata(storage: ReadableStorage, limits: Limits, options: StorageOptions) {
  const limit = { limit: limits.metadataBytes, limitName: "metadataBytes" } as const;
  const bytes = await readFile(storage, `/${STEP_METADATA_FILE}`, { ...limit, ...options });
  return decodeStepMetadata(bytes ?? new Uint8Array(0), limits);
}

/** Items that hold the tree where nobody says which (Orbax's own names). */
const DEFAULT_ITEMS = ["default", "state", "pytree"];

/** One checkpoint, open for reading. Made by {@link openCheckpoint}. */
export class Checkpoint {
  /** Where its files lie. */
  readonly storage: ReadableStorage;
  /** Number of the step, `null` for Datarax's unversioned `checkpoint`, `undefined` where no step was chosen. */
  readonly step: number | null | undefined;
  /** Whether it is one item by itself or a step with items. */
  readonly layout: StepLayout["kind"];
  /** What it is, if it is one item by itself. */
  readonly kind: ItemKind | undefined;
  /** What each item is, by name; empty for one item by itself. */
  readonly items: ReadonlyMap<string, ItemKind>;
  /** What `_CHECKPOINT_METADATA` says: times, handlers, custom metadata. */
  readonly metadata: StepMetadata;
  readonly #limits: Limits;
  readonly #tree = new Shared((options) => this.#openTree(options));

  /** @internal Use {@link openCheckpoint}. */
  constructor(parts: {
    readonly storage: ReadableStorage;
    readonly layout: StepLayout;
    readonly step: number | null | undefined;
    readonly metadata: StepMetadata;
    readonly limits: Limits;
  }) {
    this.storage = parts.storage;
    this.step = parts.step;
    this.layout = parts.layout.kind;
    this.kind = parts.layout.kind === "item" ? parts.layout.item : undefined;
    this.items = parts.layout.kind === "items" ? parts.layout.items : new Map();
    this.metadata = parts.metadata;
    this.#limits = parts.limits;
  }

  /**
   * One item of a step, as a checkpoint of its own.
   *
   * @param name Default: the only item, else the first of `default`, `state`, `pytree`, else the only tree.
   * @throws {OrbaxError} `NOT_FOUND` with the names that there are.
   */
  async item(name?: string): Promise<Checkpoint> {
    if (this.layout === "item") {
      if (name === undefined) return this;
      const message = `${this.#place}: one item by itself, so there is no item ${JSON.stringify(name)}`;
      throw notFound(message, { file: this.#place });
    }
    const chosen = name ?? this.#defaultItem();
    const kind = chosen === undefined ? undefined : this.items.get(chosen);
    if (chosen === undefined || kind === undefined) {
      const names = [...this.items.keys()].join(", ") || "none";
      const wanted = name === undefined ? "choose an item" : `no item ${JSON.stringify(name)}`;
      throw notFound(`${this.#place}: ${wanted}; items: ${names}`, { file: this.#place });
    }
    return new Checkpoint({
      storage: within(this.storage, `/${chosen}`),
      layout: { kind: "item", item: kind },
      step: this.step,
      metadata: this.metadata,
      limits: this.#limits,
    });
  }

  #defaultItem(): string | undefined {
    const names = [...this.items.keys()];
    if (names.length === 1) return names[0];
    const trees = names.filter((name) => this.items.get(name) === "pytree");
    return DEFAULT_ITEMS.find((name) => this.items.has(name)) ?? (trees.length === 1 ? trees[0] : undefined);
  }

  get #place(): string {
    return this.storage.name ?? "the checkpoint";
  }

  /**
   * @internal The tree of this item, or of the default item.
   *
   * @throws {OrbaxError} as {@link item} · `UNSUPPORTED` if the item is no tree.
   */
  async tree(options?: StorageOptions): Promise<PytreeItem> {
    return this.#tree.get(options);
  }

  async #openTree(options?: StorageOptions): Promise<PytreeItem> {
    const { storage, kind } = await this.item();
    if (kind !== "pytree") {
      const name = storage.name ?? "the item";
      throw unsupported(`${name}: an item of kind ${kind}; this version reads trees only`, { file: name });
    }
    return PytreeItem.open(storage, { limits: this.#limits, ...options });
  }

  /**
   * All leaves by metadata alone, in the file's order: in a database without a read beyond its nodes, in a file
   * layout with one read an array; where there are `jax.Array`s, two files more.
   *
   * @throws {OrbaxError} `DATA_LOSS` if metadata is damaged or an array is missing.
   */
  async leaves(options?: StorageOptions): Promise<readonly LeafInfo[]> {
    return describeLeaves(await this.tree(options), options);
  }

  /**
   * The array at a key path as a zarrita array: `zarr.get(array, [zarr.slice(0, 2), null])` reads only the chunks that
   * it needs. float16 and bfloat16 show as float32, or as their bits with `raw`; complex has one more axis of 2.
   *
   * @param path Key path, or a glob that selects one leaf.
   * @throws {OrbaxError} `NOT_FOUND` if there is no array at that path · `INVALID_ARGUMENT` if a glob selects several.
   */
  async array(
    path: KeyPathSelector,
    options?: StorageOptions & { readonly raw?: boolean },
  ): Promise<LazyArray> {
    const tree = await this.tree(options);
    return tree.array(path, options);
  }

  /** The user's own data in the item's `_METADATA`, where `PyTreeSave(custom_metadata=…)` puts it. */
  async itemMetadata(options?: StorageOptions): Promise<JsonObject[string]> {
    return (await this.tree(options)).metadata.customMetadata;
  }

  /**
   * Reads the values into a tree of dicts (objects without prototype), lists and leaves. With `only` it has the
   * selected leaves alone; a list of which elements are left out is then a dict by index.
   *
   * @throws {OrbaxError} `NOT_FOUND` if `only` selects nothing · `DATA_LOSS` for damage, with the leaf's key path
   * where one is concerned.
   */
  async load({ exact = false, only, onProgress, signal }: LoadOptions = {}): Promise<Tree> {
    const tree = await this.tree({ signal });
    const loaded = await tree.load({ only, onProgress, sharding: exact, signal });
    const values = new Map<KeyPath, Tree>();
    for (const { path, leaf } of loaded) {
      const value = exactValue(leaf);
      values.set(path, exact ? value : toPlain(value));
    }
    return unflattenTree(tree.leaves.map(({ path }) => ({ path, value: values.get(path) })));
  }
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
