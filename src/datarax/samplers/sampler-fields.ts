import { invalidArgument } from "../../errors.js";
import { dictOf, isDict } from "../../pytree/container.js";
import type { Dict, Tree } from "../../pytree/value.js";
import type { State } from "../checkpointable-iterator.js";
import { keepTypes } from "../keep-types.js";
import { initialModuleState, validateModuleState } from "../module-state.js";
import type { RngsOption } from "../rngs-state.js";

/** What a sampler saves besides the fields that steer it. Never changed, only replaced. */
export type SamplerFields = {
  /** Module fields, and others that only Python has a use for. */
  readonly module: Dict;
  readonly streamName: Tree;
  /** The state of the last restore, for the types of its numbers. */
  readonly restored: Dict;
};

/** The fields of a new sampler. `unused`: further fields that JavaScript only carries along. */
export function initialSamplerFields(
  rngs: RngsOption | undefined,
  streamName: string | null,
  unused: Dict = {},
): SamplerFields {
  return { module: { ...initialModuleState(rngs), ...unused }, streamName, restored: {} };
}

/** The whole state: the sampler's own fields and those of `fields`. */
export function samplerState({ module, streamName, restored }: SamplerFields, own: Dict): State {
  const state = dictOf([...Object.entries(module), ...Object.entries(own), ["stream_name", streamName]]);
  const typed = keepTypes(state, restored);
  return isDict(typed) ? typed : state;
}

/**
 * The fields after Python's `SamplerModule.set_state`: all but `stream_name` must be there and fit, what has no use
 * here is kept.
 *
 * @param own The sampler's own fields as they are now.
 * @throws {OrbaxError} `CONFLICT` for a state of another structure.
 */
export function restoredSamplerFields(fields: SamplerFields, own: Dict, saved: State): SamplerFields {
  const { stream_name: streamName = null, ...rest } = saved;
  validateModuleState({ ...fields.module, ...own }, rest);
  const module = Object.entries(fields.module).map(([key, value]): [string, Tree] => [
    key,
    keepTypes(saved[key] ?? null, value),
  ]);
  return { module: dictOf(module), streamName: streamName ?? fields.streamName, restored: saved };
}

/** The state as a dict. @throws {OrbaxError} `INVALID_ARGUMENT` for anything else, as a caller in JavaScript may give. */
export function requireState(state: State): State {
  if (isDict(state)) return state;
  throw invalidArgument(`State must be a dict, got ${typeof state}`, { pythonType: "TypeError" });
}
