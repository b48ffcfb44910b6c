/**
 * Grain's datasets and data loaders: pipelines whose elements, order and states are those of Python, so that a stream
 * goes on in either language.
 *
 * @example
 * import { IteratorCheckpoint } from "orbax-ts/datarax";
 * import { MapDataset } from "orbax-ts/grain";
 *
 * const dataset = MapDataset.range(1000).seed(42).shuffle().repeat().batch(32);
 * const checkpoints = new IteratorCheckpoint("runs/7/stream");
 * const iterator = await checkpoints.restoreLatest(dataset[Symbol.iterator]());
 * console.log(iterator.next().value, iterator.getState());
 * @module
 */

export {
  type GrainIterator,
  type GrainState,
  type RestoreGrainOptions,
  restoreGrainItem,
  type SaveGrainOptions,
  saveGrainItem,
} from "./checkpoint/grain-checkpoint.js";
export { type BatchAndPadOptions, batchAndPad, type PadValue } from "./grain/batch-and-pad.js";
export { type Batched, batchElements } from "./grain/batch-elements.js";
export { DataLoader, type DataLoaderOptions, type LoadOptions, load } from "./grain/data-loader.js";
export { AsyncDataLoaderIterator, DataLoaderIterator } from "./grain/data-loader-iterator.js";
export { AsyncDatasetIterator, DatasetIterator } from "./grain/dataset-iterator.js";
export { ElasticIterator, type ElasticOptions } from "./grain/elastic-iterator.js";
export { IndexSampler, type IndexSamplerOptions } from "./grain/index-sampler.js";
export { CacheIterDataset } from "./grain/iter/cache.js";
export { FlatMapIterDataset, type FlatMapTransform } from "./grain/iter/flat-map.js";
export {
  type InterleavedDataset,
  InterleaveIterDataset,
  type InterleaveOptions,
} from "./grain/iter/interleave.js";
export { LimitIterDataset, type LimitOptions } from "./grain/iter/limit.js";
export type { PerDataset } from "./grain/iter/mix.js";
export type { MultiprocessingOptions } from "./grain/iter/mp-prefetch.js";
export { type MultithreadPrefetchOptions, multithreadPrefetch } from "./grain/iter/multithread-prefetch.js";
export type { ThreadPrefetchOptions } from "./grain/iter/prefetch.js";
export { RebatchIterDataset, type RebatchOptions } from "./grain/iter/rebatch.js";
export { RepeatIterDataset, type RepeatOptions } from "./grain/iter/repeat.js";
export { ThreadPrefetchIterDataset } from "./grain/iter/thread-prefetch.js";
export { WindowShuffleIterDataset, type WindowShuffleOptions } from "./grain/iter/window-shuffle.js";
export { ZipIterDataset, type ZipOptions } from "./grain/iter/zip.js";
export {
  type BatchOptions,
  type CustomBatchOptions,
  IterDataset,
  type RandomMapOptions,
} from "./grain/iter-dataset.js";
export { FlatMapMapDataset, type FlatMapMapTransform } from "./grain/map/flat-map.js";
export type { RepeatMapOptions } from "./grain/map/repeat.js";
export type { DatasetSelectionMap, SelectedIndex } from "./grain/map/selected.js";
export type { RandomAccessDataSource } from "./grain/map/source.js";
export { WindowShuffleMapDataset, type WindowShuffleMapOptions } from "./grain/map/window-shuffle.js";
export { ZipMapDataset } from "./grain/map/zip.js";
export { MapDataset, type ToIterOptions } from "./grain/map-dataset.js";
export type { MaybePromise } from "./grain/maybe-promise.js";
export type { IteratorState } from "./grain/node.js";
export {
  batchOperation,
  filterOperation,
  flatMapOperation,
  mapOperation,
  type Operation,
  randomMapOperation,
} from "./grain/operations.js";
export { BOSHandling, type ConcatThenSplitOptions } from "./grain/packing/concat-options.js";
export { ConcatThenSplitIterDataset } from "./grain/packing/concat-then-split-dataset.js";
export {
  BestFitPackIterDataset,
  FirstFitPackIterDataset,
} from "./grain/packing/pack-iter-dataset.js";
export type { PackOptions, Padding } from "./grain/packing/pack-options.js";
export type { PackedElement, PackedValue } from "./grain/packing/packed-batch.js";
export type { ReadOptions } from "./grain/read-options.js";
export { type DataRecord, RecordMetadata, type RecordRng } from "./grain/record.js";
export { type ReshardSlicesOptions, reshardSlices, type SliceLayout } from "./grain/reshard.js";
export { type ReshardedLoader, reshardDataLoader } from "./grain/reshard-data-loader.js";
export type { Sampler } from "./grain/sampler.js";
export { SequentialSampler, type SequentialSamplerOptions } from "./grain/sequential-sampler.js";
export { evenSplit, noSharding, ShardOptions, shardByJaxProcess } from "./grain/shard-options.js";
export { TFRecordIterDataset, type TFRecordIterDatasetOptions } from "./grain/tfrecord-iter-dataset.js";
export { grainIndexShuffle as indexShuffle, type IndexShuffleOptions } from "./random/index-shuffle.js";
export { PhiloxGenerator } from "./random/philox.js";
