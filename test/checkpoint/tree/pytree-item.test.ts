import { describe, expect, it } from "vitest";
import * as zarr from "zarrita";
import { encodeTreeMetadata } from "../../../src/checkpoint/metadata/tree-metadata.js";
import { describeLeaves } from "../../../src/checkpoint/tree/leaf-info.js";
import { openTree } from "../../../src/checkpoint/tree/open-tree.js";
import { openOrbaxTree } from "../../../src/checkpoint/tree/orbax-tree.js";
import type { ReadableStorage } from "../../../src/storage/storage.js";
import { fixtureBytes } from "../../formats/format-fixtures.js";
import { hex } from "../../ocdbt/bytes.js";
import { CountingStorage } from "../counting-storage.js";
import { dumpLeaves, expectedDump } from "../dump-tree.js";
import { fixtureStorage } from "../fixture-storage.js";
import { type ItemParts, SEVEN, type StoredArray, storageWith, storedItem, zarray } from "../stored-item.js";

const load = async (storage: ReadableStorage) => (await openTree({ storage })).loadTree({ exact: false });
const onlyChunks = (count: number, ...present: number[]): StoredArray => ({
  type: "np.ndarray",
  zarray: { shape: [count], chunks: [1], dtype: "|u1" },
  chunks: Object.fromEntries(present.map((index) => [index, "05"])),
});

describe("missing chunks", () => {
  it.each<[string, StoredArray, string]>([
    ["one of two", onlyChunks(2, 1), "a: 1 of 2 chunks is missing: 0"],
    ["three of eight", onlyChunks(8, 0, 2, 3, 5, 6), "a: 3 of 8 chunks are missing: 1, 4, 7"],
    ["all", onlyChunks(3), "a: 3 of 3 chunks are missing: 0, 1, 2"],
    ["many", onlyChunks(1000, 1), "a: 999 of 1000 chunks are missing: 0, 2, 3, 4, …"],
    ["the one of a number", {}, "a: 1 of 1 chunks is missing: 0"],
  ])("are counted and named where the file promises all: %s", async (_, array, message) => {
    await expect(load(storedItem({ a: array, b: SEVEN }))).rejects.toMatchObject({
      code: "DATA_LOSS",
      message,
      details: { key: "a" },
    });
  });

  it("read as zeros where it does not", async () => {
    const storage = storedItem({ a: onlyChunks(3, 1), b: {} }, { storesAllChunks: false });
    expect(await load(storage)).toMatchObject({ a: { data: Uint8Array.of(0, 5, 0) }, b: 0 });
  });

  it("are named as on the disk of one host of several: zarr v3, without some of the shards", async () => {
    const storage = fixtureStorage("files-zarr3", { "chunked/c/0": false });
    const item = await openTree({ storage });
    await expect(item.load()).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: "chunked: 1 of 2 chunks is missing: c/0/0",
      details: { key: "chunked" },
    });
    expect(await item.load({ only: ["params"] })).toHaveLength(2);
  });

  it("of an array without elements do not exist", async () => {
    const empty = { type: "np.ndarray", zarray: { shape: [0, 3], chunks: [1, 3] } };
    expect(await load(storedItem({ a: empty }))).toMatchObject({ a: { shape: [0, 3] } });
  });
});

/** The item of a fixture, whose reads are counted. */
async function counted(path: string) {
  const storage = new CountingStorage(fixtureStorage(path));
  return { storage, item: await openTree({ storage }) };
}

describe("how many reads a tree costs", () => {
  it.each(["standard-ocdbt-zarr2", "pytree-ocdbt-zarr3", "v1/state"])(
    "in a database: metadata alone takes 2 to 4, and two for jax.Arrays: %s",
    async (path) => {
      const { storage, item } = await counted(path);
      expect(storage.takeKeys()).toEqual(["/_METADATA"]);
      await item.describe(item.leaves);
      const nodes = storage.takeKeys();
      expect(nodes[0]).toBe("/manifest.ocdbt");
      expect(nodes.length).toBeLessThanOrEqual(3);
      await describeLeaves(item);
      expect(storage.takeKeys()).toEqual(["/array_metadatas/process_0", "/_sharding"]);
    },
  );

  it.each([
    ["files-zarr2", ".zarray"],
    ["files-zarr3", "zarr.json"],
  ])("in files: one an array for metadata alone: %s", async (path, document) => {
    const { storage, item } = await counted(path);
    storage.takeKeys();
    await item.describe(item.leaves);
    const arrays = item.leaves.filter(({ storage: place }) => place.kind === "array");
    const keys = storage.takeKeys();
    expect(keys.toSorted()).toEqual(arrays.map(({ name }) => `/${name}/${document}`).toSorted());
  });

  it("a lazy array reads nothing but what is asked of it", async () => {
    const { storage, item } = await counted("standard-ocdbt-zarr2");
    const array = await item.array("chunked");
    storage.takeKeys();
    const part = await zarr.get(array, [zarr.slice(0, 2), zarr.slice(0, 3)]);
    expect(part.shape).toEqual([2, 3]);
    expect(storage.takeKeys()).toHaveLength(1);
    await item.array("whole");
    expect(storage.takeKeys()).toEqual([]);
  });
});

