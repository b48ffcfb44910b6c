import { describe, expect, it } from "vitest";
import { InterleaveIterDataset } from "../../../src/grain/iter/interleave.js";
import type { IterDataset } from "../../../src/grain/iter-dataset.js";
import { MapDataset } from "../../../src/grain/map-dataset.js";
import { failure } from "../../failure.js";
import { rangeIter } from "./sources.js";

/** Three datasets that are made when they are needed, `[0, 1, 2]`, `[100, …]` and `[200, …]`. */
const made = (make: (start: number) => IterDataset<number> | Promise<IterDataset<number>>) =>
  new InterleaveIterDataset(MapDataset.source([0, 100, 200]).map(make), { cycleLength: 2 });

const ORDER = [0, 100, 1, 101, 2, 102, 200, 201, 202];

describe("InterleaveIterDataset", () => {
  it("has no elements to give without datasets or places, in Python's words", () => {
    for (const [datasets, cycleLength] of [
      [[], 2],
      [[MapDataset.range(2)], 0],
      [[MapDataset.range(2)], -1],
    ] as const) {
      const iterator = new InterleaveIterDataset(datasets, { cycleLength })[Symbol.iterator]();
      expect(iterator.getState()).toMatchObject({ iterators_in_use_states: [], exhausted: [] });
      expect(() => iterator.next()).toThrow(failure("INVALID_ARGUMENT", { pythonType: "IndexError" }));
    }
  });

  it("refuses a cycle that is no integer", () => {
    expect(() => new InterleaveIterDataset([], { cycleLength: 1.5 })).toThrow(failure("INVALID_ARGUMENT"));
  });

  it("makes datasets when they are needed", () => {
    const starts: number[] = [];
    const dataset = made((start) => {
      starts.push(start);
      return rangeIter(start, start + 3);
    });
    const iterator = dataset[Symbol.iterator]();
    expect(starts).toEqual([]);
    iterator.next();
    expect(starts).toEqual([0]);
    iterator.getState(); // names the datasets of a cycle
    expect(starts).toEqual([0, 100]);
    expect([...iterator]).toEqual(ORDER.slice(1));
    expect(starts).toEqual([0, 100, 200]);
  });

  it("takes datasets that a filter took away for empty ones", () => {
    const datasets = MapDataset.range(5)
      .filter((index) => index % 2 === 0)
      .map((index) => rangeIter(10 * index, 10 * index + 2));
    const dataset = new InterleaveIterDataset(datasets, { cycleLength: 2 });
    const elements = Array.from(dataset);
    expect(elements).toEqual([0, 20, 1, 21, 40, 41]);
    for (const position of elements.keys()) {
      const interrupted = dataset[Symbol.iterator]();
      for (let step = 0; step < position; step++) interrupted.next();
      const resumed = dataset[Symbol.iterator]();
      resumed.setState(interrupted.getState());
      expect([...resumed]).toEqual(elements.slice(position));
    }
  });

  describe("over datasets that come as promises", () => {
    const dataset = made(async (start) => {
      await Promise.resolve();
      return rangeIter(start, start + 3);
    });

    it("goes on from its state at every position", async () => {
      for (const position of [...ORDER.keys(), ORDER.length]) {
        const interrupted = dataset[Symbol.asyncIterator]();
        for (let step = 0; step < position; step++) await interrupted.next();
        const resumed = dataset[Symbol.asyncIterator]();
        await resumed.setState(await interrupted.getState());
        const rest: number[] = [];
        for await (const element of resumed) rest.push(element);
        expect(rest).toEqual(ORDER.slice(position));
      }
    });

    it("gives null for those that were not opened yet, which Grain opens", async () => {
      const iterator = dataset[Symbol.asyncIterator]();
      await iterator.next();
      expect(await iterator.getState()).toEqual({
        next_index_in_cycle: 1,
        next_index_in_datasets: 1,
        iterators_in_use_indices: [0, 1],
        iterators_in_use_states: [{ next_index: 1 }, null],
        exhausted: [0, 0],
        future_states: {},
      });
    });

    it("has to be awaited", () => {
      expect(() => dataset[Symbol.iterator]().next()).toThrow(failure("INVALID_ARGUMENT"));
    });
  });

  describe("restored from a state", () => {
    const dataset = new InterleaveIterDataset([rangeIter(0, 3), rangeIter(100, 103), rangeIter(200, 203)], {
      cycleLength: 2,
    });
    const state = {
      next_index_in_cycle: 1,
      next_index_in_datasets: 2,
      iterators_in_use_indices: [0, 1],
      iterators_in_use_states: [{ next_index: 1 }, { next_index: 0 }],
      exhausted: [0, 0],
      future_states: {},
    };
    const restored = (changes: Readonly<Record<string, unknown>>) => {
      const iterator = dataset[Symbol.iterator]();
      iterator.setState(JSON.parse(JSON.stringify({ ...state, ...changes })));
      return [...iterator];
    };

    it.each([undefined, {}, null])("needs no future states: %o", (futureStates) => {
      expect(restored({ future_states: futureStates })).toEqual([100, 1, 101, 2, 102, 200, 201, 202]);
    });

    it("begins a dataset at its future state, whose key JSON made a text", () => {
      const withFuture = { future_states: { 2: { next_index: 2 } } };
      expect(restored(withFuture)).toEqual([100, 1, 101, 2, 102, 202]);
    });

    it("gives back the future states of datasets to come", () => {
      const iterator = dataset[Symbol.iterator]();
      iterator.setState({ ...state, future_states: { 2: { next_index: 2 } } });
      iterator.next();
      expect(iterator.getState()).toMatchObject({ future_states: { 2: { next_index: 2 } } });
    });

    it("begins a dataset anew whose state is empty or null", () => {
      expect(restored({ iterators_in_use_states: [{}, { next_index: 3 }] })).toEqual([
        0, 200, 1, 201, 2, 202,
      ]);
      const beforeFirst = { next_index_in_cycle: 0, next_index_in_datasets: 0 };
      expect(restored({ ...beforeFirst, iterators_in_use_states: [null, null] })).toEqual(ORDER);
    });

    it("believes a dataset to be exhausted that has no state to look into", () => {
      expect(restored({ iterators_in_use_states: [{}, { next_index: 2 }], exhausted: [1, 0] })).toEqual([
        102, 200, 201, 202,
      ]);
    });

    it.each([
      [{ next_index_in_cycle: 2 }, "IndexError"],
      [{ next_index_in_cycle: -1 }, "ValueError"],
      [{ next_index_in_datasets: 4 }, "IndexError"],
      [{ iterators_in_use_indices: [0, 3] }, "IndexError"],
      [{ iterators_in_use_indices: [0, "1"] }, "TypeError"],
      [{ iterators_in_use_indices: [0] }, "IndexError"],
      [{ iterators_in_use_states: [{ next_index: 1 }, { next_index: 4 }] }, "IndexError"],
      [{ iterators_in_use_states: [{ next_index: 1 }, 0] }, "TypeError"],
      [{ iterators_in_use_states: { 0: {} } }, "TypeError"],
      [{ exhausted: [0, null] }, "TypeError"],
      [{ exhausted: [0, 0, 0] }, "IndexError"],
      [{ exhausted: undefined }, "KeyError"],
      [{ future_states: [] }, "TypeError"],
      [{ future_states: { two: {} } }, "TypeError"],
      [{ future_states: { 2: 7 } }, "TypeError"],
    ])("refuses %o and stays where it is", (changes, pythonType) => {
      const iterator = dataset[Symbol.iterator]();
      iterator.next();
      const bad = JSON.parse(JSON.stringify({ ...state, ...changes }));
      expect(() => iterator.setState(bad)).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
      expect([...iterator]).toEqual(ORDER.slice(1));
    });
  });
});
