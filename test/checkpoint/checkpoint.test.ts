import { cp, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as zarr from "zarrita";
import { load, openCheckpoint } from "../../src/checkpoint/open-checkpoint.js";
import { encodeItem } from "../../src/checkpoint/save/encode-item.js";
import { saveItem } from "../../src/checkpoint/save/save.js";
import { LocalStorage } from "../../src/storage/local.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { bytesOf } from "../../src/zarr/dtype.js";
import { NdArray, ndarray } from "../../src/zarr/nd-array.js";
import { toHex } from "../ocdbt/bytes.js";
import { CountingStorage } from "./counting-storage.js";
import { FIXTURES } from "./dump-tree.js";
import { filesBelow } from "./faulty-storage.js";
import { SEVEN, storageWith, storedItem } from "./stored-item.js";

let top: string;
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), "orbax-ts-checkpoint-"));
});
afterAll(() => rm(top, { recursive: true }));

const at = (name: string) => join(FIXTURES, name);
const counting = (name: string) => new CountingStorage(new LocalStorage(at(name)));

/** Saves a tree into memory; uncompressed unless the arrays are large. */
async function saved(tree: unknown): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  await saveItem(storage, "7", encodeItem(tree), {});
  return storage.within("/7");
}

describe("opening", () => {
  it("takes 4 reads to know all leaves of a database", async () => {
    const storage = new CountingStorage(await saved({ a: [1, 2, 3], w: new Float32Array(5000) }));
    const checkpoint = await openCheckpoint(storage);
    expect(storage.takeKeys()).toEqual(["/_CHECKPOINT_METADATA"]);
    expect(await checkpoint.leaves()).toHaveLength(4);
    expect(storage.takeKeys()).toEqual(["/_METADATA", "/manifest.ocdbt", expect.stringMatching(/^\/d\//)]);
    await checkpoint.leaves();
    expect(storage.takeKeys()).toEqual([]);
  });

  it("takes at most one more a further node of the B+tree", async () => {
    const leaves = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`leaf${index}`, index]));
    const storage = await saved(leaves);
    await rewriteWithSmallNodes(storage);
    const counted = new CountingStorage(storage);
    const checkpoint = await openCheckpoint(counted);
    expect(await checkpoint.leaves()).toHaveLength(200);
    const keys = counted.takeKeys();
    const ofNodes = keys.filter((key) => key.startsWith("/d/"));
    const nodes = countNodes(storage);
    expect(nodes).toBeGreaterThan(3);
    expect(ofNodes.length).toBeLessThanOrEqual(nodes);
    expect(keys.slice(0, keys.length - ofNodes.length)).toEqual([
      "/_CHECKPOINT_METADATA",
      "/_METADATA",
      "/manifest.ocdbt",
    ]);
  });

  it("takes two more where there are jax.Arrays, whose sharding lies in a file of its own", async () => {
    const storage = counting("pytree-strings");
    const checkpoint = await openCheckpoint(storage);
    await checkpoint.leaves();
    expect(storage.takeKeys().filter((key) => !key.includes("/d/"))).toEqual([
      "/_CHECKPOINT_METADATA",
      "/_METADATA",
      "/manifest.ocdbt",
      "/array_metadatas/process_0",
      "/_sharding",
    ]);
  });

  it("takes one read an array in the file layout", async () => {
    const storage = counting("files-zarr2");
    const checkpoint = await openCheckpoint(storage);
    await checkpoint.leaves();
    const keys = storage.takeKeys();
    const documents = keys.filter((key) => key.endsWith("/.zarray"));
    expect(new Set(documents).size).toBe(8);
    expect(documents).toHaveLength(8);
    expect(keys.filter((key) => !key.endsWith("/.zarray"))).toEqual([
      "/_CHECKPOINT_METADATA",
      "/_METADATA",
      "/array_metadatas/process_0",
      "/_sharding",
    ]);
  });

  it("of a store that cannot list reads _METADATA once", async () => {
    const storage = new CountingStorage(await saved({ a: 1 }), { only: true });
    const checkpoint = await openCheckpoint({
      get: (key) => storage.get(key),
      getRange: async (key, range) => storage.getRange?.(key, range),
    });
    expect(await checkpoint.load()).toEqual({ a: 1 });
    expect(storage.takeKeys()).toEqual([
      "/_METADATA",
      "/_CHECKPOINT_METADATA",
      "/manifest.ocdbt",
      expect.stringMatching(/^\/d\//),
    ]);
  });

  it.each([
    ["a path", () => at("files-zarr2")],
    ["a file URL", () => pathToFileURL(at("files-zarr2"))],
    ["a storage", () => new LocalStorage(at("files-zarr2"))],
    ["zarrita's store for folders", () => new ZarritaFolder(at("files-zarr2"))],
  ])("takes %s", async (_, source) => {
    expect(await load(source(), { only: ["step"] })).toEqual({ step: 1200 });
  });

  it("takes a Map of values by key", async () => {
    const map = new Map((await saved({ a: 1 })).files());
    const below = new Map(Array.from(map, ([key, bytes]) => [key.replace("/7/", "/"), bytes]));
    expect(await load(below)).toEqual({ a: 1 });
  });

  it("reads no sizes or listings of what was not asked for", async () => {
    const storage = counting("manager");
    await openCheckpoint(storage, { step: 10, item: "state" });
    expect(storage.takeKeys()).toEqual(["/10/_CHECKPOINT_METADATA"]);
  });
});

/** zarrita's FileSystemStore, as far as a checkpoint needs it: no listing, no sizes. */
class ZarritaFolder {
  readonly #storage: LocalStorage;
  constructor(root: string) {
    this.#storage = new LocalStorage(root);
  }
  get(key: `/${string}`) {
    return this.#storage.get(key);
  }
}

/** Writes an item's database anew with nodes of a few hundred bytes. */
async function rewriteWithSmallNodes(storage: MemoryStorage): Promise<void> {
  const { openOcdbt } = await import("../../src/ocdbt/reader.js");
  const { writeOcdbt } = await import("../../src/ocdbt/writer.js");
  const database = await openOcdbt(storage);
  const entries: [Uint8Array, Uint8Array][] = [];
  for await (const { key } of database.list())
    entries.push([key, (await database.get(key)) ?? new Uint8Array(0)]);
  await storage.delete("/manifest.ocdbt");
  await storage.delete("/d");
  await writeOcdbt(storage, entries, { config: { maxDecodedNodeBytes: 4000 } });
}

/** Nodes of a database, by the magic number that each begins with (docs/spec/ocdbt.md section 3). */
function countNodes(storage: MemoryStorage): number {
  const files = Array.from(storage.files()).filter(([key]) => key.includes("/d/"));
  return files.reduce((sum, [, bytes]) => sum + toHex(bytes).split("0cdb20de").length - 1, 0);
}

describe("loading", () => {
  it("needs no read for values that lie in the root node", async () => {
    const small = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`w${index}`, ndarray("float32", [4], new Float32Array(4))]),
    );
    const storage = new CountingStorage(await saved(small));
    const checkpoint = await openCheckpoint(storage);
    await checkpoint.leaves();
    storage.takeKeys();
    await checkpoint.load();
    expect(storage.takeKeys()).toEqual([]);
  });

  it("reads neighbouring values of a data file together", async () => {
    const middle = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`w${index}`, randomArray(index, 600)]),
    );
    const storage = new CountingStorage(await saved(middle));
    const checkpoint = await openCheckpoint(storage);
    await checkpoint.leaves();
    storage.takeKeys();
    await checkpoint.load();
    expect(storage.takeKeys()).toHaveLength(1);
  });

  it.each([
    ["a database", uncompressedDatabase],
    ["files", uncompressedFiles],
  ])("reads a large uncompressed array of %s straight into its memory", async (_, make) => {
    const large = randomArray(1, 200_000);
    const storage = new CountingStorage(await make(large));
    const loaded = await load(storage);
    const array: unknown = Reflect.get(Object(loaded), "large");
    if (!NdArray.is(array)) throw new Error("not loaded");
    expect(array.data).toEqual(large.data);
    const direct = storage.reads.filter(({ into }) => into?.buffer === array.data.buffer);
    expect(direct.map(({ bytes }) => bytes)).toEqual([800_000]);
    const others = storage.reads.filter(({ into }) => into?.buffer !== array.data.buffer);
    expect(others.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(5000);
  });
});

