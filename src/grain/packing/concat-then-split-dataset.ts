import { IterDataset } from "../iter-dataset.js";
import type { ConcatThenSplitOptions } from "./concat-options.js";
import { concatThenSplitIter } from "./concat-then-split.js";
import type { PackedElement } from "./packed-batch.js";

/**
 * Sequences joined one behind the other and split at a fixed length: Grain's `ConcatThenSplitIterDataset`. With one feature
 * nothing but the last element is padded; with several, the one that is full first says where to split.
 *
 * Features are as for `FirstFitPackIterDataset`, without trees.
 */
export class ConcatThenSplitIterDataset extends IterDataset<PackedElement> {
  /**
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text for options that do not go together. Iterating throws for
   * elements that have not the features of the options.
   */
  constructor(parent: IterDataset<unknown>, options: ConcatThenSplitOptions) {
    super(concatThenSplitIter(parent.node, options));
  }
}
