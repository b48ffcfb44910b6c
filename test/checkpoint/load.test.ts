import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { load, openCheckpoint } from "../../src/checkpoint/open-checkpoint.js";
import type { KeyPath } from "../../src/pytree/key-path.js";
import {
  complex,
  float,
  int,
  PrngKey,
  placeholder,
  Scalar,
  scalar,
  type Tree,
  tuple,
} from "../../src/pytree/value.js";
import { NdArray, ndarray } from "../../src/zarr/nd-array.js";
import { dumpTree, expectedDump, expectedPart, FIXTURES, parseDump, readExpected } from "./dump-tree.js";
import { SEVEN, storedItem } from "./stored-item.js";

const at = (name: string) => join(FIXTURES, name);

/** What lies at a path of a loaded tree. */
function valueAt(tree: Tree, ...path: KeyPath): unknown {
  return path.reduce<unknown>(
    (value, part) => (typeof value === "object" && value !== null ? Reflect.get(value, part) : undefined),
    tree,
  );
}

describe("checkpoints that real Orbax wrote", () => {
  it.each([
    ["files-zarr2", 11],
    ["pytree-strings", 44],
    ["standard-ocdbt-zarr2", 124],
    ["files-zarr3", 11],
    ["pytree-ocdbt-zarr3", 109],
    ["v1", 11],
  ])("%s loads as Python restores it", async (name, leaves) => {
    const expected = expectedDump(name);
    expect(Object.keys(expected)).toHaveLength(leaves);
    expect(dumpTree(await load(at(name), { exact: true }))).toEqual(expected);
  });

  it.each([10, 20])("step %i of manager loads as Python restores its item", async (step) => {
    const { steps }: { readonly steps: Readonly<Record<string, { readonly state: unknown }>> } =
      Object.assign({ steps: {} }, readExpected("manager"));
    const tree = await load(at("manager"), { step, exact: true });
    expect(dumpTree(tree)).toEqual(parseDump(steps[String(step)]?.state));
  });

  it.each(["array", "int", "float", "jax", "typed_key", "untyped_key", "numpy_dict", "tree"])(
    "item %s of single-items loads as Python restores it",
    async (item) => {
      const tree = await load(at("single-items"), { item, exact: true });
      expect(dumpTree(tree)).toEqual(expectedPart("single-items", item));
    },
  );

  it("small integers load as numbers, small floats as their bits", async () => {
    const only = ["int4", "int2", "float8_e4m3fn", "float4_e2m1fn"].map((name) => ["numpy", name]);
    const tree = await load(at("standard-ocdbt-zarr2"), { only });
    expect(valueAt(tree, "numpy")).toEqual({
      int4: ndarray("int4", [3], Int8Array.of(-8, 1, 7)),
      int2: ndarray("int2", [3], Int8Array.of(-2, 1, 1)),
      float8_e4m3fn: ndarray("float8_e4m3fn", [3], Uint8Array.of(0xbc, 0x30, 0x44)),
      float4_e2m1fn: ndarray("float4_e2m1fn", [3], Uint8Array.of(0x0b, 0x01, 0x05)),
    });
  });

  it("a dtype that Orbax cannot store is refused with the leaf's path", async () => {
    const zarray = { shape: [], chunks: [], dtype: "float8_e4m3" };
    await expect(load(storedItem({ a: { zarray, chunks: { "0": "00" } } }))).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringMatching(/^a: \.zarray: .*"float8_e4m3"/),
      details: { key: "a" },
    });
  });
});