function randomArray(seed: number, length: number): NdArray {
  return ndarray(
    "uint32",
    [length],
    Uint32Array.from({ length }, (_, index) => Math.imul(index + seed * 7919, 2654435761)),
  );
}

const ZARRAY = { shape: [200_000], chunks: [200_000], dtype: "<u4" };

async function uncompressedFiles(array: NdArray): Promise<MemoryStorage> {
  const storage = storedItem({ large: { type: "np.ndarray", zarray: ZARRAY } });
  await storage.set("/large/0", bytesOf(array.data));
  return storage;
}

async function uncompressedDatabase(array: NdArray): Promise<MemoryStorage> {
  const { writeOcdbt } = await import("../../src/ocdbt/writer.js");
  const storage = await uncompressedFiles(array);
  const files = await filesBelow(storage, "/large");
  await writeOcdbt(
    storage,
    Array.from(files, ([key, bytes]) => [key.slice(1), bytes]),
  );
  await storage.delete("/large");
  return storage;
}

describe("the step of a directory of steps", () => {
  it("is the largest, unless one is asked for", async () => {
    expect((await openCheckpoint(at("manager"))).step).toBe(20);
    expect((await openCheckpoint(at("manager"), { step: 10 })).step).toBe(10);
  });

  it("that is not there is NOT_FOUND", async () => {
    await expect(openCheckpoint(at("manager"), { step: 15 })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `${at("manager")}: no step 15`,
    });
    await expect(openCheckpoint(at("manager"), { step: null })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("cannot be asked for where there are no steps", async () => {
    await expect(openCheckpoint(at("files-zarr2"), { step: 1 })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `${at("files-zarr2")}: no directory of steps, so there is no step 1`,
    });
  });

  it("may be Datarax's unversioned one", async () => {
    const storage = new MemoryStorage();
    for (const name of ["checkpoint", "ckpt-3"])
      await saveItem(storage, name, encodeItem({ name: name.length }), {});
    expect(await load(storage)).toEqual({ name: 6 });
    expect(await load(storage, { step: null })).toEqual({ name: 10 });
    expect((await openCheckpoint(storage, { step: null })).step).toBeNull();
    await storage.delete("/ckpt-3");
    expect(await load(storage)).toEqual({ name: 10 });
  });

  it("whose number two directories have must be opened by its own path", async () => {
    const storage = new MemoryStorage();
    for (const name of ["5", "step_05", "4"]) await saveItem(storage, name, encodeItem({ name }), {});
    const both = {
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/step 5 is both .*; open one of them/),
    };
    await expect(openCheckpoint(storage)).rejects.toMatchObject(both);
    await expect(openCheckpoint(storage, { step: 5 })).rejects.toMatchObject(both);
    expect(await load(storage, { step: 4 })).toEqual({ name: "4" });
  });

  it("is none where all saves are unfinished", async () => {
    const storage = new MemoryStorage();
    await storage.set("/5.orbax-checkpoint-tmp/_METADATA", new Uint8Array(1));
    await expect(openCheckpoint(storage)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "memory: no finished step",
    });
  });
});

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe("a step's items", () => {
  it("are named with their kinds, and metadata is the step's", async () => {
    const checkpoint = await openCheckpoint(at("manager"));
    expect(checkpoint.layout).toBe("items");
    expect(checkpoint.kind).toBeUndefined();
    expect(Object.fromEntries(checkpoint.items)).toEqual({
      state: "pytree",
      config: "json",
      metrics: "json",
    });
    expect(checkpoint.metadata.customMetadata).toEqual({ step: 20 });
  });

  it("are opened by name", async () => {
    const item = await (await openCheckpoint(at("manager"))).item("state");
    expect(item).toMatchObject({ layout: "item", kind: "pytree", step: 20 });
    expect(item.items.size).toBe(0);
    expect(await item.load({ only: ["step"] })).toEqual({ step: 20 });
    expect(await load(at("manager"), { item: "state", step: 10, only: ["step"] })).toEqual({ step: 10 });
  });

  it("that are no trees have no leaves; a JSON item is loaded as its value", async () => {
    const config = await (await openCheckpoint(at("manager"))).item("config");
    const value = { rate: 0.001, names: ["a", "caf\u00e9"], big: 2n ** 64n, nan: Number.NaN };
    expect(await config.load()).toEqual(value);
    expect(await load(at("manager/20/config"))).toEqual(value);
    await expect(config.leaves()).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: `${at("manager")}/20/config: an item of kind json, no tree`,
    });
  });

  it("that are being deleted cannot be opened; the others can", async () => {
    const storage = new MemoryStorage();
    for (const name of ["state", "other"]) await saveItem(storage, name, encodeItem({ name }), {});
    const updated = { item_handlers: { state: "a.B" } };
    const original = { item_handlers: { state: "a.B", other: "a.B" } };
    const record = {
      checkpointable_name: "other",
      operation_id: "0123456789abcdef0123456789abcdef",
      original_metadata: original,
      updated_metadata: updated,
    };
    await storage.set("/_CHECKPOINT_METADATA", json(original));
    await storage.set("/_CHECKPOINT_DELETION", json(record));
    const checkpoint = await openCheckpoint(storage);
    expect([[...checkpoint.items.keys()], checkpoint.deleting]).toEqual([["state"], ["other"]]);
    expect(await checkpoint.load()).toEqual({ name: "state" });
    await expect(openCheckpoint(storage, { item: "other" })).rejects.toMatchObject({
      code: "CONFLICT",
      message: 'memory: item "other": its deletion was begun and has not ended',
    });
    await storage.set("/_CHECKPOINT_DELETION", json({ ...record, operation_id: "x" }));
    await expect(openCheckpoint(storage)).rejects.toMatchObject({ code: "DATA_LOSS" });
  });

  it("of a step with a damaged deletion record cannot be opened, those of other steps can", async () => {
    const storage = new MemoryStorage();
    for (const step of ["1", "2"])
      await saveItem(storage.within(`/${step}`), "state", encodeItem({ step }), {});
    await storage.set("/2/orbax.checkpoint", new Uint8Array(0));
    await storage.set("/2/_CHECKPOINT_DELETION", new Uint8Array(0));
    expect(await load(storage, { step: 1 })).toEqual({ step: "1" });
    await expect(openCheckpoint(storage)).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: expect.stringContaining("memory/2: _CHECKPOINT_DELETION"),
    });
  });

  it.each<[string, string[], string | undefined]>([
    ["the only one", ["anything"], "anything"],
    ["the default one", ["zebra", "default", "state"], "default"],
    ["else the state", ["zebra", "pytree", "state"], "state"],
    ["else the tree of old releases", ["zebra", "pytree"], "pytree"],
    ["else the only tree", ["zebra", "config"], "zebra"],
    ["else none", ["zebra", "yak"], undefined],
  ])("of which nobody is asked for: %s", async (_, names, chosen) => {
    const storage = new MemoryStorage();
    await storage.set("/orbax.checkpoint", new Uint8Array(0));
    for (const name of names) {
      if (name === "config") await storage.set("/config/metadata", new TextEncoder().encode("{}"));
      else await saveItem(storage, name, encodeItem({ name }), {});
    }
    const loading = load(storage);
    if (chosen === undefined) {
      await expect(loading).rejects.toMatchObject({
        code: "NOT_FOUND",
        message: "memory: choose an item; items: zebra, yak",
      });
    } else expect(await loading).toEqual({ name: chosen });
  });

  it("that are not there are NOT_FOUND, with the names that are", async () => {
    await expect(openCheckpoint(at("manager"), { item: "missing" })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `${at("manager")}/20: no item "missing"; items: config, metrics, state`,
    });
    await expect(openCheckpoint(at("files-zarr2"), { item: "state" })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `${at("files-zarr2")}: one item by itself, so there is no item "state"`,
    });
  });
});

