import { describe, expect, it } from "vitest";
import { openTree } from "../../../src/checkpoint/tree/open-tree.js";
import type { ReadableStorage } from "../../../src/storage/storage.js";
import { ndarray } from "../../../src/zarr/nd-array.js";
import { expectedTree, fixtureBytes, fixtureNames } from "../../formats/format-fixtures.js";
import { CountingStorage } from "../counting-storage.js";
import { dumpLeaves, parseDump } from "../dump-tree.js";
import { SEVEN, storageWith, storedItem } from "../stored-item.js";

/** A safetensors file: tensors of one byte an element, and texts beside them. */
function tensors(
  parts: Readonly<Record<string, readonly number[]>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
  const data: number[] = [];
  for (const [name, bytes] of Object.entries(parts)) {
    const end = data.length + bytes.length;
    header[name] = { dtype: "U8", shape: [bytes.length], data_offsets: [data.length, end] };
    data.push(...bytes);
  }
  return file(JSON.stringify(header), data);
}

function file(header: string, data: readonly number[] = []): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length = new Uint8Array(new BigUint64Array([BigInt(text.length)]).buffer);
  return Uint8Array.of(...length, ...text, ...data);
}

const u8 = (...values: number[]) => ndarray("uint8", [values.length], Uint8Array.from(values));
const load = async (storage: ReadableStorage, name?: string) =>
  (await openTree({ storage, file: name })).loadTree({ exact: true });

describe("a safetensors file", () => {
  it.each(fixtureNames("safetensors"))("is read as Orbax reads it: %s", async (name) => {
    const storage = storageWith({ "x.safetensors": fixtureBytes("safetensors", name) });
    const item = await openTree({ storage, file: "x.safetensors" });
    const expected = expectedTree("safetensors", name);
    expect(dumpLeaves(await item.load())).toEqual(parseDump(expected));
    expect(item.customMetadata).toEqual(
      Object.keys(expected.metadata ?? {}).length === 0 ? null : expected.metadata,
    );
  });

  it("gives lazy arrays, each read by itself", async () => {
    const counted = new CountingStorage(
      storageWith({ "x.safetensors": tensors({ a: [1, 2, 3], b: [4, 5] }) }),
    );
    const item = await openTree({ storage: counted, file: "x.safetensors" });
    const array = await item.array("b");
    counted.reads.splice(0);
    expect((await array.getChunk([0])).data).toEqual(Uint8Array.of(4, 5));
    expect(counted.reads).toMatchObject([{ bytes: 2 }]);
  });

  it("is read with one read for tensors that lie side by side", async () => {
    const names = Array.from({ length: 500 }, (_, index) => `t${index}`);
    const parts = Object.fromEntries(names.map((name, index) => [name, [index % 256]]));
    const counted = new CountingStorage(storageWith({ "x.safetensors": tensors(parts) }));
    const item = await openTree({ storage: counted, file: "x.safetensors" });
    expect(counted.takeKeys()).toHaveLength(2);
    expect(await item.load()).toHaveLength(500);
    expect(counted.takeKeys()).toHaveLength(1);
  });

  it("tells the stored bytes of its tensors, which have no documents of their own", async () => {
    const storage = storageWith({ "x.safetensors": tensors({ a: [1, 2, 3] }) });
    const store = await (await openTree({ storage, file: "x.safetensors" })).arrays();
    expect(["0", ".zarray", "zarr.json"].map((name) => store?.storedBytes("a", name))).toEqual([
      3,
      undefined,
      undefined,
    ]);
  });

  it("is read from a storage that knows nothing but get", async () => {
    const inner = storageWith({ "x.safetensors": tensors({ a: [1, 2] }) });
    expect(await load({ get: (key) => inner.get(key) }, "x.safetensors")).toEqual({ a: u8(1, 2) });
  });

  it("without tensors is an empty dict", async () => {
    expect(await load(storageWith({ "x.safetensors": file("{}") }), "x.safetensors")).toEqual({});
  });

  it("has names that are not split, whatever they are", async () => {
    const storage = storageWith({ "x.safetensors": tensors({ "a.b": [1], "": [2], "c/d": [3], "0": [4] }) });
    const item = await openTree({ storage, file: "x.safetensors" });
    expect(item.leaves.map(({ path }) => path)).toEqual([["0"], ["a.b"], [""], ["c/d"]]);
    expect((await (await item.array(["c/d"])).getChunk([0])).data).toEqual(Uint8Array.of(3));
  });

  // What Orbax reads as uninitialised memory, or twice, is refused (docs/spec/orbax-layout-extra.md section 3).
  it.each<[string, Uint8Array]>([
    ["empty", new Uint8Array(0)],
    ["cut in its length", Uint8Array.of(1, 0, 0)],
    ["cut in its header", tensors({ a: [1] }).subarray(0, 20)],
    ["cut in its data", tensors({ a: [1, 2] }).subarray(0, -1)],
    ["longer than its tensors", Uint8Array.of(...tensors({ a: [1] }), 0)],
    ["of a header of 2^62 bytes", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x40)],
    ["of a tensor with too few bytes", file('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}', [1])],
    [
      "of two tensors over the same bytes",
      file(
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        [1],
      ),
    ],
  ])("is refused with its name: %s", async (_, bytes) => {
    await expect(load(storageWith({ "x.safetensors": bytes }), "x.safetensors")).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: expect.stringMatching(/^x\.safetensors: /),
      details: { file: "x.safetensors" },
    });
  });

  it("is refused with the tensor's name: a dtype that Orbax does not read", async () => {
    const bytes = file('{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}', [1]);
    await expect(load(storageWith({ "x.safetensors": bytes }), "x.safetensors")).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining('tensor "a"'),
    });
  });

  it("that is not there is not found", async () => {
    await expect(load(storageWith({ other: "" }), "x.safetensors")).rejects.toMatchObject({
      code: "NOT_FOUND",
      details: { file: "x.safetensors" },
    });
  });

  it("is held to the limit of an array's bytes", async () => {
    const storage = storageWith({ "x.safetensors": tensors({ a: [1, 2, 3] }) });
    const item = await openTree({ storage, file: "x.safetensors" }, { limits: { arrayBytes: 2 } });
    await expect(item.load()).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});