describe("an exact load", () => {
  it("gives every leaf its own type", async () => {
    const tree = await load(at("pytree-strings"), { exact: true });
    expect(valueAt(tree, "numbers", "int")).toEqual(int(7));
    expect(valueAt(tree, "numbers", "integral")).toEqual(float(2));
    expect(valueAt(tree, "numbers", "true")).toEqual(scalar("bool", true));
    expect(valueAt(tree, "numbers", "uint64_max")).toEqual(int(2n ** 64n - 1n));
    expect(valueAt(tree, "numpy_scalars", "float16")).toEqual(scalar("float16", -1.5));
    expect(valueAt(tree, "numpy_scalars", "complex64")).toEqual(scalar("complex64", complex(1.5, -2)));
    expect(valueAt(tree, "hole")).toBe(placeholder);
    expect(valueAt(tree, "text")).toBe("hi");
    expect(valueAt(tree, "list", 2)).toBeNull();
  });

  it("gives jax.Arrays and typed keys with the text of their sharding", async () => {
    const only = [["rank0"], ["keys"], ["jax", "int32"], ["numpy", "int32"]];
    const tree = await load(at("standard-ocdbt-zarr2"), { exact: true, only });
    const sharding = '{"sharding_type": "SingleDeviceSharding", "device_str": "cpu:0"}';
    expect(valueAt(tree, "jax", "int32")).toEqual(
      new NdArray("int32", [3], Int32Array.of(-(2 ** 31), 1, 2 ** 31 - 1), sharding),
    );
    expect(valueAt(tree, "numpy", "int32")).toMatchObject({ sharding: undefined });
    expect(valueAt(tree, "rank0", "numpy")).toEqual(ndarray("int16", [], Int16Array.of(3)));
    expect(valueAt(tree, "rank0", "jax")).toEqual(new NdArray("float32", [], Float32Array.of(2.5), sharding));
    expect(valueAt(tree, "keys", "one")).toEqual(
      new PrngKey([], Uint32Array.of(0, 7), "threefry2x32", sharding),
    );
    expect(valueAt(tree, "keys", "several")).toMatchObject({ shape: [3], impl: "threefry2x32" });
    expect(valueAt(tree, "keys", "rbg")).toMatchObject({ shape: [], impl: "rbg", sharding });
    expect(valueAt(tree, "keys", "raw")).toMatchObject({ dtype: "uint32", shape: [2] });
  });

  it("tells an empty tuple from an empty list", async () => {
    const tree = await load(at("standard-ocdbt-zarr2"), { exact: true, only: ["empty"] });
    expect(valueAt(tree, "empty")).toEqual({
      dict: {},
      list: [],
      tuple: tuple([]),
      none: null,
      nested: [{}, [[]], tuple([]), null, { deep: {} }],
    });
  });
});

describe("a plain load", () => {
  it("gives numbers, booleans, and bigints where a number would not be exact", async () => {
    const tree = await load(at("standard-ocdbt-zarr2"), { only: ["numbers"] });
    expect(valueAt(tree, "numbers")).toEqual({
      int: 7,
      negative: -3,
      zero: 0,
      unsafe: 2n ** 53n + 1n,
      int64_min: -(2n ** 63n),
      int64_max: 2n ** 63n - 1n,
      uint64_min: 2n ** 63n,
      uint64_max: 2n ** 64n - 1n,
      true: true,
      false: false,
      float: 0.1,
      integral: 2,
      negative_zero: -0,
      nan: Number.NaN,
      infinity: Number.POSITIVE_INFINITY,
      smallest: 5e-324,
      largest: Number.MAX_VALUE,
    });
  });

  it("gives the element of an array of rank 0, and everything else as it is stored", async () => {
    const only = [
      ["rank0"],
      ["numpy_scalars"],
      ["empty"],
      ["int_keys"],
      ["big_endian"],
      ["fortran"],
      ["keys", "one"],
    ];
    const tree = await load(at("standard-ocdbt-zarr2"), { only });
    expect(valueAt(tree, "rank0")).toEqual({ numpy: 3, jax: 2.5 });
    expect(valueAt(tree, "numpy_scalars")).toMatchObject({
      bool: true,
      int8: -128,
      int64: -(2n ** 63n),
      float16: -1.5,
      complex64: complex(1.5, -2),
    });
    expect(valueAt(tree, "empty")).toEqual({
      dict: {},
      list: [],
      tuple: [],
      none: null,
      nested: [{}, [[]], [], null, { deep: {} }],
    });
    expect(valueAt(tree, "int_keys")).toEqual({ "0": false, "2": 2, "10": 10 });
    expect(valueAt(tree, "big_endian")).toEqual(ndarray("int32", [3], Int32Array.of(0, 1, 2)));
    expect(valueAt(tree, "fortran")).toEqual(ndarray("int32", [2, 3], Int32Array.of(0, 1, 2, 3, 4, 5)));
    expect(valueAt(tree, "keys", "one")).toEqual(new PrngKey([], Uint32Array.of(0, 7), "threefry2x32"));
  });

  it("gives strings, None and placeholders", async () => {
    const tree = await load(at("pytree-strings"), { only: [["list"], ["hole"], ["p"], ["__proto__"]] });
    expect(valueAt(tree, "list")).toEqual(["a", 1, null, ["b"]]);
    expect(valueAt(tree, "hole")).toBe(placeholder);
    expect(valueAt(tree, "p")).toEqual({
      "q/r": "a slash nests in _strings.json",
      "q/s": { t: "and again" },
    });
    expect(Object.keys(tree ?? {})).toContain("__proto__");
    expect(valueAt(tree, "__proto__")).toBe("a name of JavaScript's own");
  });

  it("gives dicts without prototype, whose keys are just keys", async () => {
    const tree = await load(at("standard-ocdbt-zarr2"), { only: ["names"] });
    const names = valueAt(tree, "names");
    expect(Object.getPrototypeOf(names)).toBeNull();
    expect(Object.keys(names ?? {})).toEqual(
      expect.arrayContaining([
        "a.b",
        "a/b",
        "/lead",
        "trail/",
        "__proto__",
        "",
        "..",
        "50%41",
        "\ufffd",
        "😀",
      ]),
    );
    expect(Object.keys(names ?? {})).toHaveLength(23);
    expect(valueAt(tree, "names", "\ufffd")).toBe(7);
  });
});

