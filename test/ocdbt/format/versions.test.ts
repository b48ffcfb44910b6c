import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataFileAt } from "../../../src/ocdbt/format/data-files.js";
import {
  decodeVersionNode,
  encodeVersionNode,
  type VersionNode,
} from "../../../src/ocdbt/format/versions.js";
import { hex, textOf, u64le, varint } from "../bytes.js";
import { table } from "../databases.js";
import { damage } from "../errors.js";
import { bodyOf, VERSION_LEAF, VERSION_NODE } from "../worked-examples.js";
import { versionNodes } from "./arbitraries.js";

const MISSING = varint(2n ** 64n - 1n);

function decoded(body: string | Uint8Array, arityLog2 = 4): VersionNode {
  const bytes = typeof body === "string" ? hex(body) : body;
  return decodeVersionNode(bytes, arityLog2, { expandedNodeBytes: 2 ** 28 });
}

/** Body of a leaf of arity 2^4 whose versions are empty, with the generations and times given. */
function emptyVersions(generations: readonly (number | bigint)[], times: readonly number[]): string {
  const zeros = "00".repeat(generations.length);
  return [
    `04 00 ${table([""])} ${varint(generations.length)} ${generations.map(varint).join("")}`,
    `${zeros} ${zeros} ${MISSING.repeat(generations.length).repeat(2)} ${zeros.repeat(3)}`,
    times.map(u64le).join(""),
  ].join(" ");
}

/** Body of a leaf of arity 2^4 with one version, of which everything but generation and time is given. */
function oneVersion({
  height = "00",
  file = "00",
  offset = "05",
  length = "40",
  statistics = "00 00 00",
}): string {
  return `04 00 ${table(["d/x"])} 01 01 ${height} ${file} ${offset} ${length} ${statistics} ${u64le(1)}`;
}

/** Body of a node of arity 2^1, height 1, over leaves in `d/x`. */
function references(
  rows: readonly {
    generation: number | bigint;
    versions?: number;
    time?: number;
    offset?: string;
    file?: number;
  }[],
  height = "01",
): string {
  const column = (cell: (row: (typeof rows)[number], index: number) => string) => rows.map(cell).join("");
  return [
    `01 ${height} ${table(["d/x"])} ${varint(rows.length)}`,
    column(({ generation }) => varint(generation)),
    column(({ file = 0 }) => varint(file)),
    column(({ offset = "45" }) => offset),
    column(() => "50"),
    column(({ versions = 1 }) => varint(versions)),
    column(({ time }, index) => u64le(time ?? index)),
  ].join(" ");
}

describe("a version-tree leaf", () => {
  const body = bodyOf(VERSION_LEAF);

  it("is read as in section 16", () => {
    const leaf = decoded(body, 1);
    expect(textOf(dataFileAt(leaf.files, 1).relative)).toBe("d/x");
    expect(leaf).toMatchObject({
      height: 0,
      versions: [
        {
          generation: 1n,
          rootHeight: 0,
          root: undefined,
          keys: 0n,
          treeBytes: 0n,
          indirectValueBytes: 0n,
          commitTime: 1000n,
        },
        {
          generation: 2n,
          rootHeight: 0,
          root: { fileId: 1, offset: 5, length: 64 },
          keys: 3n,
          treeBytes: 64n,
          indirectValueBytes: 7n,
          commitTime: 2000n,
        },
      ],
    });
  });

  it("is written as in section 16", () => {
    expect(encodeVersionNode(decoded(body, 1), 1)).toEqual(body);
  });

  it("may leave generations out", () => {
    expect(decoded(emptyVersions([1, 16], [1, 2]))).toMatchObject({
      versions: [{ generation: 1n }, { generation: 16n }],
    });
  });

  it("may begin anywhere in its block, at any time", () => {
    expect(decoded(emptyVersions([20], [0]))).toMatchObject({
      versions: [{ generation: 20n, commitTime: 0n }],
    });
  });

  it("may hold the largest generation", () => {
    expect(decoded(emptyVersions([2n ** 60n + 16n], [1]))).toMatchObject({
      versions: [{ generation: 2n ** 60n + 16n }],
    });
  });

  it("may pad its count to ten bytes", () => {
    const padded = `04 00 ${table([""])} 81808080808080808000 01 00 00 ${MISSING} ${MISSING} 00 00 00 ${u64le(1)}`;
    expect(decoded(padded)).toMatchObject({ versions: [{ generation: 1n }] });
  });

  it.each([
    { name: "without versions", body: "04 00 00 00", field: "num_versions", found: 0 },
    {
      name: "with more versions than its arity",
      body: `01 00 ${table([""])} 03 010203`,
      arityLog2: 1,
      field: "num_versions",
      found: 3,
    },
    {
      name: "with versions for which there are no bytes",
      body: `04 00 ${table([""])} 02 0102`,
      field: "num_versions",
    },
    { name: "with generation 0", body: emptyVersions([0], [1]), field: "generation", found: 0n },
    {
      name: "with falling generations",
      body: emptyVersions([2, 1], [1, 2]),
      field: "generation[1]",
      found: 1n,
    },
    {
      name: "with a generation twice",
      body: emptyVersions([2, 2], [1, 2]),
      field: "generation[1]",
      found: 2n,
    },
    { name: "over two blocks", body: emptyVersions([16, 17], [1, 2]), field: "generation[0]", found: 16n },
    {
      name: "with too large a generation",
      body: emptyVersions([2n ** 60n + 17n], [1]),
      field: "generation",
      found: 2n ** 60n + 17n,
    },
    {
      name: "with a commit time twice",
      body: emptyVersions([1, 2], [5, 5]),
      field: "commit_time[1]",
      found: 5n,
    },
    {
      name: "with falling commit times",
      body: emptyVersions([1, 2], [6, 5]),
      field: "commit_time[1]",
      found: 5n,
    },
    { name: "with an unknown file", body: oneVersion({ file: "01" }), field: "data_file_id", found: 1 },
    { name: "with only the offset missing", body: oneVersion({ offset: MISSING }), field: "root offset" },
    { name: "with only the length missing", body: oneVersion({ length: MISSING }), field: "root length" },
    { name: "with a root at 2^63", body: oneVersion({ offset: varint(2n ** 63n) }), field: "root offset" },
    {
      name: "with an empty tree of height 1",
      body: oneVersion({ offset: MISSING, length: MISSING, height: "01" }),
      field: "root_height of an empty tree",
      found: 1n,
    },
    {
      name: "with keys in an empty tree",
      body: oneVersion({ offset: MISSING, length: MISSING, statistics: "01 00 00" }),
      field: "num_keys of an empty tree",
    },
    {
      name: "with nodes in an empty tree",
      body: oneVersion({ offset: MISSING, length: MISSING, statistics: "00 01 00" }),
      field: "num_tree_bytes of an empty tree",
    },
    {
      name: "with values in an empty tree",
      body: oneVersion({ offset: MISSING, length: MISSING, statistics: "00 00 01" }),
      field: "num_indirect_value_bytes of an empty tree",
    },
    {
      name: "with an empty tree in no file",
      body: `04 00 00 01 01 00 00 ${MISSING} ${MISSING} 00 00 00 ${u64le(1)}`,
      field: "data_file_id",
    },
    { name: "of another arity", body: "03 00 00", field: "version_tree_arity_log2", found: 3 },
    { name: "with a byte too many", body: `${oneVersion({})} 00`, found: "1 bytes after the last field" },
  ])("$name is refused", (row) => {
    expect(() => decoded(row.body, row.arityLog2)).toThrow(damage(row));
  });
});

