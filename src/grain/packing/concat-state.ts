import { invalidArgument } from "../../errors.js";
import { isList } from "../../pytree/container.js";
import { pythonRepr } from "../../pytree/python-repr.js";
import { countOf, dictFieldOf, requiredField, safeIntegerOf } from "../../pytree/state-values.js";
import { type Tree, Tuple } from "../../pytree/value.js";
import type { IteratorState } from "../node.js";
import type { Slice, Slices } from "./concat-element.js";
import { isWhole } from "./concat-element.js";
import type { ConcatThenSplitConfig } from "./concat-options.js";

/** A state of Grain's iterator, read (docs/spec/orbax-layout-extra.md section 11). */
export type ConcatState = {
  readonly parentState: IteratorState;
  /** Of the element that is left over; all whole if there is none. */
  readonly slices: Slices;
  readonly given: number;
};

const FIELDS = ["parent_state", "remainder_slices", "elements_from_buffer_after_checkpoint"] as const;

/**
 * Reads a state.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for other fields than Grain's, with Python's text, and for slices and counts that
 * are none.
 */
export function readConcatState(state: IteratorState, config: ConcatThenSplitConfig): ConcatState {
  const sliced = config.features.filter(({ isMeta }) => !isMeta).map(({ name }) => name);
  checkFields(state, sliced.length === 0);
  const parentState = dictFieldOf(requiredField(state, "parent_state"), "parent_state");
  const given = countOf(requiredField(state, FIELDS[2]), FIELDS[2]);
  const saved = Object.hasOwn(state, "remainder_slices") ? state["remainder_slices"] : undefined;
  const slices = new Map<string, Slice>();
  if (saved !== undefined) {
    for (const [name, slice] of Object.entries(dictFieldOf(saved, "remainder_slices"))) {
      if (slice !== undefined) slices.set(name, sliceOf(slice, `remainder_slices.${name}`));
    }
  }
  const hasRemainder = !Array.from(slices.values()).every(isWhole);
  const missing = sliced.find((name) => !slices.has(name));
  if (hasRemainder && missing !== undefined) {
    throw invalidArgument(`state: remainder_slices.${missing} is missing`, {
      field: `remainder_slices.${missing}`,
      pythonType: "KeyError",
    });
  }
  return { parentState, slices, given };
}

/** @param mayLackSlices Where no feature can be sliced they are an empty dict, which Orbax loses. */
function checkFields(state: IteratorState, mayLackSlices: boolean): void {
  const fields: readonly string[] = FIELDS;
  const unknown = Object.keys(state).find((field) => !fields.includes(field));
  if (unknown !== undefined) {
    throw typeError(
      `_CtsState.__init__() got an unexpected keyword argument ${pythonRepr(unknown)}`,
      unknown,
    );
  }
  const missing = fields.filter(
    (field) => !Object.hasOwn(state, field) && !(mayLackSlices && field === "remainder_slices"),
  );
  const [first, ...others] = missing.map((field) => `'${field}'`);
  if (first === undefined) return;
  const last = others.pop();
  const names =
    last === undefined
      ? first
      : [first, ...others].join(", ") + (others.length > 0 ? "," : "") + ` and ${last}`;
  const noun = missing.length === 1 ? "argument" : "arguments";
  throw typeError(
    `_CtsState.__init__() missing ${missing.length} required keyword-only ${noun}: ${names}`,
    missing[0],
  );
}

function typeError(message: string, field: string | undefined) {
  return invalidArgument(message, { ...(field === undefined ? {} : { field }), pythonType: "TypeError" });
}

/** A pair: Python's tuple, which JSON and Orbax make a list. */
function sliceOf(value: Tree, field: string): Slice {
  const items = Tuple.is(value) ? value.items : isList(value) ? value : [];
  const [start, stop] = items;
  if (items.length !== 2 || start === undefined || stop === undefined) {
    throw invalidArgument(`state: ${field} is ${pythonRepr(value)}, expected a start and a stop`, {
      field,
      pythonType: "ValueError",
    });
  }
  const slice: Slice = [safeIntegerOf(start, field), safeIntegerOf(stop, field)];
  return isWhole(slice) ? slice : [countOf(start, field), countOf(stop, field)];
}

/** What Grain says when the element of which something is left over is not there. */
export function unexpectedEnd({ parentState, slices, given }: ConcatState) {
  const sliceTexts = Array.from(
    slices,
    ([name, [start, stop]]) => `${pythonRepr(name)}: (${start}, ${stop})`,
  );
  const state =
    `_CtsState(parent_state=${pythonRepr(parentState)}, remainder_slices={${sliceTexts.join(", ")}}, ` +
    `elements_from_buffer_after_checkpoint=${given})`;
  return invalidArgument(
    `Got unexpected StopIteration from parent when restoring checkpoint ${state} on _ConcatThenSplitDatasetIterator.`,
    { field: "remainder_slices", pythonType: "ValueError" },
  );
}