/** A step with an item of each kind that is no tree. */
const stepOfOthers = () =>
  storageWith({
    _CHECKPOINT_METADATA: '{"item_handlers": {"own": "my.Notes", "proto": "my.Proto", "grain": "my.Grain"}}',
    "config/metadata": '{"a": [1, NaN]}',
    "proto/proto.pbtxt": "a: 1",
    "grain/process_0-of-1.json": "{}",
    "own/notes.txt": "caf\u00e9",
    "own/sub/data.bin": Uint8Array.of(0xff, 0),
    "own/commit_success.txt": "x",
    "many/process_0-of-2.json": "0",
    "many/process_1-of-2.json": "1",
  });

describe("a checkpoint with items that are no trees", () => {
  it("loads the value of a JSON item", async () => {
    const config = await openCheckpoint(stepOfOthers(), { item: "config" });
    expect(await config.load()).toEqual({ a: [1, NaN] });
    await expect(config.load({ only: ["a"] })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await config.text()).toBe('{"a": [1, NaN]}');
    await expect(config.leaves()).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: "memory/config: an item of kind json, no tree",
    });
  });

  it("reads texts", async () => {
    const checkpoint = await openCheckpoint(stepOfOthers());
    expect(await (await checkpoint.item("proto")).text()).toBe("a: 1");
    expect(await (await checkpoint.item("grain")).text()).toBe("{}");
    const many = await checkpoint.item("many");
    await expect(many.text()).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "memory/many: choose a file; there are process_0-of-2.json, process_1-of-2.json",
    });
    expect(await many.text("process_1-of-2.json")).toBe("1");
  });

  it("reads files of a user's own handler", async () => {
    const own = await openCheckpoint(stepOfOthers(), { item: "own" });
    expect(own).toMatchObject({ kind: "files", handler: "my.Notes" });
    expect([...(await own.files())]).toEqual([
      ["notes.txt", 5],
      ["sub/data.bin", 2],
    ]);
    expect(await own.file("sub/data.bin")).toEqual(Uint8Array.of(0xff, 0));
    expect(await own.text("notes.txt")).toBe("caf\u00e9");
    await expect(own.text("sub/data.bin")).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { file: "sub/data.bin" },
    });
    await expect(own.load()).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: "memory/own: an item of kind files, no tree and no JSON; text and files read it",
    });
  });

  it("has files and texts of no tree", async () => {
    const tree = await openCheckpoint(storageWith({ _METADATA: "{}" }));
    for (const reading of [tree.text(), tree.files(), tree.file("_METADATA")]) {
      await expect(reading).rejects.toMatchObject({ code: "UNSUPPORTED" });
    }
  });
});

