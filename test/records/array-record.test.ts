import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOrbaxError } from "../../src/errors.js";
import { arrayRecordDataSourceRepr } from "../../src/records/array-record-paths.js";
import { openArrayRecords } from "../../src/records/array-records.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { CountingStorage } from "../checkpoint/counting-storage.js";
import { failure } from "../failure.js";
import { collect, EXPECTED, recordFixture, recordStorage, told } from "./fixtures.js";

const BLOCK = 2 ** 16;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const open = (...paths: string[]) => openArrayRecords(paths, { storage: recordStorage() });

/** The one file of a storage. */
const FILE = "a.array_record";
const storageOf = (bytes: Uint8Array) => new MemoryStorage([[`/${FILE}`, bytes]]);

describe("an ArrayRecord file of the real library", () => {
  it.each(Object.entries(EXPECTED.array_record))("%s is read alike", async (name, expected) => {
    const records = await open(`${name}.array_record`);
    expect(records.length).toBe(expected.length);
    expect(told(await collect(records))).toEqual({ lengths: expected.lengths, sha256: expected.sha256 });
  });

  it.each(["many", "transposed-zstd", "uncompressed"])("%s is read by number in any order", async (name) => {
    const records = await open(`${name}.array_record`);
    const inOrder = await collect(records);
    for (const step of [7, 11]) {
      for (let number = 0; number < records.length; number++) {
        const index = (number * step) % records.length;
        expect(await records.get(index)).toEqual(inOrder[index]);
      }
    }
  });

  it("is read over a store that tells no sizes", async () => {
    const storage = new CountingStorage(recordStorage(), { only: true });
    const records = await openArrayRecords("over-blocks.array_record", { storage });
    const { lengths, sha256 } = EXPECTED.array_record["over-blocks"] ?? {};
    expect(told(await collect(records))).toEqual({ lengths, sha256 });
  });

  it("costs two reads to open, and one for a record", async () => {
    const storage = new CountingStorage(recordStorage());
    const records = await openArrayRecords("uncompressed.array_record", { storage });
    expect(storage.reads.map(({ bytes }) => bytes)).toEqual([BLOCK, expect.any(Number)]);
    await records.get(2);
    expect(storage.reads).toHaveLength(3);
  });

  it("costs one read for all records of a chunk, asked for at once or in a row", async () => {
    const storage = new CountingStorage(recordStorage());
    const records = await openArrayRecords("many.array_record", { storage });
    storage.reads.length = 0;
    await Promise.all([records.get(5), records.get(99), records.get(0)]);
    await records.get(50);
    expect(storage.reads).toHaveLength(1);
    expect(text(await records.get(100))).toBe("100");
    expect(storage.reads).toHaveLength(2);
  });

  it("gives bytes that belong to the caller", async () => {
    const records = await open("uncompressed-groups.array_record");
    (await records.get(0)).fill(0);
    expect(text(await records.get(0))).toBe("first");
  });

  it("is read again after a caller aborted the read of its chunk", async () => {
    const records = await open("many.array_record");
    const aborted = records.get(3, { signal: AbortSignal.abort(new Error("enough")) });
    const [first, second] = await Promise.allSettled([aborted, records.get(4)]);
    expect(first).toMatchObject({ status: "rejected", reason: { message: "enough" } });
    expect(second).toMatchObject({ status: "fulfilled", value: new TextEncoder().encode("4") });
  });
});

describe("several ArrayRecord files", () => {
  it("are numbered through in the order of the paths", async () => {
    const records = await open(
      "chunk-at-block.array_record",
      "uncompressed.array_record",
      "chunk-at-block.array_record",
    );
    expect(records.length).toBe(3 + 7 + 3);
    expect(text(await records.get(2))).toBe("end");
    expect(text(await records.get(3))).toBe("first");
    expect(text(await records.get(9))).toBe("last");
    expect(text(await records.get(12))).toBe("end");
  });

  it("give the records of a range", async () => {
    const records = await open("many.array_record[100:103]", "empty.array_record", "many.array_record[7:8]");
    expect((await collect(records)).map(text)).toEqual(["100", "101", "102", "7"]);
  });

  it("take instructions as TFDS gives them", async () => {
    const instruction = { filename: "many.array_record", skip: 2000, take: 2 };
    const records = await openArrayRecords(instruction, { storage: recordStorage() });
    expect((await collect(records)).map(text)).toEqual(["2000", "2001"]);
  });

  it("are not opened before a record of their range is asked for", async () => {
    const storage = new CountingStorage(recordStorage());
    const records = await openArrayRecords(["missing[0:5]", "many.array_record[0:5]"], { storage });
    expect(storage.reads).toHaveLength(0);
    expect(text(await records.get(5))).toBe("0");
    await expect(records.get(4)).rejects.toEqual(failure("NOT_FOUND", { file: "missing" }));
  });

  it("refuse a range that a file does not have", async () => {
    const records = await open("uncompressed.array_record[0:8]");
    await expect(records.get(0)).rejects.toEqual(failure("INVALID_ARGUMENT"));
  });

  it("refuse a range that ends before it starts", async () => {
    await expect(open("uncompressed.array_record[3:2]")).rejects.toEqual(failure("INVALID_ARGUMENT"));
  });

  it("refuse no path at all in Python's words", async () => {
    await expect(openArrayRecords([])).rejects.toThrow("Paths sequence can not be of 0 length");
  });

  it.each([-1, 7, 0.5, Number.NaN])("refuse the number %s in Python's words", async (index) => {
    const records = await open("uncompressed.array_record");
    await expect(records.get(index)).rejects.toThrow("Record key should be in [0, num_records)");
    await expect(records.get(index)).rejects.toEqual(
      failure("INVALID_ARGUMENT", { pythonType: "ValueError" }),
    );
  });
});

