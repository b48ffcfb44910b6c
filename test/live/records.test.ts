import { createHash } from "node:crypto";
import { mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DataLoader } from "../../src/grain/data-loader.js";
import { IndexSampler } from "../../src/grain/index-sampler.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import type { IteratorState } from "../../src/grain/node.js";
import { TFRecordIterDataset } from "../../src/grain/tfrecord-iter-dataset.js";
import { openArrayRecords } from "../../src/records/array-records.js";
import { openTfRecords } from "../../src/records/tfrecord-file.js";
import { writeTfRecords } from "../../src/records/tfrecord-writer.js";
import { collect } from "../records/fixtures.js";
import { type Oracle, OracleError, seededBytes, seededLength, startOracle } from "./oracle.js";

/** Record files between this package and the real libraries, both ways. */

let scratch: string;
let oracle: Oracle;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "orbax-ts-records-"));
  oracle = await startOracle();
});
afterAll(async () => {
  await oracle.stop();
  await rm(scratch, { recursive: true });
});

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A number of 0 … count − 1, the same for the same seed. */
const draw = (seed: number, count: number) => seededLength(seed, 0, count - 1);
const choose = <T>(seed: number, choices: readonly T[]): T => {
  const chosen = choices[draw(seed, choices.length)];
  if (chosen === undefined) throw new Error("nothing to choose from");
  return chosen;
};

const COMPRESSIONS = ["", "uncompressed", "zstd:1", "zstd:-7", "zstd:19", "brotli:1", "brotli:9", "snappy"];
const WINDOWS = [
  "zstd,window_log:10",
  "zstd,window_log:31",
  "brotli:3,window_log:10",
  "brotli:3,window_log:30",
];
const LENGTHS = [0, 1, 30, 127, 128, 5000, 65_400, 65_512, 200_000];
const LARGE = 2 ** 20;

type RecordSpec = { readonly seed: number; readonly length: number } | { readonly message: number };

/** What a random file is made of. */
function randomFile(seed: number): { options: string; records: RecordSpec[] } {
  const group = choose(seed + 1, ["", "group_size:1", "group_size:2", "group_size:10", "group_size:1000"]);
  const compression = choose(seed + 2, [...COMPRESSIONS, ...WINDOWS]);
  const transpose = choose(seed + 3, ["", "", "transpose", "transpose,transpose_bucket_size:100"]);
  const padding = choose(seed + 4, ["", "", "", "pad_to_block_boundary:true"]);
  const count = choose(seed + 5, [0, 1, 3, 20, 90]);
  const records = Array.from({ length: count }, (_, index): RecordSpec => {
    const own = seed * 1000 + index * 10;
    if (transpose !== "" && draw(own, 3) > 0) return { message: own };
    const large = index === 2 && draw(seed + 6, 3) === 0;
    return { seed: own, length: large ? LARGE : draw(own + 1, choose(own + 2, LENGTHS) + 1) };
  });
  return {
    options: [group, compression, transpose, padding].filter((part) => part !== "").join(","),
    records,
  };
}

/** The fields of an answer that tells records. */
async function hashesOf(operation: string, args: Readonly<Record<string, unknown>>) {
  const answer = await oracle.call(operation, args);
  if (typeof answer !== "object" || answer === null || !("hashes" in answer)) throw new Error("no hashes");
  return answer.hashes;
}

describe("ArrayRecord files of the real writer", () => {
  it.each(Array.from({ length: 40 }, (_, seed) => ({ seed, ...randomFile(seed * 100) })))(
    "number $seed, with $options, has the same records",
    async ({ seed, options, records }) => {
      const path = join(scratch, `${seed}.array_record`);
      const hashes = await hashesOf("array_record_write", { path, options, records });
      const opened = await openArrayRecords(path);
      expect((await collect(opened)).map(sha256)).toEqual(hashes);
      const last = opened.length - 1;
      if (last >= 0) {
        const fresh = await openArrayRecords(path);
        expect([await fresh.get(last), await fresh.get(0)].map(sha256)).toEqual(
          [last, 0].map((index) => Array.isArray(hashes) && hashes[index]),
        );
      }
    },
  );

  it("are numbered through and called as Grain does it", async () => {
    const paths = ["first", "second", "third"].map((name) => join(scratch, `${name}.array_record`));
    for (const [index, path] of paths.entries()) {
      const records = Array.from({ length: 10 + index }, (_, record) => ({
        seed: index * 100 + record,
        length: 20,
      }));
      await oracle.call("array_record_write", { path, options: `group_size:${index + 1}`, records });
    }
    const [first, second, third] = paths;
    for (const list of [paths, [`${third}[2:7]`, `${first}`, `${second}[10:11]`, `${second}[0:0]`]]) {
      const records = await openArrayRecords(list);
      const ours = {
        length: records.length,
        repr: String(records),
        hashes: (await collect(records)).map(sha256),
      };
      expect(ours).toEqual(await oracle.call("array_record_source", { paths: list }));
    }
  });
});

