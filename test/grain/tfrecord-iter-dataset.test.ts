import { describe, expect, it } from "vitest";
import { MapDataset } from "../../src/grain/map-dataset.js";
import { TFRecordIterDataset } from "../../src/grain/tfrecord-iter-dataset.js";
import { int } from "../../src/pytree/value.js";
import { encodeTfRecord } from "../../src/records/tfrecord.js";
import { openTfRecords } from "../../src/records/tfrecord-file.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { failure } from "../failure.js";
import { collect } from "../records/fixtures.js";

const FILE = "a.tfrecord";
const text = (value: string) => new TextEncoder().encode(value);
/** Records of 1 to 4 bytes; each takes 16 bytes more. */
const WORDS = ["a", "bc", "def", "ghij"];
const STATES = [0, 17, 35, 54, 74].map((offset) => ({ reader_offset: offset }));

function datasetOf(...records: Uint8Array[]): TFRecordIterDataset {
  const storage = new MemoryStorage([[`/${FILE}`, new Uint8Array(Buffer.concat(records))]]);
  return new TFRecordIterDataset(FILE, { storage });
}

const words = () => datasetOf(...WORDS.map((word) => encodeTfRecord(text(word))));

describe("TFRecordIterDataset", () => {
  it("gives the records in order, and in its state where the next one begins", async () => {
    const iterator = words()[Symbol.asyncIterator]();
    for (const [index, word] of WORDS.entries()) {
      expect(await iterator.getState()).toEqual(STATES[index]);
      expect(await iterator.next()).toEqual({ done: false, value: text(word) });
    }
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(await iterator.getState()).toEqual(STATES[4]);
  });

  it("goes on where a state says, also before its first element and behind its last", async () => {
    const iterator = words()[Symbol.asyncIterator]();
    await iterator.setState({ reader_offset: 35 });
    expect(await iterator.getState()).toEqual(STATES[2]);
    expect((await collect(iterator)).map((word) => new TextDecoder().decode(word))).toEqual(["def", "ghij"]);
    await iterator.setState({ reader_offset: int(17n) });
    expect((await iterator.next()).value).toEqual(text("bc"));
    await iterator.setState({ reader_offset: 1000 });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("begins anew with each iterator", async () => {
    const dataset = words();
    await dataset[Symbol.asyncIterator]().next();
    expect(await collect(dataset[Symbol.asyncIterator]())).toHaveLength(4);
  });

  it("goes through transformations, whose states are its own", async () => {
    const dataset = words()
      .map((word) => word.length)
      .filter((length) => length % 2 === 0);
    const iterator = dataset[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toBe(2);
    expect(await iterator.getState()).toEqual(STATES[2]);
    expect(await collect(iterator)).toEqual([4]);
  });

  it("has a sibling with random access: a source over the same file", async () => {
    const storage = new MemoryStorage([
      ["/a", new Uint8Array(Buffer.concat(WORDS.map((word) => encodeTfRecord(text(word)))))],
    ]);
    const dataset = MapDataset.source(await openTfRecords("a", { storage }))
      .map((word) => word.length)
      .slice(1, 3);
    expect(await collect(dataset[Symbol.asyncIterator]())).toEqual([2, 3]);
  });

  it("cannot be iterated without awaiting", () => {
    expect(() => words()[Symbol.iterator]().next()).toThrow(failure("INVALID_ARGUMENT"));
  });

  it.each([
    ["without an offset", {}, "KeyError"],
    ["with a negative offset", { reader_offset: -1 }, "ValueError"],
    ["with a text for an offset", { reader_offset: "17" }, "TypeError"],
    ["with a fraction", { reader_offset: 0.5 }, "TypeError"],
  ])("refuses a state %s, and stays where it was", async (_, state, pythonType) => {
    const iterator = words()[Symbol.asyncIterator]();
    await iterator.next();
    await expect(iterator.setState(state)).rejects.toEqual(failure("INVALID_ARGUMENT", { pythonType }));
    expect(await iterator.getState()).toEqual(STATES[1]);
    expect((await iterator.next()).value).toEqual(text("bc"));
  });

  it("stays where it was at a damaged record", async () => {
    const record = encodeTfRecord(text("a"));
    const damaged = record.slice();
    damaged[12] = 0;
    const iterator = datasetOf(record, damaged)[Symbol.asyncIterator]();
    await iterator.next();
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(iterator.next()).rejects.toEqual(
        failure("DATA_LOSS", { file: FILE, offset: 17, key: "1" }),
      );
    }
    expect(await iterator.getState()).toEqual(STATES[1]);
  });

  it("says with the first element that there is no file", async () => {
    const iterator = new TFRecordIterDataset(FILE, { storage: new MemoryStorage() })[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toEqual(failure("NOT_FOUND", { file: FILE }));
  });
});
