import type { StorageSource, WritableStorageSource } from "../storage/open.js";

/** Options of {@link CheckpointHandler.saveToDirectory}. */
export type HandlerSaveOptions = {
  /** Writes `ckpt-<step>`; without it, `checkpoint`. A safe integer, negative ones as in Python. */
  readonly step?: number | null | undefined;
  /** How many steps stay after the save, the largest; `null`, 0 and less keep all. Default: 1. */
  readonly keep?: number | null | undefined;
  /** Replaces an existing checkpoint of that step. Default: false. */
  readonly overwrite?: boolean | undefined;
  /** Kept beside the state; an empty dict is none. */
  readonly metadata?: unknown;
};

/** Options of {@link CheckpointHandler.restore}. */
export type HandlerRestoreOptions = {
  /** Gets the state by `setState`, if it has `getState` and `setState`. */
  readonly target?: unknown;
  /** Default: the largest step, else the unversioned checkpoint. */
  readonly step?: number | null | undefined;
  /** Returns the metadata alone, `null` if there is none; the target is left as it is. Default: false. */
  readonly metadataOnly?: boolean | undefined;
  /** Returns and sets values with their exact types. Default: plain values. */
  readonly exact?: boolean | undefined;
};

/** What does the reading and writing for an `IteratorCheckpoint`. */
export interface CheckpointHandler {
  /** Saves a state below a base directory; gives the checkpoint's path. */
  saveToDirectory(
    directory: WritableStorageSource,
    target: unknown,
    options?: HandlerSaveOptions,
  ): Promise<string>;
  /** Gives a state, or the metadata saved with it. */
  restore(directory: StorageSource, options?: HandlerRestoreOptions): Promise<unknown>;
  /** The largest step, `null` if there is none. */
  latestStep(directory: StorageSource): Promise<number | null>;
  /** Paths by step, ascending. */
  listCheckpoints(directory: StorageSource): Promise<Map<number, string>>;
  /** Waits for what goes on behind a save; throws what that threw. */
  waitUntilFinished(): Promise<void>;
  /** Waits likewise; after that nothing can be saved. */
  close(): Promise<void>;
}
