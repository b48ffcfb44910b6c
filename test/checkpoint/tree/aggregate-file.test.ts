import { describe, expect, it } from "vitest";
import { encodeTreeMetadata, type TreeEntry } from "../../../src/checkpoint/metadata/tree-metadata.js";
import { openTree } from "../../../src/checkpoint/tree/open-tree.js";
import type { KeyPath } from "../../../src/pytree/key-path.js";
import { MemoryStorage } from "../../../src/storage/memory.js";
import { array, ext, map, NIL, ndarray, str, TRUE } from "../../formats/msgpack-bytes.js";
import { type Dump, dumpLeaves } from "../dump-tree.js";
import { storageWith, zarray } from "../stored-item.js";

/** float32 1.0 and 2.0. */
const FLOATS = [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40];

const aggregate = (...members: Parameters<typeof map>) => Uint8Array.from(map(...members));
const entry = (path: KeyPath, valueType: string, skipDeserialize = true): TreeEntry => ({
  path,
  valueType,
  skipDeserialize,
});
const metadata = (...entries: TreeEntry[]) =>
  encodeTreeMetadata({
    entries,
    useOcdbt: false,
    useZarr3: false,
    storesAllChunks: false,
    customMetadata: null,
  });

/** An int64 7 under the name `w`, in files. */
const STORED = { "w/.zarray": zarray(), "w/0": Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0) };

async function dumpOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<Dump> {
  return dumpLeaves(await (await openTree({ storage: storageWith(files) })).load());
}

const kinds = (dump: Dump) => Object.fromEntries(Object.entries(dump).map(([key, { kind }]) => [key, kind]));

