import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataFileAt } from "../../../src/ocdbt/format/data-files.js";
import { decodeManifest, encodeManifest, type Manifest } from "../../../src/ocdbt/format/manifest.js";
import { hex, textOf, u64le, varint } from "../bytes.js";
import { config, table } from "../databases.js";
import { damage } from "../errors.js";
import {
  bodyOf,
  EMPTY_MANIFEST,
  MANIFEST_15_1,
  MANIFEST_WITH_REFERENCE,
  PATH_15_1,
} from "../worked-examples.js";
import { manifests } from "./arbitraries.js";

function decoded(body: string | Uint8Array): Manifest {
  const bytes = typeof body === "string" ? hex(body) : body;
  return decodeManifest(bytes, { expandedNodeBytes: 2 ** 28 });
}

const uuid = hex("000102030405060708090a0b0c0d0e0f");
const MISSING = varint(2n ** 64n - 1n);

/** An empty version, from the data file table on. */
function emptyVersion(generation: number | bigint, time = 3000): string {
  return `${table(["d/x"])} 01 ${varint(generation)} 00 00 ${MISSING} ${MISSING} 00 00 00 ${u64le(time)}`;
}

type Reference = { generation: number | bigint; height: number; versions?: number | bigint; time?: number };

/** References from their count on, all to `d/x` 149+40. */
function references(rows: readonly Reference[]): string {
  const column = (cell: (row: Reference, index: number) => string) => rows.map(cell).join("");
  return [
    varint(rows.length),
    column(({ generation }) => varint(generation)),
    column(() => "00"),
    column(() => "9501"),
    column(() => "28"),
    column(({ versions = 1 }) => varint(versions)),
    column(({ time }, index) => u64le(time ?? 1000 + index)),
    column(({ height }) => varint(height)),
  ].join(" ");
}

/** A manifest of arity 2^1 whose newest version is generation 13: slots 9-12 (1), 1-8 (2). */
function withReferences(rows: readonly Reference[], last: number | bigint = 13): string {
  return `${config({ arityLog2: 1 })} ${emptyVersion(last)} ${references(rows)}`;
}

