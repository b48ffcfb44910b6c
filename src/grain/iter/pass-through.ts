import type { MaybePromise } from "../maybe-promise.js";
import type { ElementIterator, IteratorState } from "../node.js";

/** An iterator whose state is its parent's, unchanged: what it makes of the elements needs no memory. */
export abstract class PassThrough<T, S> implements ElementIterator<S> {
  protected readonly parent: ElementIterator<T>;

  constructor(parent: ElementIterator<T>) {
    this.parent = parent;
  }

  abstract next(): MaybePromise<IteratorResult<S, undefined>>;

  getState(): IteratorState {
    return this.parent.getState();
  }

  setState(state: IteratorState): MaybePromise<void> {
    return this.parent.setState(state);
  }
}
