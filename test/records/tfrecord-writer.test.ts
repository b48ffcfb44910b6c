import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTfRecords } from "../../src/records/tfrecord-file.js";
import { writeTfRecords } from "../../src/records/tfrecord-writer.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { failure } from "../failure.js";
import { collect, recordFixture, recordStorage } from "./fixtures.js";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "orbax-ts-records-"));
});
afterAll(async () => {
  await rm(scratch, { recursive: true });
});

const FILE = "a.tfrecord";

async function* failing() {
  yield Uint8Array.of(1);
  await Promise.reject(new Error("no more"));
}

describe("writeTfRecords", () => {
  it("writes the bytes that the Python package writes", async () => {
    const records = await openTfRecords("raw.tfrecord", { storage: recordStorage() });
    const path = join(scratch, FILE);
    await writeTfRecords(path, records);
    expect(new Uint8Array(await readFile(path))).toEqual(recordFixture("raw.tfrecord"));
  });

  it("writes to a file URL, which is then read", async () => {
    const url = pathToFileURL(join(scratch, "with space.tfrecord"));
    await writeTfRecords(url, [Uint8Array.of(1)]);
    expect(await collect(await openTfRecords(url))).toEqual([Uint8Array.of(1)]);
  });

  it("gives the index with which the file can be opened", async () => {
    const storage = new MemoryStorage();
    const index = await writeTfRecords(`/runs/7/${FILE}`, [Uint8Array.of(1, 2), new Uint8Array(0)], {
      storage,
    });
    expect([...index.offsets]).toEqual([0, 18, 34]);
    expect(await openTfRecords(`runs/7/${FILE}`, { storage })).toMatchObject({ index });
  });

  it("leaves a file that is there alone, unless told otherwise", async () => {
    const storage = new MemoryStorage([[`/${FILE}`, Uint8Array.of(1, 2, 3)]]);
    await expect(writeTfRecords(FILE, [], { storage })).rejects.toEqual(
      failure("ALREADY_EXISTS", { file: FILE }),
    );
    expect(storage.files().get(`/${FILE}`)).toEqual(Uint8Array.of(1, 2, 3));
    await writeTfRecords(FILE, [], { storage, overwrite: true });
    expect(storage.files().get(`/${FILE}`)).toEqual(new Uint8Array(0));
  });

  it("leaves no file when the records end with an error", async () => {
    const storage = new MemoryStorage();
    await expect(writeTfRecords(FILE, failing(), { storage })).rejects.toThrow("no more");
    expect(storage.files().size).toBe(0);
  });

  it("stops where it is aborted", async () => {
    const storage = new MemoryStorage();
    const controller = new AbortController();
    function* records() {
      yield Uint8Array.of(1);
      controller.abort(new Error("enough"));
      yield Uint8Array.of(2);
    }
    const { signal } = controller;
    await expect(writeTfRecords(FILE, records(), { storage, signal })).rejects.toThrow("enough");
    expect(storage.files().size).toBe(0);
  });

  it("writes what is read again, whatever the records are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 5000, size: "max" }), { maxLength: 40 }),
        async (records) => {
          const storage = new MemoryStorage();
          const index = await writeTfRecords(FILE, records, { storage });
          const opened = await openTfRecords(FILE, { storage });
          expect(opened.index).toEqual(index);
          expect(await collect(opened)).toEqual(records);
        },
      ),
      { numRuns: 30 },
    );
  });
});
