import { describe, expect, it } from "vitest";
import { LimitIterDataset } from "../../../src/grain/iter/limit.js";
import { failure } from "../../failure.js";
import { rangeIter } from "./sources.js";

describe("LimitIterDataset", () => {
  it.each([0, -3, 2.5, Number.NaN])("refuses a count of %d", (count) => {
    expect(() => new LimitIterDataset(rangeIter(0, 2), { count })).toThrow(
      `Count must be a non-negative integer. Got ${count}`,
    );
  });

  it("ends for a state that has read more", () => {
    const iterator = new LimitIterDataset(rangeIter(0, 9), { count: 3 })[Symbol.iterator]();
    iterator.setState({ parent: { next_index: 1 }, count_elements_read: 5 });
    expect(iterator.next().done).toBe(true);
  });

  it.each([
    [{ parent: { next_index: 0 } }, "KeyError"],
    [{ count_elements_read: 0 }, "KeyError"],
    [{ parent: { next_index: 0 }, count_elements_read: -1 }, "ValueError"],
    [{ parent: { next_index: -1 }, count_elements_read: 0 }, "IndexError"],
  ])("refuses the state %o and stays where it is", (state, pythonType) => {
    const iterator = new LimitIterDataset(rangeIter(0, 9), { count: 3 })[Symbol.iterator]();
    iterator.next();
    expect(() => iterator.setState(state)).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect([...iterator]).toEqual([1, 2]);
  });
});
