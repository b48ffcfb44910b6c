import { PhiloxGenerator } from "../../random/philox.js";
import { andThen } from "../maybe-promise.js";
import type { MapNode } from "../node.js";
import { randomMapSeed } from "../random-map-seed.js";
import { type Result, transformed } from "./map.js";

/**
 * Elements as a function changes them that is also given random numbers, which follow from the seed and the element's
 * index (docs/spec/datarax.md section 6.3).
 *
 * @param change Must not keep the generator: another element gets it next.
 * @param seed An integer of any size, not negative. Default: from the `ds.seed(…)` before it.
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's or NumPy's text without a seed, or for a bad one.
 */
export function randomMapNode<T, S>(
  parent: MapNode<T>,
  change: (element: T, rng: PhiloxGenerator) => Result<S>,
  seed?: number | bigint | null,
): MapNode<S> {
  const chosen = randomMapSeed(seed, parent);
  const idle = [new PhiloxGenerator(chosen)]; // several are at work where the function answers with promises
  const name = `RandomMapMapDataset(transform=${change.name})`;
  return transformed(name, parent, (element, index) => {
    const rng = idle.pop() ?? new PhiloxGenerator(chosen);
    rng.resetForElement(index);
    return andThen(change(element, rng), (result) => {
      idle.push(rng);
      return result;
    });
  });
}
