import { invalidArgument } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import { dictFieldOf, requiredField } from "../../pytree/state-values.js";
import type { Dict, Tree } from "../../pytree/value.js";
import { epochOrder, type IndexPermutation } from "../../random/index-shuffle.js";
import { bits, type RandomKey } from "../../random/jax-random.js";
import type { RngStream, Rngs } from "../../random/rngs.js";
import type { State } from "../checkpointable-iterator.js";
import { ModuleFields, requireDictState } from "../module-fields.js";
import { openRngs, type RngsOption, rngsEntries, rngsRestorer } from "../rngs-state.js";
import { type ModuleStructure, validateStructure } from "../state-structure.js";
import { MetadataManager, type RecordMetadata } from "./metadata-manager.js";
import { PassCursor, passPositionOf } from "./pass-cursor.js";
import {
  type BatchOf,
  type ElementOf,
  openRecords,
  type RecordSpec,
  type Records,
  type RecordsOptions,
  type SourceData,
} from "./records.js";
import { ShuffledOrder, shuffleStateOf, shuffleStream } from "./shuffled-order.js";
import { openShard, type Shard, type ShardConfig } from "./source-shard.js";
import { batchSizeArgument, resolvedIndex, wrappedIndices } from "./wrapped-indices.js";

/**
 * Options of {@link MemorySource}: `length`, and elements are record indices, or `data`, and elements are its rows.
 * Python's states of a source hold its arrays: where the Python side has `data`, give the same here.
 */
export type MemorySourceOptions<D extends SourceData | undefined = undefined> = RecordsOptions<D> &
  ShardConfig & {
    /** Another order in each epoch, from `rngs`. Default false. */
    readonly shuffle?: boolean;
    /** Count the records that are given with metadata. Default false. */
    readonly trackMetadata?: boolean;
    /** Streams; a shuffle takes `shuffle`, else `default`, but `default` must be there. */
    readonly rngs?: RngsOption;
  };

/** A batch and what is known of each of its records. */
export type BatchWithMetadata<Batch> = { readonly batch: Batch; readonly metadata: RecordMetadata[] };

/** A record and what is known of it. */
export type RecordWithMetadata<Element> = { readonly record: Element; readonly metadata: RecordMetadata };

/** Fields that hold as many values as there are records. */
const LARGE = ["data", "_shuffled_indices"];

const STRUCTURE: ModuleStructure = {
  modules: { metadata_manager: { dicts: ["rngs"] } },
  dicts: ["data", "rngs"],
};

/**
 * Records in memory, in Datarax's order (docs/spec/datarax.md section 5.4). Use it in one of three ways: by
 * {@link getBatch}, as an iterator over single records, or behind a `Pipeline`, which calls {@link getBatchAt}.
 *
 * As an iterator it goes through its records once a loop; each loop to the end is an epoch with an order of its own,
 * and one that was left early goes on. Both ways resume exactly, also where Python does not: random streams are restored
 * too. But **Python's state has no position of a loop** (`for x in source`): it says which pass was under
 * way, not how far it was. After a restore of such a state the next loop begins the next pass, as in Python;
 * {@link continuePass} goes on within the interrupted one, if you know how many elements were taken. States from here hold
 * that number in `index`, where Python ignores it.
 */
