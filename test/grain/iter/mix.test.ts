import { describe, expect, it } from "vitest";
import { IterDataset } from "../../../src/grain/iter-dataset.js";
import { MapDataset } from "../../../src/grain/map-dataset.js";
import { failure } from "../../failure.js";
import { rangeIter } from "./sources.js";

describe("IterDataset.mix", () => {
  it.each([
    [[], undefined, "ValueError", "min() arg is an empty sequence"],
    [
      [rangeIter(0, 2), rangeIter(0, 3)],
      [1, 0],
      "ValueError",
      "Must specify all non-zero proportions for mixing.",
    ],
    [[rangeIter(0, 2), rangeIter(0, 3)], [1], "AssertionError", "2 datasets to mix, but 1 weights"],
  ])("refuses %# as Grain does", (datasets, weights, pythonType, message) => {
    expect(() => IterDataset.mix(datasets, weights)).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect(() => IterDataset.mix(datasets, weights)).toThrow(message);
  });

  it("takes datasets by name in the order of code points", () => {
    const names = ["z", "￿", "😀", "A"]; // U+1F600 comes behind U+FFFF, though its UTF-16 units do not
    const datasets = Object.fromEntries(
      names.map((name) => [name, MapDataset.source([name]).toIterDataset()]),
    );
    expect(Array.from(IterDataset.mix(datasets))).toEqual(["A", "z", "￿", "😀"]);
  });

  it("starts datasets that a state does not name at their beginning", () => {
    const before = IterDataset.mix({ a: rangeIter(0, 9), b: rangeIter(100, 109) })[Symbol.iterator]();
    for (let step = 0; step < 4; step++) before.next();
    const after = IterDataset.mix({ a: rangeIter(0, 9), c: rangeIter(200, 209) })[Symbol.iterator]();
    after.setState(before.getState());
    expect([after.next().value, after.next().value]).toEqual([2, 200]);
    expect(after.getState()).toEqual({
      parents: { a: { next_index: 3 }, c: { next_index: 1 } },
      index: 6,
      stop: false,
    });
  });

  it("takes a dataset called __proto__ as any other", () => {
    const datasets: Record<string, IterDataset<number>> = Object.create(null);
    datasets["__proto__"] = rangeIter(0, 2);
    const iterator = IterDataset.mix(datasets)[Symbol.iterator]();
    iterator.next();
    expect(JSON.stringify(iterator.getState())).toBe(
      '{"parents":{"__proto__":{"next_index":1}},"index":1,"stop":false}',
    );
    const resumed = IterDataset.mix(datasets)[Symbol.iterator]();
    resumed.setState(iterator.getState());
    expect(resumed.next()).toEqual({ done: false, value: 1 });
  });

  it("stops for good when a dataset throws", () => {
    const broken = rangeIter(0, 3).map((value) => {
      if (value === 1) throw new Error("cannot read");
      return value;
    });
    const iterator = IterDataset.mix([broken])[Symbol.iterator]();
    iterator.next();
    expect(() => iterator.next()).toThrow("cannot read");
    expect(iterator.getState()).toMatchObject({ index: 2, stop: true });
    expect(iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("stops for good when a dataset rejects", async () => {
    const broken = rangeIter(0, 3).map(async (value) => {
      await Promise.resolve();
      if (value === 1) throw new Error("cannot read");
      return value;
    });
    const iterator = IterDataset.mix([broken])[Symbol.asyncIterator]();
    await iterator.next();
    await expect(iterator.next()).rejects.toThrow("cannot read");
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it.each([
    [{}, "KeyError"],
    [{ parents: [], index: -1, stop: false }, "ValueError"],
    [{ parents: [], index: 1.5, stop: false }, "TypeError"],
    [{ parents: [], index: 2 ** 53, stop: false }, "TypeError"],
    [{ parents: {}, index: 0, stop: false }, "TypeError"],
    [{ parents: [7], index: 0, stop: false }, "TypeError"],
    [{ parents: [{ next_index: 99 }], index: 0, stop: false }, "IndexError"],
    [{ parents: [], index: 0, stop: "no" }, "TypeError"],
  ])("refuses the state %o and stays where it is", (state, pythonType) => {
    const iterator = IterDataset.mix([rangeIter(0, 9), rangeIter(100, 109)])[Symbol.iterator]();
    iterator.next();
    expect(() => iterator.setState(state)).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect(iterator.next()).toEqual({ done: false, value: 100 });
  });

  it("finds its way at a far position", () => {
    const endless = [0, 1].map(() => MapDataset.range(9).repeat().toIterDataset());
    const iterator = IterDataset.mix(endless)[Symbol.iterator]();
    const half = 2 ** 49; // of 2^50 elements, which are of either dataset in turn
    iterator.setState({
      parents: [{ next_index: half }, { next_index: half }],
      index: 2 * half,
      stop: false,
    });
    expect([iterator.next().value, iterator.next().value]).toEqual([half % 9, half % 9]);
  });
});
