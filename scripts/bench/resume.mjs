// How long a stream that was restored at position 10^9 takes for its next element: `node scripts/bench/resume.mjs`.
//
// The time is that of making the stream, setting its state and taking one element, median of many. What comes out is
// compared with Grain's own index shuffle where an order is shuffled.
import assert from "node:assert/strict";
import {
  EagerSourceBase,
  EpochAwareSamplerModule,
  MemorySource,
  MixDataSourcesNode,
  Pipeline,
  RangeSampler,
  SequentialSamplerModule,
  ShuffleSampler,
  SlidingWindowSampler,
} from "orbax-ts/datarax";
import {
  batchOperation,
  DataLoader,
  ElasticIterator,
  IndexSampler,
  InterleaveIterDataset,
  IterDataset,
  LimitIterDataset,
  MapDataset,
  WindowShuffleIterDataset,
} from "orbax-ts/grain";
import { median, startPython } from "./python.mjs";

const RUNS = 200;
const POSITION = 10 ** 9;
const N = 2 ** 30;
const SEED = 1234;

const records = { length: N, get: (index) => index };
const fresh = (make) => make().getState();
const iterator = (dataset) => dataset[Symbol.iterator]();
const at = (index) => ({ next_index: index });
const shuffled = () => MapDataset.range(N).shuffle(SEED);
const rngs = { default: 1 };

