import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataLoader } from "../../src/grain/data-loader.js";
import { IndexSampler, type IndexSamplerOptions } from "../../src/grain/index-sampler.js";
import { batchOperation } from "../../src/grain/operations.js";
import { reshardDataLoader } from "../../src/grain/reshard-data-loader.js";
import type { Sampler } from "../../src/grain/sampler.js";
import { SequentialSampler } from "../../src/grain/sequential-sampler.js";
import type { ShardOptions } from "../../src/grain/shard-options.js";
import { failure } from "../failure.js";

/** One shard's part of a loader's options. */
type Shard = { readonly sampler: Sampler; readonly shardOptions: ShardOptions; readonly workerCount: number };

const SOURCE = Array.from({ length: 60 }, (_, index) => index);

function load(shard: Shard, batchSize?: number) {
  const operations = batchSize === undefined ? [] : [batchOperation(batchSize)];
  return new DataLoader<number | number[]>({ dataSource: SOURCE, operations, ...shard })[Symbol.iterator]();
}

/** All shards of a layout; `samplerOf` makes the sampler for a shard's options. */
function layout(shardCount: number, samplerOf: (options: ShardOptions) => Sampler, workerCount = 0): Shard[] {
  return Array.from({ length: shardCount }, (_, shardIndex) => {
    const shardOptions = { shardIndex, shardCount };
    return { sampler: samplerOf(shardOptions), shardOptions, workerCount };
  });
}

const sequential = (shardOptions: ShardOptions) => new SequentialSampler({ numRecords: 20, shardOptions });
/** A sampler that knows nothing of shards: loaders take every n-th position of its global order. */
const shuffledForAll = () => new IndexSampler({ numRecords: 20, shuffle: true, seed: 3, numEpochs: 3 });
const shuffledRuns = (shardOptions: ShardOptions, options: Partial<IndexSamplerOptions> = {}) =>
  new IndexSampler({ numRecords: 20, shuffle: true, seed: 3, shardOptions, ...options });

const unevenRuns = (shardOptions: ShardOptions) => shuffledRuns(shardOptions, { numRecords: 19 });
const endlessForAll = () => new IndexSampler({ numRecords: 20, shuffle: true, seed: 3 });
/** A sampler of a user's. */
const ownSampler = (): Sampler => ({
  get: (index) => sequential({ shardIndex: 0, shardCount: 1 }).get(index),
  length: 20,
  toString: () => "MySampler()",
});

/** Takes `count` elements of each shard; gives them and the states. */
function run(shards: readonly Shard[], counts: readonly number[], from?: readonly string[]) {
  const given: number[] = [];
  const states = shards.map((shard, index) => {
    const iterator = load(shard);
    const state = from?.[index];
    if (state !== undefined) iterator.setState(state);
    for (let step = 0; step < (counts[index] ?? 0); step++) {
      const result = iterator.next();
      if (result.done !== true) given.push(Number(result.value));
    }
    return iterator.getState();
  });
  return { given, states };
}

const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);
const everything = (shards: readonly Shard[]) => shards.map(() => 1000);
const reshard = (states: readonly string[], shards: readonly Shard[]) =>
  shards.map((shard) => reshardDataLoader(states, shard));

