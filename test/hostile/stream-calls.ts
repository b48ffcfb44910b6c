import { DefaultBatcher } from "../../src/datarax/pipeline/default-batcher.js";
import { keyRecords } from "../../src/datarax/pipeline/keyed-records.js";
import { Pipeline } from "../../src/datarax/pipeline/pipeline.js";
import { JaxProcessSharderModule, sharderBounds } from "../../src/datarax/pipeline/process-sharder.js";
import { recordKeys, StochasticStage } from "../../src/datarax/pipeline/stage.js";
import { prefetch } from "../../src/datarax/prefetch.js";
import { BufferSampler } from "../../src/datarax/samplers/buffer-sampler.js";
import { EpochAwareSamplerModule } from "../../src/datarax/samplers/epoch-aware-sampler.js";
import { RangeSampler } from "../../src/datarax/samplers/range-sampler.js";
import { SequentialSamplerModule } from "../../src/datarax/samplers/sequential-sampler.js";
import { ShuffleSampler } from "../../src/datarax/samplers/shuffle-sampler.js";
import { SlidingWindowSampler } from "../../src/datarax/samplers/sliding-window-sampler.js";
import { ArrayRecordSourceModule } from "../../src/datarax/sources/array-record-source.js";
import { EagerSourceBase } from "../../src/datarax/sources/eager-source.js";
import { MemorySource } from "../../src/datarax/sources/memory-source.js";
import { MixDataSourcesNode } from "../../src/datarax/sources/mixed-source.js";
import { batchAndPad } from "../../src/grain/batch-and-pad.js";
import { DataLoader } from "../../src/grain/data-loader.js";
import { ElasticIterator } from "../../src/grain/elastic-iterator.js";
import { IndexSampler } from "../../src/grain/index-sampler.js";
import { FlatMapIterDataset } from "../../src/grain/iter/flat-map.js";
import { InterleaveIterDataset } from "../../src/grain/iter/interleave.js";
import { LimitIterDataset } from "../../src/grain/iter/limit.js";
import { multithreadPrefetch } from "../../src/grain/iter/multithread-prefetch.js";
import { RebatchIterDataset } from "../../src/grain/iter/rebatch.js";
import { RepeatIterDataset } from "../../src/grain/iter/repeat.js";
import { ThreadPrefetchIterDataset } from "../../src/grain/iter/thread-prefetch.js";
import { WindowShuffleIterDataset } from "../../src/grain/iter/window-shuffle.js";
import { ZipIterDataset } from "../../src/grain/iter/zip.js";
import { IterDataset } from "../../src/grain/iter-dataset.js";
import { FlatMapMapDataset } from "../../src/grain/map/flat-map.js";
import { WindowShuffleMapDataset } from "../../src/grain/map/window-shuffle.js";
import { ZipMapDataset } from "../../src/grain/map/zip.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import { batchOperation } from "../../src/grain/operations.js";
import { ConcatThenSplitIterDataset } from "../../src/grain/packing/concat-then-split-dataset.js";
import {
  BestFitPackIterDataset,
  FirstFitPackIterDataset,
} from "../../src/grain/packing/pack-iter-dataset.js";
import { reshardSlices } from "../../src/grain/reshard.js";
import { SequentialSampler } from "../../src/grain/sequential-sampler.js";
import { evenSplit, ShardOptions } from "../../src/grain/shard-options.js";
import { TFRecordIterDataset } from "../../src/grain/tfrecord-iter-dataset.js";
import { grainIndexShuffle, indexShuffle } from "../../src/random/index-shuffle.js";
import { bernoulli, bits, categorical, permutation, randint, uniform } from "../../src/random/jax-random.js";
import { PhiloxGenerator } from "../../src/random/philox.js";
import { foldIn, key, split } from "../../src/random/random-key.js";
import { createRngs, Rngs } from "../../src/random/rngs.js";
import { untyped } from "../datarax/recorder.js";

