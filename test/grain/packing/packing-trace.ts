import { formatTaggedJson, parseTaggedJson } from "../../../src/datarax/tagged-json.js";
import { isOrbaxError } from "../../../src/errors.js";
import type { DatasetIterator } from "../../../src/grain/dataset-iterator.js";
import type { PackedElement } from "../../../src/grain/packing/packed-batch.js";
import { dictFieldOf } from "../../../src/pytree/state-values.js";
import { neutralJson } from "../../live/neutral-json.js";
import { listDataset } from "./list-dataset.js";
import { makePacking } from "./packing-case.js";
import { expectedElement, ourElements, taggedElement } from "./packing-elements.js";
import type { RandomPacking } from "./random-packing.js";
import type { Trace } from "./vectors.js";

/** Most elements of one dataset: Grain's ConcatThenSplitIterDataset may take up parts of an element again, for ever. */
export const MOST = 120;

/** A new iterator over a dataset. */
export function iterate({ dataset, forms }: RandomPacking): DatasetIterator<PackedElement> {
  return makePacking(dataset, listDataset(ourElements(dataset.elements, forms)))[Symbol.iterator]();
}

/** What is left of an iterator, at most `most` elements, with the states; and what it threw. */
export function traceOf(makeIterator: () => DatasetIterator<PackedElement>, most = MOST): Trace {
  const elements: unknown[] = [];
  const states: unknown[] = [];
  try {
    const iterator = makeIterator();
    for (;;) {
      states.push(formatTaggedJson(iterator.getState()));
      if (elements.length === most) return { elements, states, error: null };
      const { done, value } = iterator.next();
      if (done === true) return { elements, states, error: null };
      elements.push(taggedElement(value));
    }
  } catch (error) {
    if (!isOrbaxError(error)) throw error;
    const failure = { type: error.details.pythonType ?? "none", message: error.message };
    return { elements, states: states.slice(0, elements.length), error: failure };
  }
}

/** {@link traceOf} a new iterator that goes on from a state in tagged JSON. */
export function resumed(packing: RandomPacking, state: unknown, most = MOST): Trace {
  return traceOf(() => {
    const iterator = iterate(packing);
    iterator.setState(dictFieldOf(parseTaggedJson(state), "state"));
    return iterator;
  }, most);
}

/** What Python gave, as ours should be. */
export function expectedTrace(trace: Trace, { forms }: Pick<RandomPacking, "forms">): Trace {
  return {
    elements: trace.elements.map((element) => expectedElement(element, forms)),
    states: trace.states.map((state) => withoutTuples(neutralJson(state))),
    error: trace.error,
  };
}

/** Slices are lists here, as after JSON and Orbax. */
function withoutTuples(json: unknown): unknown {
  return JSON.parse(JSON.stringify(json).replaceAll(/\{"\$tuple":(\[[^\]]*\])\}/gu, "$1"));
}
