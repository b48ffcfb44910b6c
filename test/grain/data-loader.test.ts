import { describe, expect, it } from "vitest";
import { DataLoader, type DataLoaderOptions, load } from "../../src/grain/data-loader.js";
import { IndexSampler } from "../../src/grain/index-sampler.js";
import {
  batchOperation,
  filterOperation,
  flatMapOperation,
  mapOperation,
  randomMapOperation,
} from "../../src/grain/operations.js";
import { RecordMetadata } from "../../src/grain/record.js";
import { noSharding } from "../../src/grain/shard-options.js";
import { failure } from "../failure.js";

// Expected elements, states and texts are those of Grain 0.2.18.

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

function loaderOf<T>(count: number, options: Partial<DataLoaderOptions> & { readonly seed?: number } = {}) {
  const { seed = null, ...others } = options;
  const sampler = new IndexSampler({ numRecords: count, numEpochs: 1, seed });
  return new DataLoader<T>({ dataSource: range(count), sampler, ...others });
}

const notThirds = filterOperation((value: number) => value % 3 !== 0);
const fanOut = flatMapOperation((value: number) => Array.from({ length: value % 3 }, () => value), {
  maxFanOut: 3,
});

/** The elements with the state behind each, and that at the end. */
function walk(loader: DataLoader): unknown[] {
  const iterator = loader[Symbol.iterator]();
  const seen: unknown[] = [];
  for (const element of iterator) seen.push([element, JSON.parse(iterator.getState())]);
  return [...seen, JSON.parse(iterator.getState())];
}

function refused(operation: unknown) {
  const sampler = new IndexSampler({ numRecords: 3 });
  return () => Reflect.construct(DataLoader, [{ dataSource: [1, 2, 3], sampler, operations: [operation] }]);
}

function nameOf(dataSource: DataLoaderOptions["dataSource"]): unknown {
  const iterator = loaderOf(1, { dataSource })[Symbol.iterator]();
  return JSON.parse(iterator.getState()).data_source;
}

function hint(what: string, who: string): string {
  return `Grain uses \`repr(${what})\` to validate the ${who}, so you may need to implement a custom \`__repr__\`.`;
}

describe("operations", () => {
  it("filter, of which the state counts the records that were read", () => {
    const states = walk(loaderOf(5, { operations: [notThirds] })).map((step) =>
      JSON.stringify(step).replace(/,?"version.*?"last_seen_indices":|,"last_worker_index.*$/g, ""),
    );
    expect(states).toEqual(['[1,{{"0":1}', '[2,{{"0":2}', '[4,{{"0":4}', '{{"0":4}']);
  });

  it("map at random with the record's own generator, which the next one goes on with", () => {
    const first = randomMapOperation((value: number, rng) => [value, rng?.random(), rng?.integers(0, 100)]);
    expect([...loaderOf(3, { operations: [first], seed: 5 })]).toEqual([
      [0, 0.7337459554446363, 5],
      [1, 0.6851228382924437, 76],
      [2, 0.8720734548204873, 97],
    ]);
    const second = randomMapOperation((_: unknown, rng) => rng?.random());
    const [random] = loaderOf(3, { operations: [first, second], seed: 5 });
    expect(random).toBe(0.20780894066207112);
  });

  it("map at random with null where the sampler has no seed", () => {
    expect([...loaderOf(1, { operations: [randomMapOperation((_, rng) => rng)] })]).toEqual([null]);
  });

  it("make several elements of one, with the states of Grain's datasets", () => {
    expect(walk(loaderOf(5, { operations: [fanOut] }))).toEqual([
      [1, { parent: { next_index: 1 }, next_index_in_buffer: 1 }],
      [2, { parent: { next_index: 2 }, next_index_in_buffer: 1 }],
      [2, { parent: { next_index: 2 }, next_index_in_buffer: 2 }],
      [4, { parent: { next_index: 4 }, next_index_in_buffer: 1 }],
      { parent: { next_index: 5 }, next_index_in_buffer: 1 },
    ]);
  });

  it("write the states of Grain's datasets as Python does", () => {
    const iterator = loaderOf(5, { operations: [fanOut] })[Symbol.iterator]();
    expect(iterator.getState()).toBe(
      '{\n    "parent": {\n        "next_index": 0\n    },\n    "next_index_in_buffer": 0\n}',
    );
  });

  it("go on from the state in the middle of several elements", () => {
    const loader = loaderOf(12, { operations: [notThirds, fanOut, batchOperation(2)] });
    const iterator = loader[Symbol.iterator]();
    iterator.setState('{"parent": {"next_index": 3}, "next_index_in_buffer": 1}');
    expect([...iterator]).toEqual([
      [5, 5],
      [7, 8],
      [8, 10],
      [11, 11],
    ]);
  });

  it("come in order, with a batch function of one's own", () => {
    const sum = { batchSize: 3, batchFn: (values: readonly number[]) => values.reduce((a, b) => a + b) };
    const increment = mapOperation((value: number) => value + 1);
    expect([...loaderOf(10, { operations: [sum, increment] })]).toEqual([4, 13, 22, 10]);
  });

  it("are refused where Grain cannot use them", () => {
    for (const operation of [null, 7, {}, [1, 2], { mapWithIndex: () => 1 }]) {
      expect(refused(operation)).toThrow(failure("INVALID_ARGUMENT", { pythonType: "TypeError" }));
    }
    expect(refused(batchOperation(0))).toThrow("batch_size must be positive.");
    expect(refused({ flatMap: () => [], maxFanOut: 0.5 })).toThrow(failure("INVALID_ARGUMENT"));
  });
});

