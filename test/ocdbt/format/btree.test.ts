import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BtreeNode,
  decodeBtreeNode,
  encodeBtreeNode,
  entryCount,
  isLeaf,
  memoryOf,
} from "../../../src/ocdbt/format/btree.js";
import { dataFileAt } from "../../../src/ocdbt/format/data-files.js";
import { locationAt } from "../../../src/ocdbt/format/location.js";
import { stringAt } from "../../../src/ocdbt/format/strings.js";
import { hex, textOf, varint } from "../bytes.js";
import { leafBody } from "../databases.js";
import { damage, refusal } from "../errors.js";
import { bodyOf, DATA_FILE_15_2, DATA_FILE_15_3, PATH_15_1, PATH_15_3 } from "../worked-examples.js";
import { btreeNodes } from "./arbitraries.js";

const limits = { expandedNodeBytes: 2 ** 28 };

function decoded(body: string | Uint8Array): BtreeNode {
  return decodeBtreeNode(typeof body === "string" ? hex(body) : body, limits);
}

function keysOf(node: BtreeNode): string[] {
  return Array.from({ length: entryCount(node) }, (_, index) => textOf(stringAt(node.keys, index)));
}

function pathsOf({ files }: BtreeNode): string[] {
  return Array.from(files.baseLengths, (_, index) => textOf(dataFileAt(files, index).relative));
}

describe("a leaf", () => {
  const body = bodyOf(DATA_FILE_15_2.subarray(13));

  it("is read as in 15.2", () => {
    const leaf = decoded(body);
    expect(keysOf(leaf)).toEqual(["a/.z", "a/0"]);
    expect(pathsOf(leaf)).toEqual([PATH_15_1]);
    if (!isLeaf(leaf)) throw new Error("expected a leaf");
    expect(textOf(leaf.inline)).toBe("{}");
    expect(locationAt(leaf.values, 0)).toMatchObject({ offset: 0, length: 2 });
    expect(locationAt(leaf.values, 1)).toEqual({ fileId: 0, offset: 0, length: 13 });
  });

  it("is written as in 15.2", () => {
    expect(encodeBtreeNode(decoded(body))).toEqual(body);
  });

  it.each([0, 32])("at %d of 15.3 is read and written", (offset) => {
    const bytes = bodyOf(DATA_FILE_15_3.subarray(offset, offset + 32));
    const leaf = decoded(bytes);
    expect(keysOf(leaf)).toEqual(["a", "b"]);
    expect(encodeBtreeNode(leaf)).toEqual(bytes);
  });

  it("may have an empty key, and an empty value", () => {
    expect(keysOf(decoded(leafBody([["", ""]])))).toEqual([""]);
  });

  it("may have an inline value of 1 MiB", () => {
    expect(entryCount(decoded(leafBody([["a", "x".repeat(2 ** 20)]])))).toBe(1);
  });

  it("may pad its count to five bytes", () => {
    expect(keysOf(decoded('00 00   81 80 80 80 00   01 "a" 01 00 "1"'))).toEqual(["a"]);
  });

  it("may pad lengths to ten bytes, which are 64-bit fields", () => {
    expect(keysOf(decoded('00 00 01   01 "a"   81 80 80 80 80 80 80 80 80 00   00 "1"'))).toEqual(["a"]);
  });

  it("may refer to data with an empty value", () => {
    const leaf = decoded('00   01 03 00 "d/x"   01   01 "a"   00   01   00   05');
    if (!isLeaf(leaf)) throw new Error("expected a leaf");
    expect(locationAt(leaf.values, 0)).toEqual({ fileId: 0, offset: 5, length: 0 });
  });

  it.each([
    { name: "without entries", body: "00 00 00", field: "num_entries", found: 0 },
    {
      name: "with 2^20 + 1 entries",
      body: `00 00 ${varint(2 ** 20 + 1)}`,
      field: "num_entries",
      found: 1048577,
    },
    { name: "with 2^20 entries and no data", body: `00 00 ${varint(2 ** 20)}`, field: "num_entries" },
    { name: "with a count of six bytes", body: "00 00 81 80 80 80 80 00", field: "num_entries" },
    {
      name: "with a key twice",
      body: '00 00   02   00   01 01   "a" "a"   00 00   00 00',
      field: "key[1]",
      found: "not greater",
    },
    {
      name: "with falling keys",
      body: '00 00   03   00 00   01 01 01   "a" "c" "b"   00 00 00   00 00 00',
      field: "key[2]",
    },
    {
      name: "with a key before its own prefix",
      body: '00 00   02   00   02 01   "ab" "a"   00 00   00 00',
      field: "key[1]",
    },
    {
      name: "with a prefix longer than the key before",
      body: '00 00   02   02   01 01   "a" "b"   00 00   00 00',
      field: "key_prefix_length[1]",
      found: 2,
    },
    {
      name: "with a key of 65536 bytes",
      body: `00 00   02   ffff03   ffff03 01   ${"61".repeat(65536)}   00 00   00 00`,
      field: "length of key[1]",
    },
    {
      name: "with value kind 2",
      body: '00 00 01   01 "a"   01   02   "1"',
      field: "value_kind[0]",
      found: 2,
    },
    {
      name: "with an inline value over 1 MiB",
      body: `00 00 01   01 "a"   ${varint(2 ** 20 + 1)}   00`,
      field: "value_length[0]",
      found: 2 ** 20 + 1,
    },
    {
      name: "with a value of 2^62 bytes",
      body: `00   01 03 00 "d/x"   01   01 "a"   ${varint(2n ** 62n)}   01   00   00`,
      field: "value_length",
      found: 2n ** 62n,
    },
    {
      name: "with an offset over 2^63",
      body: `00   01 03 00 "d/x"   01   01 "a"   01   01   00   ${varint(2n ** 63n)}`,
      field: "offset",
    },
    {
      name: "with a file that is not in its table",
      body: '00   01 03 00 "d/x"   01   01 "a"   01   01   01   00',
      field: "data_file_id",
      found: 1,
    },
    {
      name: "with a file and no table",
      body: '00   00   01   01 "a"   01   01   00   00',
      field: "data_file_id",
      found: 0,
    },
    { name: "with a cut inline value", body: '00 00 01   01 "a"   02   00   "1"', field: "value" },
    {
      name: "with a byte too many",
      body: '00 00 01   01 "a"   01   00   "1"   00',
      found: "1 bytes after the last field",
    },
    { name: "with nothing but its height", body: "00", field: "num_files" },
    { name: "with no byte at all", body: "", field: "height" },
  ])("$name is refused", (row) => {
    expect(() => decoded(row.body)).toThrow(damage(row));
  });
});

