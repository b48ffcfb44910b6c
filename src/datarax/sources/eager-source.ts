import { invalidArgument } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import type { Dict, Tree } from "../../pytree/value.js";
import { epochOrder, type IndexPermutation } from "../../random/index-shuffle.js";
import { permutation, type RandomKey } from "../../random/jax-random.js";
import type { Rngs } from "../../random/rngs.js";
import type { State } from "../checkpointable-iterator.js";
import { ModuleFields, requireDictState } from "../module-fields.js";
import { openRngs, type RngsOption, rngsEntries, rngsRestorer } from "../rngs-state.js";
import { requireInteger } from "../samplers/validation.js";
import { type ModuleStructure, validateStructure } from "../state-structure.js";
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
import { batchSizeArgument, listedCount, resolvedIndex, wrappedIndices } from "./wrapped-indices.js";

/** Options of {@link EagerSourceBase}: `length` or `data` as those of `MemorySource`. */
export type EagerSourceOptions<D extends SourceData | undefined = undefined> = RecordsOptions<D> & {
  /** Another order in each epoch. Default false. */
  readonly shuffle?: boolean;
  /** Epoch e takes seed + e modulo 2^32. Default 42. */
  readonly seed?: number | bigint;
  /** Streams that the Python side's source was built with, so that the states match. No record depends on them. */
  readonly rngs?: RngsOption;
};

const STRUCTURE: ModuleStructure = { dicts: ["data", "rngs"] };

/**
 * The order of Datarax's eager sources, `HFEagerSource` and `TFDSEagerSource`, whose data sets lie in memory whole
 * (docs/spec/datarax.md section 5.4). The data set itself is loaded by the caller; shuffles of their streaming sources
 * are made by those libraries and cannot be had here.
 *
 * By {@link getBatch} the first epoch is number 0, as an iterator, which takes the records one by one, it is number 1,
 * so the orders differ. Both resume exactly. **Python's state has no position of a loop**: {@link continuePass} goes on
 * within a pass that Python saved, if you know how many elements were taken. States from here hold that number in
 * `index`, where Python's `iter()` ignores it.
 */
