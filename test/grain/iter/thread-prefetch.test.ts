import { describe, expect, it } from "vitest";
import { RepeatIterDataset } from "../../../src/grain/iter/repeat.js";
import { ThreadPrefetchIterDataset } from "../../../src/grain/iter/thread-prefetch.js";
import type { IterDataset } from "../../../src/grain/iter-dataset.js";
import { failure } from "../../failure.js";
import { rangeIter } from "./sources.js";

/** A source that answers when it is told to, and what was asked for. */
function heldBack(length: number): {
  dataset: IterDataset<number>;
  asked: number[];
  answer(): Promise<void>;
} {
  const asked: number[] = [];
  const waiting: (() => void)[] = [];
  const dataset = rangeIter(0, length).map(async (value) => {
    asked.push(value);
    await new Promise<void>((resolve) => waiting.push(resolve));
    return value;
  });
  return {
    dataset,
    asked,
    async answer() {
      await turnsOfTheLoop();
      waiting.shift()?.();
      await turnsOfTheLoop();
    },
  };
}

async function turnsOfTheLoop(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe("ThreadPrefetchIterDataset", () => {
  it.each([-1, 0.5])("refuses a buffer of %d", (prefetchBufferSize) => {
    expect(() => new ThreadPrefetchIterDataset(rangeIter(0, 2), { prefetchBufferSize })).toThrow(
      `\`prefetch_buffer_size\` must be greater than or equal to 0, got ${prefetchBufferSize}.`,
    );
  });

  it("asks a source that answers later for the next elements, one after another", async () => {
    const source = heldBack(9);
    const dataset = new ThreadPrefetchIterDataset(source.dataset, { prefetchBufferSize: 2 });
    const iterator = dataset[Symbol.asyncIterator]();
    const first = iterator.next();
    await source.answer();
    expect(await first).toEqual({ done: false, value: 0 });
    await source.answer();
    await source.answer();
    await source.answer(); // nothing: two elements lie ready
    expect(source.asked).toEqual([0, 1, 2]);
    expect(await iterator.getState()).toEqual({ next_index: 1 });
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
    expect(await iterator.getState()).toEqual({ next_index: 2 });
    expect(source.asked).toEqual([0, 1, 2, 3]);
  });

  it("asks for nothing ahead without a buffer, or of a source that answers at once", async () => {
    const asked: number[] = [];
    const source = rangeIter(0, 9).map((value) => {
      asked.push(value);
      return value;
    });
    new ThreadPrefetchIterDataset(source, { prefetchBufferSize: 4 })[Symbol.iterator]().next();
    const later = source.map(async (value) => value);
    const iterator = new ThreadPrefetchIterDataset(later, { prefetchBufferSize: 0 })[Symbol.asyncIterator]();
    await iterator.next();
    await turnsOfTheLoop();
    expect(asked).toEqual([0, 0]);
  });

  it("asks nothing behind the end or an error before somebody wants it", async () => {
    let calls = 0;
    const source = rangeIter(0, 3).map(async (value) => {
      calls++;
      await Promise.resolve();
      if (value === 1) throw new Error("cannot read 1");
      return value;
    });
    const iterator = new ThreadPrefetchIterDataset(source, { prefetchBufferSize: 5 })[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: 0 });
    await turnsOfTheLoop();
    expect(calls).toBe(2);
    await expect(iterator.next()).rejects.toThrow("cannot read 1");
    expect(await iterator.next()).toEqual({ done: false, value: 2 });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("can be set back while it reads ahead", async () => {
    const source = rangeIter(0, 4).map(async (value) => value);
    const prefetched = new ThreadPrefetchIterDataset(source, { prefetchBufferSize: 3 });
    const elements: number[] = [];
    for await (const element of new RepeatIterDataset(prefetched, { numEpochs: 2 })) elements.push(element);
    expect(elements).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
  });

  it("refuses a state of another kind and stays where it is", () => {
    const iterator = new ThreadPrefetchIterDataset(rangeIter(0, 3), { prefetchBufferSize: 2 })[
      Symbol.iterator
    ]();
    iterator.next();
    expect(() => iterator.setState({ epoch: 0 })).toThrow(
      failure("INVALID_ARGUMENT", { pythonType: "KeyError" }),
    );
    expect([...iterator]).toEqual([1, 2]);
  });
});
