import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeTreeMetadata,
  encodeTreeMetadata,
  type TreeEntry,
  type TreeMetadata,
} from "../../../src/checkpoint/metadata/tree-metadata.js";
import { FIXTURES } from "../dump-tree.js";

const bytes = (json: unknown) =>
  new TextEncoder().encode(typeof json === "string" ? json : JSON.stringify(json));
const fixture = (name: string) => readFileSync(join(FIXTURES, name, "_METADATA"));

const key = (text: unknown, type: unknown = 2) => ({ key: text, key_type: type });
const entry = (
  path: readonly unknown[],
  fields: object = { value_type: "scalar", skip_deserialize: false },
) => ({
  key_metadata: path,
  value_metadata: fields,
});
const metadata = (entries: object, fields: object = {}) => bytes({ tree_metadata: entries, ...fields });

const damage = (details: object) =>
  expect.objectContaining({ code: "DATA_LOSS", details: expect.objectContaining(details) });

const longPath = (length: number) => Array.from({ length }, () => key("a"));

describe("what Orbax wrote", () => {
  it("is read, entry by entry", () => {
    const { entries, ...rest } = decodeTreeMetadata(fixture("pytree-strings"));
    expect(rest).toEqual({ useOcdbt: true, useZarr3: false, storesAllChunks: true, customMetadata: null });
    expect(entries.slice(0, 10)).toEqual([
      { path: ["__proto__"], valueType: "string", skipDeserialize: false },
      { path: ["a.b"], valueType: "string", skipDeserialize: false },
      { path: ["array"], valueType: "np.ndarray", skipDeserialize: false },
      { path: ["empty"], valueType: "string", skipDeserialize: false },
      { path: ["hole"], valueType: "placeholder", skipDeserialize: false },
      { path: ["jax"], valueType: "jax.Array", skipDeserialize: false },
      { path: ["list", 0], valueType: "string", skipDeserialize: false },
      { path: ["list", 1], valueType: "scalar", skipDeserialize: false },
      { path: ["list", 2], valueType: "None", skipDeserialize: true },
      { path: ["list", 3, 0], valueType: "string", skipDeserialize: false },
    ]);
  });

  it.each([
    ["files-zarr2", { useOcdbt: false, useZarr3: false }],
    ["files-zarr3", { useOcdbt: false, useZarr3: true }],
    ["pytree-ocdbt-zarr3", { useOcdbt: true, useZarr3: true }],
  ])("says where the arrays of %s lie", (name, expected) => {
    expect(decodeTreeMetadata(fixture(name))).toMatchObject(expected);
  });

  it.each(["pytree-strings", "standard-ocdbt-zarr2", "files-zarr2"])(
    "is written again byte for byte but for write_shape: %s",
    (name) => {
      const original = fixture(name).toString("utf8");
      const written = new TextDecoder().decode(encodeTreeMetadata(decodeTreeMetadata(bytes(original))));
      expect(written).toBe(original.replaceAll(/, "write_shape": \[[\d, ]*\]/g, ""));
    },
  );
});

describe("what older releases left out", () => {
  it("is not known, or has Orbax's default", () => {
    expect(decodeTreeMetadata(metadata({ x: entry([key("a")]) }))).toEqual({
      entries: [{ path: ["a"], valueType: "scalar", skipDeserialize: false }],
      useOcdbt: undefined,
      useZarr3: false,
      storesAllChunks: false,
      customMetadata: null,
    });
  });

  it("may be null as well", () => {
    const fields = { use_ocdbt: null, use_zarr3: null, store_array_data_equal_to_fill_value: null };
    expect(decodeTreeMetadata(metadata({ x: entry([]) }, fields))).toMatchObject({
      useOcdbt: undefined,
      useZarr3: false,
      storesAllChunks: false,
    });
  });
});

describe("what Orbax accepts", () => {
  it("is any entry name, any unknown field, an index as a number, and a bare leaf", () => {
    const value = { value_type: "np.ndarray", skip_deserialize: false, write_shape: "?", new: 1 };
    const entries = { k0: { ...entry([key("0", 1), key(1, 1)], value), more: [] }, "[1]": entry([]) };
    expect(decodeTreeMetadata(metadata(entries, { future: {} })).entries.map(({ path }) => path)).toEqual([
      [0, 1],
      [],
    ]);
  });

  it("is a key of JavaScript's own names", () => {
    const text =
      '{"tree_metadata": {"__proto__": {"key_metadata": [{"key": "__proto__", "key_type": 2}], "value_metadata": {"value_type": "scalar", "skip_deserialize": false}}}}';
    expect(decodeTreeMetadata(bytes(text)).entries[0]?.path).toEqual(["__proto__"]);
  });

  it("is custom metadata of any kind", () => {
    const fields = { custom_metadata: { a: [1, { b: null }] } };
    expect(decodeTreeMetadata(metadata({ x: entry([]) }, fields)).customMetadata).toEqual(
      fields.custom_metadata,
    );
  });
});

describe("value_metadata_tree", () => {
  it.each([
    ["[]", "[]"],
    [{}, undefined],
    [null, undefined],
    [5, undefined],
  ])("is kept where it is text, and nobody's matter else: %j", (value, expected) => {
    const fields = { value_metadata_tree: value };
    expect(decodeTreeMetadata(metadata({ x: entry([]) }, fields)).valueMetadataTree).toBe(expected);
  });
});