/** Lengths of the records of a TFRecord file, some of them longer than what is read at once. */
const TF_LENGTHS = Array.from({ length: 60 }, (_, index) =>
  index === 20 ? LARGE : draw(index, choose(index, LENGTHS)),
);

async function writeTfRecordFile(name: string): Promise<string> {
  const path = join(scratch, name);
  await writeTfRecords(
    path,
    TF_LENGTHS.map((length, index) => seededBytes(index, length)),
  );
  return path;
}

const isOdd = (length: number) => length % 2 === 1;

type Operation = readonly [string, ...number[]];

/** What the oracle's `record_stream` is told to do, done here. */
async function pipelineOf(paths: readonly string[], operations: readonly Operation[]): Promise<Stream> {
  const [path = ""] = paths;
  const lengths = operations.some(([name]) => name === "lengths");
  const batch = operations.find(([name]) => name === "batch")?.[1];
  if (path.endsWith(".tfrecord")) {
    const records = new TFRecordIterDataset(path);
    if (!lengths) return records[Symbol.asyncIterator]();
    const odd = records.map(({ length }) => length).filter(isOdd);
    return (batch === undefined ? odd : odd.batch(batch))[Symbol.asyncIterator]();
  }
  let records = MapDataset.source(await openArrayRecords(paths));
  for (const [name, argument = 0] of operations) {
    if (name === "shuffle") records = records.shuffle(argument);
    if (name === "repeat") records = records.repeat(argument);
  }
  if (!lengths) return records[Symbol.asyncIterator]();
  const odd = records.map(({ length }) => length).filter(isOdd);
  return (batch === undefined ? odd : odd.toIterDataset().batch(batch))[Symbol.asyncIterator]();
}

/** An iterator whose state is a dict, or of a DataLoader a text. */
type Stream<State = IteratorState> = {
  next(): Promise<IteratorResult<unknown, undefined>>;
  getState(): Promise<State>;
  setState(state: State): Promise<void>;
};

/** An element as the oracle tells it. */
function toldElement(element: unknown): unknown {
  return element instanceof Uint8Array ? sha256(element) : element;
}

async function take<State>(
  stream: Pick<Stream<State>, "next" | "getState">,
  count: number,
): Promise<{ elements: unknown[]; state: State }> {
  const elements: unknown[] = [];
  while (elements.length < count) {
    const result = await stream.next();
    if (result.done === true) break;
    elements.push(toldElement(result.value));
  }
  return { elements, state: await stream.getState() };
}

/** The state in an answer. */
function stateOf(answer: unknown): IteratorState {
  if (typeof answer !== "object" || answer === null || !("state" in answer)) throw new Error("no state");
  const { state } = answer;
  if (!isDict(state)) throw new Error("a state is a dict");
  return state;
}

