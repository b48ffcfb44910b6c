import { destinationExists } from "../checkpoint/commit/commit.js";
import { pathOf, resolveCommitted } from "../checkpoint/commit/committed.js";
import { encodeItem } from "../checkpoint/save/encode-item.js";
import { saveItem } from "../checkpoint/save/save.js";
import { invalidArgument } from "../errors.js";
import { isPromise } from "../grain/maybe-promise.js";
import { copyArrays } from "../pytree/copy.js";
import { toPlain } from "../pytree/plain.js";
import {
  openStorage,
  openWritableStorage,
  type StorageSource,
  type WritableStorageSource,
} from "../storage/open.js";
import type { CheckpointHandler, HandlerRestoreOptions, HandlerSaveOptions } from "./checkpoint-handler.js";
import { hasGetState, hasSetState } from "./checkpointable-iterator.js";
import { wrapState } from "./envelope.js";
import { readState, readStateForTarget } from "./read-state.js";
import { rememberTypes, typesOfState, withRestoredTypes } from "./restored-types.js";
import { encodeState } from "./state-codec.js";
import {
  findSteps,
  listedPaths,
  pruneSteps,
  requireSafeInteger,
  stepDirectoryName,
  UNVERSIONED,
} from "./step-directories.js";

/**
 * Saves and restores states as Datarax's handler of the same name does (docs/spec/datarax.md section 1.8), by the
 * crash rules of this package: a step is there whole or not at all.
 *
 * Saves and restores run one after another in the order of their calls, also those that nobody waits for.
 *
 * With `asyncCheckpointing` a save's promise resolves when the state has been captured, and the commit goes on behind
 * it. The next save, `restore`, `waitUntilFinished` and `close` wait for it, and the first of them throws what it
 * threw. Pruning follows the commit, so that exactly `keep` steps stay, where Python leaves one more.
 */
export class OrbaxCheckpointHandler implements CheckpointHandler, AsyncDisposable {
  readonly asyncCheckpointing: boolean;
  #closed = false;
  #turn: Promise<unknown> = Promise.resolve();
  /** The commit under way behind a save, and what it threw. */
  #pending: Promise<{ readonly error: unknown } | undefined> = Promise.resolve(undefined);

  constructor({ asyncCheckpointing = false }: { readonly asyncCheckpointing?: boolean | undefined } = {}) {
    this.asyncCheckpointing = asyncCheckpointing;
  }

  /**
   * Saves a target: what its `getState` gives if it has `getState` and `setState`, else the target itself. A
   * synchronous `getState` is called, and its dicts and lists are read, before this returns its promise.
   *
   * @param directory Base directory; made if it is missing.
   * @returns The path of the checkpoint, also if pruning removed it at once.
   * @throws {OrbaxError} `ALREADY_EXISTS` without `overwrite` · `INVALID_ARGUMENT` for what cannot be stored, an empty
   * state, a step or keep that is no safe integer, or after `close` · `CONFLICT` if another process made the step · `IO`
   * · what `getState` and an asynchronous save before it threw.
   */
  async saveToDirectory(
    directory: WritableStorageSource,
    target: unknown,
    { step = null, keep = 1, overwrite = false, metadata }: HandlerSaveOptions = {},
  ): Promise<string> {
    const given = stateOf(target);
    const state = isPromise(given) ? await given : given;
    const checked = attempt(() => {
      requireSafeInteger("step", step);
      requireSafeInteger("keep", keep);
    });
    const captured = attempt(() => {
      const encoded = encodeState(wrapState(state, metadata));
      return encodeItem(this.asyncCheckpointing ? copyArrays(encoded) : encoded);
    });
    return this.#inTurn(async () => {
      await this.#finishPending();
      if (this.#closed) throw closedHandler();
      checked();
      const base = await openWritableStorage(directory);
      const name = step === null ? UNVERSIONED : stepDirectoryName(step);
      if (!overwrite && (await resolveCommitted(base, name)) !== undefined)
        throw destinationExists(base, name);
      const item = captured(); // Orbax looks at the destination first
      const commit = async () => {
        await saveItem(base, name, item, { overwrite });
        if (step !== null) await pruneSteps(base, keep);
      };
      if (this.asyncCheckpointing) this.#pending = commit().then(noError, (error: unknown) => ({ error }));
      else await commit();
      return pathOf(base, name);
    });
  }

  /**
   * Restores a checkpoint.
   *
   * @returns The metadata if asked for; the target if it has `getState` and `setState`; else the state.
   * @throws {OrbaxError} `NOT_FOUND` with Datarax's words · `DATA_LOSS` if the checkpoint is damaged ·
   * `INVALID_ARGUMENT` for a step that is no safe integer · what `setState` and an asynchronous save before it threw.
   */
  async restore(
    directory: StorageSource,
    { target, step, metadataOnly = false, exact = false }: HandlerRestoreOptions = {},
  ): Promise<unknown> {
    const isIterator = hasGetState(target) && hasSetState(target);
    const saved = await this.#inTurn(async () => {
      await this.#finishPending();
      return isIterator
        ? readStateForTarget(directory, step ?? undefined)
        : readState(directory, { step: step ?? undefined });
    });
    if (metadataOnly) return exact ? saved.metadata : toPlain(saved.metadata);
    const state = exact ? saved.state : toPlain(saved.state);
    if (!isIterator) return state;
    const types = typesOfState(saved.state);
    await target.setState(state);
    rememberTypes(target, types);
    return target;
  }

  /**
   * All steps, ascending; a number that two directories have is there twice (section 1.3). Neither this nor
   * {@link latestStep} and {@link listCheckpoints} wait for a commit under way.
   */
  async getCheckpointSteps(directory: StorageSource): Promise<number[]> {
    return findSteps(await openStorage(directory));
  }

  /** The largest step, `null` if there is none; the unversioned checkpoint does not count. */
  async latestStep(directory: StorageSource): Promise<number | null> {
    return (await this.getCheckpointSteps(directory)).at(-1) ?? null;
  }

  /** Paths by step, ascending, always in the form `<directory>/ckpt-<step>`, as Datarax lists them. */
  async listCheckpoints(directory: StorageSource): Promise<Map<number, string>> {
    const base = await openStorage(directory);
    return listedPaths(base, await findSteps(base));
  }

  /** Waits for the commit that goes on behind a save. @throws what that commit threw, once. */
  waitUntilFinished(): Promise<void> {
    return this.#inTurn(() => this.#finishPending());
  }

  /** Waits as {@link waitUntilFinished} does; after that nothing can be saved. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#closed = true;
      await this.#finishPending();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #finishPending(): Promise<void> {
    const failure = await this.#pending;
    this.#pending = Promise.resolve(undefined);
    if (failure !== undefined) throw failure.error;
  }
}

function noError(): undefined {
  return undefined;
}

/** A target's state, its numbers with the types of its last restore. A promise where `getState` gives one. */
function stateOf(target: unknown): unknown {
  if (!hasGetState(target) || !hasSetState(target)) return target;
  const state = target.getState();
  if (!isPromise(state)) return withRestoredTypes(target, state);
  return state.then((given) => withRestoredTypes(target, given));
}

/** Runs `action` at once; what it threw is thrown when its result is asked for. */
function attempt<T>(action: () => T): () => T {
  try {
    const result = action();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Python's words for a save after `close`. */
function closedHandler() {
  return invalidArgument("cannot schedule new futures after shutdown", { pythonType: "RuntimeError" });
}