describe("leaves", () => {
  it("say what each leaf is, without its value", async () => {
    const leaves = await (await openCheckpoint(at("files-zarr2"))).leaves();
    const byPath = Object.fromEntries(leaves.map(({ path, ...leaf }) => [path.join("/"), leaf]));
    expect(byPath).toMatchObject({
      chunked: {
        kind: "array",
        valueType: "np.ndarray",
        dtype: "float32",
        shape: [32, 24],
        chunkShape: [16, 24],
      },
      "params/b": {
        kind: "array",
        valueType: "jax.Array",
        dtype: "bfloat16",
        shape: [2],
        sharding: '{"sharding_type": "SingleDeviceSharding", "device_str": "cpu:0"}',
      },
      step: { kind: "scalar", valueType: "scalar", dtype: "int64", shape: [] },
      text: { kind: "string", valueType: "string" },
      "list/1": { kind: "none", valueType: "None" },
      "list/2": { kind: "empty-dict", valueType: "Dict" },
    });
    expect(byPath["chunked"]?.storedBytes).toBeUndefined();
  });

  it("know the stored bytes of arrays in a database, and which are random keys", async () => {
    const storage = await saved({ a: ndarray("uint8", [10], new Uint8Array(10)), n: 1, e: {} });
    const leaves = await (await openCheckpoint(storage)).leaves();
    expect(leaves.map(({ path, storedBytes }) => [path[0], storedBytes])).toEqual([
      ["a", 10],
      ["e", undefined],
      ["n", 8],
    ]);
  });
});

