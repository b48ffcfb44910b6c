import { invalidArgument } from "../../errors.js";
import { checkBatchSize } from "../batch-size.js";
import { allOf, andThen, type MaybePromise } from "../maybe-promise.js";
import type { MapNode, PipelineNode } from "../node.js";
import { epochOf, epochOffset } from "./epoch.js";

/**
 * Groups of `batchSize` elements, the last of an epoch short or left out.
 *
 * @param batchFn Makes a batch of the elements. `null` among them is an element that is absent.
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text for a size below 1, and behind transformations that take
 * elements away.
 */
export function batchNode<T, S>(
  parent: MapNode<T>,
  batchSize: number,
  dropRemainder: boolean,
  batchFn: (elements: readonly (T | null)[]) => MaybePromise<S>,
): MapNode<S> {
  checkBatchSize(batchSize);
  checkDense(parent);
  const parentLength = parent.length;
  const length = dropRemainder ? Math.floor(parentLength / batchSize) : Math.ceil(parentLength / batchSize);
  function* elementsOf(start: number, stop: number) {
    for (let index = start; index < stop; index++) yield parent.get(index);
  }
  return {
    name: `BatchMapDataset(batch_size=${batchSize}, drop_remainder=${dropRemainder ? "True" : "False"})`,
    parents: [parent],
    length,
    get(index) {
      const { epoch, position } = epochOf(index, length);
      const offset = epochOffset(epoch, parentLength);
      const start = position * batchSize;
      const stop = Math.min(parentLength, start + batchSize);
      if (stop - start > MOST_ELEMENTS) throw tooLarge(stop - start);
      return andThen(allOf(elementsOf(offset + start, offset + stop)), batchFn);
    },
  };
}

/** Entries of one JavaScript array: V8 ends the process where one grows to a GiB. */
const MOST_ELEMENTS = 2 ** 26;

function tooLarge(size: number) {
  return invalidArgument(`batch_size: a batch of ${size} elements, at most ${MOST_ELEMENTS}`, {
    found: size,
    pythonType: "MemoryError",
  });
}

/** The search goes through all that comes before, last parent first, as in Python. */
function checkDense(parent: PipelineNode): void {
  const toCheck = [parent];
  for (let node = toCheck.pop(); node !== undefined; node = toCheck.pop()) {
    if (node.discards !== undefined) {
      const { operation, subject } = node.discards;
      throw invalidArgument(
        `\`MapDataset.batch\` can not follow \`${operation}\` because \`${subject}\` can discard elements. ` +
          "Convert `MapDataset` to `IterDataset` with `to_iter_dataset()` before calling `batch`.",
        { pythonType: "ValueError" },
      );
    }
    toCheck.push(...node.parents);
  }
}