describe("a manifest", () => {
  it("of one version is read as in 15.1", () => {
    const { config: read, versionTree } = decoded(bodyOf(MANIFEST_15_1));
    expect(read).toEqual({
      uuid,
      manifestKind: "single",
      maxInlineValueBytes: 8,
      maxDecodedNodeBytes: 8388608,
      versionTreeArityLog2: 4,
      compression: { method: "none" },
    });
    if (versionTree === undefined) throw new Error("expected versions");
    expect(textOf(dataFileAt(versionTree.files, 0).relative)).toBe(PATH_15_1);
    expect(versionTree).toMatchObject({
      versions: [
        {
          generation: 1n,
          rootHeight: 0,
          root: { fileId: 0, offset: 13, length: 73 },
          keys: 2n,
          treeBytes: 73n,
          indirectValueBytes: 13n,
          commitTime: 1795486402957168293n,
        },
      ],
      nodes: [],
    });
  });

  it("of an empty database is read as in section 16", () => {
    expect(decoded(bodyOf(EMPTY_MANIFEST)).versionTree).toMatchObject({
      versions: [{ generation: 1n, root: undefined, keys: 0n, commitTime: 1n }],
      nodes: [],
    });
  });

  it("with older versions in a node is read as in section 16", () => {
    expect(decoded(bodyOf(MANIFEST_WITH_REFERENCE)).versionTree).toMatchObject({
      versions: [{ generation: 3n, root: { offset: 200, length: 64 }, commitTime: 3000n }],
      nodes: [
        {
          generation: 2n,
          location: { fileId: 0, offset: 149, length: 40 },
          versions: 2n,
          commitTime: 1000n,
          height: 1,
        },
      ],
    });
  });

  it.each([
    ["15.1", MANIFEST_15_1],
    ["an empty database", EMPTY_MANIFEST],
    ["one with a reference", MANIFEST_WITH_REFERENCE],
  ])("of %s is written as in the specification", (_, bytes) => {
    expect(encodeManifest(decoded(bodyOf(bytes)))).toEqual(bodyOf(bytes));
  });

  it("of numbered manifests ends after the configuration", () => {
    const body = hex(config({ kind: 1 }));
    expect(decoded(body)).toMatchObject({ config: { manifestKind: "numbered" }, versionTree: undefined });
    expect(encodeManifest(decoded(body))).toEqual(body);
  });

  it("survives a round trip, whatever it says", () => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        expect(decoded(encodeManifest(manifest))).toEqual(manifest);
      }),
    );
  });

  it("may have a reference a height, each to its own slot", () => {
    const manifest = decoded(
      withReferences([
        { generation: 8, height: 2, versions: 8 },
        { generation: 12, height: 1, versions: 4 },
      ]),
    );
    expect(manifest.versionTree?.nodes.map(({ generation }) => generation)).toEqual([8n, 12n]);
  });

  it("may lack references: old versions can be dropped", () => {
    expect(decoded(withReferences([{ generation: 10, height: 1 }])).versionTree?.nodes).toHaveLength(1);
    expect(decoded(withReferences([])).versionTree?.nodes).toEqual([]);
  });

  it("may pad the number of references to ten bytes", () => {
    const body = `${config()} ${emptyVersion(1)} 80 80 80 80 80 80 80 80 80 00`;
    expect(decoded(body).versionTree?.nodes).toEqual([]);
  });

  it.each([
    { name: "without versions", body: `${config()} 00 00 00`, field: "num_versions", found: 0 },
    { name: "without a number of references", body: `${config()} ${emptyVersion(1)}`, field: "num_children" },
    {
      name: "with a byte too many",
      body: `${config()} ${emptyVersion(1)} 00 00`,
      found: "1 bytes after the last field",
    },
    {
      name: "of numbered manifests with versions",
      body: `${config({ kind: 1 })} ${emptyVersion(1)} 00`,
    },
    {
      name: "with a reference of height 0",
      body: withReferences([{ generation: 12, height: 0 }]),
      field: "version node height",
      found: 0,
    },
    {
      name: "with a height beyond the newest generation",
      body: withReferences([{ generation: 8, height: 3 }]),
      field: "version node height",
      found: 3,
    },
    {
      name: "with a height twice",
      body: withReferences([
        { generation: 10, height: 1 },
        { generation: 12, height: 1 },
      ]),
      field: "version node height",
    },
    {
      name: "with rising heights",
      body: withReferences([
        { generation: 10, height: 1 },
        { generation: 12, height: 2 },
      ]),
      field: "version node height",
    },
    {
      name: "with a reference into the block of the newest generation",
      body: withReferences([{ generation: 14, height: 1 }]),
      field: "generation of the version node of height 1",
      found: 14n,
      expected: "9 to 12",
    },
    {
      name: "with a reference below its slot",
      body: withReferences([{ generation: 8, height: 1 }]),
      field: "generation of the version node of height 1",
      found: 8n,
    },
    {
      name: "with a reference that ends within a node",
      body: withReferences([{ generation: 11, height: 1 }]),
      field: "generation",
      found: 11n,
      expected: "a multiple of 2",
    },
    {
      name: "with a reference to no version",
      body: withReferences([{ generation: 12, height: 1, versions: 0 }]),
      field: "num_generations",
    },
    {
      name: "with more versions than generations in a reference",
      body: withReferences([{ generation: 12, height: 1, versions: 5 }]),
      field: "num_generations",
      found: 5n,
    },
    {
      name: "with a reference as young as the first inline version",
      body: withReferences([{ generation: 12, height: 1, time: 3000 }]),
      field: "commit_time of the last version node",
      found: 3000n,
    },
    {
      name: "with falling generations of references",
      body: withReferences([
        { generation: 12, height: 2 },
        { generation: 8, height: 1 },
      ]),
      field: "generation[1]",
    },
    {
      name: "with falling commit times of references",
      body: withReferences([
        { generation: 8, height: 2, time: 5 },
        { generation: 12, height: 1, time: 5 },
      ]),
      field: "commit_time[1]",
    },
    {
      name: "with more references than heights",
      body: `${config({ arityLog2: 16 })} ${emptyVersion(1)} 03 ${"00".repeat(40)}`,
      field: "num_children",
      found: 3,
      expected: "0 to 2",
    },
  ])("$name is refused", (row) => {
    expect(() => decoded(row.body)).toThrow(damage(row));
  });
});
