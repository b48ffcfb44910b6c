import type { CheckpointableIterator, State } from "../../src/datarax/checkpointable-iterator.js";
import { hasGetState, hasSetState } from "../../src/datarax/checkpointable-iterator.js";
import { untyped } from "../datarax/recorder.js";
import { nextOf } from "./python/iteration.js";
import { fromHost } from "./python/objects.js";
import { Instance, MissingName, StopIteration } from "./python/values.js";

/**
 * What a script's `make()` gave, as a checkpoint takes it. Of a class that the script defines itself, `set_state` is
 * run; `get_state`, which may make any value of Python, is not.
 */
export function ownIterator(subject: unknown): CheckpointableIterator<unknown> {
  if (subject instanceof Instance) {
    return {
      next: () => {
        try {
          return { done: false, value: nextOf(subject) };
        } catch (error) {
          if (error instanceof StopIteration) return { done: true, value: undefined };
          throw error;
        }
      },
      getState: () => ({}),
      setState: (state: State) => {
        subject.method("set_state")?.(fromHost(state));
      },
    };
  }
  if (hasGetState(subject) && hasSetState(subject)) return untyped(subject);
  throw new MissingName(`state of ${String(subject)}`);
}
