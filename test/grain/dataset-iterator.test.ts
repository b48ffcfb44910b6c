import { describe, expect, it } from "vitest";
import { ElasticIterator } from "../../src/grain/elastic-iterator.js";
import { WindowShuffleIterDataset } from "../../src/grain/iter/window-shuffle.js";
import type { IterDataset } from "../../src/grain/iter-dataset.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import { collect, take } from "../elements.js";
import { failure } from "../failure.js";

function eventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The numbers below 12, those from `later` on as promises. */
const mixed = (later: number) => MapDataset.range(12).map((x) => (x < later ? x : Promise.resolve(x)));

describe("DatasetIterator over a pipeline that answers with promises", () => {
  const pipelines: [string, IterDataset<unknown>, unknown][] = [
    ["a range", mixed(5).toIterDataset(), 5],
    ["a batch", mixed(5).toIterDataset().batch(2), [4, 5]],
    [
      "a shuffled window",
      new WindowShuffleIterDataset(mixed(5).toIterDataset(), { windowSize: 4, seed: 1 }),
      undefined,
    ],
  ];

  it.each(pipelines)("refuses %s, stays there and lets another iterator go on", async (_, dataset, next) => {
    const iterator = dataset[Symbol.iterator]();
    const given: unknown[] = [];
    const refused = failure("INVALID_ARGUMENT", {});
    expect(() => {
      for (const element of iterator) given.push(element);
    }).toThrow(refused);
    const fresh = dataset[Symbol.iterator]();
    const before = take(fresh, given.length);
    const state = fresh.getState();
    expect(iterator.getState()).toEqual(state);
    expect(() => iterator.next()).toThrow(refused);
    await eventLoop(); // what was asked for has come meanwhile
    expect(iterator.getState()).toEqual(state);
    const other = dataset[Symbol.asyncIterator]();
    await other.setState(iterator.getState());
    const rest = await collect({ [Symbol.asyncIterator]: () => other });
    expect([...before, ...rest]).toEqual(await collect(dataset));
    if (next !== undefined) expect(rest[0]).toEqual(next);
  });

  it("can be set back from there", () => {
    const iterator = mixed(3)[Symbol.iterator]();
    expect(take(iterator, 3)).toEqual([0, 1, 2]);
    expect(() => iterator.next()).toThrow(/for await/u);
    iterator.setState({ next_index: 1 });
    expect(take(iterator, 2)).toEqual([1, 2]);
    expect(() => iterator.next()).toThrow(/for await/u);
    expect(iterator.getState()).toEqual({ next_index: 3 });
  });

  it("stays behind the last element after a function threw", async () => {
    let mayFail = true;
    const dataset = mixed(4)
      .toIterDataset()
      .map((x) => {
        if (x === 2 && mayFail) throw new Error("no 2");
        return x;
      });
    const iterator = dataset[Symbol.iterator]();
    take(iterator, 2);
    expect(() => iterator.next()).toThrow("no 2");
    mayFail = false;
    expect(iterator.next()).toEqual({ done: false, value: 3 });
    expect(() => iterator.next()).toThrow(/for await/u);
    expect(iterator.getState()).toEqual({ next_index: 4 });
  });

  it("asks a source that rejects for one element, and leaves no rejection behind", async () => {
    let asked = 0;
    const dataset = MapDataset.range(9).map((x) => Promise.reject(new Error(`no ${x}, ${++asked}`)));
    expect(() => dataset[Symbol.iterator]().next()).toThrow(/for await/u);
    await eventLoop();
    expect(asked).toBe(1);
  });

  it("refuses a state for which it would have to wait, and stays where it was", async () => {
    const dataset = new WindowShuffleIterDataset(mixed(4).toIterDataset(), { windowSize: 4, seed: 1 });
    const iterator = dataset[Symbol.iterator]();
    iterator.next();
    const state = iterator.getState();
    const later = { parent_window_start_state: { next_index: 4 }, window_index: 1, pos_in_window: 1 };
    expect(() => iterator.setState(later)).toThrow(/for await/u);
    await eventLoop();
    expect(iterator.getState()).toEqual(state);
  });
});

describe("AsyncDatasetIterator", () => {
  it("carries out calls in their order, whether they succeed or not", async () => {
    let flaws = 0;
    const dataset = MapDataset.range(9).map(async (x) => {
      await eventLoop();
      if (x === 1 && flaws++ === 0) throw new Error("no 1");
      return x;
    });
    const iterator = dataset[Symbol.asyncIterator]();
    const answers = await Promise.allSettled([
      iterator.next(),
      iterator.getState(),
      iterator.next(),
      iterator.getState(),
      iterator.setState({ next_index: "x" }),
      iterator.next(),
      iterator.setState({ next_index: 5 }),
      iterator.next(),
      iterator.getState(),
    ]);
    const told = answers.map((answer) => (answer.status === "fulfilled" ? answer.value : "error"));
    expect(told).toEqual([
      { done: false, value: 0 },
      { next_index: 1 },
      "error",
      { next_index: 1 },
      "error",
      { done: false, value: 1 },
      undefined,
      { done: false, value: 5 },
      { next_index: 6 },
    ]);
  });

  it.each(["at once", "later"])("passes over 10^6 elements that answer %s", async (how) => {
    const dataset = MapDataset.range(1_000_000)
      .toIterDataset()
      .filter((x) => (how === "at once" || x % 3 === 0 ? x === 999_999 : Promise.resolve(x === 999_999)));
    expect(await collect(dataset)).toEqual([999_999]);
  });

  it.each(["at once", "later"])("goes through 400 transformations that answer %s", async (how) => {
    let dataset = MapDataset.range(50).toIterDataset();
    for (let depth = 0; depth < 200; depth++) {
      dataset = dataset
        .map((x) => (how === "at once" ? x + 1 : Promise.resolve(x + 1)))
        .filter((x) => (how === "at once" ? x < 1e6 : Promise.resolve(x < 1e6)));
    }
    expect(await collect(dataset)).toEqual(Array.from({ length: 50 }, (_, x) => x + 200));
  });
});

describe("ElasticIterator over a source that answers with promises", () => {
  const shards = { globalBatchSize: 2, shardOptions: { shardIndex: 0, shardCount: 1, dropRemainder: false } };

  it("does not move when it is asked at once", async () => {
    const shard = new ElasticIterator(mixed(4), shards);
    expect([shard.next().value, shard.next().value]).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(() => shard.next()).toThrow(/for await/u);
    await eventLoop();
    expect(shard.getState()).toEqual({ global_next_index: 4 });
    const later = shard[Symbol.asyncIterator]();
    expect((await later.next()).value).toEqual([4, 5]);
    expect(shard.getState()).toEqual({ global_next_index: 6 });
  });

  it("takes no step at once while another is being awaited", async () => {
    const shard = new ElasticIterator(mixed(0), shards);
    const first = shard[Symbol.asyncIterator]().next();
    await Promise.resolve();
    expect(() => shard.next()).toThrow(failure("INVALID_ARGUMENT", {}));
    expect((await first).value).toEqual([0, 1]);
    expect(shard.getState()).toEqual({ global_next_index: 2 });
  });
});
