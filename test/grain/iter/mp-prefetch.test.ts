import { describe, expect, it } from "vitest";
import { InterleaveIterDataset } from "../../../src/grain/iter/interleave.js";
import { multithreadPrefetch } from "../../../src/grain/iter/multithread-prefetch.js";
import { IterDataset } from "../../../src/grain/iter-dataset.js";
import { MapDataset } from "../../../src/grain/map-dataset.js";
import { element } from "../../../src/grain/node.js";
import { failure } from "../../failure.js";
import { rangeIter } from "./sources.js";

describe("mpPrefetch", () => {
  it.each([-1, 1.5])("refuses %d workers", (numWorkers) => {
    expect(() => rangeIter(0, 2).mpPrefetch({ numWorkers })).toThrow(failure("INVALID_ARGUMENT"));
  });

  it("refuses a buffer of 0", () => {
    expect(() => rangeIter(0, 2).mpPrefetch({ numWorkers: 1, perWorkerBufferSize: 0 })).toThrow(
      "`buffer_size` must be greater than 0, got 0.",
    );
  });

  it("changes nothing with 0 workers", () => {
    const dataset = rangeIter(0, 9).mpPrefetch({ numWorkers: 0 });
    expect(dataset[Symbol.iterator]().getState()).toEqual({ next_index: 0 });
  });

  it("runs the pipeline over each worker's part", () => {
    // As Grain 0.2.18 with 3 processes.
    expect([...rangeIter(0, 11).batch(2).mpPrefetch({ numWorkers: 3 })]).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
      [6, 9],
      [7, 10],
      [8],
    ]);
  });

  it("divides the parents of a mixture and the datasets of an interleaved one", () => {
    const mixed = IterDataset.mix([rangeIter(0, 4), rangeIter(100, 104)]).mpPrefetch({ numWorkers: 2 });
    expect([...mixed]).toEqual([0, 1, 100, 101, 2, 3, 102, 103]);
    const interleaved = new InterleaveIterDataset([rangeIter(0, 2), rangeIter(10, 12), rangeIter(20, 22)], {
      cycleLength: 2,
    });
    expect([...interleaved.mpPrefetch({ numWorkers: 2 })]).toEqual([0, 10, 20, 11, 1, 21]);
  });

  it("cannot divide a source that can only be iterated", () => {
    const source = new IterDataset<number>({
      parents: [],
      open: () => ({ next: () => element(1), getState: () => ({}), setState: () => undefined }),
    });
    const iterator = source.mpPrefetch({ numWorkers: 2 })[Symbol.iterator]();
    expect(() => iterator.next()).toThrow(failure("INVALID_ARGUMENT", { pythonType: "ValueError" }));
    expect(source.mpPrefetch({ numWorkers: 1 })[Symbol.iterator]().next().value).toBe(1);
  });

  it("gives back the state that it was given, where multithreadPrefetch gives the pipeline's own", () => {
    const cached = rangeIter(0, 4);
    const pipelines = [
      cached.mpPrefetch({ numWorkers: 1 }),
      multithreadPrefetch(cached, { numThreads: 1, bufferSize: 1 }),
    ];
    for (const [index, pipeline] of pipelines.entries()) {
      const iterator = pipeline[Symbol.iterator]();
      const state = {
        ...iterator.getState(),
        iterators_in_use_states: [{ next_index: 2, more: 1 }],
      };
      iterator.setState(state);
      expect(iterator.getState()).toMatchObject({
        iterators_in_use_states: [index === 0 ? { next_index: 2, more: 1 } : { next_index: 2 }],
      });
      expect([...iterator]).toEqual([2, 3]);
    }
  });

  it("divides the elements that a slice left", () => {
    const sliced = MapDataset.range(12).slice(1, null, 2).toIterDataset().mpPrefetch({ numWorkers: 2 });
    expect([...sliced]).toEqual([1, 3, 5, 7, 9, 11]);
  });
});
