import { invalidArgument } from "../../errors.js";

/** How full the bins of a batch are, and where the next element goes. */
export type Bins = {
  readonly count: number;
  /** Places of each feature in a bin. */
  readonly capacities: readonly number[];
  /** Of each feature, the first free place in each bin. */
  readonly firstFree: readonly (readonly number[])[];
  /** Elements in each bin. */
  readonly sequences: readonly number[];
  /** Most elements in a bin. */
  readonly mostSequences: number | undefined;
};

/** How a class of packing chooses a bin. */
export type PackingStrategy = {
  /** The name of Grain's dataset. */
  readonly name: string;
  /** What Grain's message calls the batch. */
  readonly packer: string;
  /**
   * The bin for an element of those lengths, `undefined` if it fits into none.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text if there are no bins.
   */
  readonly findBin: (bins: Bins, lengths: readonly number[]) => number | undefined;
};

/** The first bin with room for all features. */
export const FIRST_FIT: PackingStrategy = {
  name: "FirstFitPackIterDataset",
  packer: "PackedBatch",
  findBin(bins, lengths) {
    for (let bin = 0; bin < bins.count; bin++) {
      // Without features all bins are alike, whatever is in them.
      if (lengths.length > 0 && isFull(bins, bin)) continue;
      if (fits(bins, bin, lengths, () => 0)) return bin;
    }
    if (bins.count > 0) return undefined;
    throw failed("A failing component must be returned if no row is found.");
  },
};

/** The fullest bin with room for all features, the first of several. */
export const BEST_FIT: PackingStrategy = {
  name: "BestFitPackIterDataset",
  packer: "packer",
  findBin(bins, lengths) {
    if (lengths.length === 0) throw failed("need at least one array to stack");
    let best: number | undefined;
    let mostFilled = -1;
    for (let bin = 0; bin < bins.count; bin++) {
      // A bin that has its number of elements counts as filled once more: only nothing into nothing still fits.
      const isClosed = isFull(bins, bin);
      if (!fits(bins, bin, lengths, (capacity) => (isClosed ? capacity : 0))) continue;
      const filled = bins.firstFree.reduce((sum, feature) => sum + (feature[bin] ?? 0), 0);
      if (filled > mostFilled) [best, mostFilled] = [bin, filled];
    }
    if (bins.count > 0) return best;
    throw failed("If no successful row was found for an element, a failing component must be returned.");
  },
};

function isFull({ sequences, mostSequences }: Bins, bin: number): boolean {
  return mostSequences !== undefined && (sequences[bin] ?? 0) >= mostSequences;
}

function fits(
  { capacities, firstFree }: Bins,
  bin: number,
  lengths: readonly number[],
  taken: (capacity: number) => number,
): boolean {
  return lengths.every((length, feature) => {
    const capacity = capacities[feature] ?? 0;
    return (firstFree[feature]?.[bin] ?? 0) + length + taken(capacity) <= capacity;
  });
}

function failed(message: string) {
  return invalidArgument(message, { pythonType: "ValueError" });
}
