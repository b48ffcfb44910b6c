import { describe, expect, it } from "vitest";
import type { RngSeeds } from "../../../src/datarax/rngs-state.js";
import { MemorySource } from "../../../src/datarax/sources/memory-source.js";
import { key } from "../../../src/random/jax-random.js";
import {
  casesOf,
  comparable,
  comparableJson,
  plainStateOf,
  type StreamVector,
  stateOf,
  takeValues,
  tens,
} from "../stream-vectors.js";

type Config = {
  readonly shuffle: boolean;
  readonly n: number;
  readonly rngs: RngSeeds | null;
  readonly batch_size: number;
  readonly num_workers: number;
};

const cases = <Case>(api: string) => casesOf<Case>("sources", "MemorySource", api);

function rngsOf({ rngs }: Config) {
  return rngs === null ? {} : { rngs };
}

/** A source over the vectors' data. */
function overData(config: Config) {
  return new MemorySource({ data: { x: tens(config.n) }, shuffle: config.shuffle, ...rngsOf(config) });
}

/** A source that only knows how many records there are. */
function overLength(config: Config) {
  return new MemorySource({ length: config.n, shuffle: config.shuffle, ...rngsOf(config) });
}

const batchValues = ({ x }: { readonly x: BigInt64Array }) => Array.from(x, Number);

describe.each(cases<StreamVector<Config, number[]>>("get_batch"))(
  "MemorySource.getBatch: shuffle $config.shuffle, n $config.n, rngs $config.rngs, after $consumed",
  ({ config, consumed, first, state, restored, next }) => {
    const batches = (source: ReturnType<typeof overData>, count: number) =>
      Array.from({ length: count }, () => batchValues(source.getBatch(config.batch_size)));

    it("gives Python's batches and has its state", () => {
      const source = overData(config);
      expect(batches(source, consumed)).toEqual(first);
      expect(comparable(source.getState())).toEqual(comparableJson(state));
      expect(batches(source, next.length)).toEqual(next);
    });

    it("continues from what Orbax restored, without a loss of types", () => {
      for (const from of [stateOf(restored), plainStateOf(restored)]) {
        const source = overData(config);
        source.setState(from);
        expect(comparable(source.getState())).toEqual(comparableJson(restored));
        expect(batches(source, next.length)).toEqual(next);
      }
    });

    it("continues by record numbers where it has no data, and keeps Python's", () => {
      const source = overLength(config);
      source.setState(stateOf(restored));
      expect(comparable(source.getState())).toEqual(comparableJson(restored));
      const indices = next.map(() => source.getBatch(config.batch_size).map((index) => 10 * index));
      expect(indices).toEqual(next);
    });

    it("continues from a state of its own", () => {
      const source = overData(config);
      batches(source, consumed);
      const later = overData(config);
      later.setState(source.getState());
      expect(batches(later, next.length)).toEqual(next);
    });
  },
);

describe.each(cases<StreamVector<Config, number>>("iter"))(
  "MemorySource in a loop: shuffle $config.shuffle, n $config.n, rngs $config.rngs, workers $config.num_workers",
  (vector) => {
    const { config, consumed, first, state, restored, next, ends } = vector;
    if ("by_shard_id" in vector) {
      it("gives each worker its part of Python's order", () => {
        const shards = Array.from({ length: config.num_workers }, (_, shardId) => {
          const source = new MemorySource({
            data: { x: tens(config.n) },
            shuffle: config.shuffle,
            numWorkers: config.num_workers,
            shardId,
            ...rngsOf(config),
          });
          return Array.from(source, ({ x }) => Number(x));
        });
        expect(shards).toEqual(vector.by_shard_id);
      });
      return;
    }

    it("gives Python's records and, but for its position, has its state", () => {
      const source = overData(config);
      expect(takeValues(source, consumed).next).toEqual(first);
      const expected = { ...Object(comparableJson(state)), index: consumed };
      expect(comparable(source.getState())).toEqual(expected);
      expect(takeValues(source, next.length + 1)).toEqual({ next, ends });
    });

    it("goes on within the pass that Python saved, once it is told how far that was", () => {
      for (const from of [stateOf(restored), plainStateOf(restored)]) {
        const source = overData(config);
        source.setState(from);
        source.continuePass(consumed);
        expect(takeValues(source, next.length + 1)).toEqual({ next, ends });
      }
    });

    it("continues from a state of its own", () => {
      const source = overData(config);
      takeValues(source, consumed);
      const later = overData(config);
      later.setState(source.getState());
      expect(takeValues(later, next.length + 1)).toEqual({ next, ends });
    });
  },
);

it.each(cases<{ config: Config; epochs: number[][] }>("iter x3 epochs"))(
  "MemorySource goes through an order of its own in each loop: n $config.n",
  ({ config, epochs }) => {
    const source = overLength(config);
    const loops = epochs.map(() => Array.from(source, (index) => 10 * index));
    expect(loops).toEqual(epochs);
  },
);

type KeyedCase = {
  readonly config: Config & { readonly seed: number };
  readonly batch: number[];
  readonly get_batch_at: readonly {
    readonly start: number;
    readonly size: number;
    readonly batch: number[];
  }[];
};

it.each(cases<KeyedCase>("stateless get_batch(bs, key(seed))"))(
  "MemorySource takes batches by a key alone: n $config.n",
  ({ config, batch, get_batch_at: batchesAt }) => {
    const source = new MemorySource({ data: { x: tens(config.n) }, shuffle: true, rngs: { default: 0 } });
    const before = source.getState();
    expect(batchValues(source.getBatch(config.batch_size, key(config.seed)))).toEqual(batch);
    for (const { start, size, batch: expected } of batchesAt) {
      expect(batchValues(source.getBatchAt(start, size, key(config.seed)))).toEqual(expected);
    }
    expect(source.getState()).toEqual(before);
  },
);
