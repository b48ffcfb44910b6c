import { invalidArgument } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import { requiredField, safeIntegerOf } from "../../pytree/state-values.js";
import { pythonLength } from "../dataset-length.js";
import { sliceNode } from "../map/slice.js";
import { andThen, type MaybePromise, untilDefined } from "../maybe-promise.js";
import { type ElementIterator, END, element, type IteratorState, type MapNode } from "../node.js";
import type { SliceableIterNode, WorkerSlice } from "./worker-slice.js";

/**
 * Iterates over one epoch of a dataset with random access: Grain's `to_iter_dataset`. The state is
 * `{ next_index }`, which counts elements that filters took away (docs/spec/datarax.md section 6.2).
 */
export function toIter<T>(parent: MapNode<T>): SliceableIterNode<T> {
  return {
    parents: [parent],
    open: () => new PresentElements(parent),
    sliced: (worker) => toIter(partOf(parent, worker)),
  };
}

/** {@link toIter} that gives `null` for what filters took away: Grain's `allow_nones`. */
export function toIterWithNulls<T>(parent: MapNode<T>): SliceableIterNode<T | null> {
  return {
    parents: [parent],
    open: () => new AllElements(parent),
    sliced: (worker) => toIterWithNulls(partOf(parent, worker)),
  };
}

function partOf<T>(parent: MapNode<T>, { index, count }: WorkerSlice): MapNode<T> {
  return count === 1 ? parent : sliceNode(parent, index, undefined, count);
}

/** The position in one epoch of a dataset. */
abstract class Position<T> {
  protected readonly parent: MapNode<T>;
  protected nextIndex = 0;

  constructor(parent: MapNode<T>) {
    this.parent = parent;
  }

  getState(): IteratorState {
    return dictOf([["next_index", this.nextIndex]]);
  }

  setState(state: IteratorState): void {
    const nextIndex = safeIntegerOf(requiredField(state, "next_index"), "next_index");
    const { length } = this.parent;
    if (nextIndex < 0 || nextIndex > length) {
      throw invalidArgument(
        `Checkpoint \`next_index\` ${nextIndex} is out of range for dataset of length ${pythonLength(length)}.`,
        { field: "next_index", found: nextIndex, pythonType: "IndexError" },
      );
    }
    this.nextIndex = nextIndex;
  }
}

class PresentElements<T> extends Position<T> implements ElementIterator<T> {
  next(): MaybePromise<IteratorResult<T, undefined>> {
    return untilDefined<IteratorResult<T, undefined>>(() => {
      if (this.nextIndex === this.parent.length) return END;
      return andThen(this.parent.get(this.nextIndex), (value) => {
        this.nextIndex++;
        return value === null ? undefined : element(value);
      });
    });
  }
}

class AllElements<T> extends Position<T> implements ElementIterator<T | null> {
  next(): MaybePromise<IteratorResult<T | null, undefined>> {
    if (this.nextIndex === this.parent.length) return END;
    return andThen(this.parent.get(this.nextIndex), (value) => {
      this.nextIndex++;
      return element(value);
    });
  }
}