export class MemorySource<D extends SourceData | undefined = undefined>
  implements Iterator<ElementOf<D>, undefined>, Iterable<ElementOf<D>>
{
  readonly #records: Records<ElementOf<D>, BatchOf<D>>;
  readonly #shuffle: boolean;
  readonly #shard: Shard;
  /** Streams of the source, shuffled or not. */
  readonly rngs: Rngs | undefined;
  readonly #metadata: MetadataManager | undefined;
  #fields = ModuleFields.initial();
  readonly #cursor = new PassCursor();
  readonly #order: ShuffledOrder;
  /** What the state holds under `data`: without data of its own a source keeps what it restored. */
  #stored: Tree | undefined;

  /** @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text for options that cannot be, or missing streams. */
  constructor(options: MemorySourceOptions<D>) {
    const { shuffle = false, trackMetadata = false, rngs } = options;
    this.#shard = openShard(options);
    if (shuffle && rngs === undefined) {
      throw invalidArgument(
        "Stochastic structural modules require rngs parameter. Pass rngs=nnx.Rngs(..., shuffle=...)",
        { pythonType: "ValueError" },
      );
    }
    this.#records = openRecords(options);
    this.#shuffle = shuffle;
    this.rngs = openRngs(rngs);
    this.#metadata = trackMetadata ? new MetadataManager(this.rngs, options.shardId ?? null) : undefined;
    this.#order = new ShuffledOrder(this.#records.length);
    this.#stored = this.#records.stored;
  }

  /** Number of records. */
  get length(): number {
    return this.#records.length;
  }

  /** Number of the present epoch: of the passes that were begun, or the epochs that batches came to the end of. */
  get epoch(): number {
    return this.#cursor.epoch;
  }

  /** What a record is, where all its values are arrays. */
  get spec(): RecordSpec | undefined {
    return this.#records.spec;
  }

  /** Whether the order is random. */
  get isRandomOrder(): boolean {
    return this.#shuffle;
  }

  /**
   * The next record of the pass. Behind its end only a new loop begins the next one.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Flax's text if a shuffle has no stream to draw from.
   */
  next(): IteratorResult<ElementOf<D>, undefined> {
    const { length } = this.#records;
    const stream = this.#shuffleStream();
    const position = this.#cursor.next({
      begin: (epoch) => {
        if (stream !== undefined) this.#order.begin(epoch, stream);
      },
      has: (index) => this.#shard.positionOf(index) < length,
    });
    if (position === undefined) return { done: true, value: undefined };
    const order = stream === undefined ? undefined : this.#order.current(this.#cursor.epoch, stream);
    const place = this.#shard.positionOf(position);
    return { done: false, value: this.#records.at(order?.(place) ?? place) };
  }

  /** The source itself; where a pass has ended, the next one may begin. */
  [Symbol.iterator](): this {
    this.#cursor.reopen();
    return this;
  }

  #shuffleStream(): RngStream | undefined {
    return this.#shuffle && this.rngs !== undefined ? shuffleStream(this.rngs) : undefined;
  }

  /**
   * The next records, fewer at the end of an epoch. As in Python the last batch of a shuffled epoch already comes from
   * the order of the next one.
   *
   * @param key Makes a batch of the first records in the order that this key gives, and moves nothing.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a size that cannot be, or for no records at all.
   */
  getBatch(size: number, key?: RandomKey): BatchOf<D> {
    const count = batchSizeArgument("size", size);
    const { length } = this.#records;
    if (key !== undefined) {
      const order = this.#shuffle ? epochOrder(bits(key), length) : undefined;
      return this.#take(0, Math.min(count, length), order);
    }
    if (length === 0) {
      throw invalidArgument("integer modulo by zero", { pythonType: "ZeroDivisionError" });
    }
    const stream = this.#shuffleStream();
    const cursor = this.#cursor;
    const start = cursor.index % length;
    const end = Math.min(start + count, length);
    const hasEnded = end % length === 0;
    if (hasEnded) this.#order.discard(); // before the batch is taken
    cursor.moveTo(cursor.epoch + (hasEnded ? 1 : 0), end % length);
    const order = stream === undefined ? undefined : this.#order.listed(cursor.epoch, stream);
    return this.#take(start, end, order);
  }

  #take(start: number, end: number, order: IndexPermutation | undefined): BatchOf<D> {
    const indices = Array.from({ length: end - start }, (_, offset) => start + offset);
    return this.#records.take(order === undefined ? indices : indices.map(order));
  }

  /**
   * `size` records from position `start` on, which begin again behind the last one. Moves nothing.
   *
   * @param key Of a shuffling source: gives the order, at the cost of a permutation of all records. Without a key, and of
   * other sources, the records come in their own order.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for numbers outside int32, or where there are no records.
   */
  getBatchAt(start: number, size: number, key?: RandomKey): BatchOf<D> {
    const { length } = this.#records;
    return this.#records.take(wrappedIndices(start, size, length, this.#shuffle ? key : undefined));
  }

  /**
   * The record at an index, whatever the order: Python's `source[index]`.
   *
   * @param index Negative ones count from the end.
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text for an index outside.
   */
  at(index: number): ElementOf<D> {
    const { length } = this.#records;
    const resolved = resolvedIndex(index, length);
    if (resolved !== undefined) return this.#records.at(resolved);
    throw invalidArgument(`Index ${index} out of range for source with ${length} elements`, {
      found: index,
      pythonType: "IndexError",
    });
  }

  /**
   * {@link at}, and what is known of the record.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` also without `trackMetadata`.
   */
  getWithMetadata(index: number): RecordWithMetadata<ElementOf<D>> {
    const manager = this.#requireMetadata();
    const record = this.at(index);
    const sourceInfo = { source: "memory", index, randomOrderEnabled: this.#shuffle } as const;
    return { record, metadata: manager.create(index, sourceInfo) };
  }

  /**
   * {@link getBatch}, and what is known of its records. As in Python a short batch of columns has metadata for as many
   * records as were asked for.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` also without `trackMetadata`.
   */
  getBatchWithMetadata(size: number, key?: RandomKey): BatchWithMetadata<BatchOf<D>> {
    const manager = this.#requireMetadata();
    const batch = this.getBatch(size, key);
    const count = Array.isArray(batch) ? Math.min(size, batch.length) : size;
    const { batchIdx } = manager;
    const metadata = Array.from({ length: count }, (_, place) => {
      const sourceInfo = {
        source: "memory",
        batchPosition: place,
        randomOrderEnabled: this.#shuffle,
      } as const;
      return manager.create(`batch_${batchIdx}_${place}`, sourceInfo);
    });
    manager.nextBatch();
    return { batch, metadata };
  }

  #requireMetadata(): MetadataManager {
    if (this.#metadata !== undefined) return this.#metadata;
    throw invalidArgument(
      "Metadata tracking is not enabled. Initialize with track_metadata=True to use this method.",
      { pythonType: "RuntimeError" },
    );
  }

  /** Goes back to the first epoch. As in Python the streams go on, so a shuffle gives new orders. */
  reset(): void {
    this.#cursor.moveTo(0, 0);
    this.#order.reset();
    this.#metadata?.reset();
  }

  /**
   * Goes on within the pass that was under way when Python saved this source, whose state does not say how far it was.
   *
   * @param consumed How many of its elements were taken, 1 or more.
   * @throws {OrbaxError} `INVALID_ARGUMENT` if no pass was begun, or it has fewer elements.
   */
  continuePass(consumed: number): void {
    this.#cursor.continuePass(consumed, this.#shard.count(this.#records.length));
  }

  /** The streams of the source, for whoever counts them. */
  allRngs(): readonly Rngs[] {
    return this.rngs === undefined ? [] : [this.rngs];
  }

  /** Python's state, with all its fields. @throws {OrbaxError} `INVALID_ARGUMENT` for an order too long to be saved. */
  getState(): State {
    const { indices, lastEpoch } = this.#order.getState();
    return this.#fields.stateWith(this.#ownState(lastEpoch, indices, this.#stored));
  }

  #ownState(lastEpoch: number, indices: readonly number[] | null, stored: Tree | undefined): Dict {
    const { epoch, index } = this.#cursor;
    const entries: [string, Tree][] = [
      ["_last_shuffle_epoch", lastEpoch],
      ["_shuffled_indices", indices],
      ["epoch", epoch],
      ["index", index],
    ];
    if (stored !== undefined) entries.push(["data", stored]);
    const rngs = rngsEntries(this.rngs);
    // Flax writes what is reachable in two ways where it comes first.
    const manager = this.#metadata;
    if (manager === undefined) entries.push(...rngs);
    else entries.push(["metadata_manager", dictOf([["state", manager.getState()], ...rngs])]);
    return dictOf(entries);
  }

  /**
   * Continues where a saved source was, in its random streams too.
   *
   * @throws {OrbaxError} `CONFLICT` with Datarax's text for a state of another structure · `INVALID_ARGUMENT` for values
   * that are no positions or no order of these records; the source is then as before.
   */
  setState(state: State): void {
    this.restorer(requireDictState(state))();
  }

  /**
   * @internal Checks a state and gives what takes it over, so that several sources can be restored or none.
   * @param path Where the state stands in that of the owner.
   */
  restorer(saved: State, path: readonly string[] = []): () => void {
    const { length, stored: ownData } = this.#records;
    const stored = ownData ?? saved.data; // without data of its own the source does not know what Python's has
    const own = this.#ownState(-1, null, stored);
    validateStructure({ ...this.#fields.base, ...own }, saved, STRUCTURE, path);
    const { epoch, index } = passPositionOf(saved, length);
    const shuffleState = shuffleStateOf(
      requiredField(saved, "_last_shuffle_epoch"),
      requiredField(saved, "_shuffled_indices"),
      length,
    );
    const restoreStreams = this.#streamsRestorer(saved);
    return () => {
      restoreStreams();
      this.#fields = this.#fields.restored(saved, LARGE);
      this.#stored = stored;
      this.#cursor.moveTo(epoch, index);
      this.#order.setState(shuffleState, epoch, this.#restoredShuffleStream());
    };
  }

  #streamsRestorer(saved: State): () => void {
    const manager = this.#metadata;
    const place = manager === undefined ? "rngs" : "metadata_manager.rngs";
    const owner =
      manager === undefined ? saved : dictFieldOf(saved.metadata_manager ?? null, "metadata_manager");
    const restoreManager = manager?.restorer(owner);
    const restoreRngs = rngsRestorer(this.rngs, owner, place);
    return () => {
      restoreManager?.();
      restoreRngs();
    };
  }

  /** The stream of the shuffle, if there is one: a source that never drew may lack it. */
  #restoredShuffleStream(): RngStream | undefined {
    return this.rngs?.has("default") === true ? this.#shuffleStream() : undefined;
  }
}
