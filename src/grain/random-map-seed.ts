import { invalidArgument } from "../errors.js";
import { integerArgument } from "../random/integer-argument.js";
import { defaultSeed } from "./default-seed.js";
import type { PipelineNode } from "./node.js";

/**
 * The seed of a `random_map`.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text where there is none.
 */
export function randomMapSeed(
  seed: number | bigint | null | undefined,
  parent: PipelineNode,
): number | bigint {
  const chosen = seed ?? defaultSeed([parent]);
  if (chosen !== undefined) return integerArgument(chosen, "seed");
  throw invalidArgument(
    "`random_map` requires a seed. Please either provide it with `ds.seed(seed)` before any random transformations " +
      "or pass it directly with `ds.random_map(transform, seed=seed)`.",
    { pythonType: "ValueError" },
  );
}
