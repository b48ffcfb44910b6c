import { andThen, type MaybePromise } from "../maybe-promise.js";
import type { MapNode } from "../node.js";

/** What a function of a user may answer with: `null` and `undefined` are Python's `None`, no element. */
export type Result<S> = MaybePromise<S | null | undefined>;

/** Elements as a function changes them. */
export function mapNode<T, S>(parent: MapNode<T>, change: (element: T) => Result<S>): MapNode<S> {
  return transformed(`MapMapDataset(transform=${change.name})`, parent, (element) => change(element));
}

/** {@link mapNode} with a function that takes the element's index in the dataset first. */
export function mapWithIndexNode<T, S>(
  parent: MapNode<T>,
  change: (index: number, element: T) => Result<S>,
): MapNode<S> {
  const name = `MapWithIndexMapDataset(transform=${change.name})`;
  return transformed(name, parent, (element, index) => change(index, element));
}

/**
 * A dataset of the parent's length whose elements are made one by one.
 *
 * @param change Asked only for elements that are there.
 */
export function transformed<T, S>(
  name: string,
  parent: MapNode<T>,
  change: (element: T, index: number) => Result<S>,
): MapNode<S> {
  return {
    name,
    parents: [parent],
    get length() {
      return parent.length;
    },
    get: (index) =>
      andThen(parent.get(index), (element) => {
        if (element === null) return null;
        return andThen(change(element, index), (result): S | null => result ?? null);
      }),
  };
}
