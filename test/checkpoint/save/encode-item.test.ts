import { describe, expect, it } from "vitest";
import { zstdEncoder } from "../../../src/bytes/zstd.js";
import { encodeItem } from "../../../src/checkpoint/save/encode-item.js";
import { save } from "../../../src/checkpoint/save/save.js";
import type { NewEntry } from "../../../src/ocdbt/writer.js";
import { complex, float, int, placeholder, prngKey, scalar, tuple } from "../../../src/pytree/value.js";
import { MemoryStorage } from "../../../src/storage/memory.js";
import { NdArray, ndarray } from "../../../src/zarr/nd-array.js";
import { toHex } from "../../ocdbt/bytes.js";

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The database of a tree as text by key; chunks in hex. */
async function database(tree: unknown): Promise<Record<string, string>> {
  const written: Record<string, string> = {};
  for (const [key, value] of encodeItem(tree).database) {
    const bytes = await bytesOfValue(value);
    const name = typeof key === "string" ? key : decode(key);
    written[name] = name.endsWith(".zarray") ? decode(bytes) : toHex(bytes);
  }
  return written;
}

async function bytesOfValue(value: NewEntry[1]): Promise<Uint8Array> {
  return typeof value === "function" ? value() : value;
}

const valueTypes = (tree: unknown) =>
  encodeItem(tree).entries.map(({ path, valueType, skipDeserialize }) => [
    path.join("/"),
    valueType,
    skipDeserialize,
  ]);

const zarray = (chunks: string, dtype: string, shape = chunks) =>
  `{"chunks":[${chunks}],"compressor":null,"dimension_separator":".","dtype":"${dtype}","fill_value":null,"filters":null,"order":"C","shape":[${shape}],"zarr_format":2}`;

describe("the worked example", () => {
  // docs/spec/orbax-layout.md section 17.1, in the database instead of files
  const tree = { a: ndarray("float32", [1, 3], Float32Array.of(0, 1, 2)), e: {}, l: [7, true], s: "hi" };

  it("has its entries", () => {
    expect(encodeItem(tree).entries).toEqual([
      { path: ["a"], valueType: "np.ndarray", skipDeserialize: false },
      { path: ["e"], valueType: "Dict", skipDeserialize: true },
      { path: ["l", 0], valueType: "scalar", skipDeserialize: false },
      { path: ["l", 1], valueType: "scalar", skipDeserialize: false },
      { path: ["s"], valueType: "string", skipDeserialize: false },
    ]);
  });

  it("has its keys, chunks and strings", async () => {
    expect(await database(tree)).toEqual({
      "a/.zarray": zarray("1,3", "<f4"),
      "a/0.0": "000000000000803f00000040",
      "l.0/.zarray": zarray("", "<i8"),
      "l.0/0": "0700000000000000",
      "l.1/.zarray": zarray("", "|b1"),
      "l.1/0": "01",
    });
    expect([...encodeItem(tree).strings]).toEqual([["s", "hi"]]);
  });
});

describe("the value types of exact values", () => {
  it("are Orbax's", () => {
    const tree = {
      array: ndarray("bfloat16", [2], Uint16Array.of(1, 2)),
      complex: scalar("complex64", complex(1, 2)),
      float: float(2),
      int: int(2),
      key: prngKey([], Uint32Array.of(1, 2)),
      none: null,
      placeholder,
      rank0: ndarray("int32", [], Int32Array.of(5)),
      tuple: tuple([tuple([]), 1]),
      width: scalar("int8", 5),
    };
    expect(valueTypes(tree)).toEqual([
      ["array", "np.ndarray", false],
      ["complex", "scalar", false],
      ["float", "scalar", false],
      ["int", "scalar", false],
      ["key", "np.ndarray", false],
      ["none", "None", true],
      ["placeholder", "placeholder", false],
      ["rank0", "np.ndarray", false],
      ["tuple/0", "Tuple", true],
      ["tuple/1", "scalar", false],
      ["width", "scalar", false],
    ]);
  });

  it("write a typed key as the uint32 of its words, whatever sharding it had", async () => {
    const written = await database({ k: prngKey([2], Uint32Array.of(1, 2, 3, 4)) });
    expect(written["k/.zarray"]).toContain('"dtype":"<u4"');
    expect(written["k/.zarray"]).toContain('"shape":[2,2]');
    expect(written["k/0.0"]).toBe("01000000020000000300000004000000");
  });

  it("write an array of no elements without a chunk", async () => {
    const written = await database({ z: ndarray("float32", [0, 3], new Float32Array(0)) });
    expect(Object.keys(written)).toEqual(["z/.zarray"]);
    expect(written["z/.zarray"]).toContain('"chunks":[1,3]');
  });

  it("write a bare leaf under no name", async () => {
    expect(Object.keys(await database(5)).sort()).toEqual([".zarray", "0"]);
    expect(encodeItem(5).entries).toEqual([{ path: [], valueType: "scalar", skipDeserialize: false }]);
  });
});

