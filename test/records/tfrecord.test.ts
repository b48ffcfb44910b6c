import { deflateSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOrbaxError } from "../../src/errors.js";
import { encodeTfRecord, maskedCrc32c } from "../../src/records/tfrecord.js";
import { openTfRecords, scanTfRecords } from "../../src/records/tfrecord-file.js";
import { formatTfRecordIndex, parseTfRecordIndex } from "../../src/records/tfrecord-index.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { ByteRange } from "../../src/storage/storage.js";
import { CountingStorage } from "../checkpoint/counting-storage.js";
import { failure } from "../failure.js";
import { collect, EXPECTED, recordFixture, recordStorage, told } from "./fixtures.js";

const text = (value: string) => new TextEncoder().encode(value);
const hex = (value: string) => Uint8Array.from(Buffer.from(value.replaceAll(" ", ""), "hex"));
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** `hello0` as docs/spec/orbax-layout-extra.md section 12 has it. */
const HELLO0 = hex("0600000000000000 7369d537 68656c6c6f30 51c7f114");

/** A storage with one file, `a.tfrecord`. */
const storageOf = (...parts: Uint8Array[]) => new MemoryStorage([["/a.tfrecord", join(...parts)]]);
const FILE = "a.tfrecord";

/** What a server answers that refuses every range of an empty file, but knows how long it is. */
async function rangeOfEmptyFile(_: string, range: ByteRange): Promise<Uint8Array> {
  if ("suffixLength" in range) return new Uint8Array(0);
  throw new Error("416 Range Not Satisfiable");
}

/** A header with a true checksum for whatever length. */
function header(length: bigint): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, length, true);
  view.setUint32(8, maskedCrc32c(bytes.subarray(0, 8)), true);
  return bytes;
}

describe("encodeTfRecord", () => {
  it("writes length, checksum, data, checksum", () => {
    expect(encodeTfRecord(text("hello0"))).toEqual(HELLO0);
  });
});

describe("a TFRecord file", () => {
  it.each(Object.entries(EXPECTED.tfrecord))("%s is read as Grain reads it", async (name, expected) => {
    const storage = recordStorage();
    const records = await openTfRecords(`${name}.tfrecord`, { storage });
    const numbers = Array.from({ length: records.length }, (_, index) => index);
    expect(told(await Promise.all(numbers.map((index) => records.get(index))))).toEqual(expected);
    expect(told(await collect(records))).toEqual(expected);
    const scanned = await collect(scanTfRecords(`${name}.tfrecord`, { storage }));
    expect(told(scanned.map(({ data }) => data))).toEqual(expected);
  });

  it("without any byte has no records", async () => {
    const records = await openTfRecords(FILE, { storage: storageOf() });
    expect(records.length).toBe(0);
    expect(await collect(records)).toEqual([]);
  });

  it("is read from the offset of a record on", async () => {
    const storage = storageOf(encodeTfRecord(text("a")), HELLO0, encodeTfRecord(text("bcd")));
    const scanned = await collect(scanTfRecords(FILE, { storage, offset: 17 }));
    expect(scanned).toEqual([
      { data: text("hello0"), offset: 17, end: 39 },
      { data: text("bcd"), offset: 39, end: 58 },
    ]);
  });

  it("gives bytes that belong to the caller", async () => {
    const storage = storageOf(HELLO0);
    const records = await openTfRecords(FILE, { storage });
    (await records.get(0)).fill(0);
    expect(await records.get(0)).toEqual(text("hello0"));
  });

  it("that is missing is not found", async () => {
    await expect(openTfRecords(FILE, { storage: new MemoryStorage() })).rejects.toEqual(
      failure("NOT_FOUND", { file: FILE }),
    );
  });

  it("is read over a store that tells no sizes", async () => {
    const inner = storageOf(HELLO0, encodeTfRecord(new Uint8Array(10_000)), HELLO0);
    const records = await openTfRecords(FILE, { storage: new CountingStorage(inner, { only: true }) });
    expect(records.length).toBe(3);
    expect((await collect(records)).map(({ length }) => length)).toEqual([6, 10_000, 6]);
  });

  it("without any byte has no records on a server that refuses every range of it either", async () => {
    const storage = { get: () => new Uint8Array(0), getRange: rangeOfEmptyFile };
    expect((await openTfRecords(FILE, { storage })).length).toBe(0);
  });

  it("passes on what a server says", async () => {
    const storage = {
      get: () => undefined,
      getRange: () => Promise.reject(new Error("503 Service Unavailable")),
    };
    await expect(openTfRecords(FILE, { storage })).rejects.toEqual(failure("IO", { file: FILE }));
  });

  it("is read once, whole, from a store without ranges", async () => {
    let reads = 0;
    const bytes = join(HELLO0, HELLO0);
    const storage = { get: () => (reads++, bytes) };
    const records = await openTfRecords(FILE, { storage });
    expect(await collect(records)).toEqual([text("hello0"), text("hello0")]);
    expect(reads).toBe(1);
  });
});

