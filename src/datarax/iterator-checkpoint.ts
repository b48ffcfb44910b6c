import { invalidArgument, OrbaxError } from "../errors.js";
import { isPromise } from "../grain/maybe-promise.js";
import { isDict, isMap } from "../pytree/container.js";
import { toPlain } from "../pytree/plain.js";
import { pythonTypeName } from "../pytree/python-type-name.js";
import { openStorage, type WritableStorageSource } from "../storage/open.js";
import type { CheckpointHandler, HandlerSaveOptions } from "./checkpoint-handler.js";
import { type Checkpointable, hasGetState, hasSetState, type State } from "./checkpointable-iterator.js";
import { OrbaxCheckpointHandler } from "./orbax-checkpoint-handler.js";
import { validateRestoreCompatibility } from "./restore-compatibility.js";
import { rememberTypes, typesOfState, withRestoredTypes } from "./restored-types.js";

/** Options of {@link IteratorCheckpoint}. */
export type IteratorCheckpointOptions = {
  /** Does the reading and writing; then `asyncCheckpointing` is ignored. Default: {@link OrbaxCheckpointHandler}. */
  readonly handler?: CheckpointHandler | undefined;
  /** See {@link OrbaxCheckpointHandler}. Default: false. */
  readonly asyncCheckpointing?: boolean | undefined;
  /** Gives iterators states with exact types (`Scalar`, `NdArray` of rank 0, `Tuple`). Default: plain values. */
  readonly exact?: boolean | undefined;
};

/**
 * Saves and restores iterators below one base directory, in turn with Python's class of the same name
 * (docs/spec/datarax.md section 1).
 *
 * @example
 * const checkpoints = new IteratorCheckpoint("runs/7/stream");
 * const sampler = await checkpoints.restoreLatest(new ShuffleSampler({ datasetSize: 50, seed: 1234 }));
 * const { value } = sampler.next();
 * await checkpoints.saveToDirectory(sampler, { step: 18 });
 */
export class IteratorCheckpoint {
  /** As it was given. */
  readonly baseDir: WritableStorageSource;
  readonly handler: CheckpointHandler;
  readonly #exact: boolean;

  /**
   * Touches no disk.
   *
   * @param baseDir Folder that holds the steps, as a path or file URL, or a storage.
   */
  constructor(
    baseDir: WritableStorageSource,
    { handler, asyncCheckpointing, exact = false }: IteratorCheckpointOptions = {},
  ) {
    this.baseDir = baseDir;
    this.handler = handler ?? new OrbaxCheckpointHandler({ asyncCheckpointing });
    this.#exact = exact;
  }

  /**
   * Saves the iterator's state as `ckpt-<step>`, or without a step as `checkpoint`.
   *
   * A number that was restored as a float, an array of rank 0 or another width keeps that type at the same path if
   * it can hold the value exactly. A synchronous `getState` is called, and its dicts and lists are read, before this
   * returns its promise.
   *
   * @param options.keep How many steps stay, the largest. Default: 1, as in Python; 0 keeps all.
   * @returns The checkpoint's path.
   * @throws {OrbaxError} `INVALID_ARGUMENT` if the iterator has no `getState` or that gives no dict; otherwise as
   * {@link OrbaxCheckpointHandler.saveToDirectory}.
   */
  async saveToDirectory(
    iterator: Checkpointable,
    { step = null, keep = 1, overwrite = false, metadata }: HandlerSaveOptions = {},
  ): Promise<string> {
    const source: unknown = iterator;
    if (!hasGetState(source)) throw withoutGetState();
    const given = source.getState();
    const state = isPromise(given) ? await given : given;
    if (!isDict(state) && !isMap(state)) {
      throw invalidArgument(`Iterator get_state() must return dict, got ${pythonTypeName(state)}`, {
        pythonType: "ValueError",
      });
    }
    const typed = withRestoredTypes(source, state);
    return this.handler.saveToDirectory(this.baseDir, typed, { step, keep, overwrite, metadata });
  }

  /**
   * Restores the iterator from a step, and returns it.
   *
   * Without a step: the largest, else the unversioned `checkpoint`; that one also where the step is not there.
   *
   * @throws {OrbaxError} `NOT_FOUND` nothing to restore · `CONFLICT` the checkpoint is of an iterator that was built
   * otherwise, or holds no dict · `INVALID_ARGUMENT` no `getState` or `setState` · `DATA_LOSS` damaged. The iterator
   * is then as it was. What its `setState` throws passes through.
   */
  async restore<I extends Checkpointable>(
    iterator: I,
    { step = null }: { readonly step?: number | null | undefined } = {},
  ): Promise<I> {
    const target: unknown = iterator;
    if (!hasSetState(target)) {
      throw invalidArgument(
        `Iterator of type <class '${pythonTypeName(target)}'> does not implement set_state`,
        { pythonType: "ValueError" },
      );
    }
    if (!hasGetState(target)) throw withoutGetState();
    const saved: unknown = await this.handler.restore(this.baseDir, { step, exact: true });
    if (!isState(saved)) {
      throw new OrbaxError(
        "CONFLICT",
        `Iterator restore failed: checkpoint did not contain a state dict (got ${pythonTypeName(saved)})`,
        { pythonType: "ValueError" },
      );
    }
    validateRestoreCompatibility(toState(await target.getState()), saved);
    const types = typesOfState(saved);
    await target.setState(this.#exact ? saved : toPlain(saved));
    rememberTypes(iterator, types);
    return iterator;
  }

  /**
   * Restores the largest step, a commit under way awaited; the unversioned checkpoint does not count.
   *
   * @throws {OrbaxError} `NOT_FOUND` without any step; otherwise as {@link restore}.
   */
  async restoreLatest<I extends Checkpointable>(iterator: I): Promise<I> {
    await this.handler.waitUntilFinished();
    const step = await this.getLatestStep();
    if (step !== null) return this.restore(iterator, { step });
    const { name } = await openStorage(this.baseDir);
    throw new OrbaxError("NOT_FOUND", `No checkpoints found in ${name ?? "the storage"}`, {
      pythonType: "ValueError",
    });
  }

  /** The largest step, `null` if there is none. Does not wait for a commit under way. */
  getLatestStep(): Promise<number | null> {
    return this.handler.latestStep(this.baseDir);
  }

  /** Paths by step, ascending. Does not wait for a commit under way. */
  listCheckpoints(): Promise<Map<number, string>> {
    return this.handler.listCheckpoints(this.baseDir);
  }

  /** Whether there is any step. Does not wait for a commit under way. */
  async hasCheckpoint(): Promise<boolean> {
    return (await this.getLatestStep()) !== null;
  }
}

/** The save and the codec check what is inside. */
function isState(value: unknown): value is State {
  return isDict(value);
}

/** The current state for a comparison; what is no dict names no identity. */
function toState(given: unknown): State {
  const dict: unknown = isMap(given)
    ? Object.fromEntries(Array.from(given, ([key, value]) => [String(key), value]))
    : given;
  return isState(dict) ? dict : {};
}

function withoutGetState() {
  return invalidArgument("Iterator does not implement get_state method", { pythonType: "ValueError" });
}