const select = async (only: Parameters<typeof load>[1] & object) =>
  Object.keys(dumpTree(await load(at("files-zarr2"), { exact: true, ...only }))).sort();

describe("only", () => {
  it.each<[unknown, string[]]>([
    [["params"], ['["params","b"]', '["params","w"]']],
    [["params", "w"], ['["params","w"]']],
    [["list", 0], ['["list","0"]']],
    ["params/*", ['["params","b"]', '["params","w"]']],
    ["**/w", ['["params","w"]']],
    ["a/b", ['["a/b"]']],
    [
      [["step"], ["params", "b"]],
      ['["params","b"]', '["step"]'],
    ],
    [
      [["step"], "params/w"],
      ['["params","w"]', '["step"]'],
    ],
    [["text"], ['["text"]']],
  ])("%j selects %j", async (only, keys) => {
    // As a caller without types may write it.
    expect(await Reflect.apply(select, undefined, [{ only }])).toEqual(keys);
  });

  it("of the root, or of everything, is everything", async () => {
    const all = Object.keys(expectedDump("files-zarr2")).sort();
    expect(await select({ only: [] })).toEqual(all);
    expect(await select({ only: "**" })).toEqual(all);
  });

  it("leaves a list that is whole a list, and makes a dict by index of one that is not", async () => {
    expect(await load(at("files-zarr2"), { only: ["list"] })).toEqual({ list: [5, null, {}] });
    expect(await load(at("files-zarr2"), { only: ["list", 0] })).toEqual({ list: { "0": 5 } });
    expect(await load(at("files-zarr2"), { only: ["list", 1] })).toEqual({ list: { "1": null } });
  });

  it.each([[["missing"]], [["params", "w", 0]], ["missing/*"], [[["step"], ["missing"]]], [["params", 0]]])(
    "that selects nothing is NOT_FOUND: %j",
    async (only) => {
      await expect(Reflect.apply(select, undefined, [{ only }])).rejects.toMatchObject({
        code: "NOT_FOUND",
        message: expect.stringMatching(/(missing|0)(\/\*)?: no leaf at this key path$/),
      });
    },
  );

  it("reads no array that is not selected", async () => {
    const storage = storedItem({ good: SEVEN, bad: { chunks: { "0": "07" } } });
    expect(await load(storage, { only: ["good"] })).toEqual({ good: 7 });
    await expect(load(storage)).rejects.toMatchObject({ code: "DATA_LOSS" });
  });

  it("still refuses entries that make no tree", async () => {
    const gap = { path: ["l", 1], valueType: "None", skipDeserialize: true };
    await expect(
      load(storedItem({ good: SEVEN }, { entries: [gap] }), { only: ["good"] }),
    ).rejects.toMatchObject({
      code: "DATA_LOSS",
    });
  });
});

