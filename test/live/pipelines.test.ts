import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { DefaultBatcher } from "../../src/datarax/pipeline/default-batcher.js";
import { JaxProcessSharderModule } from "../../src/datarax/pipeline/process-sharder.js";
import { PipelineCheckpoint } from "../../src/datarax/pipeline-checkpoint.js";
import { take } from "../elements.js";
import { setUpDatarax } from "./datarax-setup.js";

import { neutralJson, neutralState } from "./neutral-json.js";
import { OracleError } from "./oracle.js";
import { pipelines } from "./random-pipelines.js";
import { runsOf, seed, timeoutOf } from "./random-runs.js";
import {
  makePipeline,
  type PipelineConfig,
  PythonSource,
  plainValues,
  pythonPipeline,
  type StageConfig,
} from "./source-streams.js";

const runs = runsOf({ ci: 15, long: 500 });
const compiledRuns = runsOf({ ci: 4, long: 100 }); // half a second for each iterator

const live = setUpDatarax();

/** One language takes some batches and saves. */
type Hop = { readonly side: "python" | "node"; readonly count: number };

const python = (config: PipelineConfig) =>
  PythonSource.make(live.oracle, "IndexedPipeline", pythonPipeline(config), "iter");

/** Lets the languages go on from each other, and holds batches and states against an uninterrupted run in Python. */
async function expectUninterrupted(config: PipelineConfig, hops: readonly Hop[]): Promise<void> {
  const total = hops.reduce((sum, { count }) => sum + count, 0);
  const whole = await (await python(config)).take(total);
  const base = live.newBase();
  const checkpoint = new PipelineCheckpoint(base);
  let consumed = 0;
  for (const [step, { side, count }] of hops.entries()) {
    const expected = whole.slice(consumed, consumed + count);
    const stream = await python(config);
    const iterator = makePipeline(config);
    if (step > 0) {
      const restored = neutralJson(await stream.restore(base), { kinds: false });
      await checkpoint.restoreLatest(iterator);
      expect(neutralState(iterator.getState(), { kinds: false })).toEqual(restored);
    }
    if (side === "python") {
      expect(await stream.take(count)).toEqual(expected);
      await stream.save(base, step);
    } else {
      expect(take(iterator, count).map(plainValues)).toEqual(expected);
      await checkpoint.saveToStep(iterator, step, { interval: 1, keep: null });
    }
    consumed += expected.length;
  }
}

const hops = fc
  .tuple(
    fc.constantFrom("python" as const, "node" as const),
    fc.array(fc.nat(5), { minLength: 2, maxLength: 4 }),
  )
  .map(([first, counts]) =>
    counts.map((count, index): Hop => {
      const side = (index % 2 === 0) === (first === "python") ? "python" : "node";
      return { side, count };
    }),
  );

const SIMPLE: PipelineConfig = {
  source: { memory: { n: 20, first: 0, shuffle: true, rngs: { default: 5 } } },
  share: false,
  batchSize: 3,
  rngs: { default: 3, aug: 4 },
  stages: [],
};

describe("pipelines go on from each other's checkpoints", () => {
  afterEach(() => live.oracle.call("stream_compile", { enabled: true }));

  it.each([
    { enabled: true, numRuns: compiledRuns },
    { enabled: false, numRuns: runs },
  ])(
    `in $numRuns random ways, compiled: $enabled, seed ${seed}`,
    async ({ enabled, numRuns }) => {
      await live.oracle.call("stream_compile", { enabled });
      const property = fc.asyncProperty(pipelines, hops, expectUninterrupted);
      await fc.assert(property, { seed, numRuns, endOnFailure: true });
    },
    timeoutOf(runs + 10 * compiledRuns, 800),
  );

  it("with more stages than ten, whose streams are counted in the order of their names", async () => {
    const stages = Array.from(
      { length: 12 },
      (_, index): StageConfig =>
        index % 3 === 0
          ? { operator: { rngs: { default: index }, stream_name: "x" } }
          : { rngs: { default: index } },
    );
    await expectUninterrupted({ ...SIMPLE, stages }, [
      { side: "node", count: 2 },
      { side: "python", count: 2 },
      { side: "node", count: 1 },
    ]);
  });

  it("with the streams of more sources than ten, in the order of their numbers", async () => {
    const sources = Array.from({ length: 12 }, (_, index) => ({
      n: 7,
      first: 10 * index,
      shuffle: true,
      rngs: { default: index },
    }));
    const weights = sources.map((_, index) => index + 1);
    await expectUninterrupted({ ...SIMPLE, source: { mix: { sources, weights } } }, [
      { side: "node", count: 3 },
      { side: "python", count: 2 },
      { side: "node", count: 1 },
    ]);
  });

  it.each([-3, -1, 1, 19, 20, 2 ** 31 - 1, -(2 ** 31)])(
    "from position %i, which no run came to",
    async (position) => {
      const iterator = makePipeline(SIMPLE);
      iterator.setState({ position, rng_counts: [2, 7, 1] });
      const base = live.newBase();
      await new PipelineCheckpoint(base).saveToDirectory(iterator, { step: 1 });
      const stream = await python(SIMPLE);
      await stream.restore(base);
      expect(take(iterator, 2).map(plainValues)).toEqual(await stream.take(2));
    },
  );
});

