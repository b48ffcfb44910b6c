import * as fc from "fast-check";
import type { SamplerConfig } from "./datarax-stream.js";

/** Seeds of streams. */
export const rngs: fc.Arbitrary<number | { default: number; aug?: number }> = fc.oneof(
  fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  fc.record({ default: fc.nat(99), aug: fc.nat(99) }, { requiredKeys: ["default"] }),
);
const epochs = { num_records: fc.integer({ min: 1, max: 30 }), num_epochs: fc.constantFrom(1, 2, 3, -1) };
const optionalRngs = { rngs: fc.option(rngs, { nil: 0 }) };

/** Samplers that go on where their state says in Python, too. */
export const resuming: fc.Arbitrary<SamplerConfig> = fc.oneof(
  fc.record({
    class: fc.constant("SequentialSamplerModule" as const),
    config: fc.record({ ...epochs, rngs }, { requiredKeys: ["num_records", "num_epochs"] }),
  }),
  fc.record({
    class: fc.constant("ShuffleSampler" as const),
    config: fc.record(
      { dataset_size: fc.nat(60), seed: fc.nat(2 ** 32 - 1), rngs },
      { requiredKeys: ["dataset_size", "seed"] },
    ),
  }),
  fc.record({
    class: fc.constant("EpochAwareSamplerModule" as const),
    config: fc.record({ ...epochs, ...optionalRngs, shuffle: fc.boolean(), seed: fc.nat(2 ** 32 - 1) }),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      class: fc.constant("SlidingWindowSampler" as const),
      config: fc
        .record(
          {
            num_records: fc.integer({ min: 1, max: 30 }),
            num_epochs: fc.constantFrom(1, 2, 3, -1, 0, -5),
            window_size: fc.integer({ min: 1, max: 9 }),
            stride: fc.integer({ min: 1, max: 35 }),
            drop_incomplete: fc.boolean(),
            rngs,
          },
          { requiredKeys: ["num_records", "num_epochs", "window_size", "stride", "drop_incomplete"] },
        )
        .filter(({ num_records, window_size }) => num_records >= window_size),
    }),
  },
);

/** A `RangeSampler`: in Python it begins anew, wherever its state says that it is. */
export const ranges = fc
  .record({
    start: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    steps: fc.integer({ min: 1, max: 20 }),
    rest: fc.nat(8),
    step: fc.integer({ min: -9, max: 9 }),
  })
  .filter(({ step, rest }) => step !== 0 && rest < Math.abs(step))
  .map(({ start, steps, rest, step }) => ({
    class: "RangeSampler" as const,
    config: { start, stop: start + steps * step + Math.sign(step) * rest, step },
  }));