describe("an interior node", () => {
  const body = bodyOf(DATA_FILE_15_3.subarray(64));

  it("is read as in 15.3", () => {
    const root = decoded(body);
    expect(keysOf(root)).toEqual(["w/aa", "w/ba"]);
    expect(pathsOf(root)).toEqual([PATH_15_3]);
    if (isLeaf(root)) throw new Error("expected an interior node");
    expect(root).toMatchObject({
      height: 1,
      commonPrefixLengths: Uint16Array.of(3, 3),
      children: {
        fileIds: Uint32Array.of(0, 0),
        offsets: Float64Array.of(0, 32),
        lengths: Float64Array.of(32, 32),
      },
      statistics: {
        keys: BigUint64Array.of(2n, 2n),
        treeBytes: BigUint64Array.of(32n, 32n),
        indirectValueBytes: BigUint64Array.of(0n, 0n),
      },
    });
  });

  it("is written as in 15.3", () => {
    expect(encodeBtreeNode(decoded(body))).toEqual(body);
  });

  it("may have statistics of 2^64 - 1: sums saturate there", () => {
    const most = varint(2n ** 64n - 1n);
    const node = decoded(`01   01 03 00 "d/x"   01   01 00 "a"   00 00 20   ${most} ${most} ${most}`);
    expect(node).toMatchObject({ statistics: { treeBytes: BigUint64Array.of(2n ** 64n - 1n) } });
  });

  it("may have height 255", () => {
    expect(decoded('ff   01 03 00 "d/x"   01   01 00 "a"   00 00 20   00 00 00').height).toBe(255);
  });

  it.each([
    { name: "without entries", body: "01 00 00", field: "num_entries", found: 0 },
    {
      name: "with a common prefix longer than the key",
      body: '01   01 03 00 "d/x"   01   01 02 "a"   00 00 20   00 00 00',
      field: "subtree_common_prefix_length[0]",
      found: 2,
    },
    {
      name: "with a key twice",
      body: '01   01 03 00 "d/x"   02   00   01 01   00 00   "a" "a"   00 00   00 00   20 20   0000 0000 0000',
      field: "key[1]",
    },
    {
      name: "with a child that is missing",
      body: `01   01 00 00   01   01 00 "a"   00 ${"ff".repeat(9)}01 ${"ff".repeat(9)}01   00 00 00`,
      field: "offset",
    },
    {
      name: "with a child of 2^62 bytes",
      body: `01   01 03 00 "d/x"   01   01 00 "a"   00 00 ${varint(2n ** 62n)}   00 00 00`,
      field: "length",
    },
    {
      name: "with a file that is not in its table",
      body: '01   01 03 00 "d/x"   01   01 00 "a"   01 00 20   00 00 00',
      field: "data_file_id",
      found: 1,
    },
    {
      name: "with statistics over 64 bits",
      body: '01   01 03 00 "d/x"   01   01 00 "a"   00 00 20   ffffffffffffffffff02 00 00',
      field: "num_keys",
    },
    {
      name: "with a varint of eleven bytes",
      body: '01   01 03 00 "d/x"   01   01 00 "a"   00 00 20   8080808080808080808000 00 00',
      field: "num_keys",
    },
    {
      name: "cut before its last field",
      body: '01   01 03 00 "d/x"   01   01 00 "a"   00 00 20   00 00',
      field: "num_indirect_value_bytes",
    },
    {
      name: "with a byte too many",
      body: '01   01 03 00 "d/x"   01   01 00 "a"   00 00 20   00 00 00   00',
      found: "1 bytes after the last field",
    },
  ])("$name is refused", (row) => {
    expect(() => decoded(row.body)).toThrow(damage(row));
  });
});

