import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { loadSha256, type Sha256 } from "../../src/cli/sha256.js";
import {
  decodeSafetensorsHeader,
  decodeSafetensorsLength,
  SAFETENSORS_LENGTH_BYTES,
} from "../../src/formats/safetensors.js";
import type { Limits } from "../../src/limits.js";
import { dtypeRow } from "../../src/zarr/dtype.js";
import { NdArray } from "../../src/zarr/nd-array.js";
import { byPath, describeLeaves, expectedTree, fixtureBytes, fixtureNames } from "./format-fixtures.js";

const WHAT = "model.safetensors";

const decode = (header: string, dataBytes: number, limits?: Partial<Limits>) =>
  decodeSafetensorsHeader(new TextEncoder().encode(header), { dataBytes, what: WHAT, limits });

/** A tensor of bytes: `begin` to `end` of the data. */
const u8 = (begin: number, end: number) => entry("U8", `[${end - begin}]`, `[${begin},${end}]`);
const entry = (dtype: string, shape: string, offsets: string) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

/** A tensor without bytes. */
const none = (place: number) => entry("F32", "[0,3]", `[${place},${place}]`);
/** A header of one tensor. */
const a = (dtype: string, shape: string, offsets: string) => `{"a":${entry(dtype, shape, offsets)}}`;

const length = (bytes: number[], fileBytes: number) =>
  decodeSafetensorsLength(Uint8Array.from(bytes), fileBytes, WHAT);

const refused = (code: string, message: string) =>
  expect.objectContaining({ name: "OrbaxError", code, message: expect.stringContaining(message) });

describe("files as the safetensors package writes them", () => {
  let sha256: Sha256;
  beforeAll(async () => {
    sha256 = await loadSha256();
  });

  it.each(fixtureNames("safetensors"))("have the tensors and metadata that Orbax reads from %s", (name) => {
    const file = fixtureBytes("safetensors", name);
    const first = file.subarray(0, SAFETENSORS_LENGTH_BYTES);
    const dataStart = SAFETENSORS_LENGTH_BYTES + decodeSafetensorsLength(first, file.length, name);
    const { tensors, metadata } = decodeSafetensorsHeader(
      file.subarray(SAFETENSORS_LENGTH_BYTES, dataStart),
      {
        dataBytes: file.length - dataStart,
        what: name,
      },
    );
    const leaves = [...tensors].map(([key, { dtype, shape, begin, end }]) => {
      const { buffer } = new Uint8Array(file.subarray(dataStart + begin, dataStart + end));
      const data = dtypeRow(dtype).view(buffer, 0, (end - begin) / dtypeRow(dtype).itemBytes);
      return { path: [key], leaf: { kind: "array", array: new NdArray(dtype, shape, data) } as const };
    });
    const expected = expectedTree("safetensors", name);
    expect(describeLeaves(leaves, sha256)).toEqual(byPath(expected.leaves));
    expect(metadata).toEqual(new Map(Object.entries(expected.metadata ?? {})));
  });
});

describe("decodeSafetensorsLength", () => {
  it("reads a little-endian integer that fills the file at most", () => {
    expect(length([0, 1, 0, 0, 0, 0, 0, 0], 264)).toBe(256);
    expect(length([0, 0, 0, 0, 0, 0, 0, 0], 8)).toBe(0);
    expect(() => length([1, 1, 0, 0, 0, 0, 0, 0], 264)).toThrow(refused("DATA_LOSS", "at most 256"));
  });

  it("refuses 2^62, and more than 100 MB of a larger file", () => {
    expect(() => length([0, 0, 0, 0, 0, 0, 0, 0x40], 1000)).toThrow(refused("DATA_LOSS", "at most 992"));
    expect(length([0x00, 0xe1, 0xf5, 0x05, 0, 0, 0, 0], 1e9)).toBe(1e8);
    expect(() => length([0x01, 0xe1, 0xf5, 0x05, 0, 0, 0, 0], 1e9)).toThrow(
      refused("DATA_LOSS", "100000001, expected at most 100000000"),
    );
  });

  it.each([0, 7])("refuses a file of %i bytes", (size) => {
    expect(() => length(Array(size).fill(0), size)).toThrow(refused("DATA_LOSS", `is ${size}`));
  });
});

