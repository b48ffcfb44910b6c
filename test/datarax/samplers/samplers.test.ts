import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { CheckpointableIterator, State } from "../../../src/datarax/checkpointable-iterator.js";
import { EpochAwareSamplerModule } from "../../../src/datarax/samplers/epoch-aware-sampler.js";
import { SequentialSamplerModule } from "../../../src/datarax/samplers/sequential-sampler.js";
import { ShuffleSampler } from "../../../src/datarax/samplers/shuffle-sampler.js";
import { parseTaggedJson } from "../../../src/datarax/tagged-json.js";
import { isDict } from "../../../src/pytree/container.js";
import { toPlain } from "../../../src/pytree/plain.js";

type SamplerConfig = {
  num_records?: number;
  num_epochs?: number;
  dataset_size?: number;
  shuffle?: boolean;
  seed?: number;
  rngs?: { default: number };
};
type SamplerCase = {
  class: string;
  config: SamplerConfig;
  consumed: number;
  first: number[];
  state: unknown;
  restored: unknown;
  next: number[];
  ends: boolean;
};
type Sampler = Iterator<number, undefined> &
  Iterable<number> & { getState(): State; setState(state: State): void };

// Made by Datarax 0.1.4 (docs/spec/datarax.md section 9).
const vectors: { cases: SamplerCase[] } = JSON.parse(
  readFileSync(new URL("../../../docs/spec/vectors/samplers.json", import.meta.url), "utf8"),
);
const CLASSES: { [name: string]: (config: SamplerConfig) => Sampler } = {
  SequentialSamplerModule: ({ num_records = 0, num_epochs = 1 }) =>
    new SequentialSamplerModule({ numRecords: num_records, numEpochs: num_epochs }),
  ShuffleSampler: ({ dataset_size = 0, seed = 0 }) => new ShuffleSampler({ datasetSize: dataset_size, seed }),
  EpochAwareSamplerModule: ({ num_records = 0, num_epochs = 1, shuffle = true, seed = 42, rngs }) =>
    new EpochAwareSamplerModule({
      numRecords: num_records,
      numEpochs: num_epochs,
      shuffle,
      seed,
      ...(rngs === undefined ? {} : { rngs }),
    }),
};
const cases = vectors.cases
  .filter(({ class: name }) => name in CLASSES)
  .map((vector): [string, SamplerCase] => [
    `${vector.class} ${JSON.stringify(vector.config)} after ${vector.consumed}`,
    vector,
  ]);

const MOST = 20; // so many elements do the vectors show

function build({ class: name, config }: SamplerCase): Sampler {
  const make = CLASSES[name];
  if (make === undefined) throw new Error(`no class ${name}`);
  return make(config);
}

function take(sampler: Sampler, count: number): { next: number[]; ends: boolean } {
  const next: number[] = [];
  while (next.length < count) {
    const { done, value } = sampler.next();
    if (done) return { next, ends: true };
    next.push(value);
  }
  return { next, ends: false };
}

function stateOf(json: unknown): State {
  const state = parseTaggedJson(json);
  if (!isDict(state)) throw new Error("a state is a dict");
  return state;
}

function plainStateOf(json: unknown): State {
  const state = toPlain(stateOf(json));
  if (!isDict(state)) throw new Error("a state is a dict");
  return state;
}

/** A tagged state without what JavaScript does not carry: which library an array came from. */
function withoutArrayKinds(json: unknown): State {
  return stateOf(JSON.parse(JSON.stringify(json).replaceAll('"kind":"jax"', '"kind":"numpy"')));
}

describe("samplers", () => {
  it("covers the vectors of all three classes", () => {
    expect(cases).toHaveLength(15 + 45 + 46);
  });

  it("are what checkpoints take", () => {
    const samplers: CheckpointableIterator<number>[] = cases.map(([, vector]) => build(vector));
    for (const sampler of samplers) expect(sampler.return).toBeUndefined();
  });

  it.each(cases)("%s: gives Python's elements and state", (_, vector) => {
    const sampler = build(vector);
    expect(take(sampler, vector.consumed).next).toEqual(vector.first);
    const state = sampler.getState();
    const expected = withoutArrayKinds(vector.state);
    expect(toPlain(state)).toEqual(toPlain(expected));
    const { _applied_count, _skipped_count, rngs } = expected;
    expect(state).toMatchObject({ _applied_count, _skipped_count, ...(rngs === undefined ? {} : { rngs }) });
  });

  it.each(cases)("%s: continues from Python's restored state", (_, vector) => {
    for (const state of [stateOf(vector.restored), plainStateOf(vector.restored)]) {
      const sampler = build(vector);
      take(sampler, 2);
      sampler.setState(state);
      expect(take(sampler, MOST)).toEqual({ next: vector.next, ends: vector.ends });
    }
  });

  it.each(cases)("%s: continues from its own state in another object", (_, vector) => {
    const sampler = build(vector);
    take(sampler, vector.consumed);
    const other = build(vector);
    other.setState(sampler.getState());
    expect(take(other, MOST)).toEqual({ next: vector.next, ends: vector.ends });
  });
});
