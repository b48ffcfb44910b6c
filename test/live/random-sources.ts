import * as fc from "fast-check";
import type { MemoryConfig } from "./source-streams.js";

const rngSeeds = fc.record(
  { default: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), shuffle: fc.nat(99), aug: fc.nat(9) },
  { requiredKeys: ["default"] },
);

/** A source of up to 24 records. */
export const memory: fc.Arbitrary<MemoryConfig> = fc.record({
  n: fc.integer({ min: 1, max: 24 }),
  first: fc.constant(0),
  shuffle: fc.boolean(),
  rngs: rngSeeds,
});

const seeds = fc.nat(2 ** 32 - 1);
/** The base class of sources that hold their data. */
export const eager = fc.record({
  n: fc.integer({ min: 1, max: 24 }),
  first: fc.constant(100),
  shuffle: fc.boolean(),
  seed: seeds,
});

/** A source that gives one worker of up to three its part. */
export const sharded = fc
  .tuple(memory, fc.integer({ min: 1, max: 3 }), fc.nat(2))
  .map(([config, numWorkers, worker]) => Object.assign(config, { numWorkers, shardId: worker % numWorkers }));

/** Up to four sources with weights. */
export const mixtures = fc
  .array(fc.tuple(memory, fc.integer({ min: 1, max: 1000 })), { minLength: 1, maxLength: 4 })
  .map((parts) => ({
    sources: parts.map(([config], index) => ({ ...config, first: 100 * index })),
    weights: parts.map(([, weight]) => weight / 64),
  }));

/** An `ArrayRecordSourceModule`. */
export const recordSources = fc.record({
  total_records: fc.integer({ min: 1, max: 24 }),
  seed: fc.nat(2 ** 32 - 100),
  num_epochs: fc.constantFrom(-1, 1, 2, 3),
  shuffle_files: fc.boolean(),
});