describe("a lazy array", () => {
  it.each(["standard-ocdbt-zarr2", "files-zarr2", "files-zarr3", "pytree-ocdbt-zarr3", "v1/state"])(
    "has the values that a load gives, in every layout: %s",
    async (path) => {
      const item = await openTree({ storage: fixtureStorage(path) });
      const dtypes = new Set<string>();
      for (const { path: key, leaf } of await item.load()) {
        if (leaf.kind !== "array" || leaf.array.shape.length === 0) continue;
        const { dtype, shape, data } = leaf.array;
        if (!/^(u?int(8|16|32|64)|float(32|64))$/.test(dtype)) continue;
        dtypes.add(dtype);
        const array = await item.array(key);
        const whole = await zarr.get(array);
        expect([array.storedDtype, whole.shape, whole.data]).toEqual([dtype, shape, data]);
      }
      expect(dtypes.size).toBeGreaterThan(1);
    },
  );

  it("is one of a value that a file of another format holds", async () => {
    const storage = storageWith({ checkpoint_5: fixtureBytes("flax", "train-state") });
    const item = await openTree({ storage, file: "checkpoint_5" });
    let compared = 0;
    for (const { path, leaf } of await item.load()) {
      if (leaf.kind !== "array" || leaf.array.dtype !== "float32" || leaf.array.shape.length === 0) continue;
      expect((await zarr.get(await item.array(path))).data).toEqual(leaf.array.data);
      compared++;
    }
    expect(compared).toBeGreaterThan(0);
  });

  it("is none of what has no array, of several leaves, or of nothing", async () => {
    const item = await openTree({ storage: fixtureStorage("pytree-strings") });
    await expect(item.array("text")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(item.array(["nothing"])).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(item.array("numbers/*")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("of a missing chunk says so", async () => {
    const item = await openTree({ storage: storedItem({ a: onlyChunks(2, 1) }) });
    const array = await item.array("a");
    expect((await array.getChunk([1])).data).toEqual(Uint8Array.of(5));
    await expect(array.getChunk([0])).rejects.toMatchObject({ message: "a: chunk 0 is missing" });
  });
});

/** A fixture in whose `_METADATA` a field has another value. */
const withField = async (field: string, from: unknown, to: unknown, path: string) => {
  const text = new TextDecoder().decode(await fixtureStorage(path).get("/_METADATA"));
  const [before, after] = [from, to].map((value) => `"${field}": ${JSON.stringify(value)}`);
  if (before === undefined || after === undefined || !text.includes(before)) throw new Error(`no ${field}`);
  return fixtureStorage(path, { _METADATA: text.replace(before, after) });
};

describe("what _METADATA says wrong", () => {
  it.each([
    ["standard-ocdbt-zarr2", true],
    ["files-zarr3", false],
  ])("of use_ocdbt is corrected by the files, as in older releases: %s", async (path, is) => {
    const item = await openTree({ storage: await withField("use_ocdbt", is, !is, path) });
    expect(dumpLeaves(await item.load())).toEqual(expectedDump(path));
  });

  it.each([
    ["standard-ocdbt-zarr2", false],
    ["pytree-ocdbt-zarr3", true],
    ["files-zarr2", false],
    ["files-zarr3", true],
  ])("of use_zarr3 is damage, as in every release: %s", async (path, is) => {
    const item = await openTree({ storage: await withField("use_zarr3", is, !is, path) });
    await expect(item.load()).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: expect.stringContaining(is ? ".zarray" : "zarr.json"),
    });
  });
});

describe("entries of _METADATA", () => {
  it.each(["standard-ocdbt-zarr2", "files-zarr3", "v1/state"])("may come in any order: %s", async (path) => {
    const metadata = JSON.parse(new TextDecoder().decode(await fixtureStorage(path).get("/_METADATA")));
    const entries = Object.entries(metadata.tree_metadata);
    const reversed = { ...metadata, tree_metadata: Object.fromEntries(entries.reverse()) };
    const item = await openTree({ storage: fixtureStorage(path, { _METADATA: JSON.stringify(reversed) }) });
    expect(dumpLeaves(await item.load())).toEqual(expectedDump(path === "v1/state" ? "v1" : path));
    const plain = await openTree({ storage: fixtureStorage(path) });
    const [one, other] = [item, plain].map(async (tree) => tree.loadTree({ exact: false }));
    expect(JSON.stringify(await one, sortedKeys)).toBe(JSON.stringify(await other, sortedKeys));
  });

  it("with a value type that nobody knows are arrays", async () => {
    expect(await load(storedItem({ a: { ...SEVEN, type: "pathways.Array" } }))).toEqual({ a: 7 });
  });

  it("of one bare leaf stand for the root", async () => {
    const parts: ItemParts = { entries: [{ path: [], valueType: "scalar", skipDeserialize: false }] };
    const storage = storedItem({}, parts);
    await storage.set("/.zarray", new TextEncoder().encode(zarray()));
    await storage.set("/0", hex("0700000000000000"));
    expect(await load(storage)).toBe(7);
  });

  it("that are scalars hold no arrays", async () => {
    const scalar = { zarray: { shape: [1], chunks: [1] }, chunks: { "0": "0700000000000000" } };
    await expect(load(storedItem({ a: scalar }))).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: "a: rank of a scalar is 1, expected 0",
      details: { key: "a" },
    });
  });
});

