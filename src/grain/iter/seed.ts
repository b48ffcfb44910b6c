import { type SliceableIterNode, sliceIter } from "./worker-slice.js";

/** The same elements, with a seed for the random transformations behind it that get none of their own. */
export function seedIter<T>(parent: SliceableIterNode<T>, seed: number | bigint): SliceableIterNode<T> {
  return {
    parents: [parent],
    seed,
    open: () => parent.open(),
    sliced: (worker) => seedIter(sliceIter(parent, worker), seed),
  };
}