export class EagerSourceBase<D extends SourceData | undefined = undefined>
  implements Iterator<ElementOf<D>, undefined>, Iterable<ElementOf<D>>
{
  readonly #records: Records<ElementOf<D>, BatchOf<D>>;
  readonly #shuffle: boolean;
  readonly #seed: bigint;
  readonly rngs: Rngs | undefined;
  #fields = ModuleFields.initial();
  readonly #cursor = new PassCursor();
  /** The order of an epoch, made once. */
  #order: { readonly epoch: number; readonly permutation: IndexPermutation } | undefined;
  /** What the state holds under `data`: without data of its own a source keeps what it restored. */
  #stored: Tree | undefined;

  /** @throws {OrbaxError} `INVALID_ARGUMENT` for options that cannot be. */
  constructor(options: EagerSourceOptions<D>) {
    const { shuffle = false, seed = 42, rngs } = options;
    this.#records = openRecords(options);
    this.#shuffle = shuffle;
    this.#seed = BigInt(requireInteger("seed", seed));
    this.rngs = openRngs(rngs);
    this.#stored = this.#records.stored;
  }

  /** Number of records. */
  get length(): number {
    return this.#records.length;
  }

  /** Number of the present epoch. */
  get epoch(): number {
    return this.#cursor.epoch;
  }

  /** Whether the order is random. */
  get isRandomOrder(): boolean {
    return this.#shuffle;
  }

  /** What a record is, where all its values are arrays. */
  get spec(): RecordSpec | undefined {
    return this.#records.spec;
  }

  /** The next record of the pass. Behind its end only a new loop begins the next one. */
  next(): IteratorResult<ElementOf<D>, undefined> {
    const { length } = this.#records;
    const position = this.#cursor.next({ begin: () => {}, has: (index) => index < length });
    if (position === undefined) return { done: true, value: undefined };
    const order = this.#orderOf(this.#cursor.epoch);
    return { done: false, value: this.#records.at(order(position)) };
  }

  /** The source itself; where a pass has ended, the next one may begin. */
  [Symbol.iterator](): this {
    this.#cursor.reopen();
    return this;
  }

  #orderOf(epoch: number): IndexPermutation {
    if (!this.#shuffle) return (index) => index;
    if (this.#order?.epoch !== epoch) {
      const seed = Number(BigInt.asUintN(32, this.#seed + BigInt(epoch)));
      this.#order = { epoch, permutation: epochOrder(seed, this.#records.length) };
    }
    return this.#order.permutation;
  }

  /**
   * The next records, fewer at the end of an epoch.
   *
   * @param key Makes a batch of the first records in the order that this key gives, and moves nothing. Without a
   * shuffle such a batch repeats the last record where there are not enough, as JAX reads beyond the end of an array.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a size that cannot be, or for no records at all.
   */
  getBatch(size: number, key?: RandomKey): BatchOf<D> {
    const count = batchSizeArgument("size", size);
    const { length } = this.#records;
    if (length === 0) {
      throw invalidArgument("integer modulo by zero", { pythonType: "ZeroDivisionError" });
    }
    if (key !== undefined) return this.#records.take(this.#statelessIndices(count, key));
    const cursor = this.#cursor;
    const start = cursor.index % length;
    const end = Math.min(start + count, length);
    const order = this.#orderOf(cursor.epoch);
    const indices = Array.from({ length: end - start }, (_, offset) => order(start + offset));
    cursor.moveTo(cursor.epoch + (end === length ? 1 : 0), end % length);
    return this.#records.take(indices);
  }

  #statelessIndices(count: number, key: RandomKey): number[] {
    const { length } = this.#records;
    if (this.#shuffle) return Array.from(permutation(key, length).subarray(0, count));
    return Array.from({ length: listedCount("size", count) }, (_, index) => Math.min(index, length - 1));
  }

  /**
   * `size` records from position `start` on, which begin again behind the last one. Moves nothing.
   *
   * @param key Of a shuffling source: gives the order, at the cost of a permutation of all records.
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
    throw invalidArgument(`Index ${index} out of range for ${length} elements`, {
      found: index,
      pythonType: "IndexError",
    });
  }

  /** Goes back to the first epoch. */
  reset(): void {
    this.#cursor.moveTo(0, 0);
  }

  /**
   * Goes on within the pass that was under way when Python saved this source, whose state does not say how far it was.
   *
   * @param consumed How many of its elements were taken, 1 or more.
   * @throws {OrbaxError} `INVALID_ARGUMENT` if no pass was begun, or it has fewer elements.
   */
  continuePass(consumed: number): void {
    this.#cursor.continuePass(consumed, this.#records.length);
  }

  /** The streams of the source, for whoever counts them. */
  allRngs(): readonly Rngs[] {
    return this.rngs === undefined ? [] : [this.rngs];
  }

  /** Python's state, with all its fields. */
  getState(): State {
    return this.#fields.stateWith(this.#ownState(this.#stored));
  }

  #ownState(stored: Tree | undefined): Dict {
    const { epoch, index } = this.#cursor;
    const entries: [string, Tree][] = [
      ["epoch", epoch],
      ["index", index],
    ];
    if (stored !== undefined) entries.push(["data", stored]);
    return dictOf([...entries, ...rngsEntries(this.rngs)]);
  }

  /**
   * Continues where a saved source was.
   *
   * @throws {OrbaxError} `CONFLICT` with Datarax's text for a state of another structure · `INVALID_ARGUMENT` for values
   * that are no positions; the source is then as before.
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
    validateStructure({ ...this.#fields.base, ...this.#ownState(stored) }, saved, STRUCTURE, path);
    const { epoch, index } = passPositionOf(saved, length);
    const restoreStreams = rngsRestorer(this.rngs, saved);
    return () => {
      restoreStreams();
      this.#fields = this.#fields.restored(saved, ["data"]);
      this.#stored = stored;
      this.#cursor.moveTo(epoch, index);
    };
  }
}
