import { invalidArgument } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import { countOf, flagOf, requiredField } from "../../pytree/state-values.js";
import type { Dict, Tree } from "../../pytree/value.js";
import { integerNumber } from "../../random/integer-argument.js";
import { randomStateOrder } from "../../random/mt19937.js";
import type { Rngs } from "../../random/rngs.js";
import type { State } from "../checkpointable-iterator.js";
import { ModuleFields, requireDictState } from "../module-fields.js";
import { openRngs, type RngsOption, rngsEntries, rngsRestorer } from "../rngs-state.js";
import { ENDLESS, requireInteger } from "../samplers/validation.js";
import { type ModuleStructure, validateStructure } from "../state-structure.js";
import { permutationOf } from "./shuffled-order.js";
import { batchSizeArgument, listedCount, resolvedIndex } from "./wrapped-indices.js";

/** Options of {@link ArrayRecordSourceModule}. */
export type ArrayRecordSourceOptions = {
  /** Records of the files together. Python counts them itself. */
  readonly totalRecords: number;
  /** Epoch e is shuffled with seed + e, which must stay below 2^32. Default 42. */
  readonly seed?: number | bigint;
  /** Passes over the records; −1 is without end. Default −1. */
  readonly numEpochs?: number;
  /** Another order of the records (not of the files) in each epoch. Default false. */
  readonly shuffleFiles?: boolean;
  /** Streams that the Python side's source was built with, so that the states match. No element depends on them. */
  readonly rngs?: RngsOption;
};

const STRUCTURE: ModuleStructure = { dicts: ["rngs"] };

/** The order of an epoch; undefined: the records' own. */
type Order = ArrayLike<number> | undefined;

/**
 * The record numbers of ArrayRecord files in Datarax's order: NumPy's shuffles, epoch after epoch
 * (docs/spec/datarax.md section 5.4). The records themselves are read by the caller.
 *
 * Resumes exactly from what Python saved, although Datarax 0.1.4 cannot restore this source itself: its own empty
 * `prefetch_cache` gets lost on disk and is missing then.
 *
 * Unlike Python's `iter()`, `[Symbol.iterator]` never starts over.
 */
export class ArrayRecordSourceModule implements Iterator<number, undefined>, Iterable<number> {
  readonly #totalRecords: number;
  readonly #seed: bigint;
  readonly #numEpochs: number;
  readonly #shuffleFiles: boolean;
  readonly rngs: Rngs | undefined;
  #fields = ModuleFields.initial();
  #index = 0;
  #epoch = 0;
  #isInitialized = false;
  #order: Order;

  /** @throws {OrbaxError} `INVALID_ARGUMENT` for numbers that cannot be; NumPy's text for a seed that it refuses. */
  constructor(options: ArrayRecordSourceOptions) {
    const { totalRecords, seed = 42, numEpochs = ENDLESS, shuffleFiles = false, rngs } = options;
    this.#totalRecords = shuffleFiles
      ? listedCount("totalRecords", totalRecords)
      : batchSizeArgument("totalRecords", totalRecords);
    this.#seed = BigInt(requireInteger("seed", seed));
    this.#numEpochs = integerNumber(numEpochs, "num_epochs");
    this.#shuffleFiles = shuffleFiles;
    this.rngs = openRngs(rngs);
    this.#order = shuffleFiles ? this.#orderOf(0) : undefined;
  }

  #orderOf(epoch: number): Order {
    return randomStateOrder(this.#seed + BigInt(epoch), this.#totalRecords);
  }

  /** Records of one epoch. */
  get length(): number {
    return this.#totalRecords;
  }

