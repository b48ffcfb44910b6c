import { isJsonObject, type JsonValue, parseJson } from "../bytes/json.js";
import { invalidArgument, notFound } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import type { Tree } from "../pytree/value.js";
import { openStorage, type StorageSource } from "../storage/open.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";
import { within } from "../storage/within.js";
import { type BestMode, bestOf, type StepMetrics } from "./best-step.js";
import type { Checkpoint, LoadOptions } from "./checkpoint.js";
import { managedStep, managedSteps, type StepSelection } from "./manager-steps.js";
import { DEFAULT_ITEM, GRAIN_FILE, METRICS_FILE } from "./metadata/item-files.js";
import { readMetadataFile } from "./metadata/metadata-file.js";
import { type RootMetadata, readRootMetadata } from "./metadata/root-metadata.js";
import type { StepMetadata } from "./metadata/step-metadata.js";
import { openStep } from "./open-checkpoint.js";
import type { ItemKind, StepEntry } from "./recognise/layout.js";
import { recogniseStep } from "./recognise/recognise.js";
import type { LeafInfo } from "./tree/leaf-info.js";

/** Options of a {@link CheckpointManager}: those of Orbax's `CheckpointManagerOptions` that concern reading. */
export type CheckpointManagerOptions = StepSelection & {
  /**
   * What of a step's metrics tells how good it is: a metric's name, or a function. Default: none, so that the best
   * step is the latest.
   */
  readonly bestFn?: string | ((metrics: JsonValue) => number | bigint) | undefined;
  /** Which end of the metric is best. Default: `"max"`. */
  readonly bestMode?: BestMode | undefined;
  /** Changes to the library's limits. */
  readonly limits?: Partial<Limits> | undefined;
};

/** Options of {@link CheckpointManager.restore}. */
export type RestoreOptions = LoadOptions & {
  /** Names of the items to restore. Default: all. */
  readonly items?: readonly string[] | undefined;
};

/**
 * A directory of steps as Orbax's `CheckpointManager` reads it. Nothing is kept between two calls: each sees what is
 * there when it is made.
 *
 * With `stepPrefix` or `stepFormatFixedLength` its steps are the directories with exactly the names that a manager with
 * these options gives, whatever lies in them. Without, all names of steps count (`5`, `0005`, `step_5`, Datarax's, Flax's)
 * of what really is a checkpoint; a number that two of them have can be told only by an option.
 *
 * @example
 * const manager = new CheckpointManager("runs/7", { bestFn: "loss", bestMode: "min" });
 * const params = await manager.restore(await manager.bestStep());
 */
export class CheckpointManager {
  readonly #source: StorageSource;
  readonly #options: CheckpointManagerOptions;
  readonly #limits: Limits;

  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a length that is no natural number. */
  constructor(root: StorageSource, options: CheckpointManagerOptions = {}) {
    const { stepFormatFixedLength: length = 0, limits } = options;
    if (!Number.isSafeInteger(length) || length < 0) {
      throw invalidArgument(`stepFormatFixedLength is ${length}, expected a natural number`);
    }
    this.#source = root;
    this.#options = options;
    this.#limits = withDefaultLimits(limits);
  }

