import { invalidArgument } from "../../errors.js";

/** Options of {@link DefaultBatcher}. */
export type DefaultBatcherOptions<Element, Batch> = {
  /** Makes a batch of its elements. Default: an array of them. */
  readonly collateFn?: (elements: Element[]) => Batch;
};

/** Options of {@link DefaultBatcher.process}. */
export type BatchingOptions = {
  /** Elements of a batch, 1 or more. */
  readonly batchSize: number;
  /** Leave out a last batch that has fewer. Default false. */
  readonly dropRemainder?: boolean;
};

/**
 * Groups elements as Datarax's `DefaultBatcher` does (docs/spec/datarax.md section 5.5). It keeps nothing between two
 * calls. Stacking into arrays is left to `collateFn`.
 */
export class DefaultBatcher<Element, Batch = Element[]> {
  readonly #collate: (elements: Element[]) => Batch;

  constructor({ collateFn }: DefaultBatcherOptions<Element, Batch> = {}) {
    this.#collate = collateWith(collateFn);
  }

  /**
   * Batches of the elements, made as they are asked for.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Datarax's text for a size below 1, at once.
   */
  process(elements: Iterable<Element>, options: BatchingOptions): IterableIterator<Batch> {
    const { batchSize, dropRemainder = false } = options;
    if (!Number.isSafeInteger(batchSize) || batchSize <= 0) {
      throw invalidArgument(`batch_size must be positive, got ${String(batchSize)}`, {
        field: "batchSize",
        pythonType: "ValueError",
      });
    }
    return this.#batches(elements, batchSize, dropRemainder);
  }

  *#batches(elements: Iterable<Element>, batchSize: number, dropRemainder: boolean) {
    let buffer: Element[] = [];
    for (const element of elements) {
      buffer.push(element);
      if (buffer.length < batchSize) continue;
      yield this.#collate(buffer);
      buffer = [];
    }
    if (buffer.length > 0 && !dropRemainder) yield this.#collate(buffer);
  }
}

/** Without a function a batch is the array itself: then `Batch` is `Element[]`. */
function collateWith<Element, Batch>(
  collateFn?: (elements: Element[]) => Batch,
): (elements: Element[]) => Batch;
function collateWith(collateFn: (elements: unknown[]) => unknown = (elements) => elements) {
  return collateFn;
}