describe("an array, lazily", () => {
  it("is zarrita's, and reads only the chunks that a slice touches", async () => {
    const storage = counting("files-zarr2");
    const checkpoint = await openCheckpoint(storage);
    const array = await checkpoint.array(["chunked"]);
    expect(array).toMatchObject({
      shape: [32, 24],
      chunks: [16, 24],
      dtype: "float32",
      storedDtype: "float32",
    });
    storage.takeKeys();
    const { data } = await zarr.get(array, [zarr.slice(20, 22), 0]);
    expect(storage.takeKeys()).toEqual(["/chunked/1.0"]);
    const whole: unknown = Reflect.get(Object(await checkpoint.load({ only: ["chunked"] })), "chunked");
    if (!NdArray.is(whole)) throw new Error("no array");
    expect(data).toEqual(Float32Array.of(Number(whole.data[20 * 24]), Number(whole.data[21 * 24])));
  });

  it("of a database is there too, whatever its name", async () => {
    const checkpoint = await openCheckpoint(at("standard-ocdbt-zarr2"));
    for (const name of ["a?b#c", "50%41", "/lead", "trail/", "..", "", "é"]) {
      const array = await checkpoint.array(["names", name]);
      const plain = Reflect.get(
        Object(Reflect.get(Object(await checkpoint.load({ only: ["names", name] })), "names")),
        name,
      );
      expect(await zarr.get(array)).toBe(BigInt(plain));
    }
  });

  it("may be chosen by a glob that selects one leaf", async () => {
    const checkpoint = await openCheckpoint(at("files-zarr2"));
    expect((await checkpoint.array("**/w")).shape).toEqual([20, 30]);
    await expect(checkpoint.array("params")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "params: selects 2 leaves, expected one",
    });
  });

  it.each([[["text"]], [["params"]], [["missing"]], ["missing"], [["params", "w", 0]], [[]]])(
    "is NOT_FOUND where there is none: %j",
    async (path) => {
      const checkpoint = await openCheckpoint(at("files-zarr2"));
      await expect(checkpoint.array(path)).rejects.toMatchObject({
        code: "NOT_FOUND",
        message: expect.stringContaining("no array at this key path"),
      });
    },
  );

  it("shows bfloat16 as floats, or as its bits", async () => {
    const checkpoint = await openCheckpoint(at("files-zarr2"));
    const floats = await zarr.get(await checkpoint.array(["params", "b"]));
    expect(floats.data).toEqual(Float32Array.of(1.5, -2));
    const bits = await zarr.get(await checkpoint.array(["params", "b"], { raw: true }));
    expect(bits.data).toEqual(Uint16Array.of(0x3fc0, 0xc000));
  });
});

