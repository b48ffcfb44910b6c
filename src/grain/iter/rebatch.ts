import { invalidArgument, type OrbaxError } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import { countOf, dictFieldOf, requiredField } from "../../pytree/state-values.js";
import { joinRows, rowCount, sliceRows } from "../batch-rows.js";
import { checkBatchSize } from "../batch-size.js";
import { IterDataset } from "../iter-dataset.js";
import { andThen, type MaybePromise, untilDefined } from "../maybe-promise.js";
import { type ElementIterator, END, element, type IteratorState } from "../node.js";
import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

/** Options of {@link RebatchIterDataset}. */
export type RebatchOptions = {
  /** Rows of a batch, 1 or more. */
  readonly batchSize: number;
  /** Whether a last batch of fewer rows is left out. Default: false. */
  readonly dropRemainder?: boolean;
};

/**
 * Batches of another size: Grain's `RebatchIterDataset`. Elements are trees of arrays (batches, `NdArray`s, typed
 * arrays) with the same number of rows. The state is `{ parent, batch_idx }`: the parent's state before the batch in
 * hand, and the rows of it that were given.
 *
 * Restored behind the last row of all, Grain's iterator gives an empty batch before it ends, unless `drop_remainder`;
 * this one ends. When a source throws while a batch is being put together, the rows at hand are kept for the next call and the state
 * stays where the batch begins; Grain loses them.
 */
export class RebatchIterDataset<T> extends IterDataset<T> {
  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a size below 1, or one that is no integer. */
  constructor(parent: IterDataset<T>, options: RebatchOptions) {
    super(rebatchIter(parent.node, options));
  }
}

/** {@link RebatchIterDataset} over nodes. */
export function rebatchIter<T>(parent: SliceableIterNode<T>, options: RebatchOptions): SliceableIterNode<T> {
  const { batchSize, dropRemainder = false } = options;
  checkBatchSize(batchSize);
  return {
    parents: [parent],
    open: () => new RebatchIterator(parent.open(), batchSize, dropRemainder),
    sliced: (worker) => rebatchIter(sliceIter(parent, worker), options),
  };
}

class RebatchIterator<T> implements ElementIterator<T> {
  readonly #parent: ElementIterator<T>;
  readonly #batchSize: number;
  readonly #dropRemainder: boolean;
  /** The parent's batch in hand, its rows, the next one of them, and the parent's state before it. */
  #current: { readonly batch: T; readonly rows: number } | undefined;
  #row = 0;
  #parentState: IteratorState;
  /** Parts of the batch that is being put together, and how many rows it lacks. */
  #parts: T[] = [];
  #missing: number;
  /** Where the next batch begins. */
  #begin: { readonly parent: IteratorState; readonly row: number };

  constructor(parent: ElementIterator<T>, batchSize: number, dropRemainder: boolean) {
    this.#parent = parent;
    this.#batchSize = batchSize;
    this.#dropRemainder = dropRemainder;
    this.#parentState = parent.getState();
    this.#missing = batchSize;
    this.#begin = { parent: this.#parentState, row: 0 };
  }

  next(): MaybePromise<IteratorResult<T, undefined>> {
    return untilDefined<IteratorResult<T, undefined>>(() => {
      if (this.#missing === 0) return this.#give();
      const current = this.#current;
      if (current === undefined || this.#row >= current.rows) return this.#fetch();
      const rows = Math.min(this.#missing, current.rows - this.#row);
      this.#parts.push(sliceRows(current.batch, this.#row, this.#row + rows));
      this.#row += rows;
      this.#missing -= rows;
      return undefined;
    });
  }

  #fetch(): MaybePromise<IteratorResult<T, undefined> | undefined> {
    const before = this.#parent.getState();
    return andThen(this.#parent.next(), (result) => {
      if (result.done === true) return this.#end(before);
      const rows = rowCount(result.value);
      if (rows === 0) {
        throw invalidArgument("Rebatching with starting batch size of 0 is not supported.", {
          pythonType: "ValueError",
        });
      }
      if (this.#current !== undefined) this.#row = 0;
      if (this.#row > rows) throw beyondBatch(this.#row, rows);
      this.#current = { batch: result.value, rows };
      this.#parentState = before;
      return undefined;
    });
  }

  #end(parentState: IteratorState): IteratorResult<T, undefined> {
    this.#parentState = parentState;
    if (this.#parts.length > 0 && !this.#dropRemainder) return this.#give();
    this.#beginBatch();
    return END;
  }

  #give(): IteratorYieldResult<T> {
    const batch = joinRows(this.#parts);
    this.#beginBatch();
    return element(batch);
  }

  #beginBatch(): void {
    this.#parts = [];
    this.#missing = this.#batchSize;
    this.#begin = { parent: this.#parentState, row: this.#row };
  }

  getState(): IteratorState {
    return dictOf([
      ["parent", this.#begin.parent],
      ["batch_idx", this.#begin.row],
    ]);
  }

  setState(state: IteratorState): MaybePromise<void> {
    const row = countOf(requiredField(state, "batch_idx"), "batch_idx");
    const parentState = dictFieldOf(requiredField(state, "parent"), "parent");
    return andThen(this.#parent.setState(parentState), () => {
      this.#parentState = this.#parent.getState();
      this.#row = row;
      this.#current = undefined;
      this.#beginBatch();
    });
  }
}

function beyondBatch(row: number, rows: number): OrbaxError {
  return invalidArgument(`state: batch_idx is ${row}, expected at most ${rows}, the rows of the batch`, {
    field: "batch_idx",
    found: row,
    pythonType: "ValueError",
  });
}