/** A public function or constructor with options that work; `run` also uses what it makes. */
export type StreamCall = {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly run: (options: ReturnType<typeof untyped>) => unknown;
};

type Used = { next(): unknown; getState(): unknown };

/** Takes two elements and the state. */
async function used(stream: Used): Promise<void> {
  await stream.next();
  await stream.next();
  await stream.getState();
}

const range = () => MapDataset.range(20);
const iterated = () => range().toIterDataset();
const rows = () => iterated().map((x) => ({ x: Int32Array.of(x, x) }));
const use = (dataset: { [Symbol.iterator](): Used }) => used(dataset[Symbol.iterator]());
const source = () => new MemorySource({ length: 12, shuffle: true, rngs: { default: 1 } });
const call = (name: string, options: StreamCall["options"], run: StreamCall["run"]): StreamCall => ({
  name,
  options,
  run,
});

const map = (
  name: string,
  options: StreamCall["options"],
  make: (o: ReturnType<typeof untyped>) => MapDataset<unknown>,
) =>
  call(name, options, async (o) => {
    const ds = make(o);
    await ds.get(0);
    await used(ds[Symbol.iterator]());
  });

const iter = (
  name: string,
  options: StreamCall["options"],
  make: (o: ReturnType<typeof untyped>) => IterDataset<unknown>,
) => call(name, options, (o) => use(make(o)));

const WINDOW = { numRecords: 9, windowSize: 2, stride: 1, dropIncomplete: true, numEpochs: 1 };
const BUFFER = {
  capacity: 3,
  prefill: 1,
  sampleSize: 1,
  readMode: "shuffled",
  writeMode: "reservoir",
  seed: 1,
};
const PACK = {
  lengthStruct: { x: 4 },
  numPackingBins: 2,
  seed: 1,
  shuffleBins: true,
  shuffleBinsGroupByFeature: null,
  metaFeatures: [],
  packAlignmentStruct: { x: 1 },
  paddingStruct: { x: 0 },
  maxSequencesPerBin: 3,
};

