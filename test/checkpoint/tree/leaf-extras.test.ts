import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readLeafExtras } from "../../../src/checkpoint/tree/leaf-extras.js";
import type { StoredLeaf } from "../../../src/checkpoint/tree/stored-leaf.js";
import { DEFAULT_LIMITS } from "../../../src/limits.js";
import { MemoryStorage } from "../../../src/storage/memory.js";
import { FIXTURES } from "../dump-tree.js";

const leaf = (name: string, valueType = "jax.Array"): StoredLeaf => ({
  path: name.split("."),
  name,
  valueType,
  storage: { kind: "array", holds: "array" },
});
const text = (value: string) => new TextEncoder().encode(value);
const options = { sharding: true, limits: DEFAULT_LIMITS };

function storageOf(files: Readonly<Record<string, string | Uint8Array>>): MemoryStorage {
  return new MemoryStorage(
    Object.entries(files).map(([key, value]) => [key, typeof value === "string" ? text(value) : value]),
  );
}

const file = (path: string) => readFileSync(join(FIXTURES, "standard-ocdbt-zarr2", path));

const decoded = async (key: string) => {
  const storage = storageOf({ "/_sharding": `{${JSON.stringify(key)}: "x"}` });
  return [...(await readLeafExtras(storage, [leaf("a")], options)).sharding.keys()][0];
};

const damage = (file: string) =>
  expect.objectContaining({ code: "DATA_LOSS", details: expect.objectContaining({ file }) });

const SHAPES = { write_shape: [2], chunk_shape: [2] };
const item = (fields: object) =>
  JSON.stringify({ array_metadatas: [{ array_metadata: { param_name: "a", ...SHAPES, ...fields } }] });

describe("what Orbax wrote beside jax.Arrays", () => {
  const storage = storageOf({
    "/_sharding": file("_sharding"),
    "/array_metadatas/process_0": file("array_metadatas/process_0"),
  });

  it("names the generators of typed random keys, and of nothing else", async () => {
    const { keyImpl } = await readLeafExtras(storage, [leaf("jax.int32")], options);
    expect(Object.fromEntries(keyImpl)).toEqual({
      "keys.one": "threefry2x32",
      "keys.several": "threefry2x32",
      "keys.rbg": "rbg",
    });
  });

  it("holds each array's sharding as text", async () => {
    const { sharding } = await readLeafExtras(storage, [leaf("jax.int32")], options);
    expect(sharding.get("jax.int32")).toBe(
      '{"sharding_type": "SingleDeviceSharding", "device_str": "cpu:0"}',
    );
    expect(sharding.get("keys.one")).toBeDefined();
  });

  it("is not read where there is none, and the sharding not where nobody asks", async () => {
    const read: string[] = [];
    const watched = { get: async (key: `/${string}`) => (read.push(key), storage.get(key)) };
    await readLeafExtras(watched, [leaf("a", "np.ndarray"), leaf("b", "scalar")], options);
    expect(read).toEqual([]);
    await readLeafExtras(watched, [leaf("a")], { ...options, sharding: false });
    expect(read).toEqual(["/array_metadatas/process_0"]);
  });

  it("may be missing", async () => {
    const { keyImpl, sharding } = await readLeafExtras(new MemoryStorage(), [leaf("a")], options);
    expect([keyImpl.size, sharding.size]).toEqual([0, 0]);
  });
});

describe("a name in _sharding", () => {
  it.each([
    ["YQ==", "a"],
    ["YQ", "a"],
    ["_-8=", "\ufffd\ufffd"], // ff ef: bytes that are no text
    ["8J-YgA==", "😀"],
    ["77u_YQ==", "\ufeffa"],
    ["", ""],
  ])("is base64url: %j", async (key, name) => {
    expect(await decoded(key)).toBe(name);
  });

  it.each(["Y", "YQ===", "a b", "=", "Y=Q=", "YWJjZ"])("that is none belongs to nobody: %j", async (key) => {
    const name = await decoded(key);
    expect(name === key || name === "").toBe(true);
  });
});

describe("a damaged _sharding", () => {
  // Orbax refuses them all, and needs none of it where it is given a target.
  it.each(["", "[]", "{", "null", '{"YQ==": 5}'])("says nothing: %j", async (content) => {
    const { sharding } = await readLeafExtras(storageOf({ "/_sharding": content }), [leaf("a")], options);
    expect(sharding.size).toBe(0);
  });

  it("says what is whole in it", async () => {
    const storage = storageOf({ "/_sharding": '{"YQ==": 5, "Yg==": "text"}' });
    const { sharding } = await readLeafExtras(storage, [leaf("a")], options);
    expect([...sharding]).toEqual([["b", "text"]]);
  });

  it("that is larger than the limit is not read", async () => {
    const limits = { ...DEFAULT_LIMITS, metadataBytes: 10 };
    const storage = storageOf({ "/_sharding": '{"YQ==": "text"}' });
    const reading = readLeafExtras(storage, [leaf("a")], { sharding: true, limits });
    await expect(reading).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});

describe("array_metadatas", () => {
  it.each([
    "",
    "[]",
    '{"array_metadatas": {}}',
    '{"array_metadatas": [1]}',
    '{"array_metadatas": [{}]}',
    item({ ext_metadata: { random_key_impl: 5 } }),
    item({ ext_metadata: { random_key_impl: "rbg" }, param_name: 5 }),
    item({ ext_metadata: { random_key_impl: "r".repeat(257) } }),
    // Orbax needs them of every array.
    item({ param_name: undefined }),
    item({ write_shape: undefined }),
    item({ chunk_shape: undefined }),
  ])("that is damaged is named: %j", async (content) => {
    const reading = readLeafExtras(
      storageOf({ "/array_metadatas/process_3": content }),
      [leaf("a")],
      options,
    );
    await expect(reading).rejects.toEqual(damage("array_metadatas/process_3"));
  });

  it.each([
    "{}",
    item({ ext_metadata: null }),
    item({}),
    item({ ext_metadata: {} }),
    '{"array_metadatas": []}',
  ])("may name no generator: %j", async (content) => {
    const storage = storageOf({ "/array_metadatas/process_0": content });
    expect((await readLeafExtras(storage, [leaf("a")], options)).keyImpl.size).toBe(0);
  });

  it("is read from another process where process 0 left none, as Orbax does", async () => {
    const rbg = item({ ext_metadata: { random_key_impl: "rbg" } });
    const storage = storageOf({
      "/array_metadatas/process_12": rbg,
      "/array_metadatas/notes": "none of Orbax's",
    });
    expect([...(await readLeafExtras(storage, [leaf("a")], options)).keyImpl]).toEqual([["a", "rbg"]]);
  });
});