describe("the tensors of a header", () => {
  it("come in the header's order, names that are numbers too", () => {
    const { tensors } = decode(`{"b":${u8(2, 3)},"10":${u8(0, 2)},"9":${u8(3, 4)}}`, 4);
    expect([...tensors]).toEqual([
      ["b", { dtype: "uint8", shape: [1], begin: 2, end: 3 }],
      ["10", { dtype: "uint8", shape: [2], begin: 0, end: 2 }],
      ["9", { dtype: "uint8", shape: [1], begin: 3, end: 4 }],
    ]);
  });

  it("are none in a file without any", () => {
    expect(decode("{}", 0)).toEqual({ tensors: new Map(), metadata: new Map() });
  });

  it.each([
    ["white space around it", ` {"a":${u8(0, 1)}}\n  `],
    ["further members", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"note":[1.5,{"shape":2.0}]}}`],
    ["no metadata", `{"__metadata__":null,"a":${u8(0, 1)}}`],
  ])("may have %s", (_, header) => {
    expect([...decode(header, 1).tensors.keys()]).toEqual(["a"]);
  });

  it("may have no bytes, at any place between two others", () => {
    const header = `{"x":${none(4)},"a":${u8(0, 4)},"b":${u8(4, 6)},"y":${none(6)},"z":${none(0)}}`;
    expect(decode(header, 6).tensors.size).toBe(5);
    expect(() => decode(`{"a":${u8(0, 4)},"x":${none(2)}}`, 4)).toThrow(refused("DATA_LOSS", 'tensor "x"'));
    expect(() => decode(`{"a":${u8(0, 4)},"x":${none(5)}}`, 4)).toThrow(refused("DATA_LOSS", 'tensor "x"'));
  });

  it("may have sizes that overflow beside one of 0", () => {
    const header = `{"a":${entry("F64", "[9007199254740991,9007199254740991,0]", "[0,0]")}}`;
    expect(decode(header, 0).tensors.get("a")?.shape).toEqual([2 ** 53 - 1, 2 ** 53 - 1, 0]);
  });
});

describe("the metadata of a header", () => {
  it("is its texts, whatever their names", () => {
    const header = '{"__metadata__":{"format":"pt","__proto__":"x","epoch":1.5,"list":["a"],"null":null}}';
    expect(decode(header, 0).metadata).toEqual(
      new Map([
        ["format", "pt"],
        ["__proto__", "x"],
      ]),
    );
  });
});

describe("what is refused", () => {
  it.each([
    ["fewer bytes than the shape asks for", a("F32", "[2]", "[0,4]"), 4, "is 4, expected 8"],
    ["more bytes than the shape asks for", a("F32", "[1]", "[0,8]"), 8, "is 8, expected 4"],
    ["sizes that overflow", a("F32", "[9007199254740991,2048,2048]", "[0,8]"), 8, "number of bytes"],
    ["a negative size", a("U8", "[-1]", "[0,1]"), 1, "a number of shape is -1"],
    [
      "a size of 2^64",
      a("U8", "[18446744073709551616]", "[0,1]"),
      1,
      "a number of shape is 18446744073709551616",
    ],
    ["a fraction among the sizes", a("U8", "[1.5]", "[0,1]"), 1, "written with a fraction"],
    ["1.0 among the sizes", a("U8", "[1.0]", "[0,1]"), 1, "written with a fraction"],
    ["1e0 among the offsets", a("U8", "[1]", "[0,1e0]"), 1, "written with a fraction"],
    ["true among the sizes", a("U8", "[true]", "[0,1]"), 1, "a number of shape is true"],
    ["NaN among the offsets", a("U8", "[1]", "[0,NaN]"), 1, "a number of data_offsets is NaN"],
    ["a shape that is a number", a("U8", "1", "[0,1]"), 1, "shape is 1, expected an array"],
    ["a negative begin", a("U8", "[2]", "[-1,1]"), 1, "a number of data_offsets is -1"],
    ["a begin behind the end", a("U8", "[0]", "[1,0]"), 1, "data_offsets is"],
    ["three offsets", a("U8", "[1]", "[0,1,1]"), 1, "data_offsets is"],
    ["one offset", a("U8", "[0]", "[0]"), 0, "data_offsets is"],
    ["no offsets", '{"a":{"dtype":"U8","shape":[1]}}', 1, "data_offsets is missing"],
    ["no dtype", '{"a":{"shape":[1],"data_offsets":[0,1]}}', 1, "dtype is missing"],
    ["an entry that is a list", '{"a":[]}', 0, "its entry is an array of 0"],
    ["offsets beyond the file", a("U8", "[2]", "[0,2]"), 1, "bytes after the header is 1, expected 2"],
    ["bytes after the last tensor", a("U8", "[2]", "[0,2]"), 3, "bytes after the header is 3, expected 2"],
    ["bytes and no tensor", "{}", 1, "bytes after the header is 1, expected 0"],
    ["a first tensor that is not at 0", a("U8", "[2]", "[1,3]"), 3, "begin is 1, expected 0"],
  ])("a tensor with %s", (_, header, dataBytes, message) => {
    expect(() => decode(header, dataBytes)).toThrow(refused("DATA_LOSS", message));
  });

  it.each(["F8_E8M0", "F4", "F6_E2M3", "C64", "float32", "f32", "__proto__", ""])("the dtype %j", (dtype) => {
    expect(() => decode(`{"w.1":${entry(dtype, "[1]", "[0,1]")}}`, 1)).toThrow(
      refused("UNSUPPORTED", `tensor "w.1": dtype is ${JSON.stringify(dtype)}`),
    );
  });

  it.each([
    ["two tensors over the same bytes", `{"a":${u8(0, 2)},"b":${u8(0, 2)}}`, 2],
    ["two tensors that overlap", `{"a":${u8(0, 2)},"b":${u8(1, 3)}}`, 3],
    ["a tensor inside another", `{"a":${u8(0, 4)},"b":${u8(1, 3)}}`, 4],
    ["a gap", `{"a":${u8(0, 2)},"b":${u8(3, 4)}}`, 4],
  ])("%s", (_, header, dataBytes) => {
    expect(() => decode(header, dataBytes)).toThrow(refused("DATA_LOSS", 'tensor "b": begin is'));
  });

  it.each([
    ["a tensor", `{"a":${u8(0, 1)},"b":${u8(1, 2)},"a":${u8(0, 1)}}`],
    ["a tensor in other letters", `{"a":${u8(0, 1)},"b":${u8(1, 2)},"\\u0061":${u8(0, 1)}}`],
    ["the metadata", `{"__metadata__":{},"a":${u8(0, 2)},"__metadata__":{}}`],
    ["a field of a tensor", '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,2],"shape":[2]}}'],
    ["a name in the metadata", `{"__metadata__":{"x":"1","x":"2"},"a":${u8(0, 2)}}`],
  ])("%s that is there twice", (_, header) => {
    expect(() => decode(header, 2)).toThrow(refused("DATA_LOSS", "expected each once"));
  });

  it.each([
    ["an empty header", "", "cut short"],
    ["a header that is cut", '{"a":', "cut short"],
    ["something after the object", "{}{}", "the end"],
    ["a list", "[]", "header is an array of 0"],
    ["metadata that is a text", '{"__metadata__":"pt"}', "__metadata__ is"],
  ])("%s", (_, header, message) => {
    expect(() => decode(header, 0)).toThrow(refused("DATA_LOSS", message));
  });

  it("a name that is no UTF-8", () => {
    const header = Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x30, 0x7d);
    expect(() => decodeSafetensorsHeader(header, { dataBytes: 0, what: WHAT })).toThrow(
      refused("DATA_LOSS", "expected UTF-8"),
    );
  });

  it("what is more than a limit allows", () => {
    const header = `{"a":${u8(0, 1)},"b":${u8(1, 2)}}`;
    expect(() => decode(header, 2, { metadataBytes: 10 })).toThrow(
      refused("LIMIT_EXCEEDED", "limit metadataBytes"),
    );
    expect(() => decode(header, 2, { listedKeys: 1 })).toThrow(refused("LIMIT_EXCEEDED", "limit listedKeys"));
    expect(() => decode(header, 2, { depth: 2 })).toThrow(refused("LIMIT_EXCEEDED", "limit depth"));
  });
});

describe("any header", () => {
  it("of a real file with some bytes changed gives tensors that share the data out, or an error", () => {
    const files = fixtureNames("safetensors").map((name) => fixtureBytes("safetensors", name));
    const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...Array.from('0123456789[]{}",:.e- aU'))), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(fc.constantFrom(...files), changes, (file, changed) => {
        const header = file.slice(8, 8 + decodeSafetensorsLength(file, file.length, WHAT));
        for (const [place, letter] of changed) header[place % header.length] = letter.charCodeAt(0);
        const dataBytes = file.length - 8 - header.length;
        try {
          const { tensors } = decodeSafetensorsHeader(header, { dataBytes, what: WHAT });
          const bytes = [...tensors.values()].reduce((sum, { begin, end }) => sum + end - begin, 0);
          expect(bytes).toBe(dataBytes);
        } catch (error) {
          expect(error).toEqual(expect.objectContaining({ name: "OrbaxError" }));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
