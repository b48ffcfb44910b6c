import { encode } from "@msgpack/msgpack";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { loadSha256, type Sha256 } from "../../src/cli/sha256.js";
import { decodeMsgpackTree } from "../../src/formats/flax-msgpack.js";
import type { Limits } from "../../src/limits.js";
import { type PathAndLeaf } from "../../src/pytree/flatten.js";
import { complex, float, int, scalar } from "../../src/pytree/value.js";
import { isDtype } from "../../src/zarr/dtype.js";
import { ndarray as arrayOf } from "../../src/zarr/nd-array.js";
import { byPath, describeLeaves, expectedTree, fixtureBytes, fixtureNames } from "./format-fixtures.js";
import { array, bin, ext, map, NIL, ndarray, str, TRUE } from "./msgpack-bytes.js";

const decode = (bytes: Iterable<number>, limits?: Partial<Limits>) =>
  decodeMsgpackTree(Uint8Array.from(bytes), { what: "checkpoint_7", limits });
const only = (bytes: Iterable<number>) => decode(bytes).map(({ leaf }) => leaf);
const paths = (leaves: readonly PathAndLeaf[]) => leaves.map(({ path }) => path);

const refused = (code: string, message: string, details: object = {}) =>
  expect.objectContaining({
    name: "OrbaxError",
    code,
    message: expect.stringContaining(message),
    details: expect.objectContaining(details),
  });

/** As many lists inside each other, around None. */
const nested = (depth: number) => [...Array.from({ length: depth }, () => 0x91), 0xc0];

// The parts of the map that stands for an array of uint8 in chunks.
const mark = [str("__msgpack_chunked_array__"), TRUE] as const;
const chunk = (...bytes: number[]) => ndarray([bytes.length], "uint8", bytes);
const shape = (...sizes: number[]) =>
  [str("shape"), map(...sizes.map((size, axis) => [str(String(axis)), [size]] as const))] as const;
const chunks = (...parts: (readonly number[])[]) =>
  [str("chunks"), map(...parts.map((part, index) => [str(String(index)), part] as const))] as const;
const joined = (data: number[], sizes: number[]) => ({
  kind: "array",
  array: arrayOf("uint8", sizes, Uint8Array.from(data)),
});

/** A list of a thousand times the same. */
const thousand = (item: readonly number[]) => [
  0xdc,
  0x03,
  0xe8,
  ...Array.from({ length: 1000 }, () => item).flat(),
];

describe("files of Flax and of old Orbax", () => {
  let sha256: Sha256;
  beforeAll(async () => {
    sha256 = await loadSha256();
  });

  it.each(fixtureNames("flax"))("gives what Python restores from %s", (name) => {
    const leaves = decodeMsgpackTree(fixtureBytes("flax", name), { what: name });
    expect(describeLeaves(leaves, sha256)).toEqual(byPath(expectedTree("flax", name).leaves));
    expect(leaves.length).toBe(expectedTree("flax", name).leaves.length);
  });

  it("has arrays of every dtype to give", () => {
    const { leaves } = expectedTree("flax", "dtypes");
    expect(leaves.length).toBeGreaterThanOrEqual(24);
    expect(leaves.filter(({ dtype }) => dtype === undefined || !isDtype(dtype))).toEqual([]);
  });

  it("has leaves of every kind to give", () => {
    const kinds = fixtureNames("flax").flatMap((name) =>
      expectedTree("flax", name).leaves.map(({ kind }) => kind),
    );
    expect([...new Set(kinds)].sort()).toEqual(
      ["array", "bytes", "empty-dict", "empty-list", "empty-tuple", "none", "scalar", "string"].sort(),
    );
  });

  it("gives every file's leaves whatever the place of its bytes in memory", () => {
    const bytes = fixtureBytes("flax", "dtypes");
    const expected = decodeMsgpackTree(bytes, { what: "" });
    for (let offset = 1; offset < 8; offset++) {
      const moved = new Uint8Array(bytes.length + offset);
      moved.set(bytes, offset);
      expect(decodeMsgpackTree(moved.subarray(offset), { what: "" })).toEqual(expected);
    }
  });

  it.each(fixtureNames("flax"))("refuses %s cut short anywhere, and with a byte more", (name) => {
    const bytes = fixtureBytes("flax", name);
    const step = Math.max(1, Math.floor(bytes.length / 200));
    for (let length = 0; length < bytes.length; length += step) {
      expect(() => decode(bytes.subarray(0, length))).toThrow(refused("DATA_LOSS", "checkpoint_7"));
    }
    expect(() => decode([...bytes, 0])).toThrow(
      refused("DATA_LOSS", "1 bytes after the last object", { offset: bytes.length }),
    );
  });
});