describe("an interior version-tree node", () => {
  const body = bodyOf(VERSION_NODE);

  it("is read as in section 16", () => {
    expect(decoded(body, 1)).toMatchObject({
      height: 1,
      children: [
        {
          generation: 2n,
          location: { fileId: 0, offset: 69, length: 80 },
          versions: 2n,
          commitTime: 1000n,
          height: 0,
        },
      ],
    });
  });

  it("is written as in section 16", () => {
    expect(encodeVersionNode(decoded(body, 1), 1)).toEqual(body);
  });

  it("may end before its block does", () => {
    expect(decoded(references([{ generation: 3 }]), 1)).toMatchObject({ children: [{ generation: 3n }] });
  });

  it.each([
    { name: "without children", body: "01 01 00 00", field: "num_children", found: 0 },
    {
      name: "with more children than its arity",
      body: references([{ generation: 1 }, { generation: 2 }, { generation: 3 }]),
      field: "num_children",
      found: 3,
    },
    {
      name: "with children of two blocks",
      body: references([{ generation: 4 }, { generation: 6 }]),
      field: "generation[0]",
      found: 4n,
    },
    {
      name: "with falling generations",
      body: references([{ generation: 4 }, { generation: 2 }]),
      field: "generation[1]",
    },
    { name: "with generation 0", body: references([{ generation: 0 }]), field: "generation", found: 0n },
    {
      name: "of height 2 with a child that ends within a leaf",
      body: references([{ generation: 3 }], "02"),
      field: "generation",
      found: 3n,
      expected: "a multiple of 2",
    },
    {
      name: "with a child of no version",
      body: references([{ generation: 2, versions: 0 }]),
      field: "num_generations",
    },
    {
      name: "with more versions than generations in a child",
      body: references([{ generation: 2, versions: 3 }]),
      field: "num_generations",
      found: 3n,
      expected: "1 to 2",
    },
    {
      name: "with equal commit times",
      body: references([
        { generation: 2, time: 7 },
        { generation: 4, time: 7 },
      ]),
      field: "commit_time[1]",
    },
    { name: "with an unknown file", body: references([{ generation: 2, file: 1 }]), field: "data_file_id" },
    { name: "with a missing child", body: references([{ generation: 2, offset: MISSING }]), field: "offset" },
    {
      name: "of too great a height",
      body: references([{ generation: 2 }], "3f"),
      field: "height",
      found: 63n,
    },
    {
      name: "with a byte too many",
      body: `${references([{ generation: 2 }])} 00`,
      found: "1 bytes after the last field",
    },
  ])("$name is refused", (row) => {
    expect(() => decoded(row.body, 1)).toThrow(damage(row));
  });
});

describe("decodeVersionNode", () => {
  it("reads what encodeVersionNode writes, whatever the node", () => {
    fc.assert(
      fc.property(versionNodes, ({ arityLog2, node }) => {
        expect(decoded(encodeVersionNode(node, arityLog2), arityLog2)).toEqual(node);
      }),
    );
  });
});
