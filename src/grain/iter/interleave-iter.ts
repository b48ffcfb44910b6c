import { invalidArgument } from "../../errors.js";
import { dictOf } from "../../pytree/container.js";
import {
  countOf,
  dictFieldOf,
  flagOf,
  integerOf,
  requiredField,
  safeIntegerOf,
} from "../../pytree/state-values.js";
import type { Tree } from "../../pytree/value.js";
import { pythonLength } from "../dataset-length.js";
import { andThen, isPromise, type MaybePromise, untilDefined } from "../maybe-promise.js";
import { type ElementIterator, END, type IteratorState, type IterNode } from "../node.js";
import { eachInTurn, listFieldOf } from "./parent-states.js";
import type { SliceableIterNode, WorkerSlice } from "./worker-slice.js";

/** The datasets that are interleaved, in order. */
export type DatasetList<T> = {
  /** May be `Infinity`. */
  readonly length: number;
  /** `null` where a filter took a dataset away: it counts as an empty one. */
  get(index: number): MaybePromise<IterNode<T> | null>;
};

/**
 * The elements of `cycleLength` datasets in turn, the next dataset in place of one that has ended: what
 * `InterleaveIterDataset` is made of (docs/spec/datarax.md section 6.3).
 *
 * The state is `{ next_index_in_cycle, next_index_in_datasets, iterators_in_use_indices, iterators_in_use_states,
 * exhausted, future_states }`. It names the datasets of a whole cycle, so that asking for it opens them; where they
 * come as promises, those that were not needed yet have the state `null`, with which Grain opens them when it needs
 * them.
 *
 * A dataset that a state calls exhausted is still asked whether it is: Grain's iterator says so of datasets in the
 * middle of an epoch, when it was set back after its end (as `repeat` does), and loses the rest of them when it restores
 * such a state.
 */
export function interleaveIter<T>(datasets: DatasetList<T>, cycleLength: number): SliceableIterNode<T> {
  if (!Number.isSafeInteger(cycleLength)) {
    throw invalidArgument(`cycle_length must be an integer, got ${cycleLength}`, {
      found: cycleLength,
      pythonType: "TypeError",
    });
  }
  return {
    parents: [], // as in Grain: seeds of the datasets reach no further
    open: () => new InterleaveIterator(datasets, cycleLength),
    sliced: (worker) => interleaveIter(partOf(datasets, worker), cycleLength),
  };
}

/** Every `count`-th dataset. */
function partOf<T>(datasets: DatasetList<T>, { index, count }: WorkerSlice): DatasetList<T> {
  return {
    length: Math.max(0, Math.ceil((datasets.length - index) / count)),
    get: (position) => datasets.get(index + position * count),
  };
}

/** Each is an iterator of its own, with a state: more would be a mistake. */
const MOST_SLOTS = 65_536;

/** A place in the cycle. */
type Slot<T> = {
  /** Which dataset it has, or had. */
  index: number;
  iterator: ElementIterator<T> | undefined;
  /** The state of a dataset that has ended. */
  ended: IteratorState | undefined;
  /** Whether `ended` comes from a state and was not looked into. */
  isClaim: boolean;
};

class InterleaveIterator<T> implements ElementIterator<T> {
  readonly #datasets: DatasetList<T>;
  #slots: Slot<T>[];
  #nextSlot = 0;
  #nextDataset = 0;
  /** States for datasets that are still to come. */
  #futureStates = new Map<number, IteratorState>();
  /** Whether datasets come as promises, so that a state cannot wait for them. */
  #comesLater = false;

  constructor(datasets: DatasetList<T>, cycleLength: number) {
    this.#datasets = datasets;
    const length = Math.max(0, Math.min(cycleLength, datasets.length));
    if (length > MOST_SLOTS) {
      throw invalidArgument(`a cycle of ${length} datasets, at most ${MOST_SLOTS}`, {
        found: length,
        pythonType: "MemoryError",
      });
    }
    this.#slots = Array.from({ length }, (_, index) => emptySlot<T>(index));
  }

