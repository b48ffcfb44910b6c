import { dictOf, isDict, isList, isMap } from "../pytree/container.js";
import {
  complex,
  type Dict,
  Scalar,
  type ScalarDtype,
  scalar,
  type Tree,
  Tuple,
  tuple,
} from "../pytree/value.js";
import { NdArray } from "../zarr/nd-array.js";
import { keepTypes } from "./keep-types.js";

/** For each iterator {@link typesOfState} of its last restore: they outlive their way through JavaScript. */
const restoredTypes = new WeakMap<object, Tree>();

/** Remembers the types of the state that an iterator has just been restored to. */
export function rememberTypes(iterator: object, types: Tree): void {
  restoredTypes.set(iterator, types);
}

/**
 * What {@link keepTypes} asks of an exact state and no more, in containers of its own: the iterator may change those
 * that it gets, and large arrays must not stay in memory.
 */
export function typesOfState(state: Tree): Tree {
  if (Scalar.is(state)) return exampleOf(state.dtype);
  if (NdArray.is(state)) return state.shape.length === 0 ? state : null;
  if (isList(state)) return state.map(typesOfState);
  if (Tuple.is(state)) return tuple(state.items.map(typesOfState));
  if (!isDict(state)) return null;
  return dictOf(Object.entries(state).map(([key, child]) => [key, typesOfState(child)]));
}

/**
 * The state that an iterator gave, its numbers with the types that they had when it was restored ({@link keepTypes});
 * other values than dicts and lists come back as they are.
 */
export function withRestoredTypes(iterator: object, state: unknown): unknown {
  const types = restoredTypes.get(iterator);
  return types !== undefined && isContainer(state) ? keepTypes(state, types) : state;
}

/** The values inside are checked by the save. */
function isContainer(state: unknown): state is Dict | readonly Tree[] | ReadonlyMap<string, Tree> {
  return isDict(state) || isList(state) || isMap(state);
}

/** One scalar a dtype: a state may hold millions of numbers. */
const examples = new Map<ScalarDtype, Scalar>();

function exampleOf(dtype: ScalarDtype): Scalar {
  const known = examples.get(dtype);
  if (known !== undefined) return known;
  const example = scalar(dtype, zeroOf(dtype));
  examples.set(dtype, example);
  return example;
}

function zeroOf(dtype: ScalarDtype) {
  if (dtype === "bool") return false;
  return dtype.startsWith("complex") ? complex(0, 0) : 0;
}