describe("a damaged file", () => {
  it.each<[string, unknown, object]>([
    ["is empty", "", {}],
    ["is cut", '{"tree_metadata": {', {}],
    ["goes on behind its end", `${JSON.stringify({ tree_metadata: { x: entry([]) } })} 1`, {}],
    ["is an array", [], { field: "the document" }],
    ["has no tree_metadata", {}, { field: "tree_metadata" }],
    ["has a list for it", { tree_metadata: [] }, { field: "tree_metadata" }],
    ["has no entries", { tree_metadata: {} }, { field: "tree_metadata", found: "empty" }],
    [
      "has text for use_ocdbt",
      { tree_metadata: { x: entry([]) }, use_ocdbt: "true" },
      { field: "use_ocdbt" },
    ],
    ["has a number for use_zarr3", { tree_metadata: { x: entry([]) }, use_zarr3: 1 }, { field: "use_zarr3" }],
  ])("%s", (_, json, details) => {
    expect(() => decodeTreeMetadata(bytes(json))).toThrow(damage(details));
  });

  it.each<[string, unknown, object]>([
    ["null", null, { field: "the entry" }],
    ["no key_metadata", { value_metadata: {} }, { field: "key_metadata" }],
    ["an object for key_metadata", entry({ length: 1 } as never), { field: "key_metadata" }],
    ["a string for a part", entry(["a"]), { field: "an element of key_metadata" }],
    ["no key", entry([{ key_type: 2 }]), { field: "key" }],
    ["a number for a dict key", entry([key(5)]), { field: "key" }],
    ["no key type", entry([{ key: "a" }]), { field: "key_type" }],
    ["key type 3", entry([key("a", 3)]), { field: "key_type", found: "3" }],
    ["a text for a key type", entry([key("a", "2")]), { field: "key_type" }],
    ["an index that is no number", entry([key("a", 1)]), { field: "list index", found: "a" }],
    ["a negative index", entry([key("-1", 1)]), { field: "list index" }],
    ["an index with a zero in front", entry([key("00", 1)]), { field: "list index" }],
    ["a fraction for an index", entry([key(0.5, 1)]), { field: "list index" }],
    ["an index beyond 2^53", entry([key("9007199254740992", 1)]), { field: "list index" }],
    ["true for an index", entry([key(true, 1)]), { field: "key" }],
    ["no value_metadata", { key_metadata: [] }, { field: "value_metadata" }],
    ["no value_type", entry([], { skip_deserialize: false }), { field: "value_type" }],
    [
      "a number for value_type",
      entry([], { value_type: 1, skip_deserialize: false }),
      { field: "value_type" },
    ],
    ["no skip_deserialize", entry([], { value_type: "scalar" }), { field: "skip_deserialize" }],
    [
      "0 for skip_deserialize",
      entry([], { value_type: "scalar", skip_deserialize: 0 }),
      { field: "skip_deserialize" },
    ],
  ])("has an entry with %s, and the message names the entry", (_, value, details) => {
    const decode = () => decodeTreeMetadata(metadata({ "('the', 'entry')": value }));
    expect(decode).toThrow(damage(details));
    expect(decode).toThrow("entry ('the', 'entry')");
  });

  it("is held to the limits", () => {
    expect(decodeTreeMetadata(metadata({ x: entry(longPath(1000)) })).entries[0]?.path).toHaveLength(1000);
    const tooDeep = expect.objectContaining({
      code: "LIMIT_EXCEEDED",
      details: expect.objectContaining({ limit: "depth" }),
    });
    expect(() => decodeTreeMetadata(metadata({ x: entry(longPath(1001)) }))).toThrow(tooDeep);
    expect(() => decodeTreeMetadata(metadata({ x: entry(longPath(3000)) }), { depth: 5000 })).toThrow(
      tooDeep,
    );
    expect(() => decodeTreeMetadata(metadata({ x: entry(longPath(3)) }), { depth: 2 })).toThrow();
  });

  it("shows only the beginning of an entry's name in a message", () => {
    const bytesOfLong = metadata({ ["x".repeat(1e6)]: null });
    expect(() => decodeTreeMetadata(bytesOfLong)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^entry x{200}…: /) }),
    );
  });
});

describe("encodeTreeMetadata", () => {
  const part = fc.oneof(fc.string({ unit: "grapheme" }), fc.nat());
  const entries: fc.Arbitrary<TreeEntry[]> = fc.uniqueArray(
    fc.record({
      path: fc.array(part, { maxLength: 4 }),
      valueType: fc.constantFrom("np.ndarray", "scalar", "string", "None"),
      skipDeserialize: fc.boolean(),
    }),
    { minLength: 1, selector: ({ path }) => JSON.stringify(path.map(String)) },
  );

  it("writes what is read again", () => {
    fc.assert(
      fc.property(entries, fc.boolean(), fc.boolean(), (list, useOcdbt, storesAllChunks) => {
        const written: TreeMetadata = {
          entries: list,
          useOcdbt,
          useZarr3: false,
          storesAllChunks,
          customMetadata: null,
        };
        expect(decodeTreeMetadata(encodeTreeMetadata(written))).toEqual(written);
      }),
    );
  });
});
