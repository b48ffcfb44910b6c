import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FlatMapMapDataset } from "../../src/grain/map/flat-map.js";
import { WindowShuffleMapDataset } from "../../src/grain/map/window-shuffle.js";
import { ZipMapDataset } from "../../src/grain/map/zip.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import { collect, take } from "../elements.js";
import { failure } from "../failure.js";
import { iterateFrom, laterSource, statesAlong } from "./iterations.js";

const range = (start: number, stop?: number, step?: number) => MapDataset.range(start, stop, step);
const isEven = (x: number) => x % 2 === 0;
/** As many numbers from 10·x on as x says. */
const tens = { maxFanOut: 3, flatMap: (x: number) => Array.from({ length: x }, (_, i) => 10 * x + i) };

// Expected values: grain 0.2.18 over the same pipelines.

const seededShuffle = (seed: number) => range(9).seed(seed).shuffle();
const sumOf = (elements: readonly (number | null)[]) => elements.reduce<number>((a, b) => a + (b ?? 0), 0);
const laterPipeline = (source: MapDataset<number>) =>
  MapDataset.mix([source.shuffle(3), source.map(async (x) => 100 + x)], [1, 2])
    .filter(async (x) => x % 3 !== 0)
    .mapWithIndex((index, x) => [index, x])
    .toIterDataset()
    .batch(2);

describe("MapDataset's sources", () => {
  it.each([
    [[5], [0, 1, 2, 3, 4]],
    [
      [2, 5],
      [2, 3, 4],
    ],
    [
      [7, 0, -3],
      [7, 4, 1],
    ],
    [[5, 2], []],
  ])("range%j has the integers of Python's range", ([start = 0, stop, step], elements) => {
    expect([...range(start, stop, step)]).toEqual(elements);
  });

  it("begins an array anew beyond its end", () => {
    expect(MapDataset.source(["a", "b", "c"]).get(7)).toBe("b");
  });

  it("reads an object with length and get", () => {
    expect([...MapDataset.source({ length: 3, get: (index: number) => index * index })]).toEqual([0, 1, 4]);
  });

  it("sees that a source has grown", () => {
    const source = [1];
    const dataset = MapDataset.source(source);
    source.push(2);
    expect([dataset.length, ...dataset]).toEqual([2, 1, 2]);
  });

  it("passes over null and undefined of a source, which count in the state", () => {
    const iterator = MapDataset.source([null, 5, undefined, 6])[Symbol.iterator]();
    expect([iterator.next().value, iterator.getState()]).toEqual([5, { next_index: 2 }]);
  });

  it("refuses a source without a length", () => {
    const source = { length: Number.NaN, get: () => 1 };
    expect(() => MapDataset.source(source)).toThrow(failure("INVALID_ARGUMENT", { field: "length" }));
  });
});

