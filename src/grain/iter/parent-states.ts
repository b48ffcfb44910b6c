import { invalidArgument } from "../../errors.js";
import { isList } from "../../pytree/container.js";
import { pythonRepr } from "../../pytree/python-repr.js";
import { dictFieldOf } from "../../pytree/state-values.js";
import { type Tree, Tuple } from "../../pytree/value.js";
import { andThen, type MaybePromise, untilDefined } from "../maybe-promise.js";
import type { ElementIterator, IteratorState } from "../node.js";

/**
 * The items of a list in a state; JSON and Orbax turn tuples into lists.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for anything else.
 */
export function listFieldOf(value: Tree, field: string): readonly Tree[] {
  if (Tuple.is(value)) return value.items;
  if (isTreeList(value)) return value;
  const found = pythonRepr(value).slice(0, 100);
  throw invalidArgument(`state: ${field} is ${found}, expected a list`, {
    field,
    found,
    expected: "a list",
    pythonType: "TypeError",
  });
}

function isTreeList(value: Tree): value is readonly Tree[] {
  return isList(value);
}

/** The states of several iterators, as a list. */
export function statesOf(iterators: readonly ElementIterator<unknown>[]): IteratorState[] {
  return iterators.map((iterator) => iterator.getState());
}

/**
 * Restores several iterators one after another. As in Python iterators without a state stay as they are, and states
 * without an iterator are passed over.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for what is no list of dicts.
 */
export function restoreEach(
  iterators: readonly ElementIterator<unknown>[],
  states: Tree,
  field: string,
): MaybePromise<void> {
  const given = listFieldOf(states, field);
  return eachInTurn(iterators.slice(0, given.length), (iterator, index) => {
    const state = given[index];
    if (state !== undefined) return iterator.setState(dictFieldOf(state, `${field}[${index}]`));
  });
}

/** Carries out an action for one item after another. */
export function eachInTurn<T>(
  items: readonly T[],
  act: (item: T, index: number) => MaybePromise<void>,
): MaybePromise<void> {
  const turns = items.entries();
  const all = untilDefined<true>(() => {
    const turn = turns.next();
    if (turn.done === true) return true;
    const [index, item] = turn.value;
    return andThen(act(item, index), () => undefined);
  });
  return andThen(all, () => {});
}