  /** Numbers of the steps, ascending, each once; none if the directory is missing. */
  async allSteps(options?: StorageOptions): Promise<number[]> {
    const steps = await managedSteps(await this.#root(), this.#options, { limits: this.#limits, ...options });
    return [...new Set(steps.map(({ step }) => step))];
  }

  /** The largest step, `null` if there is none. */
  async latestStep(options?: StorageOptions): Promise<number | null> {
    return (await this.allSteps(options)).at(-1) ?? null;
  }

  /**
   * The step whose metric is best, the latest of equal ones; without `bestFn` the latest step. Steps without metrics do
   * not count; `null` if none has any.
   *
   * @throws {OrbaxError} `NOT_FOUND` if a step's metrics lack the one that `bestFn` names · `INVALID_ARGUMENT` if it is
   * no number · `DATA_LOSS` for metrics that are damaged.
   */
  async bestStep(options?: StorageOptions): Promise<number | null> {
    const { bestFn, bestMode = "max" } = this.#options;
    if (bestFn === undefined) return this.latestStep(options);
    const steps: StepMetrics[] = [];
    for (const step of await this.allSteps(options)) {
      const metrics = await this.metrics(step, options);
      if (metrics !== null) steps.push({ step, metrics });
    }
    const metricOf = typeof bestFn === "string" ? namedMetric(bestFn) : ofMetrics(bestFn);
    return bestOf(steps, metricOf, bestMode) ?? null;
  }

  /**
   * What the manager that saved a step was told about it; `null` if it was told nothing, or there is no such step.
   *
   * @throws {OrbaxError} `DATA_LOSS` if they are damaged · `INVALID_ARGUMENT` for a number that two directories have.
   */
  async metrics(step: number, options?: StorageOptions): Promise<JsonValue> {
    const root = await this.#root();
    const found = await managedStep(root, this.#options, step, { limits: this.#limits, ...options });
    return found === undefined ? null : this.#metricsOf(within(root, `/${found.storedName}`), options);
  }

  async #metricsOf(directory: ReadableStorage, options?: StorageOptions): Promise<JsonValue> {
    const reading = { limits: this.#limits, ...options };
    return (await readMetadataFile(directory, METRICS_FILE, decodeMetrics, reading)) ?? null;
  }

  /**
   * What the manager was given for all its steps, or what a step says of itself, its metrics included.
   *
   * @throws {OrbaxError} `NOT_FOUND` if there is no such step · `DATA_LOSS` if it is damaged.
   */
  async metadata(step?: undefined, options?: StorageOptions): Promise<RootMetadata>;
  async metadata(step: number, options?: StorageOptions): Promise<StepMetadata>;
  async metadata(step?: number, options?: StorageOptions): Promise<RootMetadata | StepMetadata> {
    if (step === undefined) return readRootMetadata(await this.#root(), { limits: this.#limits, ...options });
    const { storage, metadata } = await this.checkpoint(step, options);
    const metrics = await this.#metricsOf(storage, options);
    return isJsonObject(metrics) ? { ...metadata, metrics: { ...metadata.metrics, ...metrics } } : metadata;
  }

  /** What each item of a step is, by name. @throws {OrbaxError} as {@link checkpoint}. */
  async items(step?: number | null, options?: StorageOptions): Promise<ReadonlyMap<string, ItemKind>> {
    return (await this.checkpoint(step, options)).items;
  }

  /**
   * The leaves of each item that is a tree, by item, `null` for other items; of a step that is one item, or has an item
   * `default`, that item's alone.
   *
   * @throws {OrbaxError} as {@link checkpoint} and `Checkpoint.leaves`.
   */
  async itemMetadata(
    step?: number | null,
    options?: StorageOptions,
  ): Promise<ItemLeaves | { readonly [item: string]: ItemLeaves }> {
    const checkpoint = await this.checkpoint(step, options);
    const alone = await soleItem(checkpoint);
    if (alone !== undefined) return leavesOf(alone, options);
    const items: { [item: string]: ItemLeaves } = Object.create(null);
    for (const name of checkpoint.items.keys()) {
      items[name] = await leavesOf(await checkpoint.item(name), options);
    }
    return items;
  }

  /**
   * One step, open for reading.
   *
   * @param step Default, also for `null`: the latest.
   * @throws {OrbaxError} `NOT_FOUND` if there is none · `INVALID_ARGUMENT` for a number that two directories have.
   */
  async checkpoint(step?: number | null, options?: StorageOptions): Promise<Checkpoint> {
    const root = await this.#root();
    const entry = await this.#entry(root, step ?? (await this.latestStep(options)), options);
    return openStep(root, entry, { limits: this.#limits, signal: options?.signal });
  }

  /**
   * Restores a step: of one that is one item, or has an item `default`, the value of that; else an object without
   * prototype of all items' values, or of those that `items` names. A tree and a JSON item are what `Checkpoint.load`
   * gives, a protobuf item its text, one of Grain an object of texts by file, other files an object of their sizes.
   *
   * @param step Default, also for `null`: the latest.
   * @throws {OrbaxError} `NOT_FOUND` if there is no such step or item · `INVALID_ARGUMENT` for `only` where there is
   * more than one item to select from; and as `Checkpoint.load`.
   */
  async restore(step?: number | null, { items: names, ...options }: RestoreOptions = {}): Promise<Tree> {
    const checkpoint = await this.checkpoint(step, options);
    const alone = names === undefined ? await soleItem(checkpoint) : undefined;
    if (alone !== undefined) return valueOf(alone, options);
    if (checkpoint.items.size === 0) await checkpoint.item(); // throws: there is none
    const chosen = names ?? [...checkpoint.items.keys()];
    if (options.only !== undefined && chosen.length !== 1) {
      throw invalidArgument(`only selects from one item; name one of ${chosen.join(", ")} in items`);
    }
    const values: { [item: string]: Tree } = Object.create(null);
    for (const name of chosen) values[name] = await valueOf(await checkpoint.item(name), options);
    return values;
  }

  async #root(): Promise<ReadableStorage> {
    return openStorage(this.#source);
  }

  async #entry(root: ReadableStorage, step: number | null, options?: StorageOptions): Promise<StepEntry> {
    const reading = { limits: this.#limits, ...options };
    const found = step === null ? undefined : await managedStep(root, this.#options, step, reading);
    if (found === undefined) {
      const { name = "the storage" } = root;
      const message = step === null ? `No steps found in ${name}.` : `${name}: no step ${step}`;
      throw notFound(message, { file: name, pythonType: "FileNotFoundError" });
    }
    if (found.entry?.damage !== undefined) throw found.entry.damage;
    if (found.entry !== undefined) return found.entry;
    const layout = await recogniseStep(within(root, `/${found.storedName}`), reading);
    return { ...found, layout };
  }
}

/** Leaves of a tree, `null` for an item that is none. */
export type ItemLeaves = readonly LeafInfo[] | null;

function decodeMetrics(bytes: Uint8Array, limits: Limits): JsonValue {
  return parseJson(bytes, "metrics", limits);
}

function namedMetric(name: string): (step: StepMetrics) => number | bigint {
  return ({ step, metrics }) => {
    const value = isJsonObject(metrics) && Object.hasOwn(metrics, name) ? metrics[name] : undefined;
    if (typeof value === "number" || typeof value === "bigint") return value;
    const key = JSON.stringify(name);
    if (value === undefined) throw notFound(`step ${step}: its metrics have no ${key}`, { key: name });
    throw invalidArgument(`step ${step}: metric ${key} is no number`, { key: name });
  };
}

function ofMetrics(bestFn: (metrics: JsonValue) => number | bigint): (step: StepMetrics) => number | bigint {
  return ({ metrics }) => bestFn(metrics);
}

/** The one item whose value stands for the step, as Orbax decides. */
async function soleItem(checkpoint: Checkpoint): Promise<Checkpoint | undefined> {
  if (checkpoint.layout === "item") return checkpoint;
  return checkpoint.items.has(DEFAULT_ITEM) ? checkpoint.item(DEFAULT_ITEM) : undefined;
}

async function leavesOf(item: Checkpoint, options?: StorageOptions): Promise<ItemLeaves> {
  return item.kind === "pytree" ? item.leaves(options) : null;
}

async function valueOf(item: Checkpoint, options: LoadOptions): Promise<Tree> {
  if (item.kind === "pytree") return item.load(options);
  if (item.kind === "json") return item.load(options);
  const reading = { signal: options.signal };
  if (item.kind === "proto-text") return item.text(undefined, reading);
  const values: { [file: string]: Tree } = Object.create(null);
  for (const [file, size] of await item.files(reading)) {
    if (item.kind === "files") values[file] = size;
    else if (GRAIN_FILE.test(file)) values[file] = await item.text(file, reading);
  }
  return values;
}
