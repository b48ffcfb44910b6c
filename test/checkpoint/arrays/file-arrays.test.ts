import { describe, expect, it } from "vitest";
import { ArrayDocuments } from "../../../src/checkpoint/arrays/array-documents.js";
import { FileArrays } from "../../../src/checkpoint/arrays/file-arrays.js";
import { DEFAULT_LIMITS } from "../../../src/limits.js";
import type { ReadableStorage } from "../../../src/storage/storage.js";
import { CountingStorage } from "../counting-storage.js";
import { storageWith, zarray } from "../stored-item.js";

const text = (value: string) => new TextEncoder().encode(value);
const arraysIn = (storage: ReadableStorage) =>
  new FileArrays(storage, new ArrayDocuments(2, DEFAULT_LIMITS), DEFAULT_LIMITS);
const requests = (names: readonly string[]) => names.map((name) => ({ name, path: [name] }));

describe("arrays in files", () => {
  it("give a zarrita store rooted at the array, whatever slash its name ends with", async () => {
    const store = arraysIn(storageWith({ "t/.zarray": "{}", "t/0": "chunk", ".zarray": "{}", "0": "root" }));
    expect(new TextDecoder().decode(await store.store("t/").get("/0"))).toBe("chunk");
    expect(new TextDecoder().decode(await store.store("").get("/0"))).toBe("root");
  });

  it.each(["a//b", "a/./b", "./a/b", "a///b/"])("lie where a file system finds the name %j", async (name) => {
    const store = arraysIn(storageWith({ "a/b/.zarray": zarray({ shape: [3], chunks: [3] }) }));
    expect(await store.describe(requests([name]))).toMatchObject([{ shape: [3] }]);
    expect(await store.store(name).get("/.zarray")).toBeDefined();
  });

  it("are described with one read each, also the one that told the layout", async () => {
    const names = ["a", "b", "c"];
    const counted = new CountingStorage(
      storageWith(Object.fromEntries(names.map((name) => [`${name}/.zarray`, zarray()]))),
    );
    const store = arraysIn(counted);
    expect(await store.has("a")).toBe(true);
    expect(await store.describe(requests(names))).toHaveLength(3);
    expect(counted.takeKeys()).toEqual(["/a/.zarray", "/b/.zarray", "/c/.zarray"]);
  });

  it("are read no further after the first failure", async () => {
    const names = Array.from({ length: 200 }, (_, index) => `a${index}`);
    const counted = new CountingStorage(
      storageWith(Object.fromEntries(names.map((name) => [`${name}/.zarray`, zarray()]))),
    );
    const failing = arraysIn(counted).describe(requests(["..", ...names]));
    await expect(failing).rejects.toMatchObject({ code: "DATA_LOSS", details: { key: ".." } });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(counted.takeKeys().length).toBeLessThan(20);
  });

  it("whose chunk has another size than it must have are not read into the array", async () => {
    const store = arraysIn(storageWith({ "a/.zarray": "{}", "a/0": "12345" }));
    const target = new Uint8Array(8);
    const received: (Uint8Array | undefined)[] = [];
    const request = (storedBytes: number) => ({
      array: "a",
      chunk: "0",
      storedBytes,
      into: () => target.subarray(0, storedBytes),
      receive: (stored: Uint8Array | undefined) => void received.push(stored),
    });
    await store.readChunks([request(8)]);
    expect(target).toEqual(new Uint8Array(8));
    await store.readChunks([request(5)]);
    await store.readChunks([{ ...request(5), chunk: "1" }]);
    expect(target.subarray(0, 5)).toEqual(text("12345"));
    expect(received.map((stored) => stored?.length)).toEqual([5, 5, undefined]);
    expect(received[1]?.buffer).toBe(target.buffer);
  });

  it("are read eight at a time at most", async () => {
    const names = Array.from({ length: 100 }, (_, index) => `a${index}`);
    const inner = storageWith(Object.fromEntries(names.map((name) => [`${name}/.zarray`, zarray()])));
    let underWay = 0;
    let most = 0;
    const slow: ReadableStorage = {
      get: async (key) => {
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setTimeout(resolve, 1));
        underWay--;
        return inner.get(key);
      },
    };
    await arraysIn(slow).describe(requests(names));
    expect(most).toBe(8);
  });
});
