import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataFileReader } from "../../src/ocdbt/data-file-reader.js";
import { toHex } from "./bytes.js";
import { counting } from "./counting.js";
import { storageOf } from "./databases.js";
import { damage } from "./errors.js";

/** 300,000 bytes, of which no two blocks of 65,536 are alike. */
const content = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 31 + (index >> 8) * 17) & 0xff);
const storage = () => storageOf({ "d/x": content, "d/y": content.subarray(1000) });

describe("DataFileReader", () => {
  it("reads exactly what is asked for, the first time in a file", async () => {
    const { storage: counted, reads } = counting(storage());
    const reader = new DataFileReader(counted);
    expect(await reader.read("/d/x", 10, 20)).toEqual(content.subarray(10, 30));
    expect(await reader.read("/d/y", 10, 20)).toEqual(content.subarray(1010, 1030));
    expect(reads).toEqual(["d/x[10:30]", "d/y[10:30]"]);
  });

  it("reads blocks from the second time on, each once", async () => {
    const { storage: counted, reads } = counting(storage());
    const reader = new DataFileReader(counted);
    for (const offset of [0, 70_000, 80_000, 131_000, 140_000, 90_000]) {
      expect(await reader.read("/d/x", offset, 200)).toEqual(content.subarray(offset, offset + 200));
    }
    expect(reads).toEqual(["d/x[0:200]", "d/x[65536:131072]", "d/x[131072:196608]"]);
  });

  it("reads a block no further than to the end of the file", async () => {
    const { storage: counted, reads } = counting(storage());
    const reader = new DataFileReader(counted);
    await reader.read("/d/x", 0, 10);
    expect(await reader.read("/d/x", 299_990, 10)).toEqual(content.subarray(299_990));
    expect(reads.at(-1)).toBe("d/x[262144:300000]");
  });

  it("reads long parts for themselves", async () => {
    const { storage: counted, reads } = counting(storage());
    const reader = new DataFileReader(counted);
    await reader.read("/d/x", 0, 10);
    expect(toHex(await reader.read("/d/x", 5, 65_537))).toBe(toHex(content.subarray(5, 65_542)));
    expect(reads.at(-1)).toBe("d/x[5:65542]");
  });

  it("reads just what is asked for where the storage tells no sizes", async () => {
    const { storage: counted, reads } = counting(storage(), { sizes: false });
    const reader = new DataFileReader(counted);
    for (const offset of [0, 5, 10]) await reader.read("/d/x", offset, 5);
    expect(reads).toEqual(["d/x[0:5]", "d/x[5:10]", "d/x[10:15]"]);
  });

  it("keeps only so many blocks", async () => {
    const blocks = 300;
    const { storage: counted, reads } = counting(storageOf({ "d/x": new Uint8Array(blocks * 65_536) }));
    const reader = new DataFileReader(counted);
    await reader.read("/d/x", 0, 1);
    for (let block = 0; block < blocks; block++) await reader.read("/d/x", block * 65_536, 1);
    expect(reads).toHaveLength(1 + blocks);
    await reader.read("/d/x", (blocks - 1) * 65_536, 1);
    expect(reads).toHaveLength(1 + blocks);
    await reader.read("/d/x", 0, 1);
    expect(reads).toHaveLength(2 + blocks);
  });

  it.each([
    ["that goes beyond the end", 299_990, 20, "10 bytes"],
    ["that begins at the end", 300_000, 1, "0 bytes"],
    ["that begins far beyond", 2 ** 52, 1, "0 bytes"],
  ])("refuses a part %s, also the second time", async (_, offset, length, found) => {
    const reader = new DataFileReader(storage());
    await expect(reader.read("/d/x", offset, length)).rejects.toEqual(damage({ file: "d/x", found }));
    await reader.read("/d/x", 0, 1);
    await expect(reader.read("/d/x", offset, length)).rejects.toEqual(damage({ file: "d/x", found }));
  });

  it("refuses a missing file each time", async () => {
    const reader = new DataFileReader(storage());
    for (let time = 0; time < 2; time++) {
      await expect(reader.read("/d/z", 0, 1)).rejects.toEqual(damage({ file: "d/z", found: "no such file" }));
    }
  });

  it("gives every part, in any order", async () => {
    const parts = fc.array(
      fc.record({ offset: fc.nat(299_999), length: fc.oneof(fc.nat(300), fc.nat(70_000)) }),
      {
        minLength: 2,
        maxLength: 12,
      },
    );
    await fc.assert(
      fc.asyncProperty(parts, async (wanted) => {
        const reader = new DataFileReader(storage());
        for (const { offset, length } of wanted) {
          const fitting = Math.min(length, content.length - offset);
          const bytes = await reader.read("/d/x", offset, fitting);
          expect(Buffer.compare(bytes, content.subarray(offset, offset + fitting))).toBe(0);
        }
      }),
    );
  });
});
