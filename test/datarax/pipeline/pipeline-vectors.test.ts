import { describe, expect, it } from "vitest";
import { Pipeline } from "../../../src/datarax/pipeline/pipeline.js";
import type { PipelineIterator } from "../../../src/datarax/pipeline/pipeline-iterator.js";
import type { RngSeeds } from "../../../src/datarax/rngs-state.js";
import { MemorySource } from "../../../src/datarax/sources/memory-source.js";
import { MixDataSourcesNode } from "../../../src/datarax/sources/mixed-source.js";
import { Rngs } from "../../../src/random/rngs.js";
import { takeToEnd } from "../../elements.js";
import { failure } from "../../failure.js";
import {
  casesOf,
  comparable,
  comparableJson,
  plainStateOf,
  type StreamVector,
  stateOf,
} from "../stream-vectors.js";

type Config = {
  readonly n: number;
  readonly batch_size: number;
  readonly shuffle: boolean;
  readonly pipeline_rngs: RngSeeds;
  readonly source_rngs: RngSeeds | null | "the same Rngs object";
  readonly stages: readonly "x+1"[];
};

type MixConfig = {
  readonly source: "MixDataSourcesNode";
  readonly weights: number[];
  readonly lengths: number[];
  readonly batch_size: number;
  readonly pipeline_rngs: RngSeeds;
};

const addOne = (batch: number[]) => batch.map((value) => value + 1);

/** A pipeline of a vector, whose records are 10 times their index, or 100 times their source and their index. */
function pipelineOf(config: Config | MixConfig): Pipeline<number[], number[]> {
  const rngs = new Rngs(config.pipeline_rngs);
  if ("source" in config) {
    const sources = config.lengths.map((length, source) => {
      const data = Array.from({ length }, (_, index) => 100 * source + index);
      return new MemorySource({ data });
    });
    const source = new MixDataSourcesNode({ sources, weights: config.weights });
    return new Pipeline({ source, batchSize: config.batch_size, rngs });
  }
  const { n, shuffle, source_rngs: sourceRngs } = config;
  const shared = sourceRngs === "the same Rngs object" ? rngs : sourceRngs;
  const data = Array.from({ length: n }, (_, index) => 10 * index);
  const source = new MemorySource({ data, shuffle, ...(shared === null ? {} : { rngs: shared }) });
  return new Pipeline({
    source,
    batchSize: config.batch_size,
    rngs,
    stages: config.stages.map(() => addOne),
  });
}

const iterate = (config: Config | MixConfig): PipelineIterator<number[]> =>
  pipelineOf(config)[Symbol.iterator]();

describe.each(casesOf<StreamVector<Config | MixConfig, number[]>>("pipelines", "PipelineIterator"))(
  "PipelineIterator: $config, after $consumed",
  ({ config, consumed, first, state, restored, next, ends }) => {
    const count = next.length + (ends ? 1 : 0);

    it("gives Python's batches and has its state", () => {
      const iterator = iterate(config);
      expect(takeToEnd(iterator, consumed).next).toEqual(first);
      expect(comparable(iterator.getState())).toEqual(comparableJson(state));
      expect(takeToEnd(iterator, count)).toEqual({ next, ends });
    });

    it("continues from what Orbax restored, without a loss of types", () => {
      for (const from of [stateOf(restored), plainStateOf(restored)]) {
        const iterator = iterate(config);
        iterator.setState(from);
        expect(comparable(iterator.getState())).toEqual(comparableJson(restored));
        expect(takeToEnd(iterator, count)).toEqual({ next, ends });
      }
    });
  },
);

type Epochs = {
  readonly config: Config;
  readonly first_loop: number[][];
  readonly second_loop_without_reset: number[][];
  readonly third_loop_after_position_0: number[][];
};

it.each(casesOf<Epochs>("pipelines", "PipelineIterator epochs"))(
  "loops over a pipeline end at once until its position is set back, and then draw new keys",
  (vector) => {
    const pipeline = pipelineOf({ ...vector.config, stages: [] });
    expect(Array.from(pipeline)).toEqual(vector.first_loop);
    expect(Array.from(pipeline)).toEqual(vector.second_loop_without_reset);
    pipeline.position = 0;
    expect(Array.from(pipeline)).toEqual(vector.third_loop_after_position_0);
  },
);

type Failure = {
  readonly config: { readonly saved_rng_counts: number; readonly pipeline_streams: number };
  readonly ValueError: string;
};

it.each(casesOf<Failure>("pipelines", "PipelineIterator error"))(
  "a state of another number of streams is refused in Python's words",
  ({ config, ValueError: message }) => {
    const seeds = Array.from({ length: config.pipeline_streams - 1 }, (_, index) => [
      `stream${index}`,
      index,
    ]);
    const rngs = { ...Object.fromEntries(seeds), default: 1 };
    const iterator = new Pipeline({ source: new MemorySource({ length: 5 }), batchSize: 2, rngs })[
      Symbol.iterator
    ]();
    const before = iterator.getState();
    const state = { position: 2, rng_counts: Array.from({ length: config.saved_rng_counts }, () => 1) };
    expect(() => iterator.setState(state)).toThrow(failure("CONFLICT", { pythonType: "ValueError" }));
    expect(() => iterator.setState(state)).toThrow(message);
    expect(iterator.getState()).toEqual(before);
  },
);