describe("onProgress", () => {
  it("counts arrays, numbers among them, up to all", async () => {
    const seen: string[] = [];
    await load(at("files-zarr2"), { onProgress: (done, all) => seen.push(`${done}/${all}`) });
    expect(seen).toEqual(["1/8", "2/8", "3/8", "4/8", "5/8", "6/8", "7/8", "8/8"]);
  });

  it("is not called where there is no array", async () => {
    const seen: number[] = [];
    await load(at("pytree-strings"), { only: ["text"], onProgress: (done) => seen.push(done) });
    expect(seen).toEqual([]);
  });

  it("ends the load with what it throws", async () => {
    const reason = new TypeError("stop");
    const loading = load(at("files-zarr2"), {
      onProgress: () => {
        throw reason;
      },
    });
    await expect(loading).rejects.toBe(reason);
  });
});

describe("a signal", () => {
  it.each(["files-zarr2", "standard-ocdbt-zarr2", "pytree-strings"])(
    "that is aborted before ends a load of %s with its reason",
    async (name) => {
      const reason = new Error("enough");
      await expect(load(at(name), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    },
  );

  it("that is aborted meanwhile ends a load with its reason, and the next one works", async () => {
    const checkpoint = await openCheckpoint(at("files-zarr2"));
    const controller = new AbortController();
    const reason = new Error("enough");
    const loading = checkpoint.load({
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(loading).rejects.toBe(reason);
    expect(valueAt(await checkpoint.load(), "step")).toBe(1200);
  });
});

describe("an item in the file layout", () => {
  it("is read by hand-written files", async () => {
    const tree = await load(
      storedItem(
        {
          a: {
            type: "np.ndarray",
            zarray: { shape: [1, 3], chunks: [1, 3], dtype: "<f4" },
            chunks: { "0.0": "000000000000803f00000040" },
          },
          b: { zarray: { dtype: "|b1" }, chunks: { "0": "01" } },
        },
        {
          entries: [
            { path: ["e"], valueType: "Dict", skipDeserialize: true },
            { path: ["s"], valueType: "string", skipDeserialize: false },
          ],
          files: { "/_strings.json": '{"s": "hi"}' },
        },
      ),
      { exact: true },
    );
    expect(tree).toEqual({
      a: ndarray("float32", [1, 3], Float32Array.of(0, 1, 2)),
      b: scalar("bool", true),
      e: {},
      s: "hi",
    });
  });

  it.each([true, undefined])("is told by its files where use_ocdbt is %s", async (useOcdbt) => {
    const storage = storedItem({ a: SEVEN }, useOcdbt === undefined ? {} : { useOcdbt });
    if (useOcdbt === undefined) {
      const { tree_metadata }: { tree_metadata?: unknown } = JSON.parse(
        new TextDecoder().decode(await storage.get("/_METADATA")),
      );
      await storage.set("/_METADATA", new TextEncoder().encode(JSON.stringify({ tree_metadata })));
    }
    expect(await load(storage)).toEqual({ a: 7 });
  });

  it("reads a missing chunk as zeros where the file allows that, else it is damage", async () => {
    const array = {
      a: { type: "np.ndarray", zarray: { shape: [2], chunks: [1] }, chunks: { "1": "0500000000000000" } },
    };
    const lenient = storedItem(array, { storesAllChunks: false });
    expect(await load(lenient)).toEqual({ a: ndarray("int64", [2], BigInt64Array.of(0n, 5n)) });
    await expect(load(storedItem(array))).rejects.toMatchObject({
      code: "DATA_LOSS",
      message: "a: 1 of 2 chunks is missing: 0",
      details: { key: "a" },
    });
  });

  it("that holds one bare leaf is that leaf", async () => {
    const entries = [{ path: [], valueType: "scalar", skipDeserialize: false }];
    const { "/a/.zarray": document, "/a/0": chunk } = Object.fromEntries(storedItem({ a: SEVEN }).files());
    const storage = storedItem({}, { entries });
    if (document === undefined || chunk === undefined) throw new Error("SEVEN has a document and a chunk");
    await storage.set("/.zarray", document);
    await storage.set("/0", chunk);
    expect(await load(storage)).toBe(7);
    expect(await load(storage, { exact: true })).toEqual(int(7));
    expect(Scalar.is(await load(storage, { exact: true, only: [] }))).toBe(true);
  });
});
