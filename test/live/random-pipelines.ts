import * as fc from "fast-check";
import type { MemoryConfig, PipelineConfig, StageConfig } from "./source-streams.js";

const seeds = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
const rngSeeds = fc.record(
  { default: seeds, aug: fc.nat(99), Zoo: fc.nat(9) },
  { requiredKeys: ["default"] },
);

/** Few sizes: Python compiles each combination anew. */
const memory: fc.Arbitrary<MemoryConfig> = fc.record({
  n: fc.constantFrom(1, 7, 20),
  first: fc.constant(0),
  shuffle: fc.boolean(),
  rngs: rngSeeds,
});

const stage: fc.Arbitrary<StageConfig> = fc.oneof(
  fc.record({ add: fc.constantFrom(1, 1000) }),
  fc.record({ rngs: rngSeeds }),
  fc.record({
    operator: fc.record({ rngs: rngSeeds, stream_name: fc.constantFrom("aug", "default", "other") }),
  }),
);

const mixture = fc
  .array(fc.tuple(memory, fc.integer({ min: 0, max: 9 })), { minLength: 1, maxLength: 3 })
  .filter((parts) => parts.some(([, weight]) => weight > 0))
  .map((parts) => ({
    sources: parts.map(([config], index) => ({ ...config, first: 100 * index })),
    weights: parts.map(([, weight]) => weight),
  }));

/** Pipelines of up to three stages. */
export const pipelines: fc.Arbitrary<PipelineConfig> = fc
  .record({
    source: fc.oneof(
      { weight: 3, arbitrary: fc.record({ memory }) },
      { weight: 1, arbitrary: fc.record({ mix: mixture }) },
    ),
    share: fc.boolean(),
    batchSize: fc.constantFrom(1, 3, 8),
    rngs: rngSeeds,
    stages: fc.array(stage, { maxLength: 3 }),
  })
  .map((config) => Object.assign(config, { share: config.share && "memory" in config.source }));