describe("reshardDataLoader", () => {
  it("hands on every n-th record of a sequential sampler", () => {
    const before = run(layout(2, sequential), [4, 3]);
    const after = layout(3, sequential);
    expect(run(after, [1, 1, 1], reshard(before.states, after)).given).toEqual([9, 7, 8]);
  });

  it("goes on in the global order of a shuffled sampler that is not sharded itself", () => {
    const sampler = shuffledForAll();
    const order = Array.from({ length: 60 }, (_, index) => Number(sampler.get(index).recordKey));
    const before = run(layout(4, shuffledForAll), [6, 6, 6, 6]); // in the second epoch
    const after = layout(2, shuffledForAll);
    const states = reshard(before.states, after);
    const { given } = run(after, everything(after), states);
    const [first = [], second = []] = [0, 1].map((shard) =>
      order.slice(24).filter((_, index) => index % 2 === shard),
    );
    expect(given).toEqual([...first, ...second]);
  });

  it("hands on whole epochs of runs that each shard shuffles", () => {
    const before = run(layout(2, shuffledRuns), [20, 20]); // 2 epochs of 10
    const after = layout(5, shuffledRuns);
    const { given } = run(after, [4, 4, 4, 4, 4], reshard(before.states, after));
    expect(sorted(given)).toEqual(SOURCE.slice(0, 20));
  });

  it("knows runs of different lengths", () => {
    const before = run(layout(2, unevenRuns), [10, 9]);
    const after = layout(4, unevenRuns);
    const { given } = run(after, [5, 5, 5, 4], reshard(before.states, after));
    expect(sorted(given)).toEqual(SOURCE.slice(0, 19));
  });

  it.each([
    [[3, 3], "UNSUPPORTED"],
    [[10, 20], "CONFLICT"],
  ])("refuses such runs behind %o records", (counts, code) => {
    const { states } = run(layout(2, shuffledRuns), counts);
    expect(() => reshard(states, layout(3, shuffledRuns))).toThrow(failure(code));
  });

  it("turns runs into a global order and back between epochs", () => {
    const runs = run(layout(2, shuffledRuns), [10, 10]);
    const global = layout(4, endlessForAll);
    const handedOn = run(global, [5, 5, 5, 5], reshard(runs.states, global));
    expect(sorted(handedOn.given)).toEqual(SOURCE.slice(0, 20));
    expect(reshard(handedOn.states, layout(2, shuffledRuns))).toEqual(
      run(layout(2, shuffledRuns), [20, 20]).states,
    );
    const within = run(global, [1, 1, 1, 1]);
    expect(() => reshard(within.states, layout(2, shuffledRuns))).toThrow(failure("UNSUPPORTED"));
  });

  it("changes the number of workers at any place, with as many shards as before", () => {
    const before = run(layout(2, shuffledRuns), [7, 4]);
    const after = layout(2, shuffledRuns, 3);
    const uninterrupted = run(layout(2, shuffledRuns), [20, 20]).given;
    const { given } = run(after, [13, 16], reshard(before.states, after));
    expect(given).toEqual([...uninterrupted.slice(7, 20), ...uninterrupted.slice(24)]);
  });

  it("counts the records of workers", () => {
    const before = run(layout(2, sequential, 3), [4, 4]);
    expect(reshard(before.states, layout(1, sequential))).toEqual(run(layout(1, sequential), [8]).states);
  });

  it("refuses workers of which one has given a batch that another one lacks", () => {
    const [shard] = layout(1, sequential, 2);
    if (shard === undefined) throw new Error("no shard");
    const iterator = load(shard, 3);
    iterator.next();
    expect(() => reshardDataLoader([iterator.getState()], { sampler: shard.sampler })).toThrow(
      failure("CONFLICT", { field: "worker 0" }),
    );
    iterator.next();
    expect(reshardDataLoader([iterator.getState()], { sampler: shard.sampler })).toBe(
      run(layout(1, sequential), [6]).states[0],
    );
  });

  it("takes the sharding of the sampler, where the loader has none of its own", () => {
    const { states } = run(layout(2, sequential), [3, 3]);
    const sampler = sequential({ shardIndex: 1, shardCount: 3 });
    expect(reshardDataLoader(states, { sampler })).toBe(run(layout(3, sequential), [2, 2, 2]).states[1]);
  });

  it("leaves out at the end what the new layout leaves out", () => {
    const { states } = run(layout(1, sequential), [20]);
    const after = layout(3, sequential); // 6 records each
    expect(run(after, everything(after), reshard(states, after)).given).toEqual([]);
  });

  it("hands on the positions of a sampler of a user's own that is the same everywhere", () => {
    const before = run(layout(2, ownSampler), [3, 3]);
    const after = layout(3, ownSampler);
    expect(run(after, [1, 1, 1], reshard(before.states, after)).given).toEqual([6, 7, 8]);
    const sharded = ({ shardIndex }: ShardOptions) => ({
      ...ownSampler(),
      toString: () => `MySampler(${shardIndex})`,
    });
    const { states } = run(layout(2, sharded), [3, 3]);
    expect(() => reshard(states, layout(3, sharded))).toThrow(failure("UNSUPPORTED", { field: "sampler" }));
  });

  describe("refuses", () => {
    const { states } = run(layout(2, shuffledRuns), [10, 10]);
    const [first = "", second = ""] = states;
    const loader = { sampler: shuffledRuns({ shardIndex: 0, shardCount: 1 }) };

    it.each([
      ["no states", [], "INVALID_ARGUMENT"],
      ["a text that is no state", ["{}"], "INVALID_ARGUMENT"],
      ["a text that is no JSON", ["nothing"], "INVALID_ARGUMENT"],
      ["states in another order", [second, first], "INVALID_ARGUMENT"],
      ["a part of the states", [first], "INVALID_ARGUMENT"],
      ["another source", [first, second.replace("'list'", "'tuple'")], "CONFLICT"],
      ["another seed", states.map((text) => text.replace("seed=3", "seed=4")), "CONFLICT"],
      ["another number of records", states.map((text) => text.replace("=20", "=21")), "CONFLICT"],
      ["shards apart", [first, second.replace(/"0": \d+/, '"0": 39')], "CONFLICT"],
      ["a position before the first", [first.replace(/"0": \d+/, '"0": -9'), second], "INVALID_ARGUMENT"],
      [
        "more workers than there are positions",
        [first.replace(/"worker_count": 0/, '"worker_count": 9007199254740991'), second],
        "INVALID_ARGUMENT",
      ],
      [
        "a position beyond 2^53",
        [first.replace(/"0": \d+/, `"0": ${"9".repeat(30)}`), second],
        "INVALID_ARGUMENT",
      ],
    ])("%s", (_, given, code) => {
      expect(() => reshardDataLoader(given, loader)).toThrow(failure(code));
    });
  });

  it("loses and doubles nothing, whatever the numbers of shards and workers", () => {
    const layouts = fc.record({
      from: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(3)),
      to: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(3)),
      steps: fc.nat(14),
      ahead: fc.nat(4),
    });
    fc.assert(
      fc.property(layouts, ({ from, to, steps, ahead }) => {
        const before = layout(from[0], shuffledForAll, from[1]);
        const counts = before.map((_, index) => (index < ahead % from[0] ? steps + 1 : steps));
        const first = run(before, counts);
        const after = layout(to[0], shuffledForAll, to[1]);
        const second = run(after, everything(after), reshard(first.states, after));
        const most = 60 - (60 % to[0]); // all positions, but for those that the new layout leaves out
        const expected = Array.from({ length: Math.max(most, first.given.length) }, (_, index) =>
          Number(shuffledForAll().get(index).recordKey),
        );
        expect(sorted([...first.given, ...second.given])).toEqual(sorted(expected));
      }),
      { numRuns: 200 },
    );
  });
});
