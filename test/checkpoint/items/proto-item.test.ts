import { describe, expect, it } from "vitest";
import { readProtoItem } from "../../../src/checkpoint/items/proto-item.js";
import { storageWith } from "../stored-item.js";

describe("a protobuf item", () => {
  it.each<[string, Record<string, string>]>([
    ["proto.pbtxt", { "proto.pbtxt": "a: 1", "other.pbtxt": "b: 2", "commit_success.txt": "x" }],
    ["the only *.pbtxt", { "own.pbtxt": "a: 1", "notes.txt": "x" }],
    ["the only file", { "own.textproto": "a: 1", "commit_success.txt": "x" }],
  ])("is the text of %s", async (_, files) => {
    expect(await readProtoItem(storageWith(files))).toBe("a: 1");
  });

  it("is refused where several files could be meant", async () => {
    const storage = storageWith({ "a.pbtxt": "a", "b.pbtxt": "b" });
    await expect(readProtoItem(storage)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "memory: choose a file; there are a.pbtxt, b.pbtxt",
    });
  });

  it("is damaged where it is no UTF-8, or not there", async () => {
    const storage = storageWith({ "proto.pbtxt": Uint8Array.of(0x61, 0xff) });
    await expect(readProtoItem(storage)).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { file: "proto.pbtxt", offset: 1 },
    });
    await expect(readProtoItem(storageWith({}))).rejects.toMatchObject({ code: "DATA_LOSS" });
  });
});