describe("itemMetadata", () => {
  it("is what the item's own file holds", async () => {
    const storage = storedItem({ a: SEVEN });
    const text = new TextDecoder().decode(await storage.get("/_METADATA"));
    await storage.set(
      "/_METADATA",
      new TextEncoder().encode(text.replace('"custom_metadata": null', '"custom_metadata": {"run": 5}')),
    );
    expect(await (await openCheckpoint(storage)).itemMetadata()).toEqual({ run: 5 });
  });
});

describe("a checkpoint whose overwrite was interrupted", () => {
  it("is opened by its path as the old version", async () => {
    const path = join(top, "interrupted");
    await cp(at("files-zarr2"), `${path}.orbax-ts-replaced`, { recursive: true });
    await cp(at("pytree-strings"), `${path}.orbax-checkpoint-tmp`, { recursive: true });
    expect(await load(path, { only: ["step"] })).toEqual({ step: 1200 });
    expect(await load(pathToFileURL(path), { only: ["step"] })).toEqual({ step: 1200 });
    await rename(`${path}.orbax-checkpoint-tmp`, path);
    expect(await load(path, { only: ["text"] })).toEqual({ text: "hi" });
  });

  it("is a step of its directory, and not found where the old version stands for nothing", async () => {
    const storage = new MemoryStorage();
    await saveItem(storage, "5", encodeItem({ v: 1 }), {});
    await storage.rename("/5", "/5.orbax-ts-replaced");
    await expect(openCheckpoint(storage)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await storage.makeDirectory("/5.orbax-checkpoint-tmp");
    const checkpoint = await openCheckpoint(storage);
    expect(checkpoint.step).toBe(5);
    expect(await checkpoint.load()).toEqual({ v: 1 });
  });

  it("is not found at a path beside which nothing stands", async () => {
    await expect(load(join(top, "missing"))).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `${join(top, "missing")}: no such directory`,
    });
  });
});
