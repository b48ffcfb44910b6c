import { describe, expect, it } from "vitest";
import { InterleaveIterDataset } from "../../../src/grain/iter/interleave.js";
import { LimitIterDataset } from "../../../src/grain/iter/limit.js";
import { RepeatIterDataset } from "../../../src/grain/iter/repeat.js";
import { WindowShuffleIterDataset } from "../../../src/grain/iter/window-shuffle.js";
import { MapDataset } from "../../../src/grain/map-dataset.js";
import { failure } from "../../failure.js";
import { rangeIter } from "./sources.js";

const interleaved = () =>
  new InterleaveIterDataset([MapDataset.range(3), MapDataset.range(10, 12), MapDataset.range(20, 22)], {
    cycleLength: 2,
  });
const EPOCH = [0, 10, 1, 11, 2, 20, 21];

describe("RepeatIterDataset", () => {
  it.each([0, -1, 1.5, Number.NaN, 2 ** 53])("refuses %d epochs", (numEpochs) => {
    expect(() => new RepeatIterDataset(rangeIter(0, 2), { numEpochs })).toThrow(
      `num_epochs must be positive, but got ${numEpochs}.`,
    );
  });

  it("repeats without end by default", () => {
    expect(Array.from(new LimitIterDataset(new RepeatIterDataset(rangeIter(0, 2)), { count: 5 }))).toEqual([
      0, 1, 0, 1, 0,
    ]);
  });

  it("ends where there is nothing to repeat", () => {
    const iterator = new RepeatIterDataset(rangeIter(0, 0))[Symbol.iterator]();
    expect(iterator.next()).toEqual({ done: true, value: undefined });
    expect(
      new RepeatIterDataset(rangeIter(0, 0), { numEpochs: 2 ** 40 })[Symbol.iterator]().next().done,
    ).toBe(true);
  });

  it("repeats the same over interleaved datasets, where Grain's third epoch has another order", () => {
    expect(Array.from(new RepeatIterDataset(interleaved(), { numEpochs: 4 }))).toEqual([
      ...EPOCH,
      ...EPOCH,
      ...EPOCH,
      ...EPOCH,
    ]);
  });

  it("calls no dataset exhausted that has elements left in a later epoch", () => {
    const iterator = new RepeatIterDataset(interleaved())[Symbol.iterator]();
    for (let step = 0; step < EPOCH.length + 2; step++) iterator.next();
    expect(iterator.getState()).toMatchObject({ epoch: 1, parent: { exhausted: [0, 0] } });
  });

  it("goes on from Grain's states that do so", () => {
    // What Grain 0.2.18 gives behind the second element of the second epoch.
    const state = {
      parent: {
        next_index_in_cycle: 0,
        next_index_in_datasets: 2,
        iterators_in_use_indices: [0, 1],
        iterators_in_use_states: [{ next_index: 1 }, { next_index: 1 }],
        exhausted: [1, 1],
        future_states: {},
      },
      epoch: 1,
    };
    const iterator = new RepeatIterDataset(interleaved(), { numEpochs: 2 })[Symbol.iterator]();
    iterator.setState(state);
    expect(iterator.getState()).toEqual(state);
    expect([...iterator]).toEqual(EPOCH.slice(2));
  });

  it.each([
    [{ parent: { next_index: 0 } }, "KeyError"],
    [{ epoch: 0 }, "KeyError"],
    [{ parent: { next_index: 0 }, epoch: 3 }, "ValueError"],
    [{ parent: { next_index: 0 }, epoch: -1 }, "ValueError"],
    [{ parent: [], epoch: 0 }, "TypeError"],
    [{ parent: { next_index: 3 }, epoch: 0 }, "IndexError"],
  ])("refuses the state %o and stays where it is", (state, pythonType) => {
    const iterator = new RepeatIterDataset(rangeIter(0, 2), { numEpochs: 2 })[Symbol.iterator]();
    iterator.next();
    expect(() => iterator.setState(state)).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect([...iterator]).toEqual([1, 0, 1]);
  });

  it("goes back to the start with the next call, where its source failed to", () => {
    let reads = 0;
    const source = MapDataset.source<number>({
      length: 4,
      get(index) {
        if (++reads === 6) throw new Error("no connection");
        return index;
      },
    }).toIterDataset();
    const window = new WindowShuffleIterDataset(source, { windowSize: 4, seed: 1 });
    const dataset = new RepeatIterDataset(window, { numEpochs: 2 });
    const iterator = dataset[Symbol.iterator]();
    const epoch = Array.from({ length: 4 }, () => iterator.next().value);
    expect(() => iterator.next()).toThrow("no connection");
    const resumed = dataset[Symbol.iterator]();
    resumed.setState(iterator.getState());
    expect([...iterator]).toEqual(epoch);
    expect([...resumed]).toEqual(epoch);
  });
});
