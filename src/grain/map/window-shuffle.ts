import { invalidArgument } from "../../errors.js";
import { feistelPermutation, type IndexPermutation } from "../../random/index-shuffle.js";
import { safeIntegerArgument } from "../../random/integer-argument.js";
import { MapDataset } from "../map-dataset.js";
import type { MapNode } from "../node.js";
import { epochOf } from "./epoch.js";

/** Options of {@link WindowShuffleMapDataset}. */
export type WindowShuffleMapOptions = {
  /** Elements of a window, 1 or more. */
  readonly windowSize: number;
  /** Seed of the first window; that of each further one is one more. All must be from 0 to 2^32−1. */
  readonly seed: number | bigint;
};

/**
 * Elements shuffled within windows: Grain's `WindowShuffleMapDataset`. A window that reaches beyond the end goes on
 * with the next epoch, so that its elements may occur twice in an epoch, and others not at all.
 */
export class WindowShuffleMapDataset<T> extends MapDataset<T> {
  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a size or seed that is no integer, or a size below 1. */
  constructor(parent: MapDataset<T>, options: WindowShuffleMapOptions) {
    super(windowShuffleNode(parent.node, options));
  }
}

/**
 * {@link WindowShuffleMapDataset} over a node (docs/spec/datarax.md section 6.3).
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` as there; when an element is asked for, if the seed of its window is none.
 */
export function windowShuffleNode<T>(
  parent: MapNode<T>,
  { windowSize, seed }: WindowShuffleMapOptions,
): MapNode<T> {
  checkWindowSize(windowSize);
  const firstSeed = safeIntegerArgument(seed, "seed");
  let kept: { readonly window: number; readonly order: IndexPermutation } | undefined;
  const orderOf = (window: number, position: number): IndexPermutation => {
    const windowSeed = firstSeed + window;
    const maxIndex = windowSize - 1;
    if (windowSeed < 0 || windowSeed >= SEEDS) {
      throw seedOutOfRange(position, maxIndex, windowSeed);
    }
    if (kept?.window !== window) {
      kept = { window, order: feistelPermutation(maxIndex, windowSeed, ROUNDS) };
    }
    return kept.order;
  };
  return {
    name: "WindowShuffleMapDataset",
    parents: [parent],
    get length() {
      return parent.length;
    },
    get(index) {
      const { epoch: window, position } = epochOf(index, windowSize);
      return parent.get(orderOf(window, position)(position) + window * windowSize);
    },
  };
}

const ROUNDS = 4;
const SEEDS = 2 ** 32;

function checkWindowSize(windowSize: number): void {
  if (Number.isSafeInteger(windowSize) && windowSize > 0) return;
  throw invalidArgument(`window_size must be a positive integer, got ${windowSize}`, {
    found: windowSize,
    pythonType: windowSize === 0 ? "ZeroDivisionError" : "ValueError",
  });
}

function seedOutOfRange(position: number, maxIndex: number, seed: number) {
  return invalidArgument(
    "index_shuffle(): incompatible function arguments. The following argument types are supported:\n" +
      "    1. (index: int, max_index: int, seed: int, rounds: int) -> int\n\n" +
      `Invoked with: ${position}; kwargs: max_index=${maxIndex}, seed=${seed}, rounds=${ROUNDS}`,
    { found: seed, pythonType: "TypeError" },
  );
}