describe("Python's text for a data source", () => {
  it("has the SHA-1 of all paths without ranges", async () => {
    // sha1(b"/data/a.array_record/data/b")
    const repr = "ArrayRecordDataSource(hash_of_paths=3db16e4bd073ae74ff8734183e7fbbaf489c4871)";
    expect(arrayRecordDataSourceRepr(["/data/a.array_record", "/data/b[3:5]"])).toBe(repr);
  });

  it("is what a reader becomes as a string", async () => {
    const records = await open("uncompressed.array_record", "many.array_record[3:5][6:7]");
    // sha1(b"uncompressed.array_recordmany.array_record[3:5]")
    const repr = "ArrayRecordDataSource(hash_of_paths=ffb8203ca2edba8a6a919d41d29f18b00d06d18f)";
    expect(String(records)).toBe(repr);
  });
});

describe("what is no ArrayRecord file", () => {
  it.each([0, 1, BLOCK - 1, BLOCK, 2 * BLOCK])("a file of %i zeros is refused", async (length) => {
    await expect(openArrayRecords(FILE, { storage: storageOf(new Uint8Array(length)) })).rejects.toEqual(
      failure("DATA_LOSS", { file: FILE }),
    );
  });

  it("a missing one is not found", async () => {
    await expect(openArrayRecords(FILE, { storage: new MemoryStorage() })).rejects.toEqual(
      failure("NOT_FOUND", { file: FILE }),
    );
  });

  it("one that was cut is refused", async () => {
    const whole = recordFixture("over-blocks.array_record");
    for (const length of [whole.length - 1, whole.length - BLOCK, 100_000]) {
      await expect(openArrayRecords(FILE, { storage: storageOf(whole.subarray(0, length)) })).rejects.toEqual(
        failure("DATA_LOSS", { file: FILE }),
      );
    }
  });

  it("one whose records are over the limit is refused before they are read", async () => {
    const limits = { recordBytes: 1000 };
    const storage = new CountingStorage(recordStorage());
    const records = await openArrayRecords("brotli-wide-window.array_record", { storage, limits });
    await expect(records.get(0)).rejects.toEqual(failure("LIMIT_EXCEEDED", { limit: "recordBytes" }));
  });
});

/** Records, or the error that says why not, from a file with some bytes changed. */
async function readDamaged(bytes: Uint8Array): Promise<readonly Uint8Array[] | Error> {
  try {
    return await collect(await openArrayRecords(FILE, { storage: storageOf(bytes) }));
  } catch (error) {
    if (!isOrbaxError(error)) throw error;
    return error;
  }
}

describe("a damaged ArrayRecord file", () => {
  const names = [
    "uncompressed",
    "uncompressed-groups",
    "brotli",
    "snappy",
    "transposed-zstd",
    "header-over-block",
  ];

  it.each(names)("%s gives its records or an OrbaxError, whichever byte changes", async (name) => {
    const original = recordFixture(`${name}.array_record`);
    const expected = EXPECTED.array_record[name];
    // Mostly zeros: bytes are chosen where there are others, and around these.
    const places = [...original.keys()].filter((at) =>
      original.subarray(at, at + 9).some((byte) => byte !== 0),
    );
    const damage = fc.tuple(fc.constantFrom(...places), fc.integer({ min: 1, max: 255 }));
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(damage, async ([at, mask]) => {
        const damaged = original.slice();
        damaged[at] = (damaged[at] ?? 0) ^ mask;
        const read = await readDamaged(damaged);
        if (read instanceof Error) refused++;
        else expect(told(read).sha256).toBe(expected?.sha256);
      }),
      { numRuns: 100 },
    );
    expect(refused).toBeGreaterThan(50);
  });

  it("is read where only the hash of data is wrong, if it is not asked for", async () => {
    const damaged = recordFixture("uncompressed.array_record");
    const at = Buffer.from(damaged).indexOf("first");
    damaged[at] = "F".charCodeAt(0);
    const storage = storageOf(damaged);
    await expect((await openArrayRecords(FILE, { storage })).get(0)).rejects.toEqual(
      failure("DATA_LOSS", { file: FILE, field: "data_hash", offset: 64 }),
    );
    const lenient = await openArrayRecords(FILE, { storage, verify: false });
    expect(text(await lenient.get(0))).toBe("First");
  });
});
