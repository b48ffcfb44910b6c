import { describe, expect, it } from "vitest";
import { MemoryStorage } from "../../src/storage/memory.js";
import { describeStorage } from "../conformance/storage.js";

describeStorage("MemoryStorage", async () => new MemoryStorage());
describeStorage("MemoryStorage.within", async () => {
  const inner = new MemoryStorage().within("/a/b");
  await inner.makeDirectory("/");
  return inner;
});

const bytes = (...values: number[]) => Uint8Array.from(values);

describe("MemoryStorage", () => {
  it("starts with the values of a Map, without a copy", async () => {
    const value = bytes(1, 2);
    const storage = new MemoryStorage(new Map([["/a/b", value]]));
    expect(await storage.get("/a/b")).toBe(value);
    expect(await storage.list("/")).toEqual([{ name: "a", kind: "directory" }]);
  });

  it("gives all its files by key", async () => {
    const storage = new MemoryStorage([["/a/b/c", bytes(1)]]);
    await storage.set("/d", bytes(2));
    await storage.makeDirectory("/empty");
    expect(storage.files()).toEqual(
      new Map([
        ["/d", bytes(2)],
        ["/a/b/c", bytes(1)],
      ]),
    );
  });

  it.each(["a/b", "/a/../b", "/"])("refuses to start with the key %s", (key) => {
    expect(() => new MemoryStorage([[key, bytes()]])).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("refuses to start with a file below another file", () => {
    const files: [string, Uint8Array][] = [
      ["/a", bytes()],
      ["/a/b", bytes()],
    ];
    expect(() => new MemoryStorage(files)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => new MemoryStorage(files.toReversed())).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("holds a directory as deep as a key is long", async () => {
    const key = `/${"a/".repeat(20_000)}file` as const;
    const storage = new MemoryStorage([[key, bytes(1)]]);
    expect([...storage.files().keys()]).toEqual([key]);
  });

  it("keeps a value that was set from a sink of the file that it replaced", async () => {
    const storage = new MemoryStorage();
    const sink = await storage.create("/file");
    await storage.set("/file", bytes(1));
    await sink.write([bytes(2)]);
    await sink.close();
    expect(await storage.get("/file")).toEqual(bytes(1));
  });
});
