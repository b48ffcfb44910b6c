import { andThen, type MaybePromise } from "../maybe-promise.js";
import type { MapNode } from "../node.js";

/** Elements for which the function answers with something truthy; `null` in place of the others. */
export function filterNode<T>(parent: MapNode<T>, keep: (element: T) => MaybePromise<unknown>): MapNode<T> {
  return {
    name: `FilterMapDataset(transform=${keep.name})`,
    parents: [parent],
    discards: { operation: "MapDataset.filter", subject: "filter" },
    get length() {
      return parent.length;
    },
    get: (index) =>
      andThen(parent.get(index), (element) => {
        if (element === null) return null;
        return andThen(keep(element), (kept) => (kept ? element : null));
      }),
  };
}
