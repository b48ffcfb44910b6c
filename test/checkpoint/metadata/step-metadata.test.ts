import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeStepMetadata, encodeStepMetadata } from "../../../src/checkpoint/metadata/step-metadata.js";
import { FIXTURES } from "../dump-tree.js";

const bytes = (text: string) => new TextEncoder().encode(text);
const fixture = (path: string) => readFileSync(join(FIXTURES, path, "_CHECKPOINT_METADATA"));
const nothing = {
  itemHandlers: undefined,
  metrics: {},
  performanceMetrics: {},
  initTimestampNs: undefined,
  commitTimestampNs: undefined,
  customMetadata: {},
};

describe("what Orbax wrote", () => {
  it("is read for a single item", () => {
    expect(decodeStepMetadata(fixture("standard-ocdbt-zarr2"))).toEqual({
      itemHandlers: "orbax.checkpoint._src.handlers.standard_checkpoint_handler.StandardCheckpointHandler",
      metrics: {},
      performanceMetrics: {},
      initTimestampNs: 1795512404207344426n,
      commitTimestampNs: 1795512404309689976n,
      customMetadata: {},
    });
  });

  it("is read for a step of a manager, with custom metadata", () => {
    const { itemHandlers, customMetadata } = decodeStepMetadata(fixture("manager/20"));
    expect(itemHandlers).toMatchObject({
      config: "orbax.checkpoint._src.handlers.json_checkpoint_handler.JsonCheckpointHandler",
    });
    expect(customMetadata).toEqual({ step: 20 });
  });

  it.each(["standard-ocdbt-zarr2", "manager/10", "manager/20", "v1", "files-zarr2"])(
    "is written again byte for byte: %s",
    (path) => {
      const original = fixture(path);
      expect(new TextDecoder().decode(encodeStepMetadata(decodeStepMetadata(original)))).toBe(
        original.toString("utf8"),
      );
    },
  );
});

describe("what says nothing", () => {
  it.each([
    ["an empty file", ""],
    ["no JSON", "{"],
    ["no UTF-8", "\u00ff"],
    ["an array", "[]"],
    ["null", "null"],
    ["an empty object", "{}"],
    [
      "fields of the wrong type",
      '{"item_handlers": 5, "init_timestamp_nsecs": "5", "commit_timestamp_nsecs": 1.5e300, "custom_metadata": []}',
    ],
    ["nulls", '{"item_handlers": null, "init_timestamp_nsecs": null, "custom_metadata": null}'],
  ])("is %s, as in Orbax", (_, text) => {
    expect(decodeStepMetadata(text === "\u00ff" ? Uint8Array.of(0xff) : bytes(text))).toEqual(nothing);
  });

  it("is a file of fields from 0.5.11 but for their values", () => {
    const old = '{"init_timestamp_nsecs": 1795512404207344426, "commit_timestamp_nsecs": 5}';
    expect(decodeStepMetadata(bytes(old))).toEqual({
      ...nothing,
      initTimestampNs: 1795512404207344426n,
      commitTimestampNs: 5n,
    });
  });
});

describe("members that an older or newer Orbax writes", () => {
  it("are metrics and times of the save, as far as they are numbers", () => {
    const text = '{"metrics": {"loss": NaN}, "performance_metrics": {"a": 1.5, "b": null, "c": "x", "d": 2}}';
    expect(decodeStepMetadata(bytes(text))).toEqual({
      ...nothing,
      metrics: { loss: Number.NaN },
      performanceMetrics: { a: 1.5, d: 2 },
    });
  });

  it("join the user's own where they are unknown", () => {
    const text = '{"custom_metadata": {"a": 1}, "new_field": [2], "a": 3}';
    expect(decodeStepMetadata(bytes(text)).customMetadata).toEqual({ a: 1, new_field: [2] });
  });
});

describe("names in it", () => {
  it("are just names", () => {
    const text =
      '{"item_handlers": {"__proto__": "a.B", "constructor": 5}, "custom_metadata": {"__proto__": 1}}';
    const { itemHandlers, customMetadata } = decodeStepMetadata(bytes(text));
    expect(Object.entries(itemHandlers ?? {})).toEqual([["__proto__", "a.B"]]);
    expect(Object.entries(customMetadata)).toEqual([["__proto__", 1]]);
  });
});

describe("limits", () => {
  it("hold for it too", () => {
    const deep = bytes(`${"[".repeat(2000)}${"]".repeat(2000)}`);
    expect(() => decodeStepMetadata(deep)).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }));
    expect(decodeStepMetadata(deep, { depth: 3000 })).toEqual(nothing);
  });
});
