import { DataLoader } from "../../src/grain/data-loader.js";
import { ElasticIterator } from "../../src/grain/elastic-iterator.js";
import { IndexSampler } from "../../src/grain/index-sampler.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import type { IteratorState } from "../../src/grain/node.js";
import { reshardSlices } from "../../src/grain/reshard.js";
import { reshardDataLoader } from "../../src/grain/reshard-data-loader.js";

/** Records of an epoch, and the seed of the order. */
export const RECORDS = 97;
export const SEED = 11;

/** The global order of all streams. */
export const order = MapDataset.range(RECORDS).shuffle(SEED).repeat();
const records = Array.from({ length: RECORDS }, (_, index) => index);
const sampler = new IndexSampler({ numRecords: RECORDS, shuffle: true, seed: SEED });

/** All shards of a stream. What is stored goes through JSON. */
export type Shards = {
  /** The next elements, in the global order. */
  step(): number[];
  save(): string;
};

/** A way to deal out a stream. */
export type Kind = {
  /** All shards, at the beginning or where `save` of as many shards says. */
  open(shardCount: number, batchSize: number, saved?: string): Shards;
  /** What `save` of another number of shards would say. */
  reshard(saved: string, from: number, to: number): string;
};

type Stepping = { next(): IteratorResult<number, undefined>; getState(): unknown };

/** Shards that give one element after another. */
function inTurn(shards: readonly Stepping[], given: number): Shards {
  let turn = given % shards.length;
  return {
    step() {
      const result = shards[turn]?.next();
      turn = (turn + 1) % shards.length;
      return result === undefined || result.done === true ? [] : [result.value];
    },
    save: () => JSON.stringify(shards.map((shard) => shard.getState())),
  };
}

const indices = (count: number) => Array.from({ length: count }, (_, index) => index);
const statesOf = (saved: string): IteratorState[] => JSON.parse(saved);
const textsOf = (saved: string): string[] => JSON.parse(saved);
const positionOf = (states: readonly IteratorState[]) =>
  states.reduce((sum, { next_index: index }) => sum + Number(index), 0);

/** The streams whose layout can change at any place, under the names of `scripts/oracle/ops_elastic.py`. */
export const kinds: Readonly<Record<string, Kind>> = {
  elastic: {
    open(shardCount, batchSize, saved) {
      const shards = indices(shardCount).map((shardIndex) => {
        const shardOptions = { shardIndex, shardCount };
        const shard = new ElasticIterator(order, { globalBatchSize: shardCount * batchSize, shardOptions });
        if (saved !== undefined) shard.setState(JSON.parse(saved));
        return shard;
      });
      return {
        step() {
          const batches = shards.map((shard) => shard.next().value ?? []);
          return indices(batchSize).flatMap((row) => batches.flatMap((batch) => batch.slice(row, row + 1)));
        },
        save: () => JSON.stringify(shards.at(-1)?.getState()),
      };
    },
    reshard: (saved) => saved,
  },
  slices: {
    open(shardCount, _, saved) {
      const states = saved === undefined ? undefined : statesOf(saved);
      const shards = indices(shardCount).map((index) => {
        const iterator = order.slice(index, null, shardCount)[Symbol.iterator]();
        const state = states?.[index];
        if (state !== undefined) iterator.setState(state);
        return iterator;
      });
      return inTurn(shards, positionOf(states ?? []));
    },
    reshard: (saved, from, to) =>
      JSON.stringify(reshardSlices(statesOf(saved), { from: { shardCount: from }, to: { shardCount: to } })),
  },
  loader: {
    open(shardCount, _, saved) {
      const texts = saved === undefined ? undefined : textsOf(saved);
      const shards = indices(shardCount).map((shardIndex) => {
        const shardOptions = { shardIndex, shardCount };
        const loader = new DataLoader<number>({ dataSource: records, sampler, shardOptions });
        const iterator = loader[Symbol.iterator]();
        const text = texts?.[shardIndex];
        if (text !== undefined) iterator.setState(text);
        return iterator;
      });
      const seen = (texts ?? []).map((text) => Number(/"0": (-?\d+)/.exec(text)?.[1]));
      const given = seen.reduce((sum, last, index) => sum + (last + shardCount - index) / shardCount, 0);
      return inTurn(shards, given);
    },
    reshard: (saved, _, to) =>
      JSON.stringify(
        indices(to).map((shardIndex) =>
          reshardDataLoader(textsOf(saved), { sampler, shardOptions: { shardIndex, shardCount: to } }),
        ),
      ),
  },
};