/** Every public call that takes numbers or structures. */
export const STREAM_CALLS: readonly StreamCall[] = [
  call("SequentialSamplerModule", { numRecords: 5, numEpochs: 2, rngs: { default: 1 } }, (o) =>
    used(new SequentialSamplerModule(o)),
  ),
  call("ShuffleSampler", { datasetSize: 5, seed: 2, rngs: { default: 1 } }, (o) =>
    used(new ShuffleSampler(o)),
  ),
  call(
    "EpochAwareSamplerModule",
    { numRecords: 5, numEpochs: 2, shuffle: true, seed: 3, rngs: { default: 1 }, onEpochComplete: () => {} },
    (o) => used(new EpochAwareSamplerModule(o)),
  ),
  call("SlidingWindowSampler", WINDOW, (o) => used(new SlidingWindowSampler(o))),
  call("RangeSampler", { start: 0, stop: 9, step: 2 }, (o) => used(new RangeSampler(o))),
  call("BufferSampler", { ...BUFFER, elementSpec: { x: { dtype: "int32", shape: [] } } }, (o) => {
    const buffer = new BufferSampler(o);
    buffer.push({ x: 1 });
    buffer.push({ x: 2 }, true);
    buffer.getState();
  }),
  call("BufferSampler.push", { element: { x: 1 }, mask: true }, (o) =>
    new BufferSampler({ elementSpec: { x: { dtype: "int32", shape: [] } } }).push(o.element, o.mask),
  ),
  call(
    "BufferSampler shape",
    { dtype: "int32", shape: [2] },
    (o) => new BufferSampler({ elementSpec: o, capacity: 4 }),
  ),
  call("MemorySource", { length: 5, shuffle: true, shardId: 0, numWorkers: 1, rngs: { default: 1 } }, (o) => {
    const made = new MemorySource(o);
    made.getBatch(2);
    made.getBatchAt(3, 2);
    return used(made);
  }),
  call("MemorySource data", { data: { x: Int32Array.of(1, 2) } }, (o) => used(new MemorySource(o))),
  call("MemorySource.getBatch", { size: 2, key: [0, 1] }, (o) => source().getBatch(o.size, o.key)),
  call("MemorySource.getBatchAt", { start: 3, size: 2, key: [0, 1] }, (o) =>
    source().getBatchAt(o.start, o.size, o.key),
  ),
  call("MemorySource.at", { index: 3 }, (o) => source().at(o.index)),
  call("MemorySource.continuePass", { consumed: 3 }, (o) => {
    const made = source();
    made.next();
    made.continuePass(o.consumed);
  }),
  call("EagerSourceBase", { length: 5, shuffle: true, seed: 4, rngs: { default: 1 } }, (o) => {
    const made = new EagerSourceBase(o);
    made.getBatch(2);
    made.getBatchAt(1, 2);
    return used(made);
  }),
  call("EagerSourceBase.getBatch", { size: 2, key: [0, 1] }, (o) =>
    new EagerSourceBase({ length: 5 }).getBatch(o.size, o.key),
  ),
  call(
    "ArrayRecordSourceModule",
    { totalRecords: 5, seed: 1, numEpochs: 2, shuffleFiles: true, rngs: { default: 1 } },
    (o) => used(new ArrayRecordSourceModule(o)),
  ),
  call("ArrayRecordSourceModule.getBatchAt", { start: 3, size: 2 }, (o) =>
    new ArrayRecordSourceModule({ totalRecords: 5 }).getBatchAt(o.start, o.size),
  ),
  call("MixDataSourcesNode", { sources: [source(), source()], weights: [1, 2], rngs: { default: 1 } }, (o) =>
    used(new MixDataSourcesNode(o)),
  ),
  call("MixDataSourcesNode.getBatchAt", { start: 3, size: 2, key: [0, 1] }, (o) =>
    new MixDataSourcesNode({ sources: [source()], weights: [1] }).getBatchAt(o.start, o.size, o.key),
  ),
  call(
    "JaxProcessSharderModule",
    {
      processIndex: 0,
      processCount: 2,
      localDeviceCount: 1,
      dropRemainder: true,
      shardingRules: [["a", null]],
      rngs: { default: 1 },
    },
    (o) => {
      const sharder = new JaxProcessSharderModule(o);
      sharder.shardBounds(10);
      sharder.getState();
    },
  ),
  call("sharderBounds", { numRecords: 10, processIndex: 0, processCount: 2, dropRemainder: true }, (o) =>
    sharderBounds(o.numRecords, o),
  ),
  call("shardData", { data: [1, 2, 3] }, (o) => new JaxProcessSharderModule({}).shardData(o.data)),
  call("Pipeline", { source: source(), batchSize: 2, rngs: { default: 1 }, stages: [] }, (o) =>
    used(new Pipeline(o)[Symbol.iterator]()),
  ),
  call("keyRecords", { rngs: { default: 1 }, streamName: "default" }, (o) => keyRecords(o)),
  call("recordKeys", { baseKey: [0, 1], position: 2, count: 3 }, (o) =>
    recordKeys(o.baseKey, o.position, o.count),
  ),
  call(
    "StochasticStage",
    { rngs: { default: 1 }, streamName: "default", apply: () => 1 },
    (o) => new StochasticStage(o),
  ),
  call("DefaultBatcher.process", { batchSize: 2, dropRemainder: false }, (o) => [
    ...new DefaultBatcher().process([1, 2, 3], o),
  ]),
  call("prefetch", { fetch: (x: unknown) => x, bufferSize: 2 }, (o) =>
    used(prefetch(new ShuffleSampler({ datasetSize: 4 }), o)),
  ),
  call("indexShuffle", { index: 3, seed: 1, n: 9 }, (o) => indexShuffle(o.index, o.seed, o.n)),
  call("grain indexShuffle", { index: 3, maxIndex: 9, seed: 1, rounds: 4 }, (o) =>
    grainIndexShuffle(o.index, o),
  ),

  map("MapDataset.range", { start: 0, stop: 9, step: 1 }, (o) => MapDataset.range(o.start, o.stop, o.step)),
  map("MapDataset.source", { source: [1, 2] }, (o) => MapDataset.source(o.source)),
  map("MapDataset.source length", { length: 3, get: (i: number) => i }, (o) => MapDataset.source(o)),
  map("MapDataset.get", { index: 3 }, (o) => {
    void range().get(o.index);
    return range();
  }),
  map("MapDataset.shuffle", { seed: 3 }, (o) => range().shuffle(o.seed)),
  map("MapDataset.seed", { seed: 3 }, (o) => range().seed(o.seed).shuffle()),
  map("MapDataset.repeat", { numEpochs: 3, reseedEachEpoch: true }, (o) => range().repeat(o.numEpochs, o)),
  map("MapDataset.slice", { start: 0, stop: 9, step: 2 }, (o) => range().slice(o.start, o.stop, o.step)),
  map("MapDataset.batch", { batchSize: 2, dropRemainder: false }, (o) => range().batch(o.batchSize, o)),
  map("endless batch", { batchSize: 2 }, (o) => range().repeat().batch(o.batchSize)),
  map("MapDataset.randomMap", { seed: 2 }, (o) => range().randomMap((_, rng) => rng.integers(0, 9), o)),
  map("MapDataset.mix", { datasets: [range(), range()], weights: [1, 2] }, (o) =>
    MapDataset.mix(o.datasets, o.weights),
  ),
  map("MapDataset.concatenate", { datasets: [range(), range()] }, (o) => MapDataset.concatenate(o.datasets)),
  map("MapDataset.selectFromDatasets", { datasets: [range()], selection: [[0, 1]] }, (o) =>
    MapDataset.selectFromDatasets(o.datasets, o.selection),
  ),
  map("WindowShuffleMapDataset", { windowSize: 3, seed: 1 }, (o) => new WindowShuffleMapDataset(range(), o)),
  map(
    "FlatMapMapDataset",
    { maxFanOut: 3, flatMap: (x: unknown) => [x] },
    (o) => new FlatMapMapDataset(range(), o),
  ),
  map("ZipMapDataset", { datasets: [range()] }, (o) => new ZipMapDataset(o.datasets)),

  iter("toIterDataset", { allowNones: true, numThreads: 2, prefetchBufferSize: 2 }, (o) =>
    range().toIterDataset(untyped({ allowNones: o.allowNones, readOptions: o })),
  ),
  iter("IterDataset.batch", { batchSize: 2, dropRemainder: false }, (o) => iterated().batch(o.batchSize, o)),
  iter("IterDataset.mix", { datasets: [iterated(), iterated()], weights: [1, 2] }, (o) =>
    IterDataset.mix(o.datasets, o.weights),
  ),
  iter("IterDataset.randomMap", { seed: 2 }, (o) => iterated().randomMap((_, rng) => rng.integers(0, 9), o)),
  iter("IterDataset.seed", { seed: 2 }, (o) =>
    iterated()
      .seed(o.seed)
      .randomMap((_, rng) => rng.integers(0, 9)),
  ),
  iter("mpPrefetch", { numWorkers: 2, perWorkerBufferSize: 1 }, (o) => iterated().mpPrefetch(o)),
  iter("multithreadPrefetch", { numThreads: 2, bufferSize: 1 }, (o) => multithreadPrefetch(iterated(), o)),
  iter(
    "ThreadPrefetchIterDataset",
    { prefetchBufferSize: 2 },
    (o) => new ThreadPrefetchIterDataset(iterated(), o),
  ),
  iter(
    "WindowShuffleIterDataset",
    { windowSize: 3, seed: 1 },
    (o) => new WindowShuffleIterDataset(iterated(), o),
  ),
  iter(
    "InterleaveIterDataset",
    { cycleLength: 2, numMakeIterThreads: 1, makeIterBufferSize: 1, iterBufferSize: 1 },
    (o) => new InterleaveIterDataset([range(), range(), range()], o),
  ),
  iter(
    "InterleaveIterDataset datasets",
    { datasets: [range()] },
    (o) => new InterleaveIterDataset(o.datasets, { cycleLength: 2 }),
  ),
  iter(
    "endless interleave",
    { cycleLength: 2 },
    (o) =>
      new InterleaveIterDataset(
        range()
          .map((x) => MapDataset.range(x, x + 1))
          .repeat(),
        o,
      ),
  ),
  iter("LimitIterDataset", { count: 3 }, (o) => new LimitIterDataset(iterated(), o)),
  iter("RepeatIterDataset", { numEpochs: 3 }, (o) => new RepeatIterDataset(iterated(), o)),
  iter(
    "RebatchIterDataset",
    { batchSize: 3, dropRemainder: false },
    (o) => new RebatchIterDataset(iterated().batch(2), o),
  ),
  iter("FlatMapIterDataset", { flatMap: (x: unknown) => [x] }, (o) => new FlatMapIterDataset(iterated(), o)),
  iter("ZipIterDataset", { datasets: [iterated()], strict: true }, (o) => new ZipIterDataset(o.datasets, o)),
  iter("FirstFitPackIterDataset", PACK, (o) => new FirstFitPackIterDataset(rows(), o)),
  iter("BestFitPackIterDataset", PACK, (o) => new BestFitPackIterDataset(rows(), o)),
  iter(
    "packing lengths",
    { x: 4 },
    (o) => new FirstFitPackIterDataset(rows(), { lengthStruct: o, numPackingBins: 2 }),
  ),
  iter(
    "packing alignments",
    { x: 2 },
    (o) =>
      new FirstFitPackIterDataset(rows(), {
        lengthStruct: { x: 4 },
        numPackingBins: 2,
        packAlignmentStruct: o,
      }),
  ),
  iter(
    "ConcatThenSplitIterDataset",
    {
      lengthStruct: { x: 4 },
      metaFeatures: [],
      splitFullLengthFeatures: true,
      bosHandling: "REPLACE_FIRST_TOKEN_WITH_BOS",
      bosFeatures: ["x"],
      bosTokenId: 2,
    },
    (o) => new ConcatThenSplitIterDataset(rows(), o),
  ),
  iter("concat lengths", { x: 4 }, (o) => new ConcatThenSplitIterDataset(rows(), { lengthStruct: o })),
  call("ElasticIterator", { globalBatchSize: 4, shardOptions: { shardIndex: 0, shardCount: 2 } }, (o) =>
    used(new ElasticIterator(range(), o)),
  ),
  call("ShardOptions", { shardIndex: 0, shardCount: 2, dropRemainder: true }, (o) => new ShardOptions(o)),
  call("evenSplit", { n: 10, shardIndex: 0, shardCount: 2, dropRemainder: true }, (o) => evenSplit(o.n, o)),
  call(
    "IndexSampler",
    { numRecords: 10, shardOptions: { shardIndex: 0, shardCount: 2 }, shuffle: true, numEpochs: 2, seed: 1 },
    (o) =>
      used(
        new DataLoader({ dataSource: Array.from("abcdefghij"), sampler: new IndexSampler(o) })[
          Symbol.iterator
        ](),
      ),
  ),
  call(
    "SequentialSampler",
    { numRecords: 10, shardOptions: { shardIndex: 0, shardCount: 2 }, seed: 1 },
    (o) =>
      used(
        new DataLoader({ dataSource: Array.from("abcdefghij"), sampler: new SequentialSampler(o) })[
          Symbol.iterator
        ](),
      ),
  ),
  call(
    "DataLoader",
    {
      dataSource: [1, 2, 3],
      sampler: new SequentialSampler({ numRecords: 3 }),
      operations: [],
      workerCount: 2,
      workerBufferSize: 1,
      dataSourceRepr: "x",
      shardOptions: { shardIndex: 0, shardCount: 1 },
      readOptions: { numThreads: 2, prefetchBufferSize: 2 },
    },
    (o) => used(new DataLoader(o)[Symbol.iterator]()),
  ),
  call("batchOperation", { batchSize: 2, dropRemainder: true }, (o) =>
    used(
      new DataLoader({
        dataSource: [1, 2, 3],
        sampler: new SequentialSampler({ numRecords: 3 }),
        operations: [batchOperation(o.batchSize, o)],
      })[Symbol.iterator](),
    ),
  ),
  call("batchAndPad", { values: [1, 2], batchSize: 3, padValue: 0 }, (o) => batchAndPad(o.values, o)),
  call(
    "reshardSlices",
    { from: { shardCount: 1 }, to: { shardCount: 2 }, length: 10, shuffledSlices: false },
    (o) => reshardSlices([{ next_index: 3 }], o),
  ),
  call("reshardSlices to", { shardCount: 2, batchSize: 1 }, (o) =>
    reshardSlices([{ next_index: 3 }], { from: { shardCount: 1 }, to: o }),
  ),
  call("reshardSlices states", { states: [{ next_index: 3 }] }, (o) =>
    reshardSlices(o.states, { from: { shardCount: 1 }, to: { shardCount: 2 } }),
  ),
  call("TFRecordIterDataset", { path: "nothing", verify: true }, (o) =>
    used(new TFRecordIterDataset(o.path, o)[Symbol.asyncIterator]()),
  ),

  call("key", { seed: 1 }, (o) => key(o.seed)),
  call("split", { key: [0, 1], n: 2 }, (o) => split(o.key, o.n)),
  call("foldIn", { key: [0, 1], data: 2 }, (o) => foldIn(o.key, o.data)),
  call("bits", { key: [0, 1], shape: [2] }, (o) => bits(o.key, o.shape)),
  call("uniform", { key: [0, 1], shape: [2], minval: 0, maxval: 1 }, (o) => uniform(o.key, o)),
  call("bernoulli", { key: [0, 1], shape: [2], p: 0.5 }, (o) => bernoulli(o.key, o)),
  call("randint", { key: [0, 1], shape: [2], minval: 0, maxval: 10 }, (o) => randint(o.key, o)),
  call("permutation", { key: [0, 1], n: 5 }, (o) => permutation(o.key, o.n)),
  call("categorical", { key: [0, 1], logits: [0, 1] }, (o) => categorical(o.key, o.logits)),
  call("Rngs", { seeds: { default: 1 } }, (o) => new Rngs(o.seeds).next()),
  call("Rngs seeds", { default: 1 }, (o) => new Rngs({ default: o.default }).next()),
  call("Rngs.next", { name: "default" }, (o) => new Rngs({ default: 1 }).next(o.name)),
  call("createRngs", { seed: 1 }, (o) => createRngs(o.seed)),
  call("PhiloxGenerator", { seed: 1 }, (o) => new PhiloxGenerator(o.seed).random()),
  call("PhiloxGenerator.integers", { low: 0, high: 9 }, (o) =>
    new PhiloxGenerator(1).integers(o.low, o.high),
  ),
];

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;

/** What an option is replaced by. */
export const BAD_OPTIONS: Readonly<Record<string, unknown>> = {
  null: null,
  undefined: undefined,
  true: true,
  text: "",
  digits: "3",
  "minus one": -1,
  zero: 0,
  fraction: 1.5,
  NaN: Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  "2^31": 2 ** 31,
  "2^40": 2 ** 40,
  "10^9": 10 ** 9,
  "10^12": 10 ** 12,
  "10^15": 10 ** 15,
  "2^53": 2 ** 53,
  "1e300": 1e300,
  bigint: 3n,
  "10^30": 10n ** 30n,
  "-10^30": -(10n ** 30n),
  list: [],
  "huge shape": [2 ** 20, 2 ** 20],
  "list of nothing": [null, undefined],
  "bad list": [-1, "x"],
  dict: {},
  cycle: cyclic,
  map: new Map(),
  function: () => 1,
  date: new Date(0),
  array: new Float64Array(2),
};
