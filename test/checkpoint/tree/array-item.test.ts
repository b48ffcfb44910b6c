import { describe, expect, it } from "vitest";
import { openTree } from "../../../src/checkpoint/tree/open-tree.js";
import { writeOcdbt } from "../../../src/ocdbt/writer.js";
import { int, scalar } from "../../../src/pytree/value.js";
import { MemoryStorage } from "../../../src/storage/memory.js";
import { ndarray } from "../../../src/zarr/nd-array.js";
import { dumpLeaves, expectedPart } from "../dump-tree.js";
import { type FixtureChanges, fixtureStorage } from "../fixture-storage.js";
import { storageWith, zarray } from "../stored-item.js";

const HANDLERS = "orbax.checkpoint._src.handlers";
const ARRAY_HANDLER = `${HANDLERS}.array_checkpoint_handler.ArrayCheckpointHandler`;
const TREE_HANDLER = `${HANDLERS}.pytree_checkpoint_handler.PyTreeCheckpointHandler`;

const expected = (name: string) => expectedPart("single-items", name);
const open = (name: string, handler?: string, changes?: FixtureChanges) =>
  openTree({ storage: fixtureStorage(`single-items/1/${name}`, changes), handler });

/** Key paths of the array where its own step metadata names that handler. */
async function pathsAlone(handler: string) {
  const alone = { _CHECKPOINT_METADATA: JSON.stringify({ item_handlers: handler }) };
  return (await open("array", undefined, alone)).leaves.map(({ path }) => path);
}

describe("an array that ArraySave wrote", () => {
  it.each(["array", "int", "float", "jax"])("is one bare leaf: %s", async (name) => {
    expect(dumpLeaves(await (await open(name, ARRAY_HANDLER)).load())).toEqual(expected(name));
  });

  it.each(["array", "int"])("is told by its form where no step tells its handler: %s", async (name) => {
    expect(dumpLeaves(await (await open(name)).load())).toEqual(expected(name));
  });

  it("is told by the handler in its own step metadata, if it is alone", async () => {
    expect(await pathsAlone(ARRAY_HANDLER)).toEqual([[]]);
    expect(await pathsAlone(TREE_HANDLER)).toEqual([["checkpoint"]]);
  });

  it("keeps its sharding in an exact load", async () => {
    expect(await (await open("jax")).loadTree({ exact: true })).toMatchObject({
      dtype: "int16",
      sharding: expect.stringContaining("SingleDeviceSharding"),
    });
  });

  it("is a lazy array at the root", async () => {
    const array = await (await open("array")).array([]);
    expect(array.shape).toEqual([2, 3]);
    expect((await array.getChunk([0, 0])).data).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5));
  });
});

describe("a tree that looks like one", () => {
  it("is a tree where another handler wrote it", async () => {
    expect((await open("array", TREE_HANDLER)).leaves.map(({ path }) => path)).toEqual([["checkpoint"]]);
    expect((await open("array", "mine.MyArrayCheckpointHandlerNot")).leaves[0]?.path).toEqual(["checkpoint"]);
  });

  it("is a tree where its array is in a database, as an old release leaves it without a word", async () => {
    const storage = storageWith({
      _METADATA: JSON.stringify({
        tree_metadata: {
          "('checkpoint',)": {
            key_metadata: [{ key: "checkpoint", key_type: 2 }],
            value_metadata: { value_type: "scalar", skip_deserialize: false },
          },
        },
      }),
    });
    await writeOcdbt(storage, [
      ["checkpoint/.zarray", new TextEncoder().encode(zarray())],
      ["checkpoint/0", Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0)],
    ]);
    expect(await (await openTree({ storage })).loadTree({ exact: false })).toEqual({ checkpoint: 7 });
  });

  it("is a tree where its array is in a database", async () => {
    expect(dumpLeaves(await (await open("tree")).load())).toEqual(expected("tree"));
  });
});

describe("an array of releases that wrote no _METADATA", () => {
  const ZARR3 = {
    chunk_grid: { configuration: { chunk_shape: [2] }, name: "regular" },
    chunk_key_encoding: { name: "default" },
    codecs: [{ configuration: { endian: "little" }, name: "bytes" }],
    data_type: "int16",
    fill_value: 0,
    node_type: "array",
    shape: [2],
    zarr_format: 3,
  };

  it("is read from its directory, a number as an array of rank 0", async () => {
    const storage = storageWith({
      "checkpoint/.zarray": zarray(),
      "checkpoint/0": Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0),
    });
    const item = await openTree({ storage });
    expect(await item.loadTree({ exact: true })).toEqual(ndarray("int64", [], BigInt64Array.of(7n)));
    expect(await item.loadTree({ exact: false })).toBe(7);
  });

  it("may be in zarr v3", async () => {
    const storage = storageWith({
      "checkpoint/zarr.json": JSON.stringify(ZARR3),
      "checkpoint/c/0": Uint8Array.of(1, 0, 2, 0),
    });
    expect(await (await openTree({ storage })).loadTree({ exact: true })).toEqual(
      ndarray("int16", [2], Int16Array.of(1, 2)),
    );
  });

  it("may lie in a database with nothing beside it, as up to 0.5.3", async () => {
    const storage = new MemoryStorage();
    await writeOcdbt(storage, [
      ["checkpoint/.zarray", new TextEncoder().encode(zarray())],
      ["checkpoint/0", Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0)],
    ]);
    const item = await openTree({ storage });
    expect(item.leaves).toMatchObject([{ path: [], name: "checkpoint" }]);
    expect(await item.loadTree({ exact: true })).toEqual(ndarray("int64", [], BigInt64Array.of(7n)));
    expect((await (await item.array([])).getChunk([])).data).toEqual(BigInt64Array.of(7n));
  });

  it("is none of a database that holds others", async () => {
    const storage = new MemoryStorage();
    await writeOcdbt(storage, [["w/.zarray", new TextEncoder().encode(zarray())]]);
    await expect(openTree({ storage })).rejects.toMatchObject({
      code: "NOT_FOUND",
      details: { file: "_METADATA" },
    });
  });

  it("is found in a storage that cannot list", async () => {
    const storage = storageWith({
      "checkpoint/.zarray": zarray(),
      "checkpoint/0": Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0),
    });
    const item = await openTree({ storage: { get: (key) => storage.get(key).catch(() => undefined) } });
    expect(await item.loadTree({ exact: false })).toBe(7);
  });

  it("that is real is read the same: the fixture without its metadata", async () => {
    const item = await open("int", undefined, { _METADATA: false });
    expect(await item.loadTree({ exact: true })).toEqual(ndarray("int64", [], BigInt64Array.of(5n)));
    expect(await (await open("int")).loadTree({ exact: true })).toEqual(int(5));
    expect(await (await open("float")).loadTree({ exact: true })).toEqual(scalar("float64", 0.5));
  });
});