describe("load", () => {
  it("is a loader over all records", () => {
    const loader = load<number[]>([1, 2, 3], { numEpochs: 1, batchSize: 2, dropRemainder: true });
    expect([...loader]).toEqual([[1, 2]]);
  });
});

describe("a DataLoader", () => {
  it("refuses in Python's words numbers of workers that cannot be", () => {
    expect(() => loaderOf(1, { workerCount: -1 })).toThrow(
      "Worker count should be greater than or equal zero.Current worker_count is -1.",
    );
    expect(() => loaderOf(1, { workerBufferSize: -1 })).toThrow(
      "Worker buffer size must be greater than or equal zero.Current worker_buffer_size is -1.",
    );
    expect(() => loaderOf(1, { workerCount: 1, workerBufferSize: 0 })).toThrow(
      "`buffer_size` must be greater than 0, got 0.",
    );
    expect(() => loaderOf(1, { workerCount: 1e9 })).toThrow(failure("INVALID_ARGUMENT"));
  });

  it("takes a sampler without length, and asks for shards that nobody gave", () => {
    const sampler = {
      get(index: number) {
        if (index >= 7) throw new RangeError("no more");
        return new RecordMetadata(index, index);
      },
    };
    expect(() => new DataLoader({ dataSource: [1], sampler })).toThrow(
      "No shard options were provided to the DataLoader. Please pass shard options to the DataLoader. Previously " +
        "sharding was handled by the Sampler but going forward sharding will be handled by the DataLoader for " +
        "greater flexibility.",
    );
    const loader = new DataLoader({ dataSource: [1, 2, 3], sampler, shardOptions: noSharding() });
    expect([...loader]).toEqual([1, 2, 3, 1, 2, 3, 1]); // the source starts again
  });

  it("names its source as Python does, or as it is told", () => {
    expect(nameOf([7])).toBe("<class 'list'>");
    expect(nameOf(new Int32Array(1))).toBe("<class 'numpy.ndarray'>");
    const own = { length: 1, get: () => 7, toString: () => "RangeDataSource(start=7, stop=8, step=1)" };
    expect(nameOf(own)).toBe("RangeDataSource(start=7, stop=8, step=1)");
    expect(nameOf({ length: 1, get: () => 7 })).toBe("<Object object>");
  });

  it("answers at once from far away", () => {
    const sampler = new IndexSampler({ numRecords: 1000, shuffle: true, seed: 1 });
    const loader = new DataLoader({ dataSource: range(1000), sampler, workerCount: 2 });
    const iterator = loader[Symbol.iterator]();
    const state = JSON.parse(iterator.getState());
    iterator.setState(
      JSON.stringify({ ...state, last_seen_indices: { "0": 1e9 - 2, "1": 1e9 - 1 }, last_worker_index: 1 }),
    );
    expect(iterator.next().value).toBe(624);
  });

  it("has null for records that are", () => {
    expect([...loaderOf(2, { dataSource: [null, 4] })]).toEqual([null, 4]);
  });

  it("reads a record again after its source failed", () => {
    let fails = true;
    const dataSource = {
      length: 2,
      get(index: number) {
        if (index === 1 && fails) throw new Error("no network");
        return index;
      },
    };
    const iterator = loaderOf(2, { dataSource })[Symbol.iterator]();
    iterator.next();
    expect(() => iterator.next()).toThrow("no network");
    fails = false;
    expect([...iterator]).toEqual([1]);
  });
});

