import type { State } from "../../src/datarax/checkpointable-iterator.js";
import { parseTaggedJson } from "../../src/datarax/tagged-json.js";
import { dictOf, isDict, isList, isMap } from "../../src/pytree/container.js";
import { toPlain } from "../../src/pytree/plain.js";
import { type Tree, Tuple } from "../../src/pytree/value.js";
import { requireSame, requireSameState } from "./same.js";
import { listIn, numberIn, type Vector } from "./vector-test.js";

/** A stream of this project that a vector describes. */
export type VectorStream = {
  /** `undefined` at the end. */
  next(): { readonly element: unknown } | undefined;
  getState(): State;
  setState(state: State): void;
  /** Where Python's state does not tell how many elements were taken: goes behind that many, after a restore. */
  continueBehind?(consumed: number): void;
};

/** Options of {@link checkStream}. */
export type StreamCheck = {
  /** The field with the state to start from. */
  readonly restored?: string;
  /** Fields, at any depth, in which Python leaves out the position that this project's states have. */
  readonly positions?: readonly string[];
};

/**
 * Checks `{consumed, first, state, restored, next, ends}`: a new stream gives `first` and then has that `state`;
 * another one goes on from `restored` with `next`.
 */
export function checkStream(
  make: () => VectorStream,
  vector: Vector,
  { restored = "restored", positions = [] }: StreamCheck = {},
): void {
  const consumed = numberIn(vector, "consumed");
  const stream = make();
  requireSame(take(stream, consumed), listIn(vector, "first"), "first");
  const own = stream.getState();
  requireSameState(withoutFields(own, positions), withoutFields(vector.state, positions), "state");

  for (const exact of [false, true]) {
    const later = make();
    later.setState(stateOf(vector[restored], { exact }));
    if (consumed > 0) later.continueBehind?.(consumed);
    checkNext(later, vector, exact ? "next after the exact state" : "next");
  }
  const again = make();
  again.setState(own);
  checkNext(again, vector, "next after an own state");
}

function withoutFields<T>(tree: T, fields: readonly string[]): T;
function withoutFields(tree: unknown, fields: readonly string[]): unknown {
  if (fields.length === 0 || !isDict(tree)) return tree;
  const entries = Object.entries(tree).filter(([field]) => !fields.includes(field));
  return Object.fromEntries(entries.map(([field, value]) => [field, withoutFields(value, fields)]));
}

/** Checks `next` and `ends`. */
export function checkNext(stream: VectorStream, vector: Vector, what: string): void {
  const expected = listIn(vector, "next");
  requireSame(take(stream, expected.length), expected, what);
  if (vector.ends === true) requireSame(stream.next(), undefined, `${what}: what is behind the end`);
}

/** Up to `count` elements. */
export function take(stream: VectorStream, count: number): unknown[] {
  const elements: unknown[] = [];
  while (elements.length < count) {
    const next = stream.next();
    if (next === undefined) break;
    elements.push(next.element);
  }
  return elements;
}

/** The state that a checkpoint would give for tagged JSON: with exact types, or plain. */
export function stateOf(json: unknown, { exact = false } = {}): State {
  const tree = withTextKeys(parseTaggedJson(json));
  const state = exact ? tree : toPlain(tree);
  if (isDict(state)) return state;
  throw new Error("the state is no dict");
}

/** Dicts with int keys are objects with decimal keys in JavaScript. */
function withTextKeys(tree: Tree): Tree {
  if (isList(tree)) return tree.map(withTextKeys);
  if (Tuple.is(tree)) return tree;
  const entries = isMap(tree) ? [...tree] : isDict(tree) ? Object.entries(tree) : undefined;
  return entries === undefined
    ? tree
    : dictOf(entries.map(([key, child]) => [String(key), withTextKeys(child)]));
}

/** A stream over an iterator of this project. */
export function vectorStream<T>(
  iterator: Iterator<T, undefined> & { getState(): State; setState(state: State): void },
): VectorStream {
  return {
    next: () => {
      const { done, value } = iterator.next();
      return done === true ? undefined : { element: value };
    },
    getState: () => iterator.getState(),
    setState: (state) => iterator.setState(state),
  };
}
