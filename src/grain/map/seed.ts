import type { MapNode } from "../node.js";

/** The same elements, with a seed for the random transformations behind it that get none of their own. */
export function seedNode<T>(parent: MapNode<T>, seed: number | bigint): MapNode<T> {
  return {
    name: "WithOptionsMapDataset",
    parents: [parent],
    seed,
    get length() {
      return parent.length;
    },
    get: (index) => parent.get(index),
  };
}