describe("leaves", () => {
  it("come depth first, keys in the order of the file", () => {
    const tree = map([str("b"), array(NIL, map([str("10"), NIL], [str("9"), NIL]))], [str("a"), NIL]);
    expect(paths(decode(tree))).toEqual([["b", 0], ["b", 1, "10"], ["b", 1, "9"], ["a"]]);
  });

  it.each([
    ["1, an int", [0x01], int(1)],
    ["1.0, a float", [0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0], float(1)],
    ["1.0 in four bytes", [0xca, 0x3f, 0x80, 0, 0], float(1)],
    ["1 in eight bytes", [0xcf, 0, 0, 0, 0, 0, 0, 0, 1], int(1)],
    ["2^53+1", [0xcf, 0, 0x20, 0, 0, 0, 0, 0, 1], int(2n ** 53n + 1n)],
    ["2^64-1", [0xcf, ...Array.from({ length: 8 }, () => 0xff)], scalar("uint64", 2n ** 64n - 1n)],
    ["-2^63", [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], scalar("int64", -(2n ** 63n))],
    ["-129 in two bytes", [0xd1, 0xff, 0x7f], int(-129)],
    ["200 in one byte", [0xcc, 200], int(200)],
    ["true", TRUE, scalar("bool", true)],
    ["a complex of ints", ext(2, array([1], [2])), scalar("complex128", complex(1, 2))],
  ])("are scalars of Python's type for %s", (_, bytes, expected) => {
    expect(only(bytes)).toEqual([{ kind: "scalar", scalar: expected }]);
  });

  it("are arrays of rank 0 for NumPy scalars, which Python restores as such", () => {
    const body = array(array(), str("float16"), bin(0x00, 0x42));
    expect(only(ext(3, body))).toEqual([
      { kind: "array", array: arrayOf("float16", [], Uint16Array.of(0x4200)) },
    ]);
  });

  it("take the dtype's name as bytes, and data as text", () => {
    const body = array(array([2]), bin(...new TextEncoder().encode("int8")), str("ab"));
    expect(only(ext(1, body))).toEqual([
      { kind: "array", array: arrayOf("int8", [2], Int8Array.of(0x61, 0x62)) },
    ]);
  });

  it("ignore the unused bits of int4 and int2, as ml_dtypes does", () => {
    const bytes = array(ndarray([3], "int4", [0xff, 0x8f, 0x17]), ndarray([2], "int2", [0xfd, 0x06]));
    expect(only(bytes)).toEqual([
      { kind: "array", array: arrayOf("int4", [3], Int8Array.of(-1, -1, 7)) },
      { kind: "array", array: arrayOf("int2", [2], Int8Array.of(1, -2)) },
    ]);
  });

  it("have memory of their own", () => {
    const bytes = Uint8Array.from(array(ndarray([2], "uint8", [1, 2]), bin(3)));
    const leaves = decodeMsgpackTree(bytes, { what: "" }).map(({ leaf }) => leaf);
    bytes.fill(0);
    expect(leaves).toEqual([
      { kind: "array", array: arrayOf("uint8", [2], Uint8Array.of(1, 2)) },
      { kind: "bytes", bytes: Uint8Array.of(3) },
    ]);
  });

  it("keep the bits of strings that are no dtype's name", () => {
    expect(only(str("PLACEHOLDER://a"))).toEqual([{ kind: "string", text: "PLACEHOLDER://a" }]);
    expect(only(str("\ufeffx"))).toEqual([{ kind: "string", text: "\ufeffx" }]);
  });
});

describe("tuples", () => {
  it("are lists by their path, and one that is empty is a leaf", () => {
    const inner = ext(4, array([2], ext(4, array())));
    const leaves = decode(ext(4, array(str("a"), inner)));
    expect(paths(leaves)).toEqual([[0], [1, 0], [1, 1]]);
    expect(leaves.at(-1)?.leaf).toEqual({ kind: "empty-tuple" });
  });

  it.each([
    ["a byte after its items", ext(4, [...array([1]), 0])],
    ["a byte after no items", ext(4, [...array(), 0])],
    ["items beyond its end", [...ext(4, [0x92, 0x01]), 0x02]],
    ["a string that goes beyond its end", [...ext(4, [0x91, 0xa2, 0x61]), 0x62]],
    ["no list inside", ext(4, map())],
    ["nothing inside", ext(4, [])],
  ])("are refused with %s", (_, bytes) => {
    expect(() => decode(bytes)).toThrow(refused("DATA_LOSS", "checkpoint_7: "));
  });
});

