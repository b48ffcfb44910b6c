import { describe, expect, it } from "vitest";
import type { IterDataset } from "../../src/grain/iter-dataset.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import type { IteratorState } from "../../src/grain/node.js";
import { collect, take } from "../elements.js";
import { failure } from "../failure.js";
import { iterateFrom, laterSource, statesAlong } from "./iterations.js";

const draw = (_: number, rng: { integers(low: number, high: number): number }) => rng.integers(0, 1000);
const iterate = (length: number) => MapDataset.range(length).toIterDataset();

// Expected values: grain 0.2.18 over the same pipelines.

describe("IterDataset's transformations", () => {
  it("draw random numbers by the number of the element", () => {
    const dataset = iterate(5).randomMap((x, rng) => [x, rng.integers(0, 100)], { seed: 7 });
    expect([...dataset]).toEqual([
      [0, 26],
      [1, 69],
      [2, 1],
      [3, 59],
      [4, 92],
    ]);
  });

  it("take default seeds from before and behind toIterDataset", () => {
    expect([...MapDataset.range(5).seed(3).toIterDataset().randomMap(draw)]).toEqual([
      673, 999, 819, 305, 554,
    ]);
    expect([...iterate(5).seed(11).randomMap(draw)]).toEqual([682, 732, 993, 901, 890]);
  });

  it("do not show null to the functions of maps, but to filters", () => {
    const dataset = MapDataset.range(5)
      .filter((x) => x % 2 === 0)
      .toIterDataset({ allowNones: true });
    expect(Array.from(dataset.map((x) => x + 1))).toEqual([1, null, 3, null, 5]);
    expect(Array.from(dataset.mapWithIndex((index, x) => index + x))).toEqual([0, null, 4, null, 8]);
    expect(Array.from(dataset.filter((x) => x === null))).toEqual([null, null]);
  });

  it("batch what filters leave", () => {
    const dataset = iterate(7).filter((x) => x % 3 !== 0);
    expect([...dataset.batch(3)]).toEqual([[1, 2, 4], [5]]);
    expect([...dataset.batch(3, { dropRemainder: true })]).toEqual([[1, 2, 4]]);
    expect([...dataset.batch(3, { batchFn: (elements) => elements.length })]).toEqual([3, 1]);
  });

  it("filter a million elements without a deep stack", () => {
    expect(Array.from(iterate(1_000_000).filter((x) => x === 999_999))).toEqual([999_999]);
  });

  it("do not count an element whose function threw", () => {
    let fails = true;
    const dataset = iterate(3).mapWithIndex((index, x) => {
      if (fails) throw new Error("once");
      return [index, x];
    });
    const iterator = dataset[Symbol.iterator]();
    expect(() => iterator.next()).toThrow("once");
    fails = false;
    expect([iterator.getState(), iterator.next().value]).toEqual([
      { parent: { next_index: 1 }, counter: 0 },
      [0, 1],
    ]);
  });
});

const pipelines: readonly [string, (source: MapDataset<number>) => IterDataset<unknown>][] = [
  ["map", (source) => source.toIterDataset().map((x) => x + 1)],
  ["filter", (source) => source.toIterDataset().filter((x) => x % 3 === 1)],
  ["batch", (source) => source.toIterDataset().batch(3)],
  ["batch that drops", (source) => source.toIterDataset().batch(4, { dropRemainder: true })],
  ["mapWithIndex", (source) => source.toIterDataset().mapWithIndex((index, x) => [index, x])],
  [
    "randomMap",
    (source) =>
      source
        .seed(1)
        .toIterDataset()
        .randomMap((x, rng) => x + rng.random()),
  ],
  ["nulls", (source) => source.filter((x) => x % 2 === 0).toIterDataset({ allowNones: true })],
  [
    "workers",
    (source) =>
      source
        .toIterDataset()
        .filter((x) => x % 4 !== 0)
        .batch(2)
        .mpPrefetch({ numWorkers: 3 }),
  ],
];

describe.each(pipelines)("IterDataset's states of %s", (_, make) => {
  const dataset = make(MapDataset.range(10));
  const all = [...dataset];

  it("go on from every position", () => {
    for (const [position, state] of statesAlong(dataset).entries()) {
      expect([...iterateFrom(dataset, state)]).toEqual(all.slice(position));
    }
  });

  it("are the same over a source that answers with promises", async () => {
    const later = make(MapDataset.source(laterSource([...MapDataset.range(10)])));
    expect(await collect(later)).toEqual(all);
    const iterator = later[Symbol.asyncIterator]();
    const states: IteratorState[] = [];
    let ended = false;
    while (!ended) {
      states.push(await iterator.getState());
      ended = (await iterator.next()).done === true;
    }
    expect(states).toEqual(statesAlong(dataset).slice(0, -1));
    await iterator.setState(states[2] ?? {});
    expect((await iterator.next()).value).toEqual(all[2]);
  });

  it("of another kind are refused, and the iterator stays where it is", () => {
    const iterator = dataset[Symbol.iterator]();
    take(iterator, 2);
    const before = iterator.getState();
    for (const state of [
      {},
      { next_index: 99 },
      { parent: 3, counter: 0, index_for_rng: 0 },
      JSON.parse("[1]"),
    ]) {
      expect(() => iterator.setState(state)).toThrow(failure("INVALID_ARGUMENT"));
    }
    expect(iterator.getState()).toEqual(before);
    expect([...iterator]).toEqual(all.slice(2));
  });
});

describe("IterDataset's errors", () => {
  it("refuses a batch of none, and a random map without a seed", () => {
    expect(() => iterate(5).batch(0)).toThrow("batch_size must be positive.");
    expect(() => iterate(5).randomMap((x) => x)).toThrow("`random_map` requires a seed.");
  });

  it("refuses a negative seed when it is iterated, as Python does", () => {
    const dataset = iterate(5).randomMap((x) => x, { seed: -1 });
    expect(() => [...dataset]).toThrow("expected non-negative integer");
  });

  it("refuses a negative counter", () => {
    const dataset = iterate(5).mapWithIndex((index) => index);
    const iterator = dataset[Symbol.iterator]();
    expect(() => iterator.setState({ parent: { next_index: 0 }, counter: -1 })).toThrow(
      "state: counter must be non-negative, got -1",
    );
  });

  it("refuses numbers of workers and buffers that cannot be", () => {
    expect(() => iterate(5).mpPrefetch({ numWorkers: -1 })).toThrow(failure("INVALID_ARGUMENT"));
    expect(() => iterate(5).mpPrefetch({ perWorkerBufferSize: 0 })).toThrow("must be greater than 0, got 0.");
  });
});
