/**
 * Datarax's iterator checkpoints: streams that Python saved go on in JavaScript with the same next elements, and
 * back.
 *
 * @example
 * import { IteratorCheckpoint, ShuffleSampler } from "orbax-ts/datarax";
 *
 * const checkpoints = new IteratorCheckpoint("runs/7/stream");
 * const sampler = await checkpoints.restoreLatest(new ShuffleSampler({ datasetSize: 50, seed: 1234 }));
 * console.log(sampler.next().value);
 * await checkpoints.saveToDirectory(sampler, { step: 18 });
 * @module
 */

export type {
  CheckpointHandler,
  HandlerRestoreOptions,
  HandlerSaveOptions,
} from "./datarax/checkpoint-handler.js";
export type { Checkpointable, CheckpointableIterator, State } from "./datarax/checkpointable-iterator.js";
export { IteratorCheckpoint, type IteratorCheckpointOptions } from "./datarax/iterator-checkpoint.js";
export { OrbaxCheckpointHandler } from "./datarax/orbax-checkpoint-handler.js";
export {
  type BatchingOptions,
  DefaultBatcher,
  type DefaultBatcherOptions,
} from "./datarax/pipeline/default-batcher.js";
export {
  type KeyedRecord,
  type KeyRecordsOptions,
  keyRecords,
  type MapRecordsOptions,
  mapRecords,
} from "./datarax/pipeline/keyed-records.js";
export { type IndexedSource, Pipeline, type PipelineOptions } from "./datarax/pipeline/pipeline.js";
export type { PipelineIterator } from "./datarax/pipeline/pipeline-iterator.js";
export {
  JaxProcessSharderModule,
  type ProcessSharderOptions,
  type ShardingRule,
  sharderBounds,
} from "./datarax/pipeline/process-sharder.js";
export {
  recordKey,
  recordKeys,
  type Stage,
  type StageContext,
  type StageFunction,
  type StageObject,
  StochasticStage,
  type StochasticStageOptions,
} from "./datarax/pipeline/stage.js";
export { PipelineCheckpoint, type SaveToStepOptions } from "./datarax/pipeline-checkpoint.js";
export { type PrefetchIterator, type PrefetchOptions, prefetch } from "./datarax/prefetch.js";
export { type ReadStateOptions, readState, type SavedState } from "./datarax/read-state.js";
export { validateRestoreCompatibility } from "./datarax/restore-compatibility.js";
export type { RngSeeds, RngsOption } from "./datarax/rngs-state.js";
export {
  type BufferChunk,
  BufferSampler,
  type BufferSamplerOptions,
} from "./datarax/samplers/buffer-sampler.js";
export type { ArraySpec, ElementSpec } from "./datarax/samplers/element-spec.js";
export {
  EpochAwareSamplerModule,
  type EpochAwareSamplerOptions,
} from "./datarax/samplers/epoch-aware-sampler.js";
export { RangeSampler, type RangeSamplerOptions } from "./datarax/samplers/range-sampler.js";
export {
  SequentialSamplerModule,
  type SequentialSamplerOptions,
} from "./datarax/samplers/sequential-sampler.js";
export { ShuffleSampler, type ShuffleSamplerOptions } from "./datarax/samplers/shuffle-sampler.js";
export {
  SlidingWindowSampler,
  type SlidingWindowSamplerOptions,
} from "./datarax/samplers/sliding-window-sampler.js";
export {
  ArrayRecordSourceModule,
  type ArrayRecordSourceOptions,
} from "./datarax/sources/array-record-source.js";
export type { Column } from "./datarax/sources/column.js";
export { EagerSourceBase, type EagerSourceOptions } from "./datarax/sources/eager-source.js";
export {
  type BatchWithMetadata,
  MemorySource,
  type MemorySourceOptions,
  type RecordWithMetadata,
} from "./datarax/sources/memory-source.js";
export type { RecordMetadata } from "./datarax/sources/metadata-manager.js";
export {
  type MixableSource,
  MixDataSourcesNode,
  type MixDataSourcesOptions,
  type MixedRecord,
} from "./datarax/sources/mixed-source.js";
export type { BatchOf, Columns, ElementOf, SourceData } from "./datarax/sources/records.js";
export { formatTaggedJson, parseTaggedJson } from "./datarax/tagged-json.js";
export { indexShuffle } from "./random/index-shuffle.js";