  next(): MaybePromise<IteratorResult<T, undefined>> {
    return untilDefined(() => this.#attempt());
  }

  #attempt(): MaybePromise<IteratorResult<T, undefined> | undefined> {
    const slot = this.#slots[this.#nextSlot];
    if (slot === undefined) throw invalidArgument("list index out of range", { pythonType: "IndexError" });
    if (slot.iterator !== undefined) return this.#advance(slot, slot.iterator);
    if (slot.isClaim) return this.#lookInto(slot);
    if (this.#nextDataset < this.#datasets.length) return this.#openNext(slot);
    if (this.#slots.every(({ iterator, isClaim }) => iterator === undefined && !isClaim)) return END;
    this.#toNextSlot();
    return undefined;
  }

  #advance(
    slot: Slot<T>,
    iterator: ElementIterator<T>,
  ): MaybePromise<IteratorResult<T, undefined> | undefined> {
    return andThen(iterator.next(), (result) => {
      if (result.done === true) {
        slot.iterator = undefined;
        slot.ended = iterator.getState();
      }
      this.#toNextSlot();
      return result.done === true ? undefined : result;
    });
  }

  #toNextSlot(): void {
    this.#nextSlot = (this.#nextSlot + 1) % this.#slots.length;
  }

  /** Takes the dataset back into use if, against what the state says, it has elements left. */
  #lookInto(slot: Slot<T>): MaybePromise<IteratorResult<T, undefined> | undefined> {
    return andThen(this.#openAt(slot.index, slot.ended), (iterator) =>
      andThen(iterator?.next() ?? END, (result) => {
        slot.isClaim = false;
        if (result.done === true) return undefined;
        slot.iterator = iterator;
        slot.ended = undefined;
        this.#toNextSlot();
        return result;
      }),
    );
  }

  #openNext(slot: Slot<T>): MaybePromise<undefined> {
    const index = this.#nextDataset;
    return andThen(this.#openAt(index, this.#futureStates.get(index)), (iterator) => {
      this.#take(slot, index, iterator);
      return undefined;
    });
  }

  #take(slot: Slot<T>, index: number, iterator: ElementIterator<T> | undefined): void {
    this.#nextDataset = index + 1;
    this.#futureStates.delete(index);
    if (iterator === undefined) return;
    slot.index = index;
    slot.iterator = iterator;
    slot.ended = undefined;
  }

  #openAt(index: number, state: IteratorState | undefined): MaybePromise<ElementIterator<T> | undefined> {
    const dataset = this.#datasets.get(index);
    if (isPromise(dataset)) this.#comesLater = true;
    return andThen(dataset, (node) => {
      const iterator = node?.open();
      if (iterator === undefined || state === undefined || isEmpty(state)) return iterator;
      return andThen(iterator.setState(state), () => iterator);
    });
  }

  getState(): IteratorState {
    this.#fillCycle();
    return dictOf([
      ["next_index_in_cycle", this.#nextSlot],
      ["next_index_in_datasets", this.#nextDataset],
      ["iterators_in_use_indices", this.#slots.map(({ index }) => index)],
      ["iterators_in_use_states", this.#slots.map(stateOf)],
      ["exhausted", this.#slots.map(({ ended }) => (ended === undefined ? 0 : 1))],
      ["future_states", dictOf(Array.from(this.#futureStates, ([index, state]) => [String(index), state]))],
    ]);
  }

  /** Opens a dataset for each place that had none yet. */
  #fillCycle(): void {
    for (const slot of this.#slots) {
      while (slot.iterator === undefined && slot.ended === undefined) {
        const index = this.#nextDataset;
        if (this.#comesLater || index >= this.#datasets.length) return;
        const iterator = this.#openAt(index, this.#futureStates.get(index));
        if (isPromise(iterator)) {
          this.#comesLater = true;
          iterator.then(undefined, () => {}); // opened again when it is needed
          return;
        }
        this.#take(slot, index, iterator);
      }
    }
  }

  setState(state: IteratorState): MaybePromise<void> {
    const nextSlot = this.#countBelow(state, "next_index_in_cycle", Math.max(1, this.#slots.length));
    const nextDataset = this.#nextDatasetOf(state);
    const futureStates = futureStatesOf(state);
    const { slots, inUse } = this.#slotsOf(state);
    const opened = eachInTurn(inUse, ([slot, slotState]) =>
      andThen(this.#openAt(slot.index, slotState), (iterator) => {
        if (iterator === undefined) throw absentDataset(slot.index);
        slot.iterator = iterator;
      }),
    );
    return andThen(opened, () => {
      this.#slots = slots;
      this.#nextSlot = nextSlot;
      this.#nextDataset = nextDataset;
      this.#futureStates = futureStates;
    });
  }

  /** Refused in the words of the iterator over the datasets, whose position it is. */
  #nextDatasetOf(state: IteratorState): number {
    const field = "next_index_in_datasets";
    const index = integerOf(requiredField(state, field), field);
    const { length } = this.#datasets;
    if (index >= 0 && index <= length) return safeIntegerOf(index, field);
    throw invalidArgument(
      `Checkpoint \`next_index\` ${index} is out of range for dataset of length ${pythonLength(length)}.`,
      { field, found: index, pythonType: "IndexError" },
    );
  }

  /** The cycle that a state describes, and the places in it that are in use with the states of their datasets. */
  #slotsOf(state: IteratorState) {
    const lists = ["iterators_in_use_indices", "iterators_in_use_states", "exhausted"].map((field) => {
      const list = listFieldOf(requiredField(state, field), field);
      if (list.length === this.#slots.length) return list;
      throw wrongNumber(field, list.length, `a list of ${this.#slots.length}, the datasets of a cycle`);
    });
    const [indices = [], states = [], exhausted = []] = lists;
    const inUse: (readonly [Slot<T>, IteratorState])[] = [];
    const slots = this.#slots.map((_, place) => {
      const indexField = `iterators_in_use_indices[${place}]`;
      const slot = emptySlot<T>(countBelow(indices[place] ?? null, indexField, this.#datasets.length));
      const stored = states[place] ?? null;
      if (stored === null) return slot;
      const slotState = dictFieldOf(stored, `iterators_in_use_states[${place}]`);
      if (flagOf(exhausted[place] ?? null, `exhausted[${place}]`)) {
        slot.ended = slotState;
        slot.isClaim = !isEmpty(slotState);
      } else {
        inUse.push([slot, slotState]);
      }
      return slot;
    });
    return { slots, inUse };
  }

  #countBelow(state: IteratorState, field: string, end: number): number {
    return countBelow(requiredField(state, field), field, end);
  }
}

function emptySlot<T>(index: number): Slot<T> {
  return { index, iterator: undefined, ended: undefined, isClaim: false };
}

/** Python takes an empty state for none. */
function isEmpty(state: IteratorState): boolean {
  return Object.keys(state).length === 0;
}

function stateOf<T>({ iterator, ended }: Slot<T>): Tree {
  return ended ?? iterator?.getState() ?? null;
}

/** Absent where Orbax dropped it for being empty. JSON makes strings of the indices. */
function futureStatesOf(state: IteratorState): Map<number, IteratorState> {
  const field = "future_states";
  const found = Object.hasOwn(state, field) ? state[field] : undefined;
  const futureStates = new Map<number, IteratorState>();
  if (found === undefined || found === null) return futureStates;
  for (const [key, value] of Object.entries(dictFieldOf(found, field))) {
    const index = /^(?:0|[1-9]\d{0,15})$/.test(key) ? Number(key) : key;
    futureStates.set(
      countBelow(index, `${field} key`, Number.POSITIVE_INFINITY),
      dictFieldOf(value, `${field}.${key}`),
    );
  }
  return futureStates;
}

function countBelow(value: Tree, field: string, end: number): number {
  const count = countOf(value, field);
  if (count < end) return count;
  throw wrongNumber(field, count, `less than ${end}`);
}

function absentDataset(index: number) {
  return invalidArgument(`state: dataset ${index} is in use, but a filter takes it away`, { found: index });
}

function wrongNumber(field: string, found: number, expected: string) {
  return invalidArgument(`state: ${field} is ${found}, expected ${expected}`, {
    field,
    found,
    expected,
    pythonType: "IndexError",
  });
}