/** Streams by name: how one is made, its state, the next element, or `shuffled` for that of the shuffled range. */
const streams = {
  SequentialSamplerModule: {
    make: () => new SequentialSamplerModule({ numRecords: N, numEpochs: -1 }),
    state: { current_index: POSITION },
    next: POSITION,
  },
  ShuffleSampler: {
    make: () => new ShuffleSampler({ datasetSize: N, seed: SEED }),
    state: { sampler_state: { dataset_size: N, seed: SEED, position: POSITION } },
    next: "shuffled",
  },
  EpochAwareSamplerModule: {
    make: () => new EpochAwareSamplerModule({ numRecords: N, numEpochs: -1, seed: SEED, rngs }),
    state: { current_index: POSITION },
    next: "shuffled",
  },
  SlidingWindowSampler: {
    make: () => new SlidingWindowSampler({ numRecords: N, windowSize: 2 }),
    state: { window_index: POSITION },
    next: [POSITION, POSITION + 1],
  },
  RangeSampler: {
    make: () => new RangeSampler({ start: 0, stop: N }),
    state: {
      _current_position: POSITION,
      sampler_state: { start: 0, stop: N, step: 1, current_position: POSITION },
    },
    next: POSITION,
  },
  "MemorySource, get_batch": {
    make: () => new MemorySource({ length: N }),
    state: { index: POSITION },
    take: (source) => source.getBatch(2),
    next: [POSITION, POSITION + 1],
  },
  "EagerSourceBase, get_batch": {
    make: () => new EagerSourceBase({ length: N, shuffle: true, seed: SEED }),
    state: { index: POSITION },
    take: (source) => source.getBatch(1)[0],
    next: "shuffled",
  },
  MixDataSourcesNode: {
    make: () =>
      new MixDataSourcesNode({
        sources: [new MemorySource({ length: N }), new MemorySource({ length: N })],
        weights: [1, 1],
      }),
    state: { index: POSITION, epoch: 1 },
    next: POSITION / 2,
  },
  "PipelineIterator, in order": {
    make: () => iterator(new Pipeline({ source: new MemorySource({ length: N }), batchSize: 2, rngs })),
    state: { position: POSITION, rng_counts: [POSITION / 2] },
    next: [POSITION, POSITION + 1],
  },
  "MapDataset, shuffled and repeated": {
    make: () => iterator(shuffled().repeat()),
    state: at(POSITION),
    next: "shuffled",
  },
  "MapDataset, batched": {
    make: () => iterator(shuffled().batch(2)),
    state: at(POSITION / 2),
    take: (stream) => stream.next().value[0],
    next: "shuffled",
  },
  "IterDataset.mix": {
    make: () => iterator(IterDataset.mix([shuffled().toIterDataset(), MapDataset.range(N).toIterDataset()])),
    state: { parents: [at(POSITION), at(POSITION)], index: 2 * POSITION, stop: false },
    next: "shuffled",
  },
  LimitIterDataset: {
    make: () => iterator(new LimitIterDataset(shuffled().toIterDataset(), { count: N })),
    state: { parent: at(POSITION), count_elements_read: POSITION },
    next: "shuffled",
  },
  InterleaveIterDataset: {
    make: () =>
      iterator(
        new InterleaveIterDataset([shuffled().toIterDataset(), shuffled().toIterDataset()], {
          cycleLength: 2,
        }),
      ),
    state: {
      next_index_in_cycle: 0,
      next_index_in_datasets: 2,
      iterators_in_use_indices: [0, 1],
      iterators_in_use_states: [at(POSITION), at(POSITION)],
      exhausted: [0, 0],
      future_states: {},
    },
    next: "shuffled",
  },
  "WindowShuffleIterDataset, window of 16 (fills it again)": {
    make: () =>
      iterator(
        new WindowShuffleIterDataset(MapDataset.range(N).toIterDataset(), { windowSize: 16, seed: 1 }),
      ),
    state: { parent_window_start_state: at(POSITION), window_index: POSITION / 16, pos_in_window: 0 },
    take: (stream) => Math.floor((stream.next().value - POSITION) / 16),
    next: 0,
  },
  ElasticIterator: {
    make: () =>
      new ElasticIterator(shuffled(), { globalBatchSize: 2, shardOptions: { shardIndex: 0, shardCount: 2 } }),
    state: { global_next_index: POSITION },
    take: (stream) => stream.next().value[0],
    next: "shuffled",
  },
  "DataLoader, IndexSampler": {
    make: () =>
      iterator(
        new DataLoader({
          dataSource: records,
          sampler: new IndexSampler({ numRecords: N, shuffle: true, seed: SEED }),
          dataSourceRepr: "records",
        }),
      ),
    change: (text) => text.replace('"0": -1', `"0": ${POSITION - 1}`),
    next: "shuffled",
  },
  "DataLoader, 4 workers, batched": {
    make: () =>
      iterator(
        new DataLoader({
          dataSource: records,
          sampler: new IndexSampler({ numRecords: N, shuffle: true, seed: SEED }),
          operations: [batchOperation(2)],
          workerCount: 4,
          dataSourceRepr: "records",
        }),
      ),
    change: (text) =>
      [-4, -3, -2, -1].reduce(
        (changed, last, worker) => changed.replace(`"${worker}": ${last}`, `"${worker}": ${POSITION + last}`),
        text,
      ),
    take: (stream) => stream.next().value[0],
    next: "shuffled",
  },
};

const { ask, stop } = startPython("streams_server.py");
let expected;
try {
  const answer = await ask({ case: "shuffled indices", args: [POSITION, 1, SEED, N] });
  expected = iterator(shuffled());
  expected.setState(at(POSITION));
  expected = expected.next().value;
  const { crc32 } = await import("node:zlib");
  assert.equal(crc32(new Uint8Array(Float64Array.of(expected).buffer)), answer.digest);
} finally {
  stop();
}

console.log(`Node ${process.version}, median of ${RUNS}: make, restore at 10^9, next element`);
for (const [name, { make, state, change, next, take = (stream) => stream.next().value }] of Object.entries(
  streams,
)) {
  const given = fresh(make);
  const saved = change === undefined ? { ...given, ...state } : change(given);
  const seconds = [];
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    const stream = make();
    stream.setState(saved);
    const element = take(stream);
    seconds.push(performance.now() - start);
    assert.deepEqual(element, next === "shuffled" ? expected : next, name);
  }
  console.log(`${name.padEnd(58)} ${`${(median(seconds) * 1000).toFixed(1)} µs`.padStart(10)}`);
}
