import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openOcdbt } from "../../src/ocdbt/reader.js";
import { type NewEntry, type WriteOcdbtOptions, writeOcdbt } from "../../src/ocdbt/writer.js";
import { hex, toHex, utf8 } from "../ocdbt/bytes.js";
import { type Listed, listHashed, versionsOf } from "../ocdbt/fixtures.js";
import { type Oracle, seededBytes, seededLength, startOracle } from "./oracle.js";
import { isLong } from "./random-runs.js";

/** What TensorStore writes, and how it reads what we wrote. */

let scratch: string;
let oracle: Oracle;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "orbax-ts-ocdbt-"));
  oracle = await startOracle();
});
afterAll(async () => {
  await oracle.stop();
  await rm(scratch, { recursive: true });
});

const newFolder = () => mkdtemp(join(scratch, "database-"));

/** Keys and hashes as TensorStore finds them. */
async function listedByTensorStore(dir: string, version?: number): Promise<unknown> {
  return oracle.call("ocdbt_list", version === undefined ? { dir } : { dir, version });
}

/** The versions of a database, as TensorStore dumps them. */
async function versionsByTensorStore(dir: string): Promise<unknown> {
  return oracle.call("ocdbt_versions", { dir });
}

async function versionsByUs(dir: string) {
  return versionsOf(await openOcdbt(dir));
}

type Spec = Readonly<Record<string, unknown>>;

const RAW = { compression: null };
const put = (key: string, value: string) => ({ put: toHex(utf8(key)), value: toHex(utf8(value)) });
const generate = (count: number, more: Spec = {}) => ({ generate: { count, most: 60, ...more } });
/** So many commits, each of which writes one key more and the first one anew. */
const commits = (count: number) =>
  Array.from({ length: count }, (_, index) => [
    put("counter", String(index)),
    put(`key ${index}`, "x".repeat(index)),
  ]);

describe("a database that TensorStore wrote", () => {
  it.each<{ name: string; spec: Spec }>([
    { name: "without any key", spec: {} },
    { name: "with one key", spec: { commits: [[put("a", "1")]] } },
    { name: "with the empty key and an empty value", spec: { commits: [[put("", "")]] } },
    { name: "with nothing compressed", spec: { config: RAW, commits: [[generate(100)]] } },
    {
      name: "with nodes of 600 bytes",
      spec: { config: { max_decoded_node_bytes: 600 }, commits: [[generate(3000)]] },
    },
    {
      name: "with nodes of one byte",
      spec: { config: { max_decoded_node_bytes: 1, ...RAW }, commits: [[generate(60)]] },
    },
    { name: "with a frame longer than a block", spec: { commits: [[generate(3000, { most: 100 })]] } },
    {
      name: "with everything inline",
      spec: {
        config: { max_inline_value_bytes: 2 ** 20 },
        commits: [[generate(20, { least: 1, most: 50_000 })]],
      },
    },
    {
      name: "with nothing inline",
      spec: { config: { max_inline_value_bytes: 0 }, commits: [[generate(300, { most: 5000 })]] },
    },
    {
      name: "with the most negative zstd level",
      spec: { config: { compression: { id: "zstd", level: -131072 } }, commits: [[generate(500)]] },
    },
    {
      name: "with the highest zstd level",
      spec: { config: { compression: { id: "zstd", level: 22 } }, commits: [[generate(500)]] },
    },
    {
      name: "with keys that are no text",
      spec: {
        commits: [
          ["00", "0000", "7f", "80", "c0af", "eda080", "efbfbf", "f0908080", "ff", "ffff"].map((key) => ({
            put: key,
            value: key,
          })),
        ],
      },
    },
    {
      name: "with keys of 65535 bytes",
      spec: {
        commits: [
          ["", "61", "62"].map((end) => ({ put: "6b".repeat(65535 - end.length / 2) + end, value: end })),
        ],
      },
    },
    {
      name: "after most keys were deleted",
      spec: {
        config: { max_decoded_node_bytes: 400, ...RAW },
        commits: [
          [generate(500)],
          [
            { delete_range: [toHex(utf8("00000100")), toHex(utf8("00000490"))] },
            { delete: toHex(utf8("00000003")) },
          ],
        ],
      },
    },
    {
      name: "after all keys were deleted",
      spec: { commits: [[generate(10)], [{ delete_range: ["", ""] }]] },
    },
    {
      name: "after 40 commits, in blocks of 2",
      spec: { config: { version_tree_arity_log2: 1 }, commits: commits(40) },
    },
    { name: "after 70 commits, in blocks of 16", spec: { commits: commits(70) } },
    {
      name: "after 5 commits, in one block",
      spec: { config: { version_tree_arity_log2: 16 }, commits: commits(5) },
    },
    {
      name: "with numbered manifests",
      spec: { config: { manifest_kind: "numbered" }, commits: commits(20) },
    },
    {
      name: "that was merged out of two, as Orbax does",
      spec: {
        config: { max_inline_value_bytes: 20, max_decoded_node_bytes: 500 },
        processes: {
          "ocdbt.process_0": [[generate(40, { prefix: "a/" })], [generate(10, { prefix: "a/", seed: 7 })]],
          "ocdbt.process_1": [[generate(40, { prefix: "b/", most: 500 })]],
        },
      },
    },
  ])("$name is read alike, at every generation", async ({ spec }) => {
    const dir = await newFolder();
    await oracle.call("ocdbt_write", { dir, spec });
    const versions = await versionsByTensorStore(dir);
    expect(versions).toMatchObject(await versionsByUs(dir));
    expect(await listHashed(await openOcdbt(dir))).toEqual(await listedByTensorStore(dir));
    const database = await openOcdbt(dir);
    for await (const { generation } of database.versions()) {
      const version = Number(generation);
      expect(await listHashed(await openOcdbt(dir, { generation }))).toEqual(
        await listedByTensorStore(dir, version),
      );
    }
  });
});