describe("a state of a DataLoader", () => {
  const loader = loaderOf(10);
  const sampler =
    "IndexSampler(num_records=10, shard_options=NoSharding(shard_index=0, shard_count=1, drop_remainder=False), " +
    "shuffle=False, num_epochs=1, seed=None)";
  function restoring(changes: Readonly<Record<string, unknown>>) {
    const iterator = loader[Symbol.iterator]();
    iterator.next();
    const before = iterator.getState();
    const state = { ...JSON.parse(before), ...changes };
    return { iterator, before, restore: () => iterator.setState(JSON.stringify(state)) };
  }

  it.each([
    [
      { worker_count: 2, sampler: "x" },
      "Worker count in checkpoint does not match dataloader worker count.\n" +
        "worker count in checkpoint: 2\nworker count in dataloader: 0",
    ],
    [
      { worker_count: null },
      "Worker count in checkpoint does not match dataloader worker count.\n" +
        "worker count in checkpoint: None\nworker count in dataloader: 0",
    ],
    [
      { sampler: "a", data_source: "b" },
      `Sampler in checkpoint does not match dataloader sampler.\nsampler in checkpoint: a\n` +
        `sampler in dataloader: ${sampler}\n${hint("sampler", "sampler")}`,
    ],
    [
      { sampler: [1, "a"] },
      `Sampler in checkpoint does not match dataloader sampler.\nsampler in checkpoint: [1, 'a']\n` +
        `sampler in dataloader: ${sampler}\n${hint("sampler", "sampler")}`,
    ],
    [
      { data_source: null },
      "DataSource in checkpoint does not match datasource in dataloader.\ndata source in checkpoint: None\n" +
        `data source in dataloader: <class 'list'>\n${hint("data_source", "source")}`,
    ],
    [
      { last_seen_indices: { "0": 99 } },
      "Checkpoint `next_index` 100 is out of range for dataset of length 10.",
    ],
    [
      { last_seen_indices: { "0": -2 } },
      "Checkpoint `next_index` -1 is out of range for dataset of length 10.",
    ],
  ])("with %o is refused in Python's words, and changes nothing", (changes, message) => {
    const { iterator, before, restore } = restoring(changes);
    expect(restore).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", message }));
    expect(iterator.getState()).toBe(before);
    expect(iterator.next().value).toBe(1);
  });

  it.each([
    { last_seen_indices: {} },
    { last_seen_indices: { "0": "1" } },
    { last_seen_indices: { "0": 0.5 } },
    { last_seen_indices: [1] },
    { last_worker_index: null },
    { worker_count: undefined },
    { sampler: undefined },
  ])("with %o is refused", (changes) => {
    expect(restoring(changes).restore).toThrow(failure("INVALID_ARGUMENT"));
  });

  it.each(["[]", "{", "", "7", Uint8Array.of(0xff)])("that is %o is refused", (state) => {
    expect(() => loader[Symbol.iterator]().setState(state)).toThrow(failure("INVALID_ARGUMENT"));
  });

  it.each([{ version: 1 }, { version: undefined }, { worker_count: false }, { last_worker_index: 5 }])(
    "with %o is taken, as by Python",
    (changes) => {
      const { iterator, before, restore } = restoring(changes);
      restore();
      expect(iterator.getState()).toBe(before);
    },
  );

  it("keeps the digits of positions that numbers would round", () => {
    const endless = new DataLoader({
      dataSource: [0],
      sampler: new IndexSampler({ numRecords: 1, shardOptions: { shardIndex: 1, shardCount: 3 }, seed: 4 }),
    })[Symbol.iterator]();
    const state = endless.getState().replace('"0": -2', '"0": 12000000000000001');
    expect(state).toContain("12000000000000001");
    endless.setState(state);
    expect(endless.getState()).toBe(state);
  });
});

describe("a DataLoader whose source answers with promises", () => {
  const later = {
    length: 9,
    get: async (index: number) => index,
    toString: () => "Later()",
  };
  const double = { map: async (value: number) => value * 2 };
  const optionsOf = (workerCount: number) => ({
    dataSource: later,
    operations: [double, batchOperation(2)],
    workerCount,
  });

  it.each([0, 1, 2, 4])("gives the same elements and states, with %i workers", async (workerCount) => {
    const options = optionsOf(workerCount);
    const present = { ...later, get: (index: number) => index * 2 };
    const expected = loaderOf(9, { ...options, dataSource: present, operations: [batchOperation(2)] })[
      Symbol.iterator
    ]();
    const iterator = loaderOf(9, options)[Symbol.asyncIterator]();
    for (const element of expected) {
      const { value } = await iterator.next();
      expect(value).toEqual(element);
      expect(await iterator.getState()).toBe(expected.getState());
    }
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("goes on from a state", async () => {
    const loader = loaderOf(9, optionsOf(2));
    const first = loader[Symbol.asyncIterator]();
    await first.next();
    const second = loader[Symbol.asyncIterator]();
    await second.setState(await first.getState());
    expect((await second.next()).value).toEqual((await first.next()).value);
  });

  it("has to be iterated with for await", () => {
    expect(() => loaderOf(9, optionsOf(0))[Symbol.iterator]().next()).toThrow(failure("INVALID_ARGUMENT"));
  });
});
