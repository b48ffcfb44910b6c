import { isOrbaxError } from "../../../src/errors.js";
import type { IterDataset } from "../../../src/grain/iter-dataset.js";
import type { IteratorState } from "../../../src/grain/node.js";
import type { Sources } from "./program.js";

/** What one call of `next` did: an element, the end, or Python's class and text of an error. */
export type Step = { readonly value: unknown } | { readonly done: true } | { readonly error: string };

/** An iterator whose answers may have to be awaited. */
export type SteppedIterator = {
  next(): Promise<Step>;
  getState(): Promise<IteratorState>;
  setState(state: IteratorState): Promise<void>;
};

/** A new iterator over a dataset, through the interface that its sources need. */
export function iterate(dataset: IterDataset<unknown>, sources: Sources): SteppedIterator {
  const iterator = sources === "at once" ? dataset[Symbol.iterator]() : dataset[Symbol.asyncIterator]();
  return {
    async next() {
      try {
        const result = await iterator.next();
        return result.done === true ? { done: true } : { value: result.value };
      } catch (error) {
        if (isOrbaxError(error)) return { error: `${error.details.pythonType}: ${error.message}` };
        throw error;
      }
    },
    getState: async () => iterator.getState(),
    setState: async (state) => iterator.setState(state),
  };
}

/** The next `count` steps. */
export async function stepsOf(iterator: SteppedIterator, count: number): Promise<Step[]> {
  const steps: Step[] = [];
  while (steps.length < count) steps.push(await iterator.next());
  return steps;
}

/** What a recorded step did, without what else was recorded. */
export function stepOf(recorded: Step): Step {
  if ("value" in recorded) return { value: recorded.value };
  return "error" in recorded ? { error: recorded.error } : { done: recorded.done };
}

/** A state as JSON gives it back. */
export function throughJson(state: IteratorState): IteratorState {
  return JSON.parse(JSON.stringify(state));
}
