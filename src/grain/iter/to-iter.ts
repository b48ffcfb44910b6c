import { invalidArgument } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import { integerOf, requiredField, safeIntegerOf } from "../../pytree/state-values.js";
import { pythonLength } from "../dataset-length.js";
import { sliceNode } from "../map/slice.js";
import { isPromise, type MaybePromise } from "../maybe-promise.js";
import { type ElementIterator, END, element, type IteratorState, type MapNode } from "../node.js";
import { checkedReadOptions, type ReadOptions } from "../read-options.js";
import { ReadAhead } from "./read-ahead.js";
import type { SliceableIterNode, WorkerSlice } from "./worker-slice.js";

/**
 * Iterates over one epoch of a dataset with random access: Grain's `to_iter_dataset`. The state is
 * `{ next_index }`, which counts elements that filters took away (docs/spec/datarax.md section 6.2), and no element
 * that was only asked for ahead.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for read options that cannot be.
 */
export function toIter<T>(parent: MapNode<T>, readOptions?: ReadOptions): SliceableIterNode<T> {
  const checked = checkedReadOptions(readOptions);
  return {
    parents: [parent],
    open: () => new PresentElements(parent, checked),
    sliced: (worker) => toIter(partOf(parent, worker), checked),
  };
}

/** {@link toIter} that gives `null` for what filters took away: Grain's `allow_nones`. */
export function toIterWithNulls<T>(
  parent: MapNode<T>,
  readOptions?: ReadOptions,
): SliceableIterNode<T | null> {
  const checked = checkedReadOptions(readOptions);
  return {
    parents: [parent],
    open: () => new AllElements(parent, checked),
    sliced: (worker) => toIterWithNulls(partOf(parent, worker), checked),
  };
}

function partOf<T>(parent: MapNode<T>, { index, count }: WorkerSlice): MapNode<T> {
  return count === 1 ? parent : sliceNode(parent, index, undefined, count);
}

/** The position in one epoch of a dataset. */
abstract class Position<T> {
  protected readonly parent: MapNode<T>;
  readonly #readOptions: Required<ReadOptions>;
  protected nextIndex = 0;
  /** There once an element has come as a promise. */
  #ahead: ReadAhead<T> | undefined;

  constructor(parent: MapNode<T>, readOptions: Required<ReadOptions>) {
    this.parent = parent;
    this.#readOptions = readOptions;
  }

  /** The element at the position. */
  protected read(): MaybePromise<T | null> {
    return this.#ahead === undefined ? this.parent.get(this.nextIndex) : this.#ahead.take(this.nextIndex);
  }

  /**
   * The element that {@link read} gave, when it has come. From the next one on elements are read ahead; not before, as
   * who cannot wait for promises goes no further.
   */
  protected async later(reading: PromiseLike<T | null>): Promise<T | null> {
    const value = await reading;
    const { numThreads, prefetchBufferSize } = this.#readOptions;
    if (numThreads > 0 && prefetchBufferSize > 0) {
      this.#ahead ??= new ReadAhead(this.parent, this.#readOptions);
    }
    this.nextIndex++;
    return value;
  }

  getState(): IteratorState {
    return dictOf([["next_index", this.nextIndex]]);
  }

  setState(state: IteratorState): void {
    const nextIndex = integerOf(requiredField(state, "next_index"), "next_index");
    const { length } = this.parent;
    if (nextIndex < 0 || nextIndex > length) {
      throw invalidArgument(
        `Checkpoint \`next_index\` ${nextIndex} is out of range for dataset of length ${pythonLength(length)}.`,
        { field: "next_index", found: nextIndex, pythonType: "IndexError" },
      );
    }
    this.nextIndex = safeIntegerOf(nextIndex, "next_index"); // an endless dataset has places beyond
    this.#ahead?.close();
    this.#ahead = undefined;
  }
}

class PresentElements<T> extends Position<T> implements ElementIterator<T> {
  next(): MaybePromise<IteratorResult<T, undefined>> {
    while (this.nextIndex !== this.parent.length) {
      const value = this.read();
      if (isPromise(value)) return this.#nextPresent(value);
      this.nextIndex++;
      if (value !== null) return element(value);
    }
    return END;
  }

  async #nextPresent(first: PromiseLike<T | null>): Promise<IteratorResult<T, undefined>> {
    let value: T | null = await this.later(first);
    while (value === null) {
      if (this.nextIndex === this.parent.length) return END;
      const next = this.read();
      if (isPromise(next)) {
        value = await this.later(next);
      } else {
        this.nextIndex++;
        value = next;
      }
    }
    return element(value);
  }
}

class AllElements<T> extends Position<T> implements ElementIterator<T | null> {
  next(): MaybePromise<IteratorResult<T | null, undefined>> {
    if (this.nextIndex === this.parent.length) return END;
    const value = this.read();
    if (isPromise(value)) return this.later(value).then(element);
    this.nextIndex++;
    return element(value);
  }
}
