import type { Dict } from "../pytree/value.js";

/**
 * What an iterator saves of itself: a dict of plain or exact values. Dict keys that Python turns into ints are
 * decimal strings (docs/spec/datarax.md section 3).
 */
export type State = Dict;

/**
 * What Datarax's checkpoints can hold: Python's `get_state` and `set_state`.
 *
 * `getState` gives all that `setState` needs to continue in the same way; a `setState` that throws leaves the object as
 * it was.
 */
export type Checkpointable = {
  getState(): State | Promise<State>;
  setState(state: State): void | Promise<void>;
};

/** An iterator whose position Datarax's checkpoints can hold: it continues with the same next element. */
export type CheckpointableIterator<T> = (Iterator<T> | AsyncIterator<T>) & Checkpointable;

/** Whether a value has a method `getState`. */
export function hasGetState(value: unknown): value is { getState(): unknown } {
  return hasMethod(value, "getState");
}

/** Whether a value has a method `setState`. */
export function hasSetState(value: unknown): value is { setState(state: unknown): unknown } {
  return hasMethod(value, "setState");
}

function hasMethod(value: unknown, name: string): boolean {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  return isObject && typeof Reflect.get(value, name) === "function";
}
