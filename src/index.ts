/**
 * Orbax checkpoints without Python: open, look, load, save.
 *
 * @example
 * import { load, ndarray, openCheckpoint, save } from "orbax-ts";
 *
 * await save("ckpt-7", { step: 7, params: { w: ndarray("float32", [2, 2], Float32Array.of(1, 2, 3, 4)) } });
 * const { step, params } = await load("ckpt-7");
 * const checkpoint = await openCheckpoint("ckpt-7");
 * for (const { path, dtype, shape } of await checkpoint.leaves()) console.log(path.join("/"), dtype, shape);
 * @module
 */

export type { JsonObject, JsonValue } from "./bytes/json.js";
export type { BestMode } from "./checkpoint/best-step.js";
export type { Checkpoint, LoadOptions } from "./checkpoint/checkpoint.js";
export {
  CheckpointManager,
  type CheckpointManagerOptions,
  type ItemLeaves,
  type RestoreOptions,
} from "./checkpoint/manager.js";
export type { StepSelection } from "./checkpoint/manager-steps.js";
export type { RootMetadata } from "./checkpoint/metadata/root-metadata.js";
export type { StepMetadata } from "./checkpoint/metadata/step-metadata.js";
export { load, type OpenCheckpointOptions, openCheckpoint } from "./checkpoint/open-checkpoint.js";
export type { ItemKind, StepLayout } from "./checkpoint/recognise/layout.js";
export type { StepNameFormat } from "./checkpoint/recognise/step-name.js";
export { type SaveOptions, save } from "./checkpoint/save/save.js";
export type { LeafInfo } from "./checkpoint/tree/leaf-info.js";
export { isOrbaxError, OrbaxError, type OrbaxErrorCode, type OrbaxErrorDetails } from "./errors.js";
export { DEFAULT_LIMITS, type Limits } from "./limits.js";
export type { KeyPath, KeyPathSelector } from "./pytree/key-path.js";
export {
  type BareArray,
  Bytes,
  bytes,
  Complex,
  complex,
  type Dict,
  float,
  int,
  type Leaf,
  Placeholder,
  PrngKey,
  placeholder,
  prngKey,
  Scalar,
  type ScalarDtype,
  scalar,
  type Tree,
  Tuple,
  tuple,
} from "./pytree/value.js";
export type { StorageSource, WritableStorageSource } from "./storage/open.js";
export type {
  ByteRange,
  FileSink,
  ReadableStorage,
  StorageEntry,
  StorageKey,
  StorageOptions,
  SyncOptions,
  WritableStorage,
  WriteOptions,
} from "./storage/storage.js";
export { toChunk, toFloat32 } from "./zarr/convert.js";
export type { DataOf, Dtype } from "./zarr/dtype.js";
export type { LazyArray } from "./zarr/lazy.js";
export { NdArray, ndarray } from "./zarr/nd-array.js";