describe("decodeBtreeNode", () => {
  it("reads what encodeBtreeNode writes, whatever the node", () => {
    fc.assert(
      fc.property(btreeNodes, (node) => {
        expect(decoded(encodeBtreeNode(node))).toEqual(node);
      }),
    );
  });

  it("refuses keys that expand beyond the limit", () => {
    const body = leafBody([
      ["a".repeat(600), ""],
      ["b".repeat(600), ""],
    ]);
    expect(() => decodeBtreeNode(body, { expandedNodeBytes: 1000 })).toThrow(
      refusal("LIMIT_EXCEEDED", { limit: "expandedNodeBytes", found: 1200 }),
    );
  });

  it("refuses a path that is too long below its base", () => {
    const body = hex(`00   01 ${varint(65000)} 00 ${"61".repeat(65000)}   01   01 "a"   00   00`);
    expect(entryCount(decodeBtreeNode(body, { ...limits, transitiveBaseLength: 535 }))).toBe(1);
    expect(() => decodeBtreeNode(body, { ...limits, transitiveBaseLength: 536 })).toThrow(
      damage({ field: "length of path[0]" }),
    );
  });
});

describe("memoryOf", () => {
  it("counts keys, paths, columns and inline values", () => {
    const small = memoryOf(decoded(leafBody([["a", "1"]])));
    const place = { file: "d/x".repeat(100), offset: 0, length: 1 };
    expect(memoryOf(decoded(leafBody([["a".repeat(1001), "1"]])))).toBe(small + 1000);
    expect(memoryOf(decoded(leafBody([["a", "1".repeat(1001)]])))).toBe(small + 1000);
    expect(memoryOf(decoded(leafBody([["a", place]])))).toBeGreaterThanOrEqual(small + 299);
  });
});
