import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ElasticIterator } from "../../src/grain/elastic-iterator.js";
import { FlatMapMapDataset } from "../../src/grain/map/flat-map.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import { failure } from "../failure.js";

const shuffled = MapDataset.range(24).shuffle(5);

/** The iterators of all shards. */
function shards<T>(ds: MapDataset<T>, globalBatchSize: number, shardCount: number): ElasticIterator<T>[] {
  return Array.from({ length: shardCount }, (_, shardIndex) => {
    return new ElasticIterator(ds, { globalBatchSize, shardOptions: { shardIndex, shardCount } });
  });
}

describe("ElasticIterator", () => {
  // docs/spec/orbax-layout-extra.md section 11
  it("goes on with fewer shards where more were saved", () => {
    const before = shards(shuffled, 4, 4);
    expect([0, 1].map(() => before.map((shard) => shard.next().value))).toEqual([
      [[4], [0], [14], [20]],
      [[7], [19], [8], [10]],
    ]);
    for (const shard of before) expect(shard.getState()).toEqual({ global_next_index: 8 });
    const after = shards(shuffled, 4, 2);
    for (const shard of after) shard.setState({ global_next_index: 8 });
    expect(after.map((shard) => Array.from(shard))).toEqual([
      [
        [15, 1],
        [11, 17],
        [6, 5],
        [13, 22],
      ],
      [
        [16, 21],
        [3, 12],
        [23, 9],
        [2, 18],
      ],
    ]);
  });

  it("goes on with another batch size", () => {
    const [alone] = shards(shuffled, 6, 1);
    alone?.setState({ global_next_index: 8 });
    expect(alone?.next().value).toEqual([15, 16, 1, 21, 11, 3]);
    expect(alone?.next().value).toEqual([17, 12, 6, 23, 5, 9]);
    expect(alone?.getState()).toEqual({ global_next_index: 20 });
    expect(alone?.next().done).toBe(true); // a short batch is left out
    expect(alone?.getState()).toEqual({ global_next_index: 20 });
  });

  it("complains of a batch size that the shards do not divide when it is asked for the first batch", () => {
    const [shard] = shards(shuffled, 4, 3);
    expect(shard?.getState()).toEqual({ global_next_index: 0 });
    const act = () => shard?.next();
    expect(act).toThrow("Global batch size 4 is not divisible by shard count 3.");
    expect(act).toThrow(failure("INVALID_ARGUMENT", { pythonType: "ValueError" }));
  });

  it.each([0, -4])("has Grain's words for a batch size of %d", (globalBatchSize) => {
    const [shard] = shards(shuffled, globalBatchSize, 2);
    expect(() => shard?.next()).toThrow("batch_size must be positive.");
  });

  it.each([
    ["behind it", MapDataset.range(9).filter(() => true)],
    [
      "further before",
      MapDataset.range(9)
        .filter(() => true)
        .map((x) => x),
    ],
    [
      "in a mixture",
      MapDataset.mix([
        MapDataset.range(9),
        MapDataset.range(9)
          .filter(() => true)
          .shuffle(1),
      ]),
    ],
  ])("does not support a filter %s", (_, ds) => {
    const act = () => shards(ds, 1, 1);
    expect(act).toThrow("ElasticIterator does not support `filter` transformation.");
    expect(act).toThrow(failure("INVALID_ARGUMENT", { pythonType: "ValueError" }));
  });

  it("lets a flat map fail where the batch is made, as Grain does", () => {
    const flat = new FlatMapMapDataset(MapDataset.range(4), { maxFanOut: 2, flatMap: (x) => [x] });
    const [shard] = shards(flat, 1, 1);
    expect(() => shard?.next()).toThrow("can not follow `FlatMapMapDataset`");
  });

  it.each([
    [0, 0, "Number of shards must be a positive integer but got 0."],
    [2, 2, "Shard shard_index must be in [0, shard_count - 1], shard_count was 2 and shard_index was 2."],
  ])("refuses shard %d of %d", (shardIndex, shardCount, message) => {
    expect(
      () => new ElasticIterator(shuffled, { globalBatchSize: 2, shardOptions: { shardIndex, shardCount } }),
    ).toThrow(message);
  });

  it("answers at once at a position far away", () => {
    const endless = MapDataset.range(10).shuffle(3).repeat();
    const [shard] = shards(endless, 3, 1);
    const far = 10 * 2 ** 49; // the start of an epoch
    shard?.setState({ global_next_index: far });
    const batch = [0, 1, 2].map((offset) => endless.get(far + offset));
    expect(shard?.next().value).toEqual(batch);
    expect(shard?.getState()).toEqual({ global_next_index: far + 3 });
  });

  it("ends for a position behind the last element", () => {
    const [shard] = shards(shuffled, 2, 1);
    shard?.setState({ global_next_index: 1000 });
    expect(shard?.next().done).toBe(true);
    expect(shard?.getState()).toEqual({ global_next_index: 1000 });
  });

  it.each([
    [{}, "KeyError"],
    [{ global_next_index: -1 }, "ValueError"],
    [{ global_next_index: 1.5 }, "TypeError"],
    [{ global_next_index: 2 ** 53 }, "TypeError"],
    [{ global_next_index: "8" }, "TypeError"],
  ])("refuses the state %o and stays where it is", (state, pythonType) => {
    const [shard] = shards(shuffled, 4, 2);
    shard?.next();
    expect(() => shard?.setState(state)).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect(shard?.getState()).toEqual({ global_next_index: 4 });
    expect(shard?.next().value).toEqual([7, 8]);
  });

  it("is one iterator, however it is asked", async () => {
    const later = shuffled.map(async (value) => value);
    const [shard] = shards(later, 4, 1);
    if (shard === undefined) throw new Error("no shard");
    const batches: unknown[] = [];
    for await (const batch of shard) {
      batches.push(batch);
      if (batches.length === 2) break;
    }
    expect(batches).toEqual([
      [4, 0, 14, 20],
      [7, 19, 8, 10],
    ]);
    expect(shard.getState()).toEqual({ global_next_index: 8 });
    shard.setState({ global_next_index: 4 });
    expect(await shard[Symbol.asyncIterator]().next()).toEqual({ done: false, value: [7, 19, 8, 10] });
    expect(() => shard.next()).toThrow(failure("INVALID_ARGUMENT")); // has to be awaited
  });

  it("goes on with the same batch after its source failed", () => {
    let failures = 1;
    const broken = MapDataset.range(6).map((value) => {
      if (value === 3 && failures-- > 0) throw new Error("cannot read");
      return value;
    });
    const [shard] = shards(broken, 2, 1);
    shard?.next();
    expect(() => shard?.next()).toThrow("cannot read");
    expect(shard?.next().value).toEqual([2, 3]);
  });

  it("counts batches that are absent, which Grain repeats after a restore", () => {
    const sparse = MapDataset.range(4).map((value) => (value % 2 === 0 ? null : value));
    const [shard] = shards(sparse, 1, 1);
    expect(shard?.next().value).toEqual([1]);
    expect(shard?.getState()).toEqual({ global_next_index: 2 });
  });

  it("gives transformations over it positions of their own", () => {
    const [shard] = shards(shuffled, 4, 1);
    const doubled = shard?.map((batch) => batch.length)[Symbol.iterator]();
    expect(doubled?.next().value).toBe(4);
    expect(shard?.getState()).toEqual({ global_next_index: 0 });
  });

  it("gives every element once, in the global order, through any changes of layout", () => {
    const layouts = fc.array(
      fc.record({
        shardCount: fc.integer({ min: 1, max: 5 }),
        perShard: fc.integer({ min: 1, max: 4 }),
        steps: fc.integer({ min: 0, max: 4 }),
      }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(layouts, fc.nat(99), (changes, seed) => {
        const ds = MapDataset.range(60).shuffle(seed).repeat();
        const given: number[] = [];
        let state = { global_next_index: 0 };
        for (const { shardCount, perShard, steps } of changes) {
          const all = shards(ds, shardCount * perShard, shardCount);
          for (const shard of all) shard.setState(state);
          for (let step = 0; step < steps; step++) {
            const batches = all.map((shard) => shard.next().value ?? []);
            for (let row = 0; row < perShard; row++) {
              for (const batch of batches) given.push(batch[row] ?? -1);
            }
          }
          state = JSON.parse(JSON.stringify(all.at(-1)?.getState()));
        }
        expect(given).toEqual(given.map((_, index) => ds.get(index)));
      }),
    );
  });
});
