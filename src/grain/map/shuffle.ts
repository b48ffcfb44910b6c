import { invalidArgument, unsupported } from "../../errors.js";
import { feistelPermutation, type IndexPermutation } from "../../random/index-shuffle.js";
import { defaultSeed } from "../default-seed.js";
import type { MapNode } from "../node.js";
import { epochOf } from "./epoch.js";

const SEEDS = 2 ** 32;
const ROUNDS = 4;

/**
 * The elements of each epoch in another order, which follows from the seed and the number of the epoch
 * (docs/spec/datarax.md section 6.3). Any position costs the same.
 *
 * @param seed 0 to 2^32−1. Default: from the `ds.seed(…)` before it.
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text for a seed out of range or none; `UNSUPPORTED` for an
 * endless dataset, whose order needs integers of 64 bits.
 */
export function shuffleNode<T>(parent: MapNode<T>, seed?: number | bigint | null): MapNode<T> {
  const first = shuffleSeed(seed ?? defaultSeed([parent]));
  if (parent.length === Number.POSITIVE_INFINITY) {
    throw unsupported("shuffle: the dataset is endless; shuffle before repeat", { field: "length" });
  }
  const orderOf = epochOrders(first);
  return {
    name: "ShuffleMapDataset",
    parents: [parent],
    get length() {
      return parent.length;
    },
    get(index) {
      const { length } = parent;
      const { epoch, position } = epochOf(index, length);
      return parent.get(orderOf(epoch, length)(position) + epoch * length);
    },
  };
}

function shuffleSeed(seed: number | bigint | undefined): number {
  if (seed === undefined) {
    throw invalidArgument("`shuffle` requires a seed. Please provide it with `ds.seed(seed)`", {
      pythonType: "ValueError",
    });
  }
  const number = Number(seed);
  if (Number.isInteger(number) && number >= 0 && number < SEEDS) return number + 0;
  throw invalidArgument(`Seed must be an integer between 0 and 2**32-1 (got seed=${seed}).`, {
    found: seed,
    pythonType: "ValueError",
  });
}

/** The permutation of an epoch; the last one is kept, as neighbours mostly lie in one epoch. */
function epochOrders(seed: number): (epoch: number, length: number) => IndexPermutation {
  let kept: { readonly epoch: number; readonly length: number; readonly order: IndexPermutation } | undefined;
  return (epoch, length) => {
    if (kept === undefined || kept.epoch !== epoch || kept.length !== length) {
      const order = feistelPermutation(length - 1, (seed + (epoch % SEEDS)) % SEEDS, ROUNDS);
      kept = { epoch, length, order };
    }
    return kept.order;
  };
}
