import { invalidArgument } from "../../errors.js";
import { integerProportions, mixSelection, type Selection } from "../../grain/mix-selection.js";
import { requireList, requireMethod } from "../../grain/structure-arguments.js";
import { dictOf, isMap } from "../../pytree/container.js";
import { requiredField } from "../../pytree/state-values.js";
import type { Dict, Tree } from "../../pytree/value.js";
import { categorical, foldIn, type RandomKey, randint, split } from "../../random/jax-random.js";
import type { Rngs } from "../../random/rngs.js";
import type { State } from "../checkpointable-iterator.js";
import { ModuleFields, requireDictState } from "../module-fields.js";
import { openRngs, type RngsOption, rngsEntries, rngsRestorer } from "../rngs-state.js";
import { type ModuleStructure, requireDict, validateStructure } from "../state-structure.js";
import { joinBatches } from "./join-batches.js";
import { normalizedWeights, requireSameSpecs } from "./mixture.js";
import { PassCursor, passPositionOf } from "./pass-cursor.js";
import type { RecordSpec } from "./records.js";
import { int32Argument, listedCount } from "./wrapped-indices.js";

/** A source that can be part of a mixture: `MemorySource`, `EagerSourceBase`, `MixDataSourcesNode` are. */
export type MixableSource<Element, Batch> = {
  readonly length: number;
  readonly spec: RecordSpec | undefined;
  at(index: number): Element;
  getBatchAt(start: number, size: number, key?: RandomKey): Batch;
  reset(): void;
  allRngs(): readonly Rngs[];
  getState(): State;
  restorer(saved: State, path: readonly string[]): () => void;
};

/** Options of {@link MixDataSourcesNode}. */
export type MixDataSourcesOptions<Element, Batch> = {
  /** One or more, whose records are alike. */
  readonly sources: readonly MixableSource<Element, Batch>[];
  /** Shares of the sources, 0 or more, in any scale. */
  readonly weights: readonly number[];
  /** Streams that the Python side's source was built with, so that the states match. No record depends on them. */
  readonly rngs?: RngsOption;
};

/** Which record a mixture takes: of which source, and its number there before any shuffle of that source. */
export type MixedRecord = { readonly source: number; readonly index: number };

const STRUCTURE: ModuleStructure = { dicts: ["_sources", "rngs"] };

/**
 * Several sources as one, by weights (docs/spec/datarax.md section 5.4).
 *
 * As an iterator it takes the records of each source in their own order, and ends as soon as the source whose turn it is
 * has no more. It resumes exactly; Python starts the mixture over after a restore. Behind a `Pipeline` it draws records at
 * random, with replacement: {@link getBatchAt}. Elements are those of the sources: where these are indices,
 * {@link recordsAt} says of which source.
 */
export class MixDataSourcesNode<Element, Batch> implements Iterator<Element, undefined>, Iterable<Element> {
  readonly #sources: readonly MixableSource<Element, Batch>[];
  readonly #weights: readonly number[];
  readonly rngs: Rngs | undefined;
  #fields = ModuleFields.initial();
  readonly #cursor = new PassCursor({ staysAtEnd: true }); // as Python's index does
  #selection: ((position: number) => Selection) | undefined;

  /**
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text for weights that cannot be, and for sources whose records
   * have other names, shapes or dtypes than those of the first.
   */
  constructor({ sources, weights, rngs }: MixDataSourcesOptions<Element, Batch>) {
    for (const source of requireList(sources, "sources")) requireMethod(source, "getBatchAt");
    this.#weights = normalizedWeights(weights, sources.length);
    requireSameSpecs(sources.map(({ spec }) => spec));
    this.#sources = [...sources];
    this.rngs = openRngs(rngs);
  }

  /** Records of all sources together; a pass is usually shorter. */
  get length(): number {
    return this.#sources.reduce((total, { length }) => total + length, 0);
  }

  /** Number of passes that were begun. */
  get epoch(): number {
    return this.#cursor.epoch;
  }

  /** What a record is, where all its values are arrays. */
  get spec(): RecordSpec | undefined {
    return this.#sources[0]?.spec;
  }

