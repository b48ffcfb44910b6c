import { invalidArgument } from "../errors.js";
import { dictOf, isDict } from "../pytree/container.js";
import { pythonTypeName } from "../pytree/python-type-name.js";
import type { Dict, Tree } from "../pytree/value.js";
import { ndarray } from "../zarr/nd-array.js";
import type { State } from "./checkpointable-iterator.js";
import { keepTypes } from "./keep-types.js";

/**
 * The fields of a Datarax module that JavaScript only carries along: two counters, statistics, and whatever else a
 * class has of that kind (docs/spec/datarax.md section 4). Never changed, only replaced.
 */
export class ModuleFields {
  /** The fields themselves, for a comparison of structures. */
  readonly base: Dict;
  /** The state of the last restore, for the types of its numbers. */
  readonly #restored: Dict;

  private constructor(base: Dict, restored: Dict) {
    this.base = base;
    this.#restored = restored;
  }

  /** Those of a new module. @param others Fields of its class beside those of every module. */
  static initial(others: Dict = {}): ModuleFields {
    const base = dictOf([
      ["_applied_count", ndarray("int32", [], Int32Array.of(0))],
      ["_computed_stats", null],
      ["_skipped_count", ndarray("int32", [], Int32Array.of(0))],
      ...Object.entries(others),
    ]);
    return new ModuleFields(base, {});
  }

  /** The whole state: the module's own fields beside these, with the types that a restored state had. */
  stateWith(own: Dict): State {
    const state = dictOf([...Object.entries(this.base), ...Object.entries(own)]);
    const typed = keepTypes(state, this.#restored);
    return isDict(typed) ? typed : state;
  }

  /**
   * The fields of a state whose structure is known to be the same.
   *
   * @param large Fields whose numbers have no types worth keeping, and which would be held in memory twice.
   */
  restored(saved: Dict, large: readonly string[] = []): ModuleFields {
    const base = Object.entries(this.base).map(([field, value]): [string, Tree] => [
      field,
      keepTypes(saved[field] ?? null, value),
    ]);
    const remembered = Object.entries(saved).filter(([field]) => !large.includes(field));
    return new ModuleFields(dictOf(base), dictOf(remembered));
  }
}

/**
 * A state as a dict.
 *
 * @param pythonType What Python raises where it is none.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for anything else, as a caller in JavaScript may give.
 */
export function requireDictState(state: State, pythonType = "TypeError"): State {
  if (isDict(state)) return state;
  throw invalidArgument(`State must be a dict, got ${pythonTypeName(state)}`, { pythonType });
}