/** Asks Python to set a state, for its refusal. */
const SETTING = (state: string) => `
from datarax.pipeline.pipeline import Pipeline
from datarax.sources import MemorySource, MemorySourceConfig
from flax import nnx
import numpy as np

def make():
    source = MemorySource(MemorySourceConfig(shuffle=True), {"x": np.arange(20)}, rngs=nnx.Rngs(5))
    iterator = iter(Pipeline(source=source, stages=[], batch_size=3, rngs=nnx.Rngs(3, aug=4)))
    iterator.set_state(${state})
    return iterator
`;

describe("a pipeline's iterator refuses what Python refuses, in its words", () => {
  it.each([
    ["too few counts", { position: 1, rng_counts: [1] }],
    ["a count below 0", { position: 1, rng_counts: [1, 2, -3] }],
    ["a count of 2^32", { position: 1, rng_counts: [1, 2, 4294967296] }],
    ["a position of 2^31", { position: 2147483648, rng_counts: [1, 2, 3] }],
    ["a position below −2^31", { position: -2147483649, rng_counts: [1, 2, 3] }],
  ])("%s", async (_, state) => {
    const code = SETTING(JSON.stringify(state));
    const refusal: unknown = await live.oracle
      .call("stream_new", { id: "refused", class: "script", config: { code } })
      .catch((error: unknown) => error);
    if (!(refusal instanceof OracleError)) throw new Error("Python took the state");
    const iterator = makePipeline(SIMPLE);
    expect(() => iterator.setState(state)).toThrow(
      expect.objectContaining({
        message: refusal.message,
        details: expect.objectContaining({ pythonType: refusal.pythonType }),
      }),
    );
  });

  it.each([
    [
      "fractions",
      "{'position': 4.9, 'rng_counts': [1, 2.7, True]}",
      { position: 4.9, rng_counts: [1, 2.7, true] },
    ],
    [
      "other keys",
      "{'position': 4, 'rng_counts': [1, 2, 3], 'a': 1}",
      { position: 4, rng_counts: [1, 2, 3], a: 1 },
    ],
  ])("but takes %s as Python does", async (_, code, state) => {
    const stream = await PythonSource.make(live.oracle, "script", { code: SETTING(code) }, "iter");
    const iterator = makePipeline(SIMPLE);
    iterator.setState(state);
    expect(neutralState(iterator.getState(), { kinds: false })).toEqual(
      neutralJson(await stream.state(), { kinds: false }),
    );
    expect(take(iterator, 3).map(plainValues)).toEqual(await stream.take(3));
  });
});

/** Batches and process bounds, as Python makes them: an iterator over the answers. */
const GROUPING = `
from datarax.batching import DefaultBatcher, DefaultBatcherConfig
from datarax.sharding.jax_process_sharder import JaxProcessSharderConfig, JaxProcessSharderModule

def answers():
    batcher = DefaultBatcher(DefaultBatcherConfig(), collate_fn=list)
    for n in range(9):
        for size in range(1, 5):
            for drop in (False, True):
                yield list(batcher.process(iter(range(n)), batch_size=size, drop_remainder=drop))
    for n in range(12):
        for count in range(1, 6):
            for index in range(count):
                for drop in (False, True):
                    sharder = JaxProcessSharderModule(JaxProcessSharderConfig(drop_remainder=drop))
                    sharder.process_index.set_value(index)
                    sharder.process_count.set_value(count)
                    yield sharder.shard_data(list(range(n)))

def make():
    return answers()
`;

const upTo = (n: number) => Array.from({ length: n }, (_, index) => index);

function* grouped() {
  const batcher = new DefaultBatcher<number>();
  for (let n = 0; n < 9; n++) {
    for (let batchSize = 1; batchSize < 5; batchSize++) {
      for (const dropRemainder of [false, true]) {
        yield [...batcher.process(upTo(n), { batchSize, dropRemainder })];
      }
    }
  }
  for (let n = 0; n < 12; n++) {
    for (let processCount = 1; processCount < 6; processCount++) {
      for (let processIndex = 0; processIndex < processCount; processIndex++) {
        for (const dropRemainder of [false, true]) {
          yield new JaxProcessSharderModule({ processIndex, processCount, dropRemainder }).shardData(upTo(n));
        }
      }
    }
  }
}

it("DefaultBatcher and the sharder group and divide as Python's do", async () => {
  const stream = await PythonSource.make(live.oracle, "script", { code: GROUPING }, "next");
  expect([...grouped()]).toEqual(await stream.take(2000));
});
