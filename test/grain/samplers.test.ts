import { describe, expect, it } from "vitest";
import { IndexSampler, type IndexSamplerOptions } from "../../src/grain/index-sampler.js";
import { RecordMetadata } from "../../src/grain/record.js";
import { SequentialSampler } from "../../src/grain/sequential-sampler.js";
import { failure } from "../failure.js";

const keys = (sampler: { get(index: number): RecordMetadata }, count: number) =>
  Array.from({ length: count }, (_, index) => sampler.get(index).recordKey);

const refused = (options: Partial<IndexSamplerOptions>) => () =>
  new IndexSampler({ numRecords: 5, ...options });

const message = (index: number, max: string) =>
  `RecordMetadata object index is out of bounds; Got index ${index}, allowed indices should be in [0, ${max}]`;

describe("IndexSampler", () => {
  it("gives the records in order, over and over", () => {
    expect(keys(new IndexSampler({ numRecords: 3 }), 7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });

  it("gives each shard its own run of records", () => {
    const shardOptions = { shardIndex: 1, shardCount: 2 };
    const sampler = new IndexSampler({ numRecords: 5, shardOptions });
    expect(keys(sampler, 6)).toEqual([3, 3, 4, 4, 3, 3]); // position 2k + 1 is the shard's record k
  });

  it("has a position of a billion at once", () => {
    const sampler = new IndexSampler({ numRecords: 1000, shuffle: true, seed: 1 });
    expect(sampler.get(1e9).recordKey).toBe(624); // Grain 0.2.18
  });

  it("refuses in Python's words what cannot be", () => {
    expect(refused({ numRecords: 0 })).toThrow(
      "Invalid number of records in Sampler. Got 0 records, but number of records must be greater than 0.",
    );
    expect(refused({ numEpochs: 0 })).toThrow(
      "Invalid number of epochs in Index Sampler.Got 0 epochs, but number of epochs must be greater than 0.",
    );
    expect(refused({ shuffle: true })).toThrow("Shuffling requires specifying a seed.");
    expect(refused({ shuffle: true, seed: 1.5 })).toThrow(
      "Expected seed of int type. Got seed with type <class 'float'>",
    );
    for (const seed of [-1, 2 ** 32, 2n ** 70n]) {
      expect(refused({ seed })).toThrow("Seed should be positive 32-bit integer.");
    }
    expect(refused({ numRecords: 1.5 })).toThrow(failure("INVALID_ARGUMENT"));
  });

  it("refuses in Python's words a position that there is not", () => {
    const ending = new IndexSampler({ numRecords: 5, numEpochs: 2 });
    expect(() => ending.get(10)).toThrow(message(10, "10"));
    expect(() => ending.get(-1)).toThrow(failure("INVALID_ARGUMENT", { pythonType: "IndexError" }));
    expect(() => new IndexSampler({ numRecords: 5 }).get(-1)).toThrow(message(-1, "None"));
    expect(() => ending.get(0.5)).toThrow(failure("INVALID_ARGUMENT"));
  });

  it("has no record for a shard without records", () => {
    const sampler = new IndexSampler({ numRecords: 2, shardOptions: { shardIndex: 2, shardCount: 3 } });
    expect(() => sampler.get(2)).toThrow(failure("INVALID_ARGUMENT", { pythonType: "ZeroDivisionError" }));
  });

  it("has a length that Python can hold, or refuses to say it", () => {
    const sampler = new IndexSampler({ numRecords: 2 ** 40, numEpochs: 2 ** 40 });
    expect(() => sampler.length).toThrow("cannot fit 'int' into an index-sized integer");
    expect(String(sampler)).toContain("num_epochs=1099511627776");
  });
});

describe("SequentialSampler", () => {
  it("gives the records once, and drops what shards cannot share", () => {
    const shardOptions = { shardIndex: 0, shardCount: 2, dropRemainder: true };
    const sampler = new SequentialSampler({ numRecords: 5, shardOptions });
    expect(sampler.length).toBe(4);
    expect(keys(sampler, 4)).toEqual([0, 1, 2, 3]);
    expect(() => sampler.get(4)).toThrow(failure("INVALID_ARGUMENT", { pythonType: "IndexError" }));
  });

  it("refuses in Python's words a number of records below 1", () => {
    expect(() => new SequentialSampler({ numRecords: -1 })).toThrow(
      "Invalid number of records in Sampler. Got -1 records, but number of records must be greater than 0.",
    );
  });

  it("refuses in NumPy's words a generator's key below 0", () => {
    expect(() => new SequentialSampler({ numRecords: 3, seed: -5 }).get(1)).toThrow(
      "key must be positive and less than 2**128.",
    );
  });
});

describe("RecordMetadata", () => {
  const { rng } = new IndexSampler({ numRecords: 5, seed: 40 }).get(2);

  it("has the generator of the seed and the position: Generator(Philox(key=42))", () => {
    const again = new SequentialSampler({ numRecords: 5, seed: 42 }).get(0).rng;
    expect(again?.random()).toBe(0.8201981478608876); // NumPy
    expect(rng?.random()).toBe(0.8201981478608876);
  });

  it("keeps one generator, which goes on", () => {
    const metadata = new IndexSampler({ numRecords: 5, seed: 40 }).get(2);
    metadata.rng?.random();
    expect(metadata.removeRecordKey().rng).toBe(metadata.rng);
    expect(metadata.removeRecordKey().recordKey).toBeNull();
  });

  it("has none without a seed", () => {
    expect(new IndexSampler({ numRecords: 5 }).get(2).rng).toBeNull();
  });

  it("has Python's text", () => {
    expect(String(new RecordMetadata(3, 7))).toBe("RecordMetadata(index=3, record_key=7, rng=None)");
    expect(String(new IndexSampler({ numRecords: 5, seed: 1 }).get(2).removeRecordKey())).toBe(
      "RecordMetadata(index=2, record_key=None, rng=Generator(Philox))",
    );
  });
});
