import { describe, expect, it } from "vitest";
import { WindowShuffleIterDataset } from "../../../src/grain/iter/window-shuffle.js";
import { failure } from "../../failure.js";
import { brokenOnce, rangeIter } from "./sources.js";

describe("WindowShuffleIterDataset", () => {
  it.each([0, -1, 1.5])("refuses a window of %d", (windowSize) => {
    expect(() => new WindowShuffleIterDataset(rangeIter(0, 2), { windowSize, seed: 1 })).toThrow(
      failure("INVALID_ARGUMENT", { pythonType: "ValueError" }),
    );
  });

  it("takes a seed as bigint too", () => {
    const parent = rangeIter(0, 11);
    expect(Array.from(new WindowShuffleIterDataset(parent, { windowSize: 4, seed: 441n }))).toEqual(
      Array.from(new WindowShuffleIterDataset(parent, { windowSize: 4, seed: 441 })),
    );
  });

  it("fails at a window whose seed would be 2^32, in Grain's words, as often as it is asked", () => {
    const dataset = new WindowShuffleIterDataset(rangeIter(0, 6), { windowSize: 2, seed: 2 ** 32 - 2 });
    const iterator = dataset[Symbol.iterator]();
    for (let step = 0; step < 4; step++) iterator.next();
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(() => iterator.next()).toThrow(failure("INVALID_ARGUMENT", { pythonType: "TypeError" }));
    }
    expect(() => iterator.next()).toThrow("Invoked with: 0; kwargs: max_index=1, seed=4294967296, rounds=4");
  });

  it("restores behind the last window that a seed allows, where Grain fails", () => {
    const dataset = new WindowShuffleIterDataset(rangeIter(0, 4), { windowSize: 2, seed: 2 ** 32 - 2 });
    const iterator = dataset[Symbol.iterator]();
    for (let step = 0; step < 4; step++) iterator.next();
    const resumed = dataset[Symbol.iterator]();
    resumed.setState(iterator.getState());
    expect(resumed.next().done).toBe(true);
  });

  it("loses nothing when a source fails once within a window", () => {
    const options = { windowSize: 4, seed: 7 };
    const iterator = new WindowShuffleIterDataset(brokenOnce(8, 2), options)[Symbol.iterator]();
    expect(() => iterator.next()).toThrow("cannot read 2");
    const elements = [...iterator];
    expect(elements.toSorted((a, b) => a - b)).toEqual([0, 1, 3, 4, 5, 6, 7]); // the source went past 2
    expect(elements.slice(0, 4).toSorted((a, b) => a - b)).toEqual([0, 1, 3, 4]);
  });

  it.each([
    [{ window_index: 0, pos_in_window: 0 }, "KeyError"],
    [{ parent_window_start_state: { next_index: 0 }, window_index: 0 }, "KeyError"],
    [{ parent_window_start_state: { next_index: 0 }, window_index: -1, pos_in_window: 0 }, "ValueError"],
    [{ parent_window_start_state: { next_index: 0 }, window_index: 0, pos_in_window: -2 }, "ValueError"],
    [{ parent_window_start_state: { next_index: 0 }, window_index: 2 ** 40, pos_in_window: 0 }, "TypeError"],
    [{ parent_window_start_state: { next_index: 77 }, window_index: 0, pos_in_window: 0 }, "IndexError"],
  ])("refuses the state %o and stays where it is", (state, pythonType) => {
    const dataset = new WindowShuffleIterDataset(rangeIter(0, 5), { windowSize: 2, seed: 1 });
    const iterator = dataset[Symbol.iterator]();
    const elements = Array.from(dataset);
    iterator.next();
    expect(() => iterator.setState(state)).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect([...iterator]).toEqual(elements.slice(1));
  });
});
