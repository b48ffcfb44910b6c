import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CheckpointableIterator, State } from "../../../src/datarax/checkpointable-iterator.js";
import { EpochAwareSamplerModule } from "../../../src/datarax/samplers/epoch-aware-sampler.js";
import { RangeSampler } from "../../../src/datarax/samplers/range-sampler.js";
import { SequentialSamplerModule } from "../../../src/datarax/samplers/sequential-sampler.js";
import { ShuffleSampler } from "../../../src/datarax/samplers/shuffle-sampler.js";
import { SlidingWindowSampler } from "../../../src/datarax/samplers/sliding-window-sampler.js";
import { toPlain } from "../../../src/pytree/plain.js";
import { takeToEnd } from "../../elements.js";
import { casesOf, plainStateOf, stateOf, withoutArrayKinds } from "../stream-vectors.js";

type SamplerConfig = {
  num_records?: number;
  num_epochs?: number;
  dataset_size?: number;
  shuffle?: boolean;
  seed?: number;
  window_size?: number;
  stride?: number;
  drop_incomplete?: boolean;
  start?: number;
  stop?: number | null;
  step?: number;
  rngs?: { default: number } | undefined;
};
type Element = number | number[];
type SamplerCase = {
  class: string;
  config: SamplerConfig;
  consumed: number;
  first: Element[];
  state: unknown;
  restored: unknown;
  next: Element[];
  ends: boolean;
  python_resume_iter: "same as next" | { next: Element[]; ends: boolean };
};
type Sampler = Iterator<Element, undefined> &
  Iterable<Element> & { getState(): State; setState(state: State): void; reset(): void };

const CLASSES: { [name: string]: (config: SamplerConfig) => Sampler } = {
  SequentialSamplerModule: ({ num_records = 0, num_epochs = 1, rngs }) =>
    new SequentialSamplerModule({ numRecords: num_records, numEpochs: num_epochs, ...withRngs(rngs) }),
  ShuffleSampler: ({ dataset_size = 0, seed = 0, rngs }) =>
    new ShuffleSampler({ datasetSize: dataset_size, seed, ...withRngs(rngs) }),
  EpochAwareSamplerModule: ({ num_records = 0, num_epochs = 1, shuffle = true, seed = 42, rngs }) =>
    new EpochAwareSamplerModule({
      numRecords: num_records,
      numEpochs: num_epochs,
      shuffle,
      seed,
      ...withRngs(rngs),
    }),
  SlidingWindowSampler: ({ num_records = 0, num_epochs = 1, window_size = 1, stride = 1, ...rest }) =>
    new SlidingWindowSampler({
      numRecords: num_records,
      windowSize: window_size,
      stride,
      dropIncomplete: rest.drop_incomplete ?? true,
      numEpochs: num_epochs,
      ...withRngs(rest.rngs),
    }),
  RangeSampler: ({ start = 0, stop = null, step = 1, rngs }) =>
    new RangeSampler({ start, stop, step, ...withRngs(rngs) }),
};

function withRngs(rngs: { default: number } | undefined) {
  return rngs === undefined ? {} : { rngs };
}

const cases = Object.keys(CLASSES)
  .flatMap((name) => casesOf<SamplerCase>("samplers", name))
  .map((vector): [string, SamplerCase] => [
    `${vector.class} ${JSON.stringify(vector.config)} after ${vector.consumed}`,
    vector,
  ]);
/** Python never writes a range's position, so its states say nothing of it. */
const positioned = cases.filter(([, vector]) => vector.class !== "RangeSampler");
const ranges = cases.filter(([, vector]) => vector.class === "RangeSampler");

const MOST = 20; // so many elements do the vectors show

function build({ class: name, config }: { class: string; config: SamplerConfig }): Sampler {
  const make = CLASSES[name];
  if (make === undefined) throw new Error(`no class ${name}`);
  return make(config);
}

const numbers = { num_records: fc.integer({ min: 1, max: 12 }), num_epochs: fc.constantFrom(1, 2, 3, -1) };
const rngs = fc.constantFrom(undefined, { default: 3 });
/** Any sampler that resumes. */
const samplers = fc.oneof(
  fc.record({ class: fc.constant("SequentialSamplerModule"), config: fc.record({ ...numbers, rngs }) }),
  fc.record({
    class: fc.constant("ShuffleSampler"),
    config: fc.record({ dataset_size: fc.nat(20), seed: fc.nat(2 ** 32 - 1), rngs }),
  }),
  fc.record({
    class: fc.constant("EpochAwareSamplerModule"),
    config: fc.record({
      ...numbers,
      shuffle: fc.boolean(),
      seed: fc.nat(2 ** 32 - 1),
      rngs: fc.constant({ default: 0 }),
    }),
  }),
  fc
    .record({
      ...numbers,
      window_size: fc.integer({ min: 1, max: 12 }),
      stride: fc.integer({ min: 1, max: 14 }),
      drop_incomplete: fc.boolean(),
      rngs,
    })
    .map(({ num_records, ...rest }) => ({
      class: "SlidingWindowSampler",
      config: { ...rest, num_records: Math.max(num_records, rest.window_size) },
    })),
  fc
    .record({
      start: fc.integer({ min: -30, max: 30 }),
      width: fc.integer({ min: 0, max: 40 }),
      step: fc.integer({ min: 1, max: 9 }),
      sign: fc.constantFrom(1, -1),
      rngs,
    })
    .filter(({ width, step }) => width === 0 || width >= step)
    .map(({ start, width, step, sign, rngs: given }) => ({
      class: "RangeSampler",
      config: { start, stop: start + sign * width, step: sign * step, rngs: given },
    })),
);