describe("dict keys", () => {
  it("of two kinds may not have one name", () => {
    const bytes = map([[0x01], NIL], [str("1"), NIL]);
    expect(() => decode(bytes)).toThrow(refused("DATA_LOSS", 'its name is "1"', { offset: 3 }));
  });

  it("may not be there twice", () => {
    const bytes = map([str("w"), map([str("a"), NIL], [str("b"), NIL], [str("a"), NIL])]);
    expect(() => decode(bytes)).toThrow(
      refused("DATA_LOSS", 'checkpoint_7: w: dict key: its name is "a"', { key: "w", found: "a" }),
    );
  });

  it("may be there again in another dict", () => {
    const inner = map([str("a"), NIL]);
    expect(paths(decode(map([str("a"), inner], [str("b"), inner])))).toEqual([
      ["a", "a"],
      ["b", "a"],
    ]);
  });

  it.each([
    ["a list", array()],
    ["a map", map()],
    ["an extension", ext(-1, [0, 0, 0, 1])],
    ["a float", [0xcb, 0, 0, 0, 0, 0, 0, 0, 0]],
  ])("may not be %s", (_, key) => {
    expect(() => decode(map([key, NIL]))).toThrow(refused("UNSUPPORTED", "dict key: its kind"));
  });

  it("must be UTF-8", () => {
    expect(() => decode(map([[0xa1, 0xff], NIL]))).toThrow(refused("DATA_LOSS", "expected UTF-8"));
  });
});

describe("chunked arrays", () => {
  it("are joined, whatever the order of the map's keys", () => {
    const parts = chunks(chunk(1, 2, 3, 4), chunk(5, 6));
    expect(only(map(mark, shape(3, 2), parts))).toEqual([joined([1, 2, 3, 4, 5, 6], [3, 2])]);
    expect(only(map(parts, shape(3, 2), mark))).toEqual([joined([1, 2, 3, 4, 5, 6], [3, 2])]);
  });

  it("are joined by the chunks' numbers, ten or more of them too", () => {
    const pairs = Array.from({ length: 12 }, (_, n) => [str(String(n)), chunk(n)] as const).reverse();
    const bytes = map(mark, shape(12), [str("chunks"), map(...pairs)]);
    expect(only(bytes)).toEqual([joined(Array.from(Array(12).keys()), [12])]);
  });

  it("may have rank 0, and further keys", () => {
    expect(only(map(mark, [str("x"), array(NIL)], shape(), chunks(chunk(7))))).toEqual([joined([7], [])]);
  });

  it("stand between other leaves", () => {
    const bytes = map([str("a"), NIL], [str("b"), map(mark, shape(1), chunks(chunk(9)))], [str("c"), NIL]);
    expect(decode(bytes)).toEqual([
      { path: ["a"], leaf: { kind: "none" } },
      { path: ["b"], leaf: joined([9], [1]) },
      { path: ["c"], leaf: { kind: "none" } },
    ]);
  });

  it("are ordinary dicts inside lists and tuples, as for Flax", () => {
    const dict = map(mark, shape(1), chunks(chunk(9)));
    const expected = [
      [0, "__msgpack_chunked_array__"],
      [0, "shape", "0"],
      [0, "chunks", "0"],
    ];
    expect(paths(decode(array(dict)))).toEqual(expected);
    expect(paths(decode(ext(4, array(dict))))).toEqual(expected);
  });

  it.each([
    ["no shape", map(mark, chunks(chunk(1)))],
    ["no chunks", map(mark, shape(1))],
    ["an empty map of chunks", map(mark, shape(0), chunks())],
    ["too few elements", map(mark, shape(3), chunks(chunk(1, 2)))],
    ["too many elements", map(mark, shape(1), chunks(chunk(1, 2)))],
    ["a shape that is a number", map(mark, [str("shape"), [1]], chunks(chunk(1)))],
    ["a negative size", map(mark, [str("shape"), map([str("0"), [0xff]])], chunks(chunk(1)))],
    [
      "a size that is a float",
      map(mark, [str("shape"), map([str("0"), [0xca, 0, 0, 0, 0]])], chunks(chunk(1))),
    ],
    ["a size that is an array", map(mark, [str("shape"), map([str("0"), chunk(1)])], chunks(chunk(1)))],
    ["a missing size", map(mark, [str("shape"), map([str("1"), [1]])], chunks(chunk(1)))],
    ["a missing chunk", map(mark, shape(1), [str("chunks"), map([str("1"), chunk(1)])])],
    ["a chunk too much", map(mark, shape(1), [str("chunks"), map([str("0"), chunk(1)], [str("x"), NIL])])],
    ["a chunk that is a list", map(mark, shape(1), [str("chunks"), map([str("0"), array([1])])])],
    ["chunks of two dtypes", map(mark, shape(2), chunks(chunk(1), ndarray([1], "int8", [1])))],
    ["a chunk of rank 0", map(mark, shape(1), chunks(ndarray([], "uint8", [1])))],
  ])("are refused with %s", (_, bytes) => {
    expect(() => decode(map([str("w"), bytes]))).toThrow(
      refused("DATA_LOSS", "checkpoint_7: w: ", { key: "w" }),
    );
  });
});