describe("the index of a TFRecord file", () => {
  const large = encodeTfRecord(new Uint8Array(300_000));

  it("is built without reading the data of large records", async () => {
    const storage = new CountingStorage(storageOf(...Array.from({ length: 20 }, () => large)));
    expect((await openTfRecords(FILE, { storage })).length).toBe(20);
    const bytes = storage.reads.reduce((total, read) => total + read.bytes, 0);
    expect(bytes).toBeLessThan(20 * 9000);
  });

  it("is built by large reads where records are small", async () => {
    const storage = new CountingStorage(storageOf(...Array.from({ length: 50_000 }, () => HELLO0)));
    expect((await openTfRecords(FILE, { storage })).length).toBe(50_000);
    expect(storage.reads.length).toBeLessThan(15);
  });

  it("opens the file without a read when it is given, and then a record is one read", async () => {
    const storage = new CountingStorage(storageOf(HELLO0, large, HELLO0));
    const { index } = await openTfRecords(FILE, { storage });
    storage.reads.length = 0;
    const records = await openTfRecords(FILE, { storage, index });
    expect(storage.reads).toHaveLength(0);
    expect(await records.get(2)).toEqual(text("hello0"));
    expect(storage.reads).toHaveLength(1);
  });

  it("is written as tfrecord2idx writes it, and read again", async () => {
    const { index } = await openTfRecords("examples.tfrecord", { storage: recordStorage() });
    const lines = new TextDecoder().decode(recordFixture("examples.tfindex"));
    expect(formatTfRecordIndex(index)).toBe(lines);
    expect(parseTfRecordIndex(lines)).toEqual(index);
  });

  it.each([
    "0 15\n",
    "1 20\n",
    "0 20\n21 20\n",
    "0 20 7\n",
    "0 -20\n",
    "0 9007199254740993\n9007199254740992 20",
    "x",
  ])("refuses the text %j", (lines) => {
    expect(() => parseTfRecordIndex(lines)).toThrow(failure("INVALID_ARGUMENT"));
  });

  it.each([[[]], [[1, 20]], [[0, 15]], [[0, 20, 20]], [[0, 20.5]], [[0, Number.NaN]]])(
    "refuses the offsets %j",
    async (offsets) => {
      const index = { offsets: Float64Array.from(offsets) };
      await expect(openTfRecords(FILE, { storage: storageOf(HELLO0), index })).rejects.toEqual(
        failure("INVALID_ARGUMENT"),
      );
    },
  );

  it("of another file is told from the lengths of its records", async () => {
    const index = { offsets: Float64Array.of(0, 20) };
    const records = await openTfRecords(FILE, { storage: storageOf(HELLO0), index });
    await expect(records.get(0)).rejects.toEqual(failure("DATA_LOSS", { file: FILE, key: "0" }));
  });
});