describe("a tree that only the file checkpoint describes", () => {
  const everything = aggregate(
    [str("w"), str("PLACEHOLDER://w")],
    [str("old"), str("AGGREGATED://w")],
    [str("text"), str("hi")],
    [str("floats"), ndarray([2], "float32", FLOATS)],
    [str("np"), ext(3, array(array(), str("int16"), [0xc4, 2, 3, 0]))],
    [str("list"), array([1], map([str("a"), TRUE]), NIL)],
    [str("named"), map([str("0"), [5]])],
    [str("e"), map()],
    [str("el"), array()],
  );

  it("has values, empties and arrays that are stored elsewhere", async () => {
    const dump = await dumpOf({ checkpoint: everything, ...STORED });
    expect(kinds(dump)).toEqual({
      '["w"]': "array",
      '["old"]': "array",
      '["text"]': "string",
      '["floats"]': "array",
      '["np"]': "array",
      '["list",0]': "scalar",
      '["list",1,"a"]': "scalar",
      '["list",2]': "none",
      '["named","0"]': "scalar",
      '["e"]': "empty-dict",
      '["el"]': "empty-list",
    });
    expect(dump['["w"]']).toMatchObject({ dtype: "int64", shape: [], values: ["7"] });
    expect(dump['["old"]']).toEqual(dump['["w"]']);
    expect(dump['["floats"]']).toMatchObject({ dtype: "float32", shape: [2], values: [1, 2] });
    expect(dump['["np"]']).toMatchObject({ dtype: "int16", shape: [], values: ["3"] });
  });

  it("needs no array store where every value is in it", async () => {
    const storage = storageWith({ checkpoint: aggregate([str("a"), [1]], [str("b"), str("x")]) });
    const item = await openTree({ storage });
    expect(await item.arrays()).toBeUndefined();
    expect(await item.loadTree({ exact: false })).toEqual({ a: 1, b: "x" });
  });

  it("is one bare leaf where it is an array by itself, as Orbax up to 0.5.15 saved one aggregated", async () => {
    const element = aggregate([str("ELEMENT"), ndarray([2], "float32", FLOATS)]);
    expect(kinds(await dumpOf({ checkpoint: element }))).toEqual({ "[]": "array" });
    const tree = aggregate([str("ELEMENT"), [1]], [str("b"), [2]]);
    expect(Object.keys(await dumpOf({ checkpoint: tree }))).toEqual(['["ELEMENT"]', '["b"]']);
  });

  it("is damaged where an array of it is not stored", async () => {
    await expect(dumpOf({ checkpoint: everything })).rejects.toMatchObject({ code: "DATA_LOSS" });
  });

  it("is named where it is damaged", async () => {
    await expect(dumpOf({ checkpoint: everything.subarray(0, 20) })).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: expect.stringMatching(/^checkpoint: msgpack tree: /),
      details: expect.objectContaining({ file: "checkpoint" }),
    });
  });

  it("is not read beyond the limit of a value", async () => {
    const storage = storageWith({ checkpoint: everything });
    await expect(openTree({ storage }, { limits: { valueBytes: 10 } })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
  });

  it("gives its arrays lazily, too", async () => {
    const item = await openTree({ storage: storageWith({ checkpoint: everything, ...STORED }) });
    const floats = await item.array("floats");
    expect([floats.shape, floats.storedDtype]).toEqual([[2], "float32"]);
    expect((await floats.getChunk([0])).data).toEqual(Float32Array.of(1, 2));
    expect((await (await item.array("w")).getChunk([])).data).toEqual(BigInt64Array.of(7n));
    await expect(item.array("text")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a tree with _METADATA and the file checkpoint", () => {
  const described = metadata(
    entry(["s"], "string"),
    entry(["l", 0], "np.ndarray"),
    entry(["l", 1], "scalar"),
    entry(["w"], "np.ndarray", false),
    entry(["e"], "Dict"),
    entry(["n"], "None"),
  );
  const values = aggregate(
    [str("s"), str("hi")],
    [str("l"), array(ndarray([2], "float32", FLOATS), [9])],
    [str("w"), str("PLACEHOLDER://w")],
    [str("e"), map()],
    [str("n"), NIL],
  );

  it("has the values of one at the paths of the other", async () => {
    const dump = await dumpOf({ _METADATA: described, checkpoint: values, ...STORED });
    expect(kinds(dump)).toEqual({
      '["s"]': "string",
      '["l",0]': "array",
      '["l",1]': "scalar",
      '["w"]': "array",
      '["e"]': "empty-dict",
      '["n"]': "none",
    });
    expect(dump['["l",1]']?.values).toEqual(["9"]);
  });

  it("keeps a text that looks as if it stood for an array, where the entry says that it is a text", async () => {
    const texts = metadata(entry(["a"], "string"), entry(["w"], "np.ndarray", false));
    const both = aggregate([str("a"), str("PLACEHOLDER://w")], [str("w"), str("PLACEHOLDER://w")]);
    const dump = await dumpOf({ _METADATA: texts, checkpoint: both, ...STORED });
    expect(dump['["a"]']).toEqual({ kind: "string", values: "PLACEHOLDER://w" });
    expect(dump['["w"]']).toMatchObject({ kind: "array", values: ["7"] });
  });

  it("finds the elements of a list that was written as a map", async () => {
    const list = map([str("0"), ndarray([2], "float32", FLOATS)], [str("1"), [9]]);
    const asMap = aggregate([str("s"), str("hi")], [str("l"), list]);
    const dump = await dumpOf({ _METADATA: described, checkpoint: asMap, ...STORED });
    expect(dump['["l",1]']).toMatchObject({ kind: "scalar", values: ["9"] });
  });

  it("is damaged where a value is in neither", async () => {
    const less = aggregate([str("s"), str("hi")]);
    await expect(dumpOf({ _METADATA: described, checkpoint: less, ...STORED })).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: expect.objectContaining({ key: "l/0" }),
    });
    const list = array(str("PLACEHOLDER://l.0"), [9]);
    const reference = aggregate([str("s"), str("hi")], [str("l"), list]);
    await expect(dumpOf({ _METADATA: described, checkpoint: reference, ...STORED })).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: expect.objectContaining({ key: "l/0" }),
    });
  });

  it("is damaged without the file, and says which", async () => {
    await expect(dumpOf({ _METADATA: described, ...STORED })).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: 'checkpoint: "no such file", expected the values of leaves',
    });
  });

  it("leaves the file alone where no entry needs it", async () => {
    const files = { _METADATA: metadata(entry(["w"], "scalar", false)), checkpoint: "damaged", ...STORED };
    expect(await dumpOf(files)).toMatchObject({ '["w"]': { kind: "scalar", values: ["7"] } });
  });
});

describe("a directory that cannot be listed", () => {
  it("is asked for the file", async () => {
    const storage = storageWith({ checkpoint: aggregate([str("a"), [1]]) });
    const item = await openTree({ storage: { get: (key) => storage.get(key) } });
    expect(await item.loadTree({ exact: false })).toEqual({ a: 1 });
    const empty = new MemoryStorage();
    await expect(openTree({ storage: { get: (key) => empty.get(key) } })).rejects.toMatchObject({
      code: "NOT_FOUND",
      details: { file: "_METADATA" },
    });
  });
});