describe("what is refused", () => {
  it.each([
    ["data too short", ndarray([3], "float32", [0, 0, 0, 0, 0, 0, 0, 0]), "length of the data is 8"],
    ["data too long", ndarray([1], "float32", [0, 0, 0, 0, 0, 0, 0, 0]), "length of the data is 8"],
    ["a size to be guessed", ext(1, array(array([0xff]), str("uint8"), bin(1))), "size of a dimension is -1"],
    ["a size that is true", ext(1, array(array(TRUE), str("uint8"), bin(1))), "size of a dimension"],
    ["a size of 2^64-1", ext(1, array(array([0xcf, ...Array(8).fill(255)]), str("int8"), bin())), "size"],
    ["a shape that is a number", ext(1, array([1], str("uint8"), bin(1))), "shape"],
    ["a shape of 65 sizes", ext(1, array([0xdc, 0, 65, ...Array(65).fill(1)], str("uint8"), bin(1))), "rank"],
    ["a dtype that is a number", ext(1, array(array(), [1], bin(1))), "dtype"],
    ["two fields", ext(1, array(array([1]), str("uint8"))), "array of 2"],
    ["a map of fields", ext(1, map()), "[shape, dtype, data]"],
    [
      "bytes after the fields",
      ext(1, [...array(array([1]), str("uint8"), bin(1)), 0]),
      "after the last object",
    ],
    ["data beyond the extension", [...ext(1, [0x93, 0x91, 1, ...str("uint8"), 0xc4, 1]), 7], "cut short"],
    ["a bool of 2", ndarray([1], "bool", [2]), "bool is 2"],
    ["an empty extension", ext(1, []), "cut short"],
  ])("an array with %s", (_, bytes, message) => {
    expect(() => decode(map([str("w"), bytes]))).toThrow(refused("DATA_LOSS", message, { key: "w" }));
  });

  it.each(["str64", ">f4", "float128", "datetime64[D]", "float6_e2m3fn", "__proto__", ""])(
    "an array of the dtype %j",
    (dtype) => {
      expect(() => decode(map([str("w"), ndarray([1], dtype, [0, 0, 0, 0])]))).toThrow(
        refused("UNSUPPORTED", `checkpoint_7: w: array: dtype is ${JSON.stringify(dtype)}`, { key: "w" }),
      );
    },
  );

  it("an array of sizes whose product overflows, unless one of them is 0", () => {
    const huge = [0xcf, 0, 0x1f, ...Array(6).fill(0xff)]; // 2^53-1
    const large = (...more: (readonly number[])[]) =>
      ext(1, array(array(...Array.from({ length: 9 }, () => huge), ...more), str("uint8"), bin()));
    expect(() => decode(large())).toThrow(refused("DATA_LOSS", "length of the data is 0"));
    const [leaf] = only(large([0]));
    expect(leaf?.kind === "array" && leaf.array.data.length).toBe(0);
  });

  it.each([
    ["one number", array([1])],
    ["three numbers", array([1], [2], [3])],
    ["a string", array([1], str("2"))],
    ["bytes after the two", [...array([1], [2]), 0]],
    ["nothing", []],
  ])("a complex number of %s", (_, body) => {
    expect(() => decode(ext(2, body))).toThrow(refused("DATA_LOSS", "checkpoint_7: the root: "));
  });

  it.each([0, 5, 127, -1, -128])("an extension of type %i", (code) => {
    expect(() => decode(array(ext(code, [0, 0, 0, 1])))).toThrow(
      refused("UNSUPPORTED", `extension type is ${code}`, { key: "0" }),
    );
  });

  it("text that is no UTF-8", () => {
    expect(() => decode(map([str("name"), [0xa3, 0xed, 0xa0, 0x80]]))).toThrow(
      refused("DATA_LOSS", "checkpoint_7: name: string: expected UTF-8", { key: "name" }),
    );
  });

  it("an empty file", () => {
    expect(() => decode([])).toThrow(refused("DATA_LOSS", "cut short with 0 bytes left"));
  });
});