function isDict(value: unknown): value is IteratorState {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

describe("TFRecord files of ours", () => {
  it("are read by Grain, record by record and state by state", async () => {
    const path = await writeTfRecordFile("ours.tfrecord");
    const stream = await pipelineOf([path], []);
    for (const count of [0, 1, 5, 30, 100]) {
      const theirs = await oracle.call("record_stream", { paths: [path], operations: [], count });
      const { index } = await openTfRecords(path);
      const read = Math.min(count, TF_LENGTHS.length);
      expect(stateOf(theirs)).toEqual({ reader_offset: index.offsets[read] });
      expect(theirs).toEqual(await take(await pipelineOf([path], []), count));
    }
    expect((await take(stream, 1000)).elements).toHaveLength(TF_LENGTHS.length);
  });

  it("that are cut are refused by both, in the same words", async () => {
    const path = await writeTfRecordFile("cut.tfrecord");
    const { index } = await openTfRecords(path);
    for (const bytesOfRecord of [14, 7]) {
      await truncate(path, (index.offsets[5] ?? 0) + bytesOfRecord);
      const args = { paths: [path], operations: [], count: 100 };
      const theirs: unknown = await oracle.call("record_stream", args).catch((error: unknown) => error);
      const ours: unknown = await take(await pipelineOf([path], []), 100).catch((error: unknown) => error);
      if (!(theirs instanceof OracleError) || !(ours instanceof Error)) throw new Error("both refuse it");
      expect(theirs.pythonType).toBe("ValueError");
      expect(ours.message).toContain(theirs.message);
    }
  });
});

describe("a pipeline of Grain over record files", () => {
  const pipelines: readonly { name: string; tfRecord: boolean; operations: readonly Operation[] }[] = [
    { name: "TFRecords", tfRecord: true, operations: [] },
    {
      name: "TFRecords, mapped, filtered, batched",
      tfRecord: true,
      operations: [["lengths"], ["odd"], ["batch", 3]],
    },
    { name: "ArrayRecords", tfRecord: false, operations: [] },
    {
      name: "ArrayRecords, shuffled, repeated",
      tfRecord: false,
      operations: [
        ["shuffle", 7],
        ["repeat", 2],
      ],
    },
    {
      name: "ArrayRecords, shuffled, mapped, filtered, batched",
      tfRecord: false,
      operations: [["shuffle", 42], ["repeat", 3], ["lengths"], ["odd"], ["batch", 4]],
    },
  ];

  it.each(pipelines)(
    "of $name goes on in the other language, both ways",
    async ({ name, tfRecord, operations }) => {
      const paths = tfRecord
        ? [await writeTfRecordFile(`${name}.tfrecord`)]
        : await twoArrayRecordFiles(name);
      for (const count of [0, 1, 7, 1000]) {
        const theirs = await oracle.call("record_stream", { paths, operations, count });
        expect(await take(await pipelineOf(paths, operations), count)).toEqual(theirs);

        const ours = await pipelineOf(paths, operations);
        await ours.setState(stateOf(theirs));
        const rest = await take(ours, 5);
        expect(rest).toEqual(
          await oracle.call("record_stream", { paths, operations, count: 5, state: stateOf(theirs) }),
        );

        const back = await oracle.call("record_stream", { paths, operations, count: 5, state: rest.state });
        expect(await take(ours, 5)).toEqual(back);
      }
    },
  );

  it("in a DataLoader goes on from the text of its state, both ways", async () => {
    const paths = await twoArrayRecordFiles("loader");
    const records = await openArrayRecords(paths);
    const sampler = new IndexSampler({ numRecords: records.length, shuffle: true, numEpochs: 2, seed: 3 });
    const iterator = new DataLoader({ dataSource: records, sampler })[Symbol.asyncIterator]();
    const loader = (count: number, state?: unknown) =>
      oracle.call("record_loader", { paths, seed: 3, count, ...(state === undefined ? {} : { state }) });
    const theirs = await loader(9);
    expect(await take(iterator, 9)).toEqual(theirs);
    const ours = await take(iterator, 20);
    const further = await loader(1000, ours.state);
    const again = new DataLoader({ dataSource: records, sampler })[Symbol.asyncIterator]();
    await again.setState(ours.state);
    expect(await take(again, 1000)).toEqual(further);
  });
});

async function twoArrayRecordFiles(name: string): Promise<string[]> {
  const paths = ["first", "second"].map((part) => join(scratch, `${name}-${part}.array_record`));
  for (const [index, path] of paths.entries()) {
    const records = Array.from({ length: 13 + index * 10 }, (_, record) => ({
      seed: index * 100 + record,
      length: draw(record, 100),
    }));
    await oracle.call("array_record_write", { path, options: `group_size:${1 + index * 3}`, records });
  }
  return paths;
}
