import { describe, expect, it } from "vitest";
import { ArrayRecordSourceModule } from "../../../src/datarax/sources/array-record-source.js";
import { EagerSourceBase } from "../../../src/datarax/sources/eager-source.js";
import { MemorySource } from "../../../src/datarax/sources/memory-source.js";
import { MixDataSourcesNode } from "../../../src/datarax/sources/mixed-source.js";
import { key } from "../../../src/random/jax-random.js";
import { takeToEnd } from "../../elements.js";
import {
  casesOf,
  comparable,
  comparableJson,
  plainStateOf,
  type StreamVector,
  stateOf,
  takeValues,
} from "../stream-vectors.js";

type EagerConfig = {
  readonly shuffle: boolean;
  readonly n: number;
  readonly seed: number;
  readonly batch_size: number;
  readonly key_seed: number;
};

const eagerCases = <Case>(api: string) => casesOf<Case>("sources", "EagerSourceBase", api);

function eagerSource({ n, shuffle, seed }: EagerConfig) {
  const x = Int32Array.from({ length: n }, (_, index) => 10 * index);
  return new EagerSourceBase({ data: { x }, shuffle, seed });
}

describe.each(eagerCases<StreamVector<EagerConfig, number[]>>("get_batch"))(
  "EagerSourceBase.getBatch: shuffle $config.shuffle, n $config.n, after $consumed",
  ({ config, consumed, first, state, restored, next }) => {
    const batches = (source: ReturnType<typeof eagerSource>, count: number) =>
      Array.from({ length: count }, () => Array.from(source.getBatch(config.batch_size).x));

    it("gives Python's batches and has its state", () => {
      const source = eagerSource(config);
      expect(batches(source, consumed)).toEqual(first);
      expect(comparable(source.getState())).toEqual(comparableJson(state));
      expect(batches(source, next.length)).toEqual(next);
    });

    it("continues from what Orbax restored", () => {
      for (const from of [stateOf(restored), plainStateOf(restored)]) {
        const source = eagerSource(config);
        source.setState(from);
        expect(comparable(source.getState())).toEqual(comparableJson(restored));
        expect(batches(source, next.length)).toEqual(next);
      }
    });

    it("continues by record numbers where it has no data, and keeps Python's", () => {
      const { n, shuffle, seed } = config;
      const source = new EagerSourceBase({ length: n, shuffle, seed });
      source.setState(stateOf(restored));
      expect(comparable(source.getState())).toEqual(comparableJson(restored));
      const indices = next.map(() => source.getBatch(config.batch_size).map((index) => 10 * index));
      expect(indices).toEqual(next);
    });
  },
);

describe.each(eagerCases<StreamVector<EagerConfig, number>>("iter"))(
  "EagerSourceBase in a loop: shuffle $config.shuffle, n $config.n",
  ({ config, consumed, first, state, restored, next, ends }) => {
    it("gives Python's records and, but for its position, has its state", () => {
      const source = eagerSource(config);
      expect(takeValues(source, consumed).next).toEqual(first);
      const own = source.getState();
      expect(comparable(own)).toEqual({ ...Object(comparableJson(state)), index: consumed });
      expect(takeValues(source, next.length + 1)).toEqual({ next, ends });
      const later = eagerSource(config);
      later.setState(own);
      expect(takeValues(later, next.length + 1)).toEqual({ next, ends });
    });

    it("goes on within the pass that Python saved, once it is told how far that was", () => {
      const source = eagerSource(config);
      source.setState(stateOf(restored));
      source.continuePass(consumed);
      expect(takeValues(source, next.length + 1)).toEqual({ next, ends });
    });
  },
);

it.each(eagerCases<{ config: EagerConfig; batch: number[] }>("stateless get_batch(bs, key(seed))"))(
  "EagerSourceBase takes batches by a key alone: n $config.n",
  ({ config, batch }) => {
    const source = eagerSource(config);
    expect(Array.from(source.getBatch(config.batch_size, key(config.key_seed)).x)).toEqual(batch);
  },
);

type ArrayRecordConfig = {
  readonly n: number;
  readonly seed: number;
  readonly num_epochs: number;
  readonly shuffle_files: boolean;
};

describe.each(casesOf<StreamVector<ArrayRecordConfig, number>>("sources", "ArrayRecordSourceModule"))(
  "ArrayRecordSourceModule: shuffle $config.shuffle_files, seed $config.seed, after $consumed",
  (vector) => {
    const { consumed, first, state, restored, next, ends } = vector;
    const make = () => {
      const { n, seed, num_epochs: numEpochs, shuffle_files: shuffleFiles } = vector.config;
      return new ArrayRecordSourceModule({ totalRecords: n, seed, numEpochs, shuffleFiles })[
        Symbol.iterator
      ]();
    };
    const count = next.length + (ends ? 1 : 0);

    it("gives Python's records and has its state", () => {
      const source = make();
      expect(takeToEnd(source, consumed).next).toEqual(first);
      expect(comparable(source.getState())).toEqual(comparableJson(state));
      expect(takeToEnd(source, count)).toEqual({ next, ends });
    });

    it("continues from what Orbax restored, which Python cannot, with the whole state", () => {
      for (const from of [stateOf(restored), plainStateOf(restored)]) {
        const source = make();
        source.setState(from);
        expect(comparable(source.getState())).toEqual({
          ...Object(comparableJson(restored)),
          prefetch_cache: {},
        });
        expect(takeToEnd(source, count)).toEqual({ next, ends });
      }
    });
  },
);

type MixConfig = { readonly weights: number[]; readonly lengths: number[]; readonly seed: number };

const mixCases = <Case>(api: string) => casesOf<Case>("sources", "MixDataSourcesNode", api);

function mixture({ weights, lengths }: MixConfig) {
  const sources = lengths.map((length, source) => {
    const x = BigInt64Array.from({ length }, (_, index) => BigInt(100 * source + index));
    return new MemorySource({ data: { x } });
  });
  return new MixDataSourcesNode({ sources, weights });
}

describe.each(mixCases<StreamVector<MixConfig, number>>("iter"))(
  "MixDataSourcesNode in a loop: weights $config.weights",
  ({ config, consumed, first, state, restored, next, ends }) => {
    it("gives Python's records and has its state", () => {
      const source = mixture(config);
      expect(takeValues(source, consumed).next).toEqual(first);
      expect(comparable(source.getState())).toEqual(comparableJson(state));
      expect(takeValues(source, next.length + 1)).toEqual({ next, ends });
    });

    it("continues from what Orbax restored, which Python does not", () => {
      for (const from of [stateOf(restored), plainStateOf(restored)]) {
        const source = mixture(config);
        source.setState(from);
        expect(comparable(source.getState())).toEqual(comparableJson(restored));
        expect(takeValues(source, next.length + 1)).toEqual({ next, ends });
      }
    });
  },
);

type MixBatches = {
  readonly config: MixConfig;
  readonly batches: readonly { readonly start: number; readonly batch: number[] }[];
};

it.each(mixCases<MixBatches>("get_batch_at(start, 8, key(seed))"))(
  "MixDataSourcesNode draws Python's records: weights $config.weights",
  ({ config, batches }) => {
    const source = mixture(config);
    for (const { start, batch } of batches) {
      const { x } = source.getBatchAt(start, 8, key(config.seed));
      expect(Array.from(x, Number)).toEqual(batch);
      const records = source.recordsAt(start, 8, key(config.seed));
      expect(records.map(({ source: number, index }) => 100 * number + index)).toEqual(batch);
    }
  },
);