describe("what is no record's number", () => {
  it.each([-1, 2, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    "%s is refused as Python refuses it",
    async (index) => {
      const records = await openTfRecords(FILE, { storage: storageOf(HELLO0, HELLO0) });
      await expect(records.get(index)).rejects.toThrow("Record key should be in [0, num_records)");
      await expect(records.get(index)).rejects.toEqual(
        failure("INVALID_ARGUMENT", { pythonType: "ValueError" }),
      );
    },
  );
});

describe("a damaged TFRecord file", () => {
  const second = { file: FILE, key: "1", offset: 22 };
  const ways = [
    ["by number", async (storage: MemoryStorage) => (await openTfRecords(FILE, { storage })).get(1)],
    ["in order", (storage: MemoryStorage) => collect(scanTfRecords(FILE, { storage }))],
  ] as const;

  describe.each(ways)("read %s", (_, read) => {
    it.each([5, 11])("is refused where it ends %i bytes into a header", async (length) => {
      const storage = storageOf(HELLO0, HELLO0.subarray(0, length));
      await expect(read(storage)).rejects.toEqual(
        failure("DATA_LOSS", { ...second, pythonType: "ValueError" }),
      );
    });

    it.each([12, 15, 21])("is refused where it ends %i bytes into a record", async (length) => {
      const storage = storageOf(HELLO0, HELLO0.subarray(0, length));
      await expect(read(storage)).rejects.toEqual(
        failure("DATA_LOSS", { ...second, pythonType: "ValueError" }),
      );
    });

    it.each([0, 7, 8, 11, 12, 17, 18, 21])(
      "is refused where bit 0 of byte %i of a record is flipped",
      async (at) => {
        const damaged = HELLO0.slice();
        damaged[at] = (damaged[at] ?? 0) ^ 1;
        await expect(read(storageOf(HELLO0, damaged))).rejects.toEqual(failure("DATA_LOSS", second));
      },
    );

    it.each([2n ** 31n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n])(
      "is refused where a length is %s",
      async (length) => {
        const storage = storageOf(HELLO0, header(length), text("hello0"));
        await expect(read(storage)).rejects.toEqual(failure("DATA_LOSS", second));
      },
    );
  });

  it("is refused in Grain's words where it is cut", async () => {
    const inHeader = storageOf(HELLO0.subarray(0, 5));
    await expect(openTfRecords(FILE, { storage: inHeader })).rejects.toThrow(
      "Not a valid TFRecord. Fewer than 12 bytes: b'0600000000'",
    );
    const inData = storageOf(HELLO0.subarray(0, 14));
    await expect(openTfRecords(FILE, { storage: inData })).rejects.toThrow(
      "Not a valid TFRecord. Fewer than 10 bytes: b'6865'",
    );
  });

  it.each([
    ["gzip", gzipSync(HELLO0)],
    ["zlib", deflateSync(HELLO0)],
  ])("that is one of %s is said to be so", async (found, compressed) => {
    const storage = storageOf(new Uint8Array(compressed));
    await expect(openTfRecords(FILE, { storage })).rejects.toEqual(
      failure("UNSUPPORTED", { file: FILE, found }),
    );
  });

  it("gives what it has without verifying", async () => {
    const damaged = HELLO0.slice();
    damaged[12] = 0x48;
    const records = await openTfRecords(FILE, { storage: storageOf(damaged), verify: false });
    expect(await records.get(0)).toEqual(text("Hello0"));
  });

  it("has no record over the limit read, whatever lengths say", async () => {
    const storage = storageOf(HELLO0, encodeTfRecord(new Uint8Array(200)));
    const limits = { recordBytes: 100 };
    const refusal = failure("LIMIT_EXCEEDED", { limit: "recordBytes", key: "1", file: FILE });
    await expect(openTfRecords(FILE, { storage, limits })).rejects.toEqual(refusal);
    const { index } = await openTfRecords(FILE, { storage });
    const records = await openTfRecords(FILE, { storage, limits, index });
    await expect(records.get(1)).rejects.toEqual(refusal);
  });

  it("over a store that tells no sizes is refused where it is cut", async () => {
    for (const cut of [3, 12, 20]) {
      const inner = storageOf(HELLO0, HELLO0.subarray(0, cut));
      const storage = new CountingStorage(inner, { only: true });
      await expect(openTfRecords(FILE, { storage })).rejects.toEqual(failure("DATA_LOSS", second));
      await expect(collect(scanTfRecords(FILE, { storage }))).rejects.toEqual(failure("DATA_LOSS", second));
    }
  });

  it("gives its records or an OrbaxError, whichever byte changes", async () => {
    const original = recordFixture("raw.tfrecord");
    const damage = fc.tuple(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(damage, async ([at, mask]) => {
        const damaged = original.slice();
        damaged[at] = (damaged[at] ?? 0) ^ mask;
        const read = await collect(scanTfRecords(FILE, { storage: storageOf(damaged) })).catch(
          (error: unknown) => error,
        );
        expect(isOrbaxError(read, "DATA_LOSS")).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe("an offset that is none", () => {
  it.each([-1, 0.5, 2 ** 53])("%s is refused", async (offset) => {
    await expect(collect(scanTfRecords(FILE, { storage: storageOf(HELLO0), offset }))).rejects.toEqual(
      failure("INVALID_ARGUMENT", { field: "offset" }),
    );
  });

  it("behind the file gives nothing", async () => {
    expect(await collect(scanTfRecords(FILE, { storage: storageOf(HELLO0), offset: 1000 }))).toEqual([]);
  });
});
