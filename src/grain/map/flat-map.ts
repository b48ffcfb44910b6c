import { invalidArgument } from "../../errors.js";
import { endlessBeyondSafe } from "../dataset-length.js";
import { MapDataset } from "../map-dataset.js";
import { andThen, type MaybePromise } from "../maybe-promise.js";
import type { MapNode } from "../node.js";
import { requireMethod } from "../structure-arguments.js";
import { epochOf } from "./epoch.js";

/** Makes several elements of one: Grain's `FlatMapTransform`. */
export type FlatMapMapTransform<T, S> = {
  /** The most elements that {@link flatMap} may give for one: 1 or more. */
  readonly maxFanOut: number;
  /** The elements made of one; `null` among them is no element. */
  flatMap(element: T): MaybePromise<Iterable<S | null | undefined>>;
};

/**
 * Several elements in place of each: Grain's `FlatMapMapDataset`. Each element has `maxFanOut` places, of which
 * those that are not needed are absent. The function is called anew for each place.
 */
export class FlatMapMapDataset<T, S> extends MapDataset<S> {
  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a fan-out below 1, or one that is no integer. */
  constructor(parent: MapDataset<T>, transform: FlatMapMapTransform<T, S>) {
    super(flatMapNode(parent.node, transform));
  }
}

/** Every place is asked for, also those where there is no element: Grain advises against more than 100. */
const MOST_FAN_OUT = 2 ** 20;

/**
 * {@link FlatMapMapDataset} over a node.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` as there; with Grain's text, when an element is asked for, if the function
 * gives more elements than it may.
 */
export function flatMapNode<T, S>(parent: MapNode<T>, transform: FlatMapMapTransform<T, S>): MapNode<S> {
  requireMethod(transform, "flatMap");
  const { maxFanOut } = transform;
  if (!Number.isSafeInteger(maxFanOut) || maxFanOut < 1 || maxFanOut > MOST_FAN_OUT) {
    throw invalidArgument(
      `max_fan_out must be a positive integer, at most ${MOST_FAN_OUT}, got ${maxFanOut}`,
      {
        found: maxFanOut,
        pythonType: maxFanOut === 0 ? "ZeroDivisionError" : "ValueError",
      },
    );
  }
  return {
    name: "FlatMapMapDataset(transform=FlatMap)",
    parents: [parent],
    discards: { operation: "FlatMapMapDataset", subject: "FlatMapMapDataset" },
    get length() {
      return endlessBeyondSafe(maxFanOut * parent.length);
    },
    get(index) {
      const { epoch: elementIndex, position } = epochOf(index, maxFanOut);
      return andThen(parent.get(elementIndex), (element) => {
        if (element === null) return null;
        return andThen(transform.flatMap(element), (splits) => splitAt(splits, position, maxFanOut));
      });
    },
  };
}

function splitAt<S>(splits: Iterable<S | null | undefined>, position: number, maxFanOut: number): S | null {
  let found: S | null = null;
  let count = 0;
  if (typeof Object(splits)[Symbol.iterator] !== "function") throw noSplits();
  for (const split of splits) {
    if (count === maxFanOut) throw tooManySplits();
    if (count === position) found = split ?? null;
    count++;
  }
  return found;
}

function noSplits() {
  return invalidArgument("flatMap: expected a list of elements", { pythonType: "TypeError" });
}

function tooManySplits() {
  return invalidArgument(
    "The user-provided FlatMapTransform has a split that exceeds specified max fan-out size. To address this, you can " +
      "raise the max fan-out size, but for a max fan-out size >100, performance may suffer. Please consider " +
      "preprocessing your data to keep the max fan-out size reasonable.",
    { pythonType: "ValueError" },
  );
}