describe("samplers", () => {
  it("covers the vectors of all classes that are iterable", () => {
    expect(cases).toHaveLength(15 + 45 + 46 + 8 + 4);
  });

  it("are what checkpoints take", () => {
    const all: CheckpointableIterator<Element>[] = cases.map(([, vector]) => build(vector));
    for (const sampler of all) expect(sampler.return).toBeUndefined();
  });

  it.each(positioned)("%s: gives Python's elements and state", (_, vector) => {
    const sampler = build(vector);
    expect(takeToEnd(sampler, vector.consumed).next).toEqual(vector.first);
    const state = sampler.getState();
    const expected = withoutArrayKinds(vector.state);
    expect(toPlain(state)).toEqual(toPlain(expected));
    const { _applied_count, _skipped_count, rngs: streams } = expected;
    expect(state).toMatchObject({
      _applied_count,
      _skipped_count,
      ...(streams === undefined ? {} : { rngs: streams }),
    });
  });

  it.each(positioned)("%s: continues from Python's restored state", (_, vector) => {
    for (const state of [stateOf(vector.restored), plainStateOf(vector.restored)]) {
      const sampler = build(vector);
      takeToEnd(sampler, 2);
      sampler.setState(state);
      expect(takeToEnd(sampler, MOST)).toEqual({ next: vector.next, ends: vector.ends });
    }
  });

  it.each(cases)("%s: continues from its own state in another object", (_, vector) => {
    const sampler = build(vector);
    takeToEnd(sampler, vector.consumed);
    const other = build(vector);
    other.setState(sampler.getState());
    expect(takeToEnd(other, MOST)).toEqual({ next: vector.next, ends: vector.ends });
  });

  it.each(ranges)("%s: gives Python's elements, and its state but for the position", (_, vector) => {
    const sampler = build(vector);
    expect(toPlain(sampler.getState())).toEqual(plainStateOf(vector.state)); // Python's is that of the start
    expect(takeToEnd(sampler, vector.consumed).next).toEqual(vector.first);
    expect(takeToEnd(sampler, MOST)).toEqual({ next: vector.next, ends: vector.ends });
  });

  it.each(ranges)("%s: goes on from Python's restored state as Python does, from the start", (_, vector) => {
    if (vector.python_resume_iter === "same as next") throw new Error("Python began anew");
    const { next, ends } = vector.python_resume_iter;
    for (const state of [stateOf(vector.restored), plainStateOf(vector.restored)]) {
      const sampler = build(vector);
      takeToEnd(sampler, 2);
      sampler.setState(state);
      expect(takeToEnd(sampler, MOST)).toEqual({ next, ends });
    }
  });

  it("continue from the state at every position, in an object that was elsewhere", () => {
    fc.assert(
      fc.property(samplers, fc.nat(40), fc.nat(9), (config, taken, taken2) => {
        const sampler = build(config);
        takeToEnd(sampler, taken);
        const state = sampler.getState();
        const other = build(config);
        takeToEnd(other, taken2);
        other.setState(state);
        expect(other.getState()).toEqual({
          ...state,
          ...(config.class === "ShuffleSampler" ? { _resume_next_iter: true } : {}),
        });
        expect(takeToEnd(other, 50)).toEqual(takeToEnd(sampler, 50));
      }),
    );
  });

  it("start over by reset, at every position", () => {
    fc.assert(
      fc.property(samplers, fc.nat(40), (config, taken) => {
        const sampler = build(config);
        takeToEnd(sampler, taken);
        sampler.reset();
        expect(sampler.getState()).toEqual(build(config).getState());
        expect(takeToEnd(sampler, 50)).toEqual(takeToEnd(build(config), 50));
      }),
    );
  });

  it("never start over by iteration", () => {
    fc.assert(
      fc.property(samplers, fc.nat(20), (config, taken) => {
        const sampler = build(config);
        takeToEnd(sampler, taken);
        const rest = takeToEnd(sampler[Symbol.iterator](), 30);
        expect(rest.next).toEqual(takeToEnd(build(config), taken + 30).next.slice(taken));
      }),
    );
  });

  it.each([
    ["SequentialSamplerModule", { num_records: 10 ** 12 }, { current_index: 10 ** 9 }, 10 ** 9],
    ["SequentialSamplerModule", { num_records: 7, num_epochs: -1 }, { current_epoch: 10 ** 9 }, 0],
    [
      "EpochAwareSamplerModule",
      { num_records: 2 ** 40, num_epochs: -1, rngs: { default: 0 } },
      { current_epoch: 10 ** 9, current_index: 10 ** 9 },
      undefined,
    ],
    [
      "ShuffleSampler",
      {},
      { sampler_state: { dataset_size: 2 ** 31, seed: 0, position: 2 ** 30 } },
      undefined,
    ],
    ["SlidingWindowSampler", { num_records: 10 ** 12, stride: 3 }, { window_index: 10 ** 9 }, [3 * 10 ** 9]],
    ["RangeSampler", { start: 10 ** 12, step: 1 }, { sampler_state: { current_position: 10 ** 9 } }, 10 ** 9],
  ])("%s %o: answers at once at %o", (name, config, part, element) => {
    const sampler = build({ class: name, config });
    sampler.setState({ ...sampler.getState(), ...part });
    const { done, value } = sampler.next();
    expect(done).toBe(false);
    if (element !== undefined) expect(value).toEqual(element);
  });
});