/** As `JSON.stringify` takes it: bigints as text, keys in order. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
    return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe("scalars of every width", () => {
  it("are Python's numbers, as real Orbax restores them", async () => {
    const item = await openTree({ storage: fixtureStorage("pytree-strings") });
    const dumped = dumpLeaves(await item.load({ only: ["numpy_scalars"] }));
    const all = Object.entries(expectedDump("pytree-strings"));
    expect(dumped).toEqual(Object.fromEntries(all.filter(([key]) => key.startsWith('["numpy_scalars"'))));
    expect(Object.keys(dumped).length).toBeGreaterThan(10);
  });
});

describe("files beside the tree", () => {
  it("may be missing or empty: array_metadatas, which only tell random keys from arrays", async () => {
    for (const content of [false, '{"array_metadatas": []}', "{}"] as const) {
      const storage = fixtureStorage("standard-ocdbt-zarr2", { "array_metadatas/process_0": content });
      const item = await openTree({ storage });
      const [loaded] = await item.load({ only: ["keys", "one"] });
      expect(loaded?.leaf).toMatchObject({ kind: "array", array: { dtype: "uint32", shape: [2] } });
    }
  });

  it("stop a load that are damaged and needed: array_metadatas, _strings.json", async () => {
    const keys = fixtureStorage("standard-ocdbt-zarr2", { "array_metadatas/process_0": "{" });
    await expect(load(keys)).rejects.toMatchObject({ details: { file: "array_metadatas/process_0" } });
    const strings = fixtureStorage("pytree-strings", { "_strings.json": "{" });
    await expect(load(strings)).rejects.toMatchObject({ details: { file: "_strings.json" } });
    const none = fixtureStorage("pytree-strings", { "_strings.json": false });
    await expect(load(none)).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: "_strings.json: not found, expected the string leaves",
    });
  });

  it.each<[string | false]>([[false], [""], ["{"]])(
    "stop nothing that need not be read: _sharding is %j",
    async (content) => {
      const storage = fixtureStorage("standard-ocdbt-zarr2", { _sharding: content });
      const item = await openTree({ storage });
      expect(dumpLeaves(await item.load())).toEqual(expectedDump("standard-ocdbt-zarr2"));
      expect(await item.loadTree({ exact: true, only: ["jax", "int32"] })).toMatchObject({
        jax: { int32: { dtype: "int32", sharding: undefined } },
      });
      const infos = await describeLeaves(item);
      expect(infos.filter(({ sharding }) => sharding !== undefined)).toEqual([]);
    },
  );
});

describe("openOrbaxTree", () => {
  it("opens nothing without _METADATA, in Orbax's own words", async () => {
    const storage = storageWith({ checkpoint: "" });
    await expect(openOrbaxTree(storage)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "Metadata file (named _METADATA) does not exist at memory.",
      details: { pythonType: "FileNotFoundError" },
    });
  });

  it("names the file where it is damaged, or makes no tree", async () => {
    await expect(openOrbaxTree(storageWith({ _METADATA: "{" }))).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { file: "_METADATA" },
    });
    const entries = [{ path: ["l", 1], valueType: "None", skipDeserialize: true }];
    const gap = { entries, useOcdbt: true, useZarr3: false, storesAllChunks: true, customMetadata: null };
    await expect(openOrbaxTree(storageWith({ _METADATA: encodeTreeMetadata(gap) }))).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { file: "_METADATA", key: "l" },
    });
  });

  it("reads a tree of 1,000 arrays in files eight at a time", async () => {
    const arrays = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`a${index}`, SEVEN]));
    const inner = storedItem(arrays);
    let underWay = 0;
    let most = 0;
    const storage: ReadableStorage = {
      get: async (key) => {
        most = Math.max(most, ++underWay);
        await Promise.resolve();
        const bytes = await inner.get(key);
        underWay--;
        return bytes;
      },
    };
    const item = await openOrbaxTree(storage);
    expect(await item.load()).toHaveLength(1000);
    expect(most).toBe(8);
  });
});
