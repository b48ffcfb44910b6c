import { SeedSequence } from "../random/seed-sequence.js";
import type { PipelineNode } from "./node.js";

/**
 * The seed of a random transformation that was given none: drawn from the seeds of `ds.seed(…)` that are nearest
 * before it and how many nodes away they are, breadth first (docs/spec/datarax.md section 6.3).
 *
 * @param parents What the transformation draws from.
 * @returns 0 to 2^32−1; `undefined` where nothing was seeded.
 * @throws {OrbaxError} `INVALID_ARGUMENT` with NumPy's text for a negative or fractional seed.
 */
export function defaultSeed(parents: readonly PipelineNode[]): number | undefined {
  const entropy: (number | bigint)[] = [];
  let nodes = parents;
  for (let depth = 1; nodes.length > 0; depth++) {
    for (const { seed } of nodes) if (seed !== undefined) entropy.push(seed, depth);
    nodes = nodes.flatMap(({ seed, parents: next }) => (seed === undefined ? next : []));
  }
  return entropy.length === 0 ? undefined : new SeedSequence(entropy).generateState(1)[0];
}
