import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../../src/bytes/cursor.js";
import {
  type DataFiles,
  dataFileAt,
  dataFileCount,
  dataFilesOf,
  decodeDataFiles,
  encodeDataFiles,
} from "../../../src/ocdbt/format/data-files.js";
import { hex, textOf, utf8, varint } from "../bytes.js";
import { damage, refusal } from "../errors.js";
import { DATA_FILE_TABLE } from "../worked-examples.js";
import { dataFiles } from "./arbitraries.js";

function decoded(
  bytes: Uint8Array,
  changes: { expandedNodeBytes?: number; transitiveBaseLength?: number } = {},
) {
  const reader = new ByteReader(bytes, "manifest");
  const files = decodeDataFiles(reader, { expandedNodeBytes: 2 ** 28, ...changes });
  reader.end();
  return files;
}

function encoded(files: DataFiles): Uint8Array {
  const writer = new ByteWriter();
  encodeDataFiles(writer, files);
  return writer.finish();
}

/** Base and rest of each entry, parted by `|`. */
function paths(files: DataFiles): string[] {
  return Array.from({ length: dataFileCount(files) }, (_, index) => {
    const { base, relative } = dataFileAt(files, index);
    return `${textOf(base)}|${textOf(relative)}`;
  });
}

function tableOf(...entries: string[]): DataFiles {
  return dataFilesOf(
    entries.map((entry) => {
      const [base = "", relative = ""] = entry.split("|");
      return { base: utf8(base), relative: utf8(relative) };
    }),
  );
}

describe("a data file table", () => {
  const example = ["|d/cc", "ocdbt.process_0/|d/aa", "ocdbt.process_0/|d/ab", "ocdbt.process_1/|d/ab"];

  it("is read and written as in section 16", () => {
    expect(paths(decoded(DATA_FILE_TABLE))).toEqual(example);
    expect(encoded(tableOf(...example))).toEqual(DATA_FILE_TABLE);
  });

  it("may be empty, then nothing follows its count", () => {
    expect(dataFileCount(decoded(hex("00")))).toBe(0);
    expect(encoded(tableOf())).toEqual(hex("00"));
  });

  it("may hold an empty path", () => {
    expect(paths(decoded(hex("01 00 00")))).toEqual(["|"]);
    expect(encoded(tableOf("|"))).toEqual(hex("01 00 00"));
  });

  it("need not be sorted, and may say a path twice", () => {
    expect(paths(decoded(hex('03   00 00   01 01 01   00 00 00   "b" "a" "a"')))).toEqual(["|b", "|a", "|a"]);
  });

  it("may hold a path that is no UTF-8, or leads out: it need not be opened", () => {
    expect(dataFileAt(decoded(hex("01 01 00 ff")), 0).relative).toEqual(hex("ff"));
    expect(paths(decoded(hex('01 05 00 "../up"')))).toEqual(["|../up"]);
  });

  it("may pad its count to ten bytes, which is a 64-bit field", () => {
    expect(paths(decoded(hex('81 80 80 80 80 80 80 80 80 00   01 00 "a"')))).toEqual(["|a"]);
  });

  it("may share more than the bases where these are equal", () => {
    expect(paths(decoded(hex('02   02   02 01   01 01   "ab" "c"')))).toEqual(["a|b", "a|bc"]);
  });

  it("may share what both bases hold where these differ", () => {
    expect(paths(decoded(hex('02   01   02 02   01 02   "ab" "cd"')))).toEqual(["a|b", "ac|d"]);
  });

  it("survives a round trip, whatever it holds", () => {
    fc.assert(
      fc.property(dataFiles, (files) => {
        expect(decoded(encoded(files))).toEqual(files);
      }),
    );
  });

  it.each([
    { name: "a base longer than its path", text: '01 02 03 "ab"', field: "base_length[0]", found: 3 },
    {
      name: "bases that differ though the paths share more",
      text: '02   02   02 01   01 00   "ab" "c"',
      field: "base_length[1]",
      found: 0,
    },
    {
      name: "a prefix longer than the path before",
      text: '02   03   02 01   01 01   "ab" "c"',
      field: "path_prefix_length[1]",
      found: 3,
    },
    {
      name: "a path of 65536 bytes",
      text: `02   ffff03   ffff03 01   00 00   ${"61".repeat(65536)}`,
      field: "length of path[1]",
      found: 65536,
    },
    { name: "a count of 2^63", text: varint(2n ** 63n), field: "num_files", found: 2n ** 63n },
    { name: "a count of 2^40", text: varint(2 ** 40), field: "num_files", found: 2 ** 40 },
    {
      name: "more entries than there are bytes",
      text: "04 00 00 00 00 00 00 00",
      field: "num_files",
      found: 4,
    },
    { name: "a cut path", text: '01 03 00 "ab"', field: "path_suffix" },
    { name: "a base length over 16 bits", text: '01 01 808004 "a"', field: "base_length", found: 65536 },
  ])("is refused with $name", (row) => {
    expect(() => decoded(hex(row.text))).toThrow(damage(row));
  });

  it("is refused when a path with the base above it has more than 65535 bytes", () => {
    const bytes = hex(`01   ${varint(65534)}   00   ${"61".repeat(65534)}`);
    expect(dataFileCount(decoded(bytes, { transitiveBaseLength: 1 }))).toBe(1);
    expect(() => decoded(bytes, { transitiveBaseLength: 2 })).toThrow(
      damage({ field: "length of path[0]", found: 65534, expected: "at most 65533" }),
    );
  });

  it("is refused when it has more entries than memory, though each is empty", () => {
    const bytes = hex(`${varint(10_000)} ${"00".repeat(30_000)}`);
    expect(() => decoded(bytes, { expandedNodeBytes: 50_000 })).toThrow(
      refusal("LIMIT_EXCEEDED", { limit: "expandedNodeBytes" }),
    );
  });
});
