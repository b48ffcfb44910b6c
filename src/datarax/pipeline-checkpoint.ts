import { invalidArgument } from "../errors.js";
import type { HandlerSaveOptions } from "./checkpoint-handler.js";
import type { Checkpointable } from "./checkpointable-iterator.js";
import { IteratorCheckpoint } from "./iterator-checkpoint.js";

/** Options of {@link PipelineCheckpoint.saveToStep}. */
export type SaveToStepOptions = Omit<HandlerSaveOptions, "step"> & {
  /** Saves only steps that are a multiple of this. Default: 1000. */
  readonly interval?: number | undefined;
};

/** An {@link IteratorCheckpoint} for a loop that calls it at every step (docs/spec/datarax.md section 1.6). */
export class PipelineCheckpoint extends IteratorCheckpoint {
  /**
   * Saves the stream if `step` is a multiple of `interval`; otherwise it looks at nothing, not even the stream.
   *
   * @param options.keep Default: 5, as in Python.
   * @returns The checkpoint's path, `null` if this step is not saved.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for an interval of 0, or a step or interval that is no safe integer;
   * otherwise as {@link IteratorCheckpoint.saveToDirectory}.
   */
  async saveToStep(
    dataStream: Checkpointable,
    step: number,
    { interval = 1000, keep = 5, ...options }: SaveToStepOptions = {},
  ): Promise<string | null> {
    if (!Number.isSafeInteger(step) || !Number.isSafeInteger(interval)) {
      throw invalidArgument(`step and interval must be safe integers, got ${step} and ${interval}`);
    }
    if (interval === 0) throw invalidArgument("integer modulo by zero", { pythonType: "ZeroDivisionError" });
    if (step % interval !== 0) return null;
    return this.saveToDirectory(dataStream, { ...options, step, keep });
  }
}
