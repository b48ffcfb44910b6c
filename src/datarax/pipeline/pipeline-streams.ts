import { compareCodePoints } from "../../pytree/key-path.js";
import type { RngStream, Rngs } from "../../random/rngs.js";
import { sortedStreams } from "../rngs-state.js";

/** What may own random streams: a source, a stage. */
export type RngsOwner = {
  readonly rngs?: Rngs | undefined;
  /** All streams that can be reached, in the order of Flax's walk, where that is more than `rngs`. */
  allRngs?(): readonly Rngs[];
};

/** Finds a stream; anew each time, since `Rngs.setState` replaces them. */
export type StreamFinder = () => RngStream;

/**
 * The streams of a pipeline in the order of `rng_counts` (docs/spec/datarax.md section 4): those of the stages, whose
 * names Flax sorts as texts, so that `stage_10` comes before `stage_2`; the pipeline's own; the source's. Streams that
 * several owners share count where they come first.
 */
export function pipelineStreams(stages: readonly RngsOwner[], rngs: Rngs, source: RngsOwner): StreamFinder[] {
  const named = stages.map((stage, index) => ({ name: `stage_${index}`, stage }));
  named.sort((a, b) => compareCodePoints(a.name, b.name));
  const all = new Set([...named.flatMap(({ stage }) => rngsOf(stage)), rngs, ...rngsOf(source)]);
  return Array.from(all).flatMap((owned) =>
    sortedStreams(owned).map(
      ({ name }) =>
        () =>
          owned.stream(name),
    ),
  );
}

function rngsOf(owner: RngsOwner): readonly Rngs[] {
  if (owner.allRngs !== undefined) return owner.allRngs();
  return owner.rngs === undefined ? [] : [owner.rngs];
}