describe("MapDataset's orders", () => {
  it("shuffles each epoch with a seed of its own", () => {
    const dataset = range(10).shuffle(5).repeat();
    expect([...range(10).shuffle(5)].toSorted((a, b) => a - b)).toEqual([...range(10)]);
    expect(dataset.get(10 ** 9)).toBe(7);
    expect(
      range(1000003)
        .shuffle(1)
        .get(10 ** 15),
    ).toBe(385254);
  });

  it("wraps the seed of an epoch at 2^32", () => {
    const dataset = range(10)
      .shuffle(2 ** 32 - 1)
      .repeat();
    expect(dataset.get(10)).toBe(0);
    expect(dataset.get(10)).toBe(range(10).shuffle(0).get(0));
  });

  it("repeats the first epoch as it is without reseeding", () => {
    const [first, second] = [range(6).shuffle(3), range(6).shuffle(3).repeat(2, { reseedEachEpoch: false })];
    expect([...second]).toEqual([...first, ...first]);
  });

  it("slices as Python does, in each epoch", () => {
    expect(Array.from(range(10).slice(8, 2, -3).repeat(2))).toEqual([8, 5, 8, 5]);
    expect(Array.from(range(10).slice(-4, -1))).toEqual([6, 7, 8]);
  });

  it("has the elements of a JavaScript array's slice, whatever the bounds", () => {
    const bound = fc.option(fc.integer({ min: -15, max: 15 }));
    fc.assert(
      fc.property(fc.nat({ max: 10 }), bound, bound, (length, start, stop) => {
        const whole = [...range(length)];
        expect(Array.from(range(length).slice(start, stop))).toEqual(
          whole.slice(start ?? 0, stop ?? undefined),
        );
        expect(Array.from(range(length).slice(null, null, -1))).toEqual(whole.toReversed());
      }),
    );
  });

  it("mixes in proportion, without beginning a dataset anew", () => {
    const mixed = MapDataset.mix([range(10), range(100, 106), range(200, 209)], [0.5, 0.3, 0.2]);
    expect([...mixed]).toEqual([
      0, 100, 1, 101, 2, 200, 3, 102, 4, 201, 5, 103, 6, 104, 7, 202, 8, 105, 9, 203,
    ]);
    expect(MapDataset.mix([range(10).repeat(), range(5).repeat()], [1, 2]).get(10 ** 12)).toBe(1);
  });

  it("concatenates epoch by epoch, passing over empty datasets", () => {
    const dataset = MapDataset.concatenate([range(0), range(3).shuffle(1), range(10, 12)]).repeat(2);
    expect([...dataset]).toEqual([1, 2, 0, 10, 11, 0, 2, 1, 10, 11]);
  });

  it("selects by a list or a function", () => {
    const datasets = [range(5), range(10, 15)];
    const list = [
      [0, 1],
      [1, 2],
      [0, 7],
    ] as const;
    expect([...MapDataset.selectFromDatasets(datasets, list)]).toEqual([1, 12, 2]);
    const map = { length: 2, get: (index: number) => [1, index] as const };
    expect([...MapDataset.selectFromDatasets(datasets, map)]).toEqual([10, 11]);
  });

  it("shuffles within windows, the last of which reaches into the next epoch", () => {
    const dataset = new WindowShuffleMapDataset(range(10), { windowSize: 4, seed: 441 });
    expect([...dataset]).toEqual([1, 2, 3, 0, 6, 4, 5, 7, 8, 1]);
  });

  it("zips element by element, absent ones as null", () => {
    const dataset = new ZipMapDataset([range(4), range(4).filter(isEven)]);
    expect([...dataset]).toEqual([
      [0, 0],
      [1, null],
      [2, 2],
      [3, null],
    ]);
  });

  it("gives each element as many places as the fan-out", () => {
    const dataset = new FlatMapMapDataset(range(4), tens);
    expect([dataset.length, ...dataset]).toEqual([12, 10, 20, 21, 30, 31, 32]);
  });
});

