import { IterDataset } from "../iter-dataset.js";
import { BEST_FIT, FIRST_FIT } from "./bins.js";
import { packIter } from "./pack-iterator.js";
import { checkPackOptions, type PackOptions } from "./pack-options.js";
import type { PackedElement } from "./packed-batch.js";

/**
 * Sequences packed into bins of a fixed size, each into the first that has room: Grain's `FirstFitPackIterDataset`. When an
 * element fits into none, all bins are given, and filling starts anew with that element.
 *
 * A feature is an array of numbers, a typed array, an `NdArray` or a number. Bins have `NdArray`s of the same dtype, and
 * arrays of numbers for arrays of numbers; features of later elements are converted as NumPy does. Segment ids count the
 * elements of a bin from 1, positions count within each; both are int32.
 */
export class FirstFitPackIterDataset extends IterDataset<PackedElement> {
  /**
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text. Iterating throws for elements that do not fit the options,
   * sequences that are longer than a bin among them.
   */
  constructor(parent: IterDataset<unknown>, options: PackOptions) {
    checkPackOptions(options);
    super(packIter(parent.node, options, FIRST_FIT));
  }
}

/**
 * {@link FirstFitPackIterDataset} but that each element goes into the fullest bin that has room: Grain's
 * `BestFitPackIterDataset`.
 */
export class BestFitPackIterDataset extends IterDataset<PackedElement> {
  /** @throws {OrbaxError} as {@link FirstFitPackIterDataset}. */
  constructor(parent: IterDataset<unknown>, options: PackOptions) {
    checkPackOptions(options);
    super(packIter(parent.node, options, BEST_FIT));
  }
}
