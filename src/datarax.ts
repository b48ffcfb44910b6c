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
export type { CheckpointableIterator, State } from "./datarax/checkpointable-iterator.js";
export { IteratorCheckpoint, type IteratorCheckpointOptions } from "./datarax/iterator-checkpoint.js";
export { OrbaxCheckpointHandler } from "./datarax/orbax-checkpoint-handler.js";
export { PipelineCheckpoint, type SaveToStepOptions } from "./datarax/pipeline-checkpoint.js";
export { type ReadStateOptions, readState, type SavedState } from "./datarax/read-state.js";
export { validateRestoreCompatibility } from "./datarax/restore-compatibility.js";
export type { RngSeeds } from "./datarax/rngs-state.js";
export {
  EpochAwareSamplerModule,
  type EpochAwareSamplerOptions,
} from "./datarax/samplers/epoch-aware-sampler.js";
export {
  SequentialSamplerModule,
  type SequentialSamplerOptions,
} from "./datarax/samplers/sequential-sampler.js";
export { ShuffleSampler, type ShuffleSamplerOptions } from "./datarax/samplers/shuffle-sampler.js";
export { formatTaggedJson, parseTaggedJson } from "./datarax/tagged-json.js";
export { indexShuffle } from "./random/index-shuffle.js";
