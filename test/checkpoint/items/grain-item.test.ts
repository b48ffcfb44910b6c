import { describe, expect, it } from "vitest";
import { readGrainItem } from "../../../src/checkpoint/items/grain-item.js";
import { storageWith } from "../stored-item.js";

/** A store that can only get. */
const unlisted = (files: Readonly<Record<string, string>>) => {
  const storage = storageWith(files);
  return { get: (key: `/${string}`) => storage.get(key) };
};

describe("an item of Grain", () => {
  it("has a text a process, in the order of the processes", async () => {
    const files = Object.fromEntries(
      [10, 2, 0].map((process) => [`process_${process}-of-11.json`, `"${process}"`]),
    );
    const texts = await readGrainItem(storageWith({ ...files, "commit_success.txt": "x", "notes.txt": "y" }));
    expect([...texts]).toEqual([
      ["process_0-of-11.json", '"0"'],
      ["process_2-of-11.json", '"2"'],
      ["process_10-of-11.json", '"10"'],
    ]);
  });

  it("of a store that cannot list is that of one process", async () => {
    expect([...(await readGrainItem(unlisted({ "process_0-of-1.json": "{}" })))]).toHaveLength(1);
  });

  it("is damaged where a text is no UTF-8, or there is none, and bounded", async () => {
    const damaged = storageWith({ "process_0-of-1.json": Uint8Array.of(0xc3) });
    await expect(readGrainItem(damaged)).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { file: "process_0-of-1.json" },
    });
    await expect(readGrainItem(storageWith({}))).rejects.toMatchObject({ code: "DATA_LOSS" });
    const two = storageWith({ "process_0-of-2.json": "12345", "process_1-of-2.json": "12345" });
    await expect(readGrainItem(two, { limits: { metadataBytes: 9 } })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
  });
});
