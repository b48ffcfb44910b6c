import type { DatasetIterator } from "../../src/grain/dataset-iterator.js";
import type { IterDataset } from "../../src/grain/iter-dataset.js";
import type { RandomAccessDataSource } from "../../src/grain/map/source.js";
import type { MapDataset } from "../../src/grain/map-dataset.js";
import type { IteratorState } from "../../src/grain/node.js";

type Dataset<T> = MapDataset<T> | IterDataset<T>;

/** A new iterator over a dataset, at a state. */
export function iterateFrom<T>(dataset: Dataset<T>, state: IteratorState): DatasetIterator<T> {
  const iterator = dataset[Symbol.iterator]();
  iterator.setState(state);
  return iterator;
}

/** The states of an iteration: at the start, behind each element, and behind the end. */
export function statesAlong<T>(dataset: Dataset<T>): IteratorState[] {
  const iterator = dataset[Symbol.iterator]();
  const states = [iterator.getState()];
  let result: IteratorResult<T, undefined>;
  do {
    result = iterator.next();
    states.push(iterator.getState());
  } while (result.done !== true);
  return states;
}

/** A source that answers with a promise, later for some elements than for others. */
export function laterSource<T>(elements: readonly T[]): RandomAccessDataSource<T> {
  return {
    length: elements.length,
    async get(index) {
      for (let turns = index % 3; turns > 0; turns--) await Promise.resolve();
      return elements[index];
    },
  };
}
