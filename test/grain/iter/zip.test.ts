import { describe, expect, it } from "vitest";
import { ZipIterDataset } from "../../../src/grain/iter/zip.js";
import { failure } from "../../failure.js";
import { rangeIter } from "./sources.js";

describe("ZipIterDataset", () => {
  it("needs datasets", () => {
    expect(() => new ZipIterDataset([])).toThrow("At least one parent must be provided.");
  });

  it("is strict about lengths unless it shall not be", () => {
    const parents = [rangeIter(0, 2), rangeIter(10, 13)];
    expect(() => Array.from(new ZipIterDataset(parents))).toThrow(
      "ZipIterDataset argument 2 is longer than argument 1",
    );
    expect(Array.from(new ZipIterDataset(parents, { strict: false }))).toEqual([
      [0, 10],
      [1, 11],
    ]);
  });

  it("names the first of several datasets that is shorter", () => {
    const parents = [rangeIter(0, 3), rangeIter(0, 3), rangeIter(0, 2)];
    const act = () => Array.from(new ZipIterDataset(parents));
    expect(act).toThrow(failure("INVALID_ARGUMENT", { pythonType: "ValueError" }));
    expect(act).toThrow("ZipIterDataset argument 3 is shorter than arguments 1-2");
  });

  it("leaves datasets for which a state has nothing where they are", () => {
    const iterator = new ZipIterDataset([rangeIter(0, 4), rangeIter(10, 14)], { strict: false })[
      Symbol.iterator
    ]();
    iterator.setState({ parents: [{ next_index: 2 }] });
    expect(iterator.next().value).toEqual([2, 10]);
  });

  it.each([
    [{}, "KeyError"],
    [{ parents: 3 }, "TypeError"],
    [{ parents: [{ next_index: 5 }] }, "IndexError"],
    [{ parents: [{}] }, "KeyError"],
  ])("refuses the state %o and stays where it is", (state, pythonType) => {
    const iterator = new ZipIterDataset([rangeIter(0, 4), rangeIter(10, 14)])[Symbol.iterator]();
    iterator.next();
    expect(() => iterator.setState(state)).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect(iterator.next().value).toEqual([1, 11]);
  });
});