describe("limits", () => {
  it("hold for containers inside each other, tuples too", () => {
    expect(decode(nested(1000))[0]?.path.length).toBe(1000);
    expect(() => decode(nested(1001))).toThrow(refused("LIMIT_EXCEEDED", "depth", { limit: "depth" }));
    expect(() => decode(nested(4), { depth: 3 })).toThrow(refused("LIMIT_EXCEEDED", "depth"));
    const tuple = ext(4, array(ext(4, array(ext(4, array(NIL))))));
    expect(() => decode(tuple, { depth: 2 })).toThrow(refused("LIMIT_EXCEEDED", "depth"));
  });

  it("stop at millions of lists that never close", () => {
    expect(() => decode(new Uint8Array(2e6).fill(0x91))).toThrow(refused("LIMIT_EXCEEDED", "depth"));
  });

  it("hold for the number of leaves", () => {
    const bytes = array(NIL, NIL, NIL);
    expect(decode(bytes, { listedKeys: 3 })).toHaveLength(3);
    expect(() => decode(bytes, { listedKeys: 2 })).toThrow(
      refused("LIMIT_EXCEEDED", "at most 2 leaves", { limit: "listedKeys" }),
    );
  });

  it("hold for the key paths of all leaves together, of which depth makes more than the file has bytes", () => {
    const nils = [0xdd, 0, 0x0f, 0x42, 0x40, ...Array.from({ length: 1e6 }, () => 0xc0)];
    const deep = [...Array.from({ length: 900 }, () => 0x91), ...nils];
    const [leaves, paths] = [256, 8 * 901];
    const million = 1e6 * (leaves + paths);
    expect(() => decode(deep, { treeBytes: million / 100 })).toThrow(
      refused("LIMIT_EXCEEDED", "key paths", { limit: "treeBytes" }),
    );
  });

  it("hold for the leaves themselves, of which a byte each can make a kilobyte", () => {
    const ints = thousand([7]);
    expect(decode(ints, { treeBytes: 1000 * (256 + 8) })).toHaveLength(1000);
    expect(() => decode(ints, { treeBytes: 1000 * (256 + 8) - 1 })).toThrow(
      refused("LIMIT_EXCEEDED", "bytes of leaves", { limit: "treeBytes" }),
    );
    const arrays = thousand([...ndarray([1], "uint8", [7])]);
    expect(() => decode(arrays, { treeBytes: 1000 * (256 + 8) })).toThrow(
      refused("LIMIT_EXCEEDED", "bytes of leaves", { limit: "treeBytes" }),
    );
  });

  it("hold for an array", () => {
    const bytes = ndarray([5], "uint8", [1, 2, 3, 4, 5]);
    expect(() => decode(map([str("w"), bytes]), { arrayBytes: 4 })).toThrow(
      refused("LIMIT_EXCEEDED", "checkpoint_7: w: array: its length is 5, expected at most 4 bytes", {
        limit: "arrayBytes",
        key: "w",
      }),
    );
  });

  it("do not refuse a dict of a million keys", () => {
    const keys = Object.fromEntries(Array.from({ length: 1e6 }, (_, index) => [`k${index}`, index % 100]));
    const leaves = decodeMsgpackTree(encode(keys), { what: "" });
    expect([leaves.length, leaves.at(-1)?.path]).toEqual([1e6, ["k999999"]]);
  });
});

describe("any bytes", () => {
  it("are a tree or an error of this package", () => {
    const heads = fc.constantFrom(0x81, 0x92, 0xa1, 0xc0, 0xc4, 0xc7, 0xca, 0xcf, 0xd4, 0xde, 0xdf);
    const bytes = fc.array(fc.oneof(heads, fc.nat(255), fc.integer({ min: 0, max: 4 })), { maxLength: 60 });
    fc.assert(
      fc.property(bytes, (random) => {
        try {
          expect(decode(random).length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toEqual(expect.objectContaining({ name: "OrbaxError" }));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("of a real file with some changed are a tree or an error of this package", () => {
    const files = fixtureNames("flax").map((name) => fixtureBytes("flax", name));
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...files), changes, (file, changed) => {
        const bytes = file.slice();
        for (const [place, byte] of changed) bytes[place % bytes.length] = byte;
        try {
          decodeMsgpackTree(bytes, { what: "" });
        } catch (error) {
          expect(error).toEqual(expect.objectContaining({ name: "OrbaxError" }));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