  /**
   * The next record of the pass. Behind its end only a new loop begins the next one. A state that was saved at the end
   * of a pass first tells that end.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text for a weight of 0, which only {@link getBatchAt} takes.
   */
  next(): IteratorResult<Element, undefined> {
    this.#selection ??= mixSelection(integerProportions(this.#weights));
    const position = this.#cursor.next({
      begin: () => {},
      has: (index) => this.#recordOf(index) !== undefined,
    });
    const value = position === undefined ? undefined : this.#recordOf(position);
    return value === undefined ? { done: true, value } : { done: false, value: value() };
  }

  /** Reads the record at a position of the pass; undefined at its end. */
  #recordOf(position: number): (() => Element) | undefined {
    if (position >= this.length) return undefined;
    const { parent = 0, index = 0 } = this.#selection?.(position) ?? {};
    const source = this.#sources[parent];
    return source !== undefined && index < source.length ? () => source.at(index) : undefined;
  }

  /** The source itself; where a pass has ended, the next one may begin. */
  [Symbol.iterator](): this {
    this.#cursor.reopen();
    return this;
  }

  /**
   * Which records {@link getBatchAt} takes.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` without a key, or for numbers outside int32.
   */
  recordsAt(start: number, size: number, key: RandomKey): MixedRecord[] {
    return this.#draws(start, size, key).map(({ source, index }) => ({ source, index }));
  }

  /**
   * `size` records that are drawn for the positions from `start` on: a source by the weights, and one of its records, each
   * as often as it comes. Moves nothing.
   *
   * @param key Required. The same numbers and key give the same records.
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text without a key; for numbers outside int32.
   */
  getBatchAt(start: number, size: number, key?: RandomKey): Batch {
    const parts = this.#draws(start, size, key).map(({ source, index, fetchKey }) => {
      const drawn = this.#sources[source];
      if (drawn === undefined) throw new Error(`a mixture of ${this.#sources.length} drew source ${source}`);
      return drawn.getBatchAt(index, 1, fetchKey);
    });
    const [first] = this.#sources;
    if (first === undefined) throw new Error("a mixture has a source");
    return joinBatches(parts.length === 0 ? [first.getBatchAt(0, 0, key)] : parts);
  }

  #draws(start: number, size: number, key: RandomKey | undefined) {
    if (key === undefined) {
      throw invalidArgument(
        "MixDataSourcesNode.get_batch_at requires a PRNG key for deterministic mixing. " +
          "Pass `key=jax.random.key(seed)` or drive iteration via Pipeline (which threads its own rngs).",
        { pythonType: "ValueError" },
      );
    }
    const first = int32Argument("start", start);
    const logits = Float32Array.from(this.#weights, (weight) => Math.log(Math.fround(weight)));
    return Array.from({ length: listedCount("size", size) }, (_, offset) => {
      const positionKey = foldIn(key, (first + offset) >>> 0);
      const [sourceKey = key, indexKey = key, fetchKey = key] = split(positionKey, 3);
      const source = categorical(sourceKey, logits);
      const maxval = this.#sources[source]?.length ?? 0;
      return { source, index: randint(indexKey, { minval: 0, maxval }), fetchKey };
    });
  }

  /** The record at a position of a pass: what an iterator takes there. @throws {OrbaxError} `INVALID_ARGUMENT` beyond. */
  at(position: number): Element {
    this.#selection ??= mixSelection(integerProportions(this.#weights));
    const record = Number.isSafeInteger(position) && position >= 0 ? this.#recordOf(position) : undefined;
    if (record !== undefined) return record();
    throw invalidArgument(`Index ${position} out of range for the mixture`, {
      found: position,
      pythonType: "IndexError",
    });
  }

  /** Goes back to the first pass, and the sources to theirs. */
  reset(): void {
    this.#cursor.moveTo(0, 0);
    for (const source of this.#sources) source.reset();
  }

  /** The streams of the sources and the mixture's own, in the order of Flax's walk. */
  allRngs(): readonly Rngs[] {
    const own = this.rngs === undefined ? [] : [this.rngs];
    return [...this.#sources.flatMap((source) => source.allRngs()), ...own];
  }

  /** Python's state, with all its fields. */
  getState(): State {
    const sources = this.#sources.map((source, index): [string, Tree] => [String(index), source.getState()]);
    return this.#fields.stateWith(this.#ownState(dictOf(sources)));
  }

  #ownState(sources: Dict): Dict {
    const entries: [string, Tree][] = [
      ["_sources", sources],
      ["epoch", this.#cursor.epoch],
      ["index", this.#cursor.index],
    ];
    return dictOf([...entries, ...rngsEntries(this.rngs)]);
  }

  /**
   * Continues where a saved mixture was, and its sources where they were.
   *
   * @throws {OrbaxError} `CONFLICT` with Datarax's text for a state of another structure · `INVALID_ARGUMENT` for values
   * that are no positions; all are then as before.
   */
  setState(state: State): void {
    this.restorer(requireDictState(state))();
  }

  /**
   * @internal Checks a state and gives what takes it over, so that several sources can be restored or none.
   * @param path Where the state stands in that of the owner.
   */
  restorer(state: State, path: readonly string[] = []): () => void {
    const saved = withTextKeys(state, "_sources");
    const names = dictOf(this.#sources.map((_, index) => [String(index), null]));
    validateStructure({ ...this.#fields.base, ...this.#ownState(names) }, saved, STRUCTURE, path);
    const { epoch, index } = passPositionOf(saved, this.length);
    const place = [...path, "_sources"];
    const states = requireDict(requiredField(saved, "_sources"), place);
    const restorers = this.#sources.map((source, number) => {
      const child = [...place, String(number)];
      return source.restorer(requireDict(states[number] ?? null, child), child);
    });
    restorers.push(rngsRestorer(this.rngs, saved));
    return () => {
      for (const restore of restorers) restore();
      this.#fields = this.#fields.restored(saved, ["_sources"]);
      this.#cursor.moveTo(epoch, index);
    };
  }
}

/** A dict whose field, if it is a `Map` with int keys, is a dict as well. */
function withTextKeys(state: State, field: string): State {
  const value = state[field];
  if (!isMap(value)) return state;
  const entries: [string, Tree][] = [];
  for (const [key, item] of value) entries.push([String(key), item]);
  return { ...state, [field]: dictOf(entries) };
}