describe("compression", () => {
  const large = ndarray("uint8", [1000], new Uint8Array(1000));

  it("is zstd of level 1 for an array that is worth it, where the platform can write it", async () => {
    const written = await database({ large });
    const canCompress = zstdEncoder() !== undefined;
    expect(written["large/.zarray"]).toContain(
      canCompress ? '"compressor":{"id":"zstd","level":1}' : '"compressor":null',
    );
    expect((written["large/0"] ?? "").length / 2 < 100).toBe(canCompress);
  });

  it("is left out for small ones", async () => {
    const written = await database({ small: ndarray("uint8", [63], new Uint8Array(63)) });
    expect(written["small/.zarray"]).toContain('"compressor":null');
  });
});

const refused = (key: string | undefined, message: string | RegExp) =>
  expect.objectContaining({
    code: "INVALID_ARGUMENT",
    message: expect.stringMatching(message),
    ...(key === undefined ? {} : { details: expect.objectContaining({ key }) }),
  });

class Unknown {
  readonly field = 1;
}
const cyclic: unknown[] = [];
cyclic.push(cyclic);
let tooDeep: unknown = 1;
for (let level = 0; level < 1001; level++) tooDeep = { a: tooDeep };
const detached = ndarray("int32", [2], Int32Array.of(1, 2));
structuredClone(detached.data, { transfer: [detached.data.buffer] });

describe("what cannot be stored", () => {
  const trees: [string, unknown, unknown][] = [
    ["undefined", { a: undefined }, refused("a", "undefined cannot be stored")],
    ["a function", { a: { b: () => 1 } }, refused("a/b", "function cannot be stored")],
    ["an instance of another class", [new Unknown()], refused("0", "Unknown")],
    ["an int beyond 2^64", { a: 2n ** 64n }, refused("a", "64 bits")],
    ["an int below -2^63", { a: -(2n ** 63n) - 1n }, refused("a", "64 bits")],
    ["a tree that contains itself", cyclic, refused("0", "contains itself")],
    ["a complex number without a width", { a: complex(1, 2) }, refused("a", "Complex")],
    ["an empty tree", {}, refused(undefined, /^Found empty item\.$/)],
    ["an empty list", [], refused(undefined, /^Found empty item\.$/)],
    ["an empty tuple", tuple([]), refused(undefined, /^Found empty item\.$/)],
    ["null alone", null, refused(undefined, /^Found empty item\.$/)],
    ["names that a dot makes equal", { "a.b": 1, a: { b: 2 } }, refused("a.b", 'name "a.b" like a/b')],
    ["names of a key and an index", { "a.0": 1, a: [2] }, refused("a.0", 'name "a.0" like a/0')],
    ["names that differ in a slash at the end", { t: 1, "t/": 2 }, refused("t/", 'name "t/" like t')],
    ["names that both stand for the root", { "": 1, "/": 2 }, refused("/", 'name "/" like ')],
    ["equal names of a string and an array", { "a.b": "x", a: { b: 2 } }, refused("a.b", "like a/b")],
    ["equal names of empties", { "a.b": {}, a: { b: null } }, refused("a.b", "like a/b")],
    ["a string below a slash", { "a/b": "x" }, refused("a/b", 'holds "/" or "~"')],
    ["a string below a tilde", { a: { "~": "x" } }, refused("a.~", 'holds "/" or "~"')],
    ["a string that is no Unicode", { a: "\ud800" }, refused("a", "lone surrogate")],
    ["a name that is too long", { ["x".repeat(65_536)]: 1 }, refused("x".repeat(65_536), "at most 65535")],
    ["a name of too many bytes", { ["é".repeat(32_764)]: 1 }, refused("é".repeat(32_764), "65536 bytes")],
    [
      "bools that are none",
      { a: ndarray("bool", [2], Uint8Array.of(1, 2)) },
      refused("a", "a: bool array: element 1 is 2"),
    ],
    ["an array whose memory was given away", { a: detached }, refused("a", "0 numbers of data")],
    [
      "an array that nobody checked",
      { a: new NdArray("int32", [3], Int32Array.of(1)) },
      refused("a", "1 numbers of data"),
    ],
    [
      "a tree that is too deep",
      tooDeep,
      expect.objectContaining({
        code: "LIMIT_EXCEEDED",
        details: expect.objectContaining({ limit: "depth" }),
      }),
    ],
  ];

  it.each(trees)("is refused: %s", (_, tree, refusal) => {
    expect(() => encodeItem(tree)).toThrow(refusal);
  });

  it.each(trees)("is refused before anything is written: %s", async (_, tree, refusal) => {
    const storage = new MemoryStorage();
    await expect(save(storage, tree, { path: "c" })).rejects.toEqual(refusal);
    expect(await storage.list("/")).toEqual([]);
  });

  it("is not what merely looks odd", () => {
    const names = [
      "a/b",
      "/lead",
      "a//b",
      "t//",
      ".",
      "..",
      "~0",
      "__proto__",
      "x".repeat(65_000),
      "\n",
      ".zarray",
    ];
    expect(encodeItem(Object.fromEntries(names.map((name) => [name, 1]))).entries).toHaveLength(names.length);
    expect(encodeItem({ t: 1, "t//": 2 }).entries).toHaveLength(2);
  });
});
