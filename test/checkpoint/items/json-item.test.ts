import { describe, expect, it } from "vitest";
import { readJsonItem } from "../../../src/checkpoint/items/json-item.js";
import { storageWith } from "../stored-item.js";

/** A store that can only get. */
const unlisted = (files: Readonly<Record<string, string>>) => {
  const storage = storageWith(files);
  return { get: (key: `/${string}`) => storage.get(key) };
};

describe("a JSON item", () => {
  it("has exact integers, Python's floats, and any names", async () => {
    const value = await readJsonItem(
      storageWith({
        metadata: '{"big": 18446744073709551616, "nan": NaN, "inf": -Infinity, "__proto__": {"a": 1}}',
      }),
    );
    expect(Object.entries(Object(value))).toEqual([
      ["big", 2n ** 64n],
      ["nan", NaN],
      ["inf", -Infinity],
      ["__proto__", { a: 1 }],
    ]);
  });

  it.each<[string, Record<string, string>, unknown]>([
    ["data.json first", { metrics: "3", metadata: "2", "data.json": "1" }, 1],
    ["metadata before metrics", { metrics: "3", metadata: "2" }, 2],
    ["metrics", { metrics: "3", "commit_success.txt": "x" }, 3],
    ["the only file", { "config.json": "4", "commit_success.txt": "x", _CHECKPOINT_METADATA: "{}" }, 4],
  ])("is in %s", async (_, files, value) => {
    expect(await readJsonItem(storageWith(files))).toBe(value);
  });

  it("of a store that cannot list is in one of the usual files", async () => {
    expect(await readJsonItem(unlisted({ metrics: "[1]" }))).toEqual([1]);
  });

  it.each<[string, Record<string, string>]>([
    ["no JSON", { metadata: "{" }],
    ["no file", { "commit_success.txt": "x" }],
    ["two other files", { a: "1", b: "2" }],
    ["bytes after the value", { metadata: "{} x" }],
  ])("is damaged: %s", async (_, files) => {
    await expect(readJsonItem(storageWith(files))).rejects.toMatchObject({ code: "DATA_LOSS" });
  });

  it("is bounded", async () => {
    const storage = storageWith({ metadata: "[[[[1]]]]" });
    for (const limits of [{ depth: 3 }, { metadataBytes: 8 }]) {
      await expect(readJsonItem(storage, { limits })).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    }
  });
});
