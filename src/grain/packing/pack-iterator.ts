import { invalidArgument } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import { countOf, dictFieldOf, requiredField } from "../../pytree/state-values.js";
import { Pcg64 } from "../../random/pcg64.js";
import { type SliceableIterNode, sliceIter } from "../iter/worker-slice.js";
import { andThen, type MaybePromise, untilDefined } from "../maybe-promise.js";
import { type ElementIterator, END, element, type IteratorState } from "../node.js";
import type { PackingStrategy } from "./bins.js";
import { type PackConfig, type PackOptions, packConfig } from "./pack-options.js";
import { PackedBatch, type PackedBins, type PackedElement } from "./packed-batch.js";
import { rowAverage } from "./row-average.js";
import { requiredFeature } from "./struct-tree.js";

/** Elements packed into bins: Grain's `PackIterDataset`, over nodes. */
export function packIter(
  parent: SliceableIterNode<unknown>,
  options: PackOptions,
  strategy: PackingStrategy,
): SliceableIterNode<PackedElement> {
  return {
    parents: [parent],
    name: strategy.name,
    open: () => new PackIterator(parent.open(), packConfig(options), strategy),
    sliced: (worker) => packIter(sliceIter(parent, worker), options, strategy),
  };
}

/** Bins that are given one by one, and where the parent stood when they were full. */
type FilledBatch = {
  readonly bins: PackedBins;
  readonly order: readonly number[] | undefined;
  readonly parentState: IteratorState;
};

/** {@link packIter}'s state: `{ parent, next_row, counter }` (docs/spec/orbax-layout-extra.md section 11). */
class PackIterator implements ElementIterator<PackedElement> {
  readonly #parent: ElementIterator<unknown>;
  readonly #config: PackConfig;
  readonly #strategy: PackingStrategy;
  #filling: PackedBatch | undefined;
  #filled: FilledBatch | undefined;
  /** Where the parent stood before the first element of the bins in hand. */
  #batchParentState: IteratorState;
  /** Bins of the batch that were given. */
  #nextRow = 0;
  /** Bins that were given in all. */
  #counter = 0;

  constructor(parent: ElementIterator<unknown>, config: PackConfig, strategy: PackingStrategy) {
    this.#parent = parent;
    this.#config = config;
    this.#strategy = strategy;
    this.#batchParentState = parent.getState();
  }

  next(): MaybePromise<IteratorResult<PackedElement, undefined>> {
    if (this.#filled !== undefined) return this.#give(this.#filled);
    return untilDefined(() => this.#takeElement());
  }

  #give({ bins, order, parentState }: FilledBatch): IteratorResult<PackedElement, undefined> {
    const bin = order === undefined ? this.#nextRow : order[this.#nextRow];
    if (bin === undefined || bin >= bins.count) throw this.#noBin(bins.count);
    const packed = bins.bin(bin);
    this.#nextRow++;
    this.#counter++;
    if (this.#nextRow >= bins.count) {
      this.#filled = undefined;
      this.#batchParentState = parentState;
      this.#nextRow = 0;
    }
    return element(packed);
  }

  #noBin(count: number) {
    const isList = this.#config.shuffleBins && this.#config.groupBy !== undefined;
    const message = isList
      ? "list index out of range"
      : `index ${this.#nextRow} is out of bounds for axis 0 with size ${count}`;
    return invalidArgument(message, { field: "next_row", found: this.#nextRow, pythonType: "IndexError" });
  }

  /** Reads one element of the parent. Undefined as long as the bins take it. */
  #takeElement(): MaybePromise<IteratorResult<PackedElement, undefined> | undefined> {
    const before = this.#parent.getState();
    return andThen(this.#parent.next(), (result) => {
      if (result.done !== true) return this.#pack(result.value, before);
      if (this.#filling === undefined) return END;
      const last = this.#filling;
      const filled = this.#fill(last, before);
      this.#filling = undefined;
      return this.#give(filled);
    });
  }

  #pack(value: unknown, before: IteratorState): IteratorResult<PackedElement, undefined> | undefined {
    for (const feature of this.#config.requiredFeatures) requiredFeature(value, feature);
    this.#filling ??= new PackedBatch(value, this.#config, this.#strategy);
    if (this.#filling.add(value)) return undefined;
    const filled = this.#fill(this.#filling, before);
    this.#filling = new PackedBatch(value, this.#config, this.#strategy);
    if (!this.#filling.add(value)) throw new Error("packing: an element that fits into no empty bin");
    return this.#give(filled);
  }

  #fill(batch: PackedBatch, parentState: IteratorState): FilledBatch {
    const bins = batch.packedBins();
    const order = this.#config.shuffleBins ? this.#orderOf(bins) : undefined;
    this.#filled = { bins, order, parentState };
    return this.#filled;
  }

  /** The order in which bins are given: by their averages where that was asked for, and otherwise random. */
  #orderOf(bins: PackedBins): number[] {
    const seed = this.#config.seed + BigInt(this.#counter - this.#nextRow);
    const shuffled = new Pcg64(seed).permutedRange(bins.count);
    const { groupBy } = this.#config;
    if (groupBy === undefined) return shuffled;
    const averages = shuffled.map((_, bin) => {
      const row = bins.feature(groupBy, bin);
      if (row !== undefined) return rowAverage(row);
      throw invalidArgument(`shuffleBinsGroupByFeature: no feature '${groupBy}'`, {
        key: groupBy,
        pythonType: "KeyError",
      });
    });
    const compare = (a: number, b: number) =>
      (averages[a] ?? 0) - (averages[b] ?? 0) || (shuffled[a] ?? 0) - (shuffled[b] ?? 0);
    return Array.from(shuffled.keys()).toSorted(compare);
  }

  getState(): IteratorState {
    return dictOf([
      ["parent", this.#batchParentState],
      ["next_row", this.#nextRow],
      ["counter", this.#counter],
    ]);
  }

  setState(state: IteratorState): MaybePromise<void> {
    const parentState = dictFieldOf(requiredField(state, "parent"), "parent");
    const nextRow = countOf(requiredField(state, "next_row"), "next_row");
    const counter = countOf(requiredField(state, "counter"), "counter");
    return andThen(this.#parent.setState(parentState), () => {
      this.#filling = undefined;
      this.#filled = undefined;
      this.#batchParentState = this.#parent.getState();
      this.#nextRow = nextRow;
      this.#counter = counter;
    });
  }
}