describe("MapDataset's functions", () => {
  it("are not asked for absent elements, and may make elements absent", () => {
    const seen: number[] = [];
    const dataset = range(4)
      .filter(isEven)
      .map((x) => {
        seen.push(x);
        return x === 2 ? undefined : x;
      });
    expect([...dataset]).toEqual([0]);
    expect(seen).toEqual([0, 2]);
    expect(dataset.length).toBe(4);
  });

  it("get the index in the dataset, which goes on in the next epoch", () => {
    expect([
      ...range(2)
        .mapWithIndex((index, x) => [index, x])
        .repeat(2),
    ]).toEqual([
      [0, 0],
      [1, 1],
      [2, 0],
      [3, 1],
    ]);
  });

  it("get NumPy's random numbers for seed and index", () => {
    const dataset = range(5).randomMap((x, rng) => [x, rng.integers(0, 100), rng.random()], { seed: 7 });
    expect([...dataset]).toEqual([
      [0, 26, 0.42614583623918467],
      [1, 69, 0.42370703339870097],
      [2, 1, 0.2068301039282543],
      [3, 59, 0.7469365209203113],
      [4, 92, 0.5615365018522488],
    ]);
  });

  it("get other random numbers in the next epoch", () => {
    const dataset = range(3).randomMap((_, rng) => rng.integers(0, 100), { seed: 7 });
    expect([...dataset.repeat(2)]).toEqual([26, 69, 1, 59, 92, 56]);
  });

  it("batch each epoch for itself", () => {
    expect([...range(5).batch(2).repeat(2)]).toEqual([[0, 1], [2, 3], [4], [0, 1], [2, 3], [4]]);
    expect([...range(5).batch(2, { dropRemainder: true })]).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it("batch with a function of one's own", () => {
    expect([...range(5).batch(2, { batchFn: sumOf })]).toEqual([1, 5, 4]);
  });
});

describe("MapDataset's default seeds", () => {
  it("come from the seeds of both datasets of a mixture", () => {
    const mixed = MapDataset.mix([seededShuffle(1), seededShuffle(2)]);
    const iterator = mixed.shuffle()[Symbol.iterator]();
    expect(take(iterator, 9)).toEqual([0, 7, 1, 6, 1, 3, 0, 8, 5]);
  });

  it("come from the nearest seed alone", () => {
    const dataset = range(5)
      .seed(3)
      .map((x) => x)
      .seed(4)
      .map((x) => x)
      .shuffle();
    expect([...dataset]).toEqual([0, 2, 1, 4, 3]);
  });
});

describe("MapDataset over a source that answers with promises", () => {
  const numbers = [...range(11)];

  it("gives what one gives that answers at once", async () => {
    const atOnce = MapDataset.mix([range(11).shuffle(3), range(11).map((x) => 100 + x)], [1, 2])
      .filter((x) => x % 3 !== 0)
      .mapWithIndex((index, x) => [index, x])
      .toIterDataset()
      .batch(2);
    expect(await collect(laterPipeline(MapDataset.source(laterSource(numbers))))).toEqual([...atOnce]);
  });

  it("batches and zips what comes at different times in order", async () => {
    const source = MapDataset.source(laterSource(numbers));
    expect(await collect(source.batch(4))).toEqual([...range(11).batch(4)]);
    expect(await collect(new ZipMapDataset([source, range(11)]))).toEqual(numbers.map((x) => [x, x]));
  });

  it("cannot be iterated without await", () => {
    expect(() => [...laterPipeline(range(11))]).toThrow("iterate with `for await`");
  });

  it("rejects with what a source throws for an element of a batch, and leaves no rejection behind", async () => {
    const source = {
      length: 4,
      get: async (index: number) => {
        if (index > 0) throw new Error(`record ${index}`);
        return index;
      },
    };
    await expect(collect(MapDataset.source(source).batch(4))).rejects.toThrow("record 1");
  });
});

describe("MapDataset's states", () => {
  it("go on from every position", () => {
    const datasets = [
      range(7).shuffle(1).repeat(2),
      range(9)
        .filter((x) => x % 3 === 1)
        .shuffle(2),
      range(7).batch(3),
      new FlatMapMapDataset(range(4), tens),
    ];
    for (const dataset of datasets) {
      const all: unknown[] = [...dataset];
      for (const [position, state] of statesAlong<unknown>(dataset).entries()) {
        expect([...iterateFrom<unknown>(dataset, state)]).toEqual(all.slice(position));
      }
    }
  });

  it.each([
    [
      { next_index: 99 },
      "Checkpoint `next_index` 99 is out of range for dataset of length 10.",
      "IndexError",
    ],
    [
      { next_index: -1 },
      "Checkpoint `next_index` -1 is out of range for dataset of length 10.",
      "IndexError",
    ],
    [{}, "state: next_index is missing", "KeyError"],
    [{ next_index: 1.5 }, "state: next_index is 1.5, expected an integer", "TypeError"],
    [{ next_index: "a" }, "state: next_index is 'a', expected an integer", "TypeError"],
    [{ parent: { next_index: 1 }, epoch: 0 }, "state: next_index is missing", "KeyError"],
  ])("refuses %j and stays where it is", (state, message, pythonType) => {
    const iterator = range(10)[Symbol.iterator]();
    take(iterator, 3);
    expect(() => iterator.setState(state)).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect(() => iterator.setState(state)).toThrow(message);
    expect([iterator.getState(), iterator.next().value]).toEqual([{ next_index: 3 }, 3]);
  });

  it("name Python's length of an endless dataset", () => {
    const iterator = range(10).repeat()[Symbol.iterator]();
    expect(() => iterator.setState({ next_index: -1 })).toThrow("length 9223372036854775807.");
  });
});

describe("MapDataset's errors", () => {
  it.each<[string, () => unknown, string, string]>([
    ["a seed below 0", () => range(5).shuffle(-1), "(got seed=-1).", "ValueError"],
    [
      "a seed of 2^32",
      () => range(5).shuffle(2 ** 32),
      "Seed must be an integer between 0 and 2**32-1 (got seed=4294967296).",
      "ValueError",
    ],
    ["a fractional seed", () => range(5).shuffle(0.5), "(got seed=0.5).", "ValueError"],
    [
      "a shuffle without a seed",
      () => range(5).shuffle(),
      "`shuffle` requires a seed. Please provide it with `ds.seed(seed)`",
      "ValueError",
    ],
    [
      "a random map without a seed",
      () => range(5).randomMap((x) => x),
      "`random_map` requires a seed. Please either provide it with `ds.seed(seed)` before any random transformations or pass it directly with `ds.random_map(transform, seed=seed)`.",
      "ValueError",
    ],
    [
      "a random map's negative seed",
      () => range(5).randomMap((x) => x, { seed: -1 }),
      "expected non-negative integer",
      "ValueError",
    ],
    ["no epochs", () => range(5).repeat(0), "num_epochs must be positive, but got 0.", "ValueError"],
    ["half an epoch", () => range(5).repeat(1.5), "num_epochs must be positive, but got 1.5.", "ValueError"],
    [
      "endless repetition of an endless dataset",
      () => range(5).repeat().repeat(),
      "Repeating already infinite dataset RepeatMapDataset(num_epochs=None) does nothing.",
      "ValueError",
    ],
    ["a batch of none", () => range(5).batch(0), "batch_size must be positive.", "ValueError"],
    [
      "a batch behind a filter",
      () => range(5).filter(isEven).shuffle(1).batch(2),
      "`MapDataset.batch` can not follow `MapDataset.filter` because `filter` can discard elements. Convert `MapDataset` to `IterDataset` with `to_iter_dataset()` before calling `batch`.",
      "ValueError",
    ],
    [
      "a batch behind a flat map",
      () => new FlatMapMapDataset(range(5), tens).batch(2),
      "`MapDataset.batch` can not follow `FlatMapMapDataset` because `FlatMapMapDataset` can discard elements.",
      "ValueError",
    ],
    ["a slice's step of 0", () => range(5).slice(0, 5, 0), "slice step cannot be zero", "ValueError"],
    [
      "a fractional bound of a slice",
      () => range(5).slice(1.5),
      "slice indices must be integers or None or have an __index__ method",
      "TypeError",
    ],
    ["a range's step of 0", () => range(1, 5, 0), "range() arg 3 must not be zero", "ValueError"],
    [
      "a fractional range",
      () => range(1.5),
      "'float' object cannot be interpreted as an integer",
      "TypeError",
    ],
    [
      "concatenating an endless dataset",
      () => MapDataset.concatenate([range(3), range(4).repeat()]),
      "Cannot concatenate infinite datasets. RepeatMapDataset(num_epochs=None) is infinite.",
      "ValueError",
    ],
    [
      "mixing empty datasets",
      () => MapDataset.mix([range(3), range(0), MapDataset.source<number>([])]),
      "All datasets must have positive length for mixing, but dataset(s) at index 1 (RangeMapDataset(start=0, stop=0, step=1)), index 2 (SourceMapDataset(source=list)) have length 0.",
      "ValueError",
    ],
    ["mixing nothing", () => MapDataset.mix([]), "min() arg is an empty sequence", "ValueError"],
    [
      "a weight too few",
      () => MapDataset.mix([range(3), range(3)], [1]),
      "2 datasets to mix",
      "AssertionError",
    ],
    ["zipping nothing", () => new ZipMapDataset([]), "At least one parent must be provided.", "ValueError"],
    [
      "zipping different lengths",
      () => new ZipMapDataset([range(3), range(4)]),
      "All parents must have the same length.",
      "ValueError",
    ],
    ["an element of an empty range", () => range(0).get(0), "integer modulo by zero", "ZeroDivisionError"],
    [
      "an element of an empty shuffle",
      () => range(0).shuffle(1).get(0),
      "integer division or modulo by zero",
      "ZeroDivisionError",
    ],
    [
      "an element behind the end of a selection",
      () => MapDataset.selectFromDatasets([range(5)], [[0, 1]]).get(1),
      "list index out of range",
      "IndexError",
    ],
    [
      "a selection of a dataset that is not there",
      () => MapDataset.selectFromDatasets([range(5)], [[1, 1]]).get(0),
      "tuple index out of range",
      "IndexError",
    ],
    [
      "more splits than allowed",
      () => new FlatMapMapDataset(range(5), tens).get(12),
      "The user-provided FlatMapTransform has a split that exceeds specified max fan-out size.",
      "ValueError",
    ],
    [
      "a window whose seed is 2^32",
      () => new WindowShuffleMapDataset(range(5), { windowSize: 2, seed: 2 ** 32 - 1 }).get(2),
      "index_shuffle(): incompatible function arguments.",
      "TypeError",
    ],
    ["a negative index", () => range(5).get(-1), "index -1", "IndexError"],
    ["a fractional index", () => range(5).get(0.5), "index 0.5", "TypeError"],
    [
      "a window of none",
      () => new WindowShuffleMapDataset(range(5), { windowSize: 0, seed: 1 }),
      "window_size must be a positive integer, got 0",
      "ZeroDivisionError",
    ],
  ])("says so for %s", (_, act, message, pythonType) => {
    expect(act).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect(act).toThrow(message);
  });

  it("says that an endless dataset cannot be shuffled, or sliced from its end", () => {
    expect(() => range(5).repeat().shuffle(1)).toThrow(failure("UNSUPPORTED"));
    expect(() => range(5).repeat().slice(-3)).toThrow(failure("UNSUPPORTED"));
    expect(() => range(5).repeat().slice(0, 3).get(3)).toThrow(failure("UNSUPPORTED"));
  });
});