/** Keys of the largest database, whose tree is as high with smaller nodes. */
const MANY = isLong ? 200_000 : 40_000;
const NODE_BYTES = isLong ? 2 ** 20 : 2 ** 18;

/** A database to write: keys, and the bytes of each value. */
type Content = readonly (readonly [key: Uint8Array, value: Uint8Array])[];

/** Keys as of Orbax, with values of `least` to `most` bytes. */
function orbaxLike(count: number, least: number, most: number): Content {
  return Array.from({ length: count }, (_, index) => {
    const key = utf8(`params.layer_${String(index).padStart(5, "0")}.kernel/0.0`);
    return [key, seededBytes(index, seededLength(index, least, most))] as const;
  });
}

function expectedList(content: Content): Listed[] {
  const listed = content.map(([key, value]) => {
    const sha256 = createHash("sha256").update(value).digest("hex");
    return { key: toHex(key), length: value.length, sha256 };
  });
  return listed.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Configuration with which Orbax opens a database to write (docs/spec/ocdbt.md section 12). */
const ORBAX = {
  config: { max_inline_value_bytes: 1024, max_decoded_node_bytes: 100_000_000 },
  assume_config: true,
};

describe("a database that we wrote", () => {
  it.each<{ name: string; content: Content; options?: WriteOcdbtOptions }>([
    { name: "without any key", content: [] },
    { name: "with one key", content: [[utf8("a"), utf8("1")]] },
    { name: "with the empty key and an empty value", content: [[hex(""), hex("")]] },
    { name: "as Orbax has it", content: orbaxLike(3000, 0, 3000) },
    {
      name: "with nothing compressed",
      content: orbaxLike(500, 0, 3000),
      options: { config: { compression: { method: "none" } } },
    },
    ...[1, 200, 2000, 0].map((maxDecodedNodeBytes) => ({
      name: `with nodes of ${maxDecodedNodeBytes} bytes`,
      content: orbaxLike(1000, 0, 50),
      options: { config: { maxDecodedNodeBytes } },
    })),
    ...[0, 8, 2 ** 20].map((maxInlineValueBytes) => ({
      name: `with values up to ${maxInlineValueBytes} bytes inline`,
      content: orbaxLike(20, 0, maxInlineValueBytes + 20),
      options: { config: { maxInlineValueBytes } },
    })),
    {
      name: "with several data files",
      content: orbaxLike(300, 1000, 3000),
      options: { targetDataFileBytes: 50_000, config: { maxDecodedNodeBytes: 3000 } },
    },
    {
      name: "with keys that are no text",
      content: ["00", "0000", "7f", "80", "eda080", "efbfbf", "f0908080", "ff", "ffff"].map((key) => [
        hex(key),
        hex(key),
      ]),
      options: { config: { maxDecodedNodeBytes: 100 } },
    },
    {
      name: "with keys of 65535 bytes",
      content: ["", "61", "62"].map((end) => [hex("6b".repeat(65535 - end.length / 2) + end), hex(end)]),
      options: { config: { maxDecodedNodeBytes: 70_000 } },
    },
    {
      name: "with the widest version tree",
      content: orbaxLike(3, 0, 10),
      options: { config: { versionTreeArityLog2: 16 } },
    },
  ])("$name is what TensorStore reads", async ({ content, options }) => {
    const dir = await newFolder();
    await writeOcdbt(dir, content, options);
    expect(await listedByTensorStore(dir)).toEqual(expectedList(content));
    expect(await versionsByTensorStore(dir)).toMatchObject(await versionsByUs(dir));
  });

  it("has the statistics of its content", async () => {
    const dir = await newFolder();
    const content = orbaxLike(400, 0, 3000);
    await writeOcdbt(dir, content, { config: { maxDecodedNodeBytes: 3000 } });
    const indirect = content.filter(([, value]) => value.length > 1024);
    expect(await versionsByTensorStore(dir)).toMatchObject([
      {
        generation: 1,
        num_keys: 400,
        num_indirect_value_bytes: indirect.reduce((sum, [, value]) => sum + value.length, 0),
      },
    ]);
  });

  it.each([
    { name: "of Orbax's kind", content: orbaxLike(300, 0, 3000) },
    { name: "without a key", content: orbaxLike(0, 0, 0) },
  ])("$name can be written further as by Orbax", async ({ content }) => {
    const dir = await newFolder();
    await writeOcdbt(dir, content);
    const before = await listedByTensorStore(dir);
    const added = [[put("zzz/new", "new"), put("aaa", "x".repeat(5000))], [put("zzz/new", "newer")]];
    expect(await oracle.call("ocdbt_write", { dir, spec: { ...ORBAX, commits: added } })).toEqual({
      generations: [1, 2, 3],
      keys: content.length + 2,
    });
    const after = [
      ...content,
      [utf8("zzz/new"), utf8("newer")],
      [utf8("aaa"), utf8("x".repeat(5000))],
    ] as const;
    expect(await listHashed(await openOcdbt(dir))).toEqual(expectedList(after));
    expect(await listHashed(await openOcdbt(dir, { generation: 1 }))).toEqual(before);
    expect(await listedByTensorStore(dir)).toEqual(expectedList(after));
  });

  it("cannot be written further with another configuration, as TensorStore's own", async () => {
    const dir = await newFolder();
    await writeOcdbt(dir, orbaxLike(3, 0, 10), { config: { maxInlineValueBytes: 100 } });
    const write = oracle.call("ocdbt_write", { dir, spec: { ...ORBAX, commits: [[put("a", "1")]] } });
    await expect(write).rejects.toThrow(/max_inline_value_bytes/);
  });

  it(`of ${MANY} keys is what TensorStore reads, and the other way round`, async () => {
    const ours = await newFolder();
    const entries = Array.from({ length: MANY }, (_, index): NewEntry => {
      const key = `params.layer_${String(index).padStart(6, "0")}.kernel/0.0`;
      return [key, () => seededBytes(index, 3 + (index % 5))];
    });
    await writeOcdbt(ours, entries, { config: { maxInlineValueBytes: 4, maxDecodedNodeBytes: NODE_BYTES } });
    const theirs = await newFolder();
    const config = { max_inline_value_bytes: 4, max_decoded_node_bytes: NODE_BYTES };
    const names = { prefix: "params.layer_", digits: 6, suffix: ".kernel/0.0" };
    const spec = { config, assume_config: true, commits: [[generate(MANY, { ...names, most: 9 })]] };
    await oracle.call("ocdbt_write", { dir: theirs, spec });
    for (const dir of [ours, theirs]) {
      const listed = await listHashed(await openOcdbt(dir));
      expect(listed).toHaveLength(MANY);
      const found = await listedByTensorStore(dir);
      expect(JSON.stringify(listed) === JSON.stringify(found)).toBe(true);
    }
  }, 300_000);
});