describe("a directory of safetensors files", () => {
  const two = {
    "model-00002.safetensors": tensors({ b: [2] }, { format: "pt", both: "second" }),
    "model-00001.safetensors": tensors({ a: [1] }, { both: "first" }),
  };

  it("is one flat dict of all, the later file's metadata before the earlier one's", async () => {
    const item = await openTree({ storage: storageWith(two) });
    expect(await item.loadTree({ exact: true })).toEqual({ a: u8(1), b: u8(2) });
    expect(item.customMetadata).toEqual({ format: "pt", both: "second" });
  });

  it("needs no index", async () => {
    const storage = storageWith({ ...two, "model.safetensors.index.json": "damaged" });
    expect(await load(storage)).toEqual({ a: u8(1), b: u8(2) });
  });

  it("is refused where two files hold one tensor, in Python's words", async () => {
    const storage = storageWith({
      "x.safetensors": tensors({ a: [1] }),
      "y.safetensors": tensors({ a: [1] }),
    });
    await expect(load(storage)).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: "Duplicate tensor a found in multiple files: x.safetensors, y.safetensors",
    });
  });

  it("does not look into directories below it", async () => {
    const storage = storageWith({ ...two, "sub/z.safetensors": "damaged", "dir.safetensors/x": "damaged" });
    expect(await load(storage)).toEqual({ a: u8(1), b: u8(2) });
  });

  it("is a checkpoint of Orbax where _METADATA is there", async () => {
    const storage = storedItem({ w: SEVEN });
    await storage.set("/x.safetensors", tensors({ a: [1] }));
    expect(await (await openTree({ storage })).loadTree({ exact: false })).toEqual({ w: 7 });
  });
});
