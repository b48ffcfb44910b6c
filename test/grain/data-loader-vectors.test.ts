import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DataLoader } from "../../src/grain/data-loader.js";
import { IndexSampler } from "../../src/grain/index-sampler.js";
import { batchOperation } from "../../src/grain/operations.js";
import { SequentialSampler } from "../../src/grain/sequential-sampler.js";
import { noSharding, ShardOptions } from "../../src/grain/shard-options.js";
import { take } from "../elements.js";

type Shard = readonly [index: number, count: number, dropRemainder?: boolean];

type LoaderCase = {
  readonly class: string;
  readonly n: number;
  readonly config: {
    readonly shuffle?: boolean;
    readonly num_epochs?: number;
    readonly seed?: number | null;
    readonly shard?: Shard | null;
    readonly batch?: number;
    readonly drop_remainder?: boolean;
  };
  readonly sampler_len: number | string;
  readonly repr: string;
  readonly consumed: number;
  readonly first: readonly unknown[];
  readonly state_json_text: string;
  readonly next: readonly unknown[];
  readonly ends: boolean;
};

type WorkersCase = {
  readonly n: number;
  readonly seed: number | null;
  readonly workers: number;
  readonly shard: Shard | null;
  readonly batch: number | null;
  readonly elements: readonly unknown[];
  readonly states: ReadonlyArray<readonly [Readonly<Record<string, number>>, number]>;
  readonly state_json_text_after_half: string;
};

function casesOf<C>(file: string): C[] {
  const url = new URL(`../../docs/spec/vectors/${file}`, import.meta.url);
  const { cases }: { cases: C[] } = JSON.parse(readFileSync(url, "utf8"));
  return cases;
}

function shardsOf(shard: Shard | null | undefined): ShardOptions {
  if (shard === null || shard === undefined) return noSharding();
  const [shardIndex, shardCount, dropRemainder = false] = shard;
  return new ShardOptions({ shardIndex, shardCount, dropRemainder });
}

const tens = (count: number) => Array.from({ length: count }, (_, index) => index * 10);

/** Python's endless length. */
const ENDLESS = "9223372036854775807";

describe("a DataLoader of Grain", () => {
  const cases = casesOf<LoaderCase>("grain.json").filter(({ class: name }) => name.startsWith("DataLoader"));

  it("is in the vectors", () => {
    expect(cases.length).toBeGreaterThan(30);
  });

  for (const given of cases) {
    const { n, config, consumed } = given;
    const {
      shuffle,
      num_epochs: numEpochs = null,
      seed = null,
      batch,
      drop_remainder: dropRemainder,
    } = config;
    const shardOptions = shardsOf(config.shard);
    const sampler = given.class.endsWith("IndexSampler")
      ? new IndexSampler({ numRecords: n, shardOptions, shuffle: shuffle ?? false, numEpochs, seed })
      : new SequentialSampler({ numRecords: n, shardOptions });
    const loader = new DataLoader({
      dataSource: tens(n),
      sampler,
      operations: batch === undefined ? [] : [batchOperation(batch, { dropRemainder })],
      dataSourceRepr: "<class 'numpy.ndarray'>",
    });
    const title = `${given.class} ${n} ${JSON.stringify(config)} at ${consumed}`;

    it(`gives Python's elements and state: ${title}`, () => {
      const iterator = loader[Symbol.iterator]();
      expect(take(iterator, consumed)).toEqual(given.first);
      expect(iterator.getState()).toBe(given.state_json_text);
      expect(take(iterator, given.next.length)).toEqual(given.next);
      // Python stopped looking after 20 elements, whether there were more or not.
      if (given.ends) expect(iterator.next().done).toBe(true);
      else expect(given.next).toHaveLength(20);
    });

    it(`goes on from Python's state: ${title}`, () => {
      const iterator = loader[Symbol.iterator]();
      iterator.setState(new TextEncoder().encode(given.state_json_text));
      expect(iterator.getState()).toBe(given.state_json_text);
      expect(take(iterator, given.next.length)).toEqual(given.next);
    });

    it(`has a sampler with Python's text and length: ${title}`, () => {
      expect(String(sampler)).toBe(given.repr);
      expect(sampler.length === Number.POSITIVE_INFINITY ? ENDLESS : sampler.length).toBe(given.sampler_len);
    });
  }
});

describe("a DataLoader of Grain with workers", () => {
  for (const given of casesOf<WorkersCase>("grain_workers.json")) {
    const { n, seed, workers, batch, elements, states } = given;
    const loader = new DataLoader({
      dataSource: tens(n),
      sampler: new IndexSampler({
        numRecords: n,
        shardOptions: shardsOf(given.shard),
        shuffle: seed !== null,
        numEpochs: 1,
        seed,
      }),
      operations: batch === null ? [] : [batchOperation(batch)],
      workerCount: workers,
      dataSourceRepr: `Src(n=${n})`,
    });
    const title = `${workers} workers, ${n} records, batch ${batch}`;

    it(`has Python's state before each element: ${title}`, () => {
      const iterator = loader[Symbol.iterator]();
      for (const [index, [lastSeen, lastWorker]] of states.entries()) {
        expect(JSON.parse(iterator.getState())).toMatchObject({
          last_seen_indices: lastSeen,
          last_worker_index: lastWorker,
        });
        expect(iterator.next()).toEqual({ done: false, value: elements[index] });
      }
      expect(iterator.next()).toEqual({ done: true, value: undefined });
      expect(iterator.next()).toEqual({ done: true, value: undefined });
    });

    it(`goes on from each of its states: ${title}`, () => {
      const whole = loader[Symbol.iterator]();
      for (let index = 0; index <= elements.length; index++) {
        const resumed = loader[Symbol.iterator]();
        resumed.setState(whole.getState());
        expect(resumed.getState()).toBe(whole.getState());
        expect(take(resumed, n)).toEqual(elements.slice(index));
        whole.next();
      }
    });

    it(`goes on from Python's state: ${title}`, () => {
      const half = Math.floor(elements.length / 2);
      const iterator = loader[Symbol.iterator]();
      take(iterator, half);
      expect(iterator.getState()).toBe(given.state_json_text_after_half);
      iterator.setState(given.state_json_text_after_half);
      expect(take(iterator, n)).toEqual(elements.slice(half));
    });
  }
});
