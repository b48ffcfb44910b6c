import { invalidArgument } from "../errors.js";
import { dictOf, isDict } from "../pytree/container.js";
import type { Dict, Tree } from "../pytree/value.js";
import type { State } from "./checkpointable-iterator.js";
import { keepTypes } from "./keep-types.js";
import { initialModuleState } from "./module-state.js";

/** The fields that every Datarax module saves and JavaScript only carries along (docs/spec/datarax.md section 4). */
export class ModuleFields {
  #base = initialModuleState(undefined);
  /** The state of the last restore, for the types of its numbers. */
  #restored: Dict = {};

  /** The fields themselves, for a comparison of structures. */
  get base(): Dict {
    return this.#base;
  }

  /** The whole state: the module's own fields beside these, with the types that a restored state had. */
  stateWith(own: Dict): State {
    const state = dictOf([...Object.entries(this.#base), ...Object.entries(own)]);
    const typed = keepTypes(state, this.#restored);
    return isDict(typed) ? typed : state;
  }

  /**
   * Takes the fields over from a state whose structure is known to be the same.
   *
   * @param large Fields whose numbers have no types worth keeping, and which would be held in memory twice.
   */
  restore(saved: Dict, large: readonly string[] = []): void {
    const base = Object.entries(this.#base).map(([field, value]): [string, Tree] => [
      field,
      keepTypes(saved[field] ?? null, value),
    ]);
    this.#base = dictOf(base);
    this.#restored = dictOf(Object.entries(saved).filter(([field]) => !large.includes(field)));
  }
}

/** A state as a dict. @throws {OrbaxError} `INVALID_ARGUMENT` for anything else, as a caller in JavaScript may give. */
export function requireDictState(state: State): State {
  if (isDict(state)) return state;
  throw invalidArgument(`State must be a dict, got ${typeof state}`, { pythonType: "TypeError" });
}
