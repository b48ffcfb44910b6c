import { describe, expect, it } from "vitest";
import { CacheIterDataset } from "../../../src/grain/iter/cache.js";
import { RepeatIterDataset } from "../../../src/grain/iter/repeat.js";
import { failure } from "../../failure.js";
import { rangeIter } from "./sources.js";

describe("CacheIterDataset", () => {
  it("reads each element once, however often it is repeated", () => {
    let reads = 0;
    const counted = rangeIter(0, 4).map((value) => {
      reads++;
      return value;
    });
    const repeated = new RepeatIterDataset(new CacheIterDataset(counted), { numEpochs: 3 });
    expect([...repeated]).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
    expect(reads).toBe(4);
  });

  it("holds elements that are undefined", () => {
    const undefineds = rangeIter(0, 2).map(() => undefined);
    const repeated = new RepeatIterDataset(new CacheIterDataset(undefineds), { numEpochs: 2 });
    expect([...repeated]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("reads again what it lacks after a source failed within that", async () => {
    let failures = 1;
    const dataset = new CacheIterDataset(
      rangeIter(0, 5).map(async (value) => {
        await Promise.resolve();
        if (value === 1 && failures-- > 0) throw new Error("cannot read");
        return value;
      }),
    );
    const iterator = dataset[Symbol.asyncIterator]();
    await iterator.setState({ parent: { next_index: 3 }, position: 3, cache_filled: false });
    await expect(iterator.next()).rejects.toThrow("cannot read");
    expect(await iterator.next()).toEqual({ done: false, value: 3 });
  });

  it("ends for a position that its parent does not reach", () => {
    const iterator = new CacheIterDataset(rangeIter(0, 3))[Symbol.iterator]();
    iterator.setState({ parent: { next_index: 3 }, position: 2 ** 40, cache_filled: true });
    expect(iterator.next().done).toBe(true);
    expect(iterator.next().done).toBe(true);
  });

  it.each([
    [{ position: 0, cache_filled: false }, "KeyError"],
    [{ parent: { next_index: 0 }, cache_filled: false }, "KeyError"],
    [{ parent: { next_index: 0 }, position: 0 }, "KeyError"],
    [{ parent: { next_index: 0 }, position: -1, cache_filled: false }, "ValueError"],
    [{ parent: { next_index: 0 }, position: 0, cache_filled: "x" }, "TypeError"],
  ])("refuses the state %o and stays where it is", (state, pythonType) => {
    const iterator = new CacheIterDataset(rangeIter(0, 3))[Symbol.iterator]();
    iterator.next();
    expect(() => iterator.setState(state)).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect([...iterator]).toEqual([1, 2]);
  });
});
