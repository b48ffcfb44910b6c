import { describe, expect, it } from "vitest";
import { FlatMapIterDataset } from "../../../src/grain/iter/flat-map.js";
import { RepeatIterDataset } from "../../../src/grain/iter/repeat.js";
import { failure } from "../../failure.js";
import { brokenOnce, rangeIter } from "./sources.js";

const twice = { flatMap: (x: number) => [x, -x] };

describe("FlatMapIterDataset", () => {
  it("passes over an element that its function throws for, and repeats nothing", () => {
    const dataset = new FlatMapIterDataset(rangeIter(1, 5), {
      flatMap(x) {
        if (x === 3) throw new Error("no 3");
        return [x, -x];
      },
    });
    const iterator = dataset[Symbol.iterator]();
    for (let step = 0; step < 4; step++) iterator.next();
    expect(() => iterator.next()).toThrow("no 3");
    expect(iterator.getState()).toEqual({ parent: { next_index: 2 }, next_index_in_buffer: 0 });
    expect([...iterator]).toEqual([4, -4]);
  });

  it("awaits its function", async () => {
    const dataset = new FlatMapIterDataset(rangeIter(1, 3), { flatMap: async (x) => [x, x] });
    const elements: number[] = [];
    for await (const element of dataset) elements.push(element);
    expect(elements).toEqual([1, 1, 2, 2]);
  });

  it("gives no element twice when it is set back to its end", () => {
    const iterator = new FlatMapIterDataset(rangeIter(1, 3), twice)[Symbol.iterator]();
    const all = [...iterator];
    expect(all).toEqual([1, -1, 2, -2]);
    iterator.setState(iterator.getState());
    expect(iterator.next().done).toBe(true);
  });

  it("can be repeated", () => {
    const dataset = new RepeatIterDataset(new FlatMapIterDataset(rangeIter(1, 3), twice), { numEpochs: 2 });
    expect([...dataset]).toEqual([1, -1, 2, -2, 1, -1, 2, -2]);
  });

  it.each([
    [{ next_index_in_buffer: 0 }, "KeyError"],
    [{ parent: { next_index: 0 } }, "KeyError"],
    [{ parent: { next_index: 0 }, next_index_in_buffer: -1 }, "ValueError"],
    [{ parent: { next_index: 9 }, next_index_in_buffer: 0 }, "IndexError"],
  ])("refuses the state %o and stays where it is", (state, pythonType) => {
    const iterator = new FlatMapIterDataset(rangeIter(1, 3), twice)[Symbol.iterator]();
    iterator.next();
    expect(() => iterator.setState(state)).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect([...iterator]).toEqual([-1, 2, -2]);
  });

  it("leaves nothing out of its state behind a source that threw", () => {
    const dataset = new FlatMapIterDataset(brokenOnce(4, 2), { flatMap: (x) => [10 * x, 10 * x + 1] });
    const iterator = dataset[Symbol.iterator]();
    expect(Array.from({ length: 4 }, () => iterator.next().value)).toEqual([0, 1, 10, 11]);
    expect(() => iterator.next()).toThrow("cannot read 2");
    const resumed = dataset[Symbol.iterator]();
    resumed.setState(iterator.getState());
    expect([...resumed]).toEqual([20, 21, 30, 31]);
  });
});
