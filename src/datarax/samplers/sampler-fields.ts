import type { Dict } from "../../pytree/value.js";
import type { State } from "../checkpointable-iterator.js";
import { ModuleFields, requireDictState } from "../module-fields.js";
import { openRngs, type RngsOption, rngsEntries } from "../rngs-state.js";
import { type ModuleStructure, validateStructure } from "../state-structure.js";

const STRUCTURE: ModuleStructure = { dicts: ["rngs"] };

/**
 * What a new sampler saves besides the fields that steer it.
 *
 * @param unused Further fields that JavaScript only carries along.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a seed of `rngs` that is no integer.
 */
export function initialSamplerFields(
  rngs: RngsOption | undefined,
  streamName: string | null = null,
  unused: Dict = {},
): ModuleFields {
  const streams = Object.fromEntries(rngsEntries(openRngs(rngs)));
  return ModuleFields.initial({ ...streams, ...unused, stream_name: streamName });
}

/**
 * The fields after Python's `SamplerModule.set_state`: all but `stream_name` must be there and fit, what has no use
 * here is kept.
 *
 * @param own The sampler's own fields as they are now.
 * @param options.whole The state that `saved` is a part of.
 * @param options.large As of {@link ModuleFields.restored}.
 * @throws {OrbaxError} `CONFLICT` for a state of another structure.
 */
export function restoredSamplerFields(
  fields: ModuleFields,
  own: Dict,
  saved: State,
  { whole = saved, large = [] }: { readonly whole?: State; readonly large?: readonly string[] } = {},
): ModuleFields {
  const { stream_name: currentName = null, ...base } = fields.base;
  const { stream_name: savedName, ...rest } = saved;
  validateStructure({ ...base, ...own }, rest, STRUCTURE);
  return fields.restored({ ...whole, stream_name: savedName ?? currentName }, large);
}

/** The state as a dict. @throws {OrbaxError} `INVALID_ARGUMENT` for anything else, as a caller in JavaScript may give. */
export function requireSamplerState(state: State): State {
  return requireDictState(state, "AttributeError"); // Python asks it for a method of dicts
}
