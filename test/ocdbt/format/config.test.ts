import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../../src/bytes/cursor.js";
import { type Config, decodeConfig, differingField, encodeConfig } from "../../../src/ocdbt/format/config.js";
import { hex } from "../bytes.js";
import { damage, refusal } from "../errors.js";
import { configs } from "./arbitraries.js";

const uuid = hex("000102030405060708090a0b0c0d0e0f");

function decoded(text: string): Config {
  const reader = new ByteReader(hex(text), "manifest");
  const config = decodeConfig(reader);
  reader.end();
  return config;
}

function encoded(config: Config): Uint8Array {
  const writer = new ByteWriter();
  encodeConfig(writer, config);
  return writer.finish();
}

const UUID = "000102030405060708090a0b0c0d0e0f";
const raw: Config = {
  uuid,
  manifestKind: "single",
  maxInlineValueBytes: 8,
  maxDecodedNodeBytes: 8388608,
  versionTreeArityLog2: 4,
  compression: { method: "none" },
};

describe("a configuration", () => {
  it.each<{ name: string; text: string; config: Config }>([
    { name: "without compression (15.1)", text: `${UUID} 00 08 80808004 04 00`, config: raw },
    {
      name: "with a negative zstd level",
      text: `${UUID} 00 8008 80c2d72f 04 01 fbffffff`,
      config: {
        ...raw,
        maxInlineValueBytes: 1024,
        maxDecodedNodeBytes: 100_000_000,
        compression: { method: "zstd", level: -5 },
      },
    },
    {
      name: "with numbered manifests",
      text: `${UUID} 01 08 80808004 04 00`,
      config: { ...raw, manifestKind: "numbered" },
    },
  ])("$name is read and written", ({ text, config }) => {
    expect(decoded(text)).toEqual(config);
    expect(encoded(config)).toEqual(hex(text));
  });

  it("survives a round trip, whatever it says", () => {
    fc.assert(
      fc.property(configs, (config) => {
        expect(decodeConfig(new ByteReader(encoded(config), "manifest"))).toEqual(config);
      }),
    );
  });

  it.each([
    { name: "the least and the most", level: [-131072, 22] },
    { name: "the default", level: [0, 3] },
  ])("takes zstd levels: $name", ({ level }) => {
    for (const each of level) {
      const config: Config = { ...raw, compression: { method: "zstd", level: each } };
      expect(decodeConfig(new ByteReader(encoded(config), "manifest"))).toEqual(config);
    }
  });
});

describe("decodeConfig", () => {
  it("accepts values of the longest inline length that the field holds, as TensorStore does", () => {
    expect(decoded(`${UUID} 00 ffffffff0f ffffffff0f 04 00`)).toMatchObject({
      maxInlineValueBytes: 2 ** 32 - 1,
      maxDecodedNodeBytes: 2 ** 32 - 1,
    });
  });

  it.each([
    { name: "an unknown manifest kind", text: `${UUID} 02`, field: "manifest_kind", offset: 16 },
    { name: "arity 2^0", text: `${UUID} 00 08 00 00`, field: "version_tree_arity_log2", offset: 19 },
    { name: "arity 2^17", text: `${UUID} 00 08 00 11`, field: "version_tree_arity_log2", offset: 19 },
    {
      name: "an unknown compression",
      text: `${UUID} 00 08 00 04 02`,
      field: "compression_method",
      offset: 20,
    },
    { name: "zstd level 23", text: `${UUID} 00 08 00 04 01 17000000`, field: "zstd_level", offset: 21 },
    { name: "zstd level -131073", text: `${UUID} 00 08 00 04 01 fffffdff`, field: "zstd_level", offset: 21 },
    { name: "an inline length of 2^32", text: `${UUID} 00 8080808010`, field: "max_inline_value_bytes" },
    { name: "a node size of 2^32", text: `${UUID} 00 08 8080808010`, field: "max_decoded_node_bytes" },
    { name: "a cut uuid", text: "00 01 02", field: "uuid" },
    { name: "a cut level", text: `${UUID} 00 08 00 04 01 170000`, field: "zstd_level" },
  ])("refuses $name", (row) => {
    expect(() => decoded(row.text)).toThrow(damage(row));
  });
});

describe("encodeConfig", () => {
  it.each<{ name: string; change: Partial<Config> }>([
    { name: "a short uuid", change: { uuid: hex("00") } },
    { name: "arity 2^17", change: { versionTreeArityLog2: 17 } },
    { name: "half a byte inline", change: { maxInlineValueBytes: 0.5 } },
    { name: "a negative node size", change: { maxDecodedNodeBytes: -1 } },
    { name: "zstd level 23", change: { compression: { method: "zstd", level: 23 } } },
    { name: "no level at all", change: { compression: { method: "zstd", level: Number.NaN } } },
  ])("refuses $name", ({ change }) => {
    expect(() => encoded({ ...raw, ...change })).toThrow(refusal("INVALID_ARGUMENT"));
  });
});

describe("differingField", () => {
  it.each<{ field: string | undefined; change: Partial<Config> }>([
    { field: undefined, change: {} },
    { field: undefined, change: { manifestKind: "numbered" } },
    { field: "uuid", change: { uuid: hex("ff0102030405060708090a0b0c0d0e0f") } },
    { field: "max_inline_value_bytes", change: { maxInlineValueBytes: 9 } },
    { field: "max_decoded_node_bytes", change: { maxDecodedNodeBytes: 0 } },
    { field: "version_tree_arity_log2", change: { versionTreeArityLog2: 5 } },
    { field: "compression", change: { compression: { method: "zstd", level: 0 } } },
  ])("finds $field", ({ field, change }) => {
    expect(differingField(raw, { ...raw, ...change })).toBe(field);
  });
});