  /**
   * The number of the next record.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` with NumPy's text where seed + epoch reaches 2^32, and if there are no
   * records; the source is then as before.
   */
  next(): IteratorResult<number, undefined> {
    this.#isInitialized = true;
    if (this.#isBeyond(this.#epoch)) return { done: true, value: undefined };
    if (this.#index >= this.#totalRecords) {
      const epoch = this.#epoch + 1;
      if (this.#shuffleFiles && !this.#isBeyond(epoch)) this.#order = this.#orderOf(epoch);
      this.#epoch = epoch;
      this.#index = 0;
      if (this.#isBeyond(epoch)) return { done: true, value: undefined };
    }
    const record = this.at(this.#index);
    this.#index += 1;
    return { done: false, value: record };
  }

  #isBeyond(epoch: number): boolean {
    return this.#numEpochs !== ENDLESS && epoch >= this.#numEpochs;
  }

  [Symbol.iterator](): this {
    this.#isInitialized = true;
    return this;
  }

  /**
   * The number of the record at an index, in the order of the present epoch: Python's `source[index]`.
   *
   * @param index Negative ones count from the end.
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text for an index outside.
   */
  at(index: number): number {
    const resolved = resolvedIndex(index, this.#totalRecords);
    if (resolved !== undefined) return this.#order?.[resolved] ?? resolved;
    throw invalidArgument(`Index ${index} out of range for dataset with ${this.#totalRecords} elements`, {
      found: index,
      pythonType: "IndexError",
    });
  }

  /**
   * `size` records from position `start` on, which begin again behind the last one, in the order of the present epoch.
   * Moves nothing. (Python's source takes a key and ignores it.)
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for numbers that cannot be, or where there are no records.
   */
  getBatchAt(start: number, size: number): number[] {
    const first = integerNumber(start, "start");
    const count = listedCount("size", size);
    const total = this.#totalRecords;
    if (total === 0 && count > 0) {
      throw invalidArgument("integer modulo by zero", { pythonType: "ZeroDivisionError" });
    }
    const place = ((first % total) + total) % total;
    return Array.from({ length: count }, (_, offset) => this.at((place + offset) % total));
  }

  /** The streams of the source, for whoever counts them. */
  allRngs(): readonly Rngs[] {
    return this.rngs === undefined ? [] : [this.rngs];
  }

  /** Python's state, with all its fields. */
  getState(): State {
    return this.#fields.stateWith(this.#ownState());
  }

  #ownState(): Dict {
    const entries: [string, Tree][] = [
      ["current_epoch", this.#epoch],
      ["current_index", this.#index],
      ["iterator_initialized", this.#isInitialized],
      ["prefetch_cache", {}],
      ["shuffled_indices", this.#order === undefined ? null : Array.from(this.#order)],
      ["total_records", this.#totalRecords],
    ];
    return dictOf([...entries, ...rngsEntries(this.rngs)]);
  }

  /**
   * Continues where a saved source was.
   *
   * @throws {OrbaxError} `CONFLICT` with Datarax's text for a state of another structure (an empty `prefetch_cache` may
   * be missing) · `INVALID_ARGUMENT` for values that are no positions, or for another number of records; the source is
   * then as before.
   */
  setState(state: State): void {
    this.restorer(requireDictState(state))();
  }

  /**
   * @internal Checks a state and gives what takes it over, so that several sources can be restored or none.
   * @param path Where the state stands in that of the owner.
   */
  restorer(saved: State, path: readonly string[] = []): () => void {
    const current = { ...this.#fields.base, ...this.#ownState() };
    const structure = { ...current };
    // Orbax loses the empty dict; where other fields are missing too, all are named as in Python.
    const missing = Object.keys(current).filter((field) => !Object.hasOwn(saved, field));
    if (missing.join() === "prefetch_cache") delete structure["prefetch_cache"];
    validateStructure(structure, saved, STRUCTURE, path);
    const epoch = countOf(requiredField(saved, "current_epoch"), "current_epoch");
    const index = countOf(requiredField(saved, "current_index"), "current_index");
    const isInitialized = flagOf(requiredField(saved, "iterator_initialized"), "iterator_initialized");
    const total = this.#totalRecords;
    const savedTotal = countOf(requiredField(saved, "total_records"), "total_records");
    if (savedTotal !== total) {
      throw invalidArgument(`state: total_records is ${savedTotal}, expected the ${total} of this source`, {
        field: "total_records",
        found: savedTotal,
        pythonType: "ValueError",
      });
    }
    const indices = requiredField(saved, "shuffled_indices");
    const order = indices === null ? undefined : permutationOf(indices, total, "shuffled_indices");
    const restoreStreams = rngsRestorer(this.rngs, saved);
    return () => {
      restoreStreams();
      this.#fields = this.#fields.restored(saved, ["shuffled_indices"]);
      this.#epoch = epoch;
      this.#index = index;
      this.#isInitialized = isInitialized;
      this.#order = order;
    };
  }
}
