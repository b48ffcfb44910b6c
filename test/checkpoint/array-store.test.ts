import { describe, expect, it } from "vitest";
import { openArrayStore } from "../../src/checkpoint/array-store.js";
import { DEFAULT_LIMITS } from "../../src/limits.js";
import { writeOcdbt } from "../../src/ocdbt/writer.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { StorageKey } from "../../src/storage/storage.js";
import { CountingStorage } from "./counting-storage.js";
import { storageWith } from "./stored-item.js";

const text = (value: string) => new TextEncoder().encode(value);
const place = (firstArray: string, useOcdbt?: boolean) => ({ useOcdbt, firstArray, document: ".zarray" });
const texts = (documents: readonly (Uint8Array | undefined)[]) =>
  documents.map((document) => document && new TextDecoder().decode(document));

/** A database with these keys and values. */
async function database(
  ...entries: readonly (readonly [string | Uint8Array, string])[]
): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  await writeOcdbt(
    storage,
    entries.map(([key, value]) => [key, text(value)] as const),
  );
  return storage;
}

describe("which layout an item has", () => {
  it.each([true, undefined])("is a database where there is one and use_ocdbt is %s", async (useOcdbt) => {
    const storage = await database(["a/.zarray", "{}"]);
    expect((await openArrayStore(storage, place("a", useOcdbt), DEFAULT_LIMITS)).layout).toBe("ocdbt");
  });

  it.each([true, false, undefined])(
    "is files where there is no database and use_ocdbt is %s",
    async (useOcdbt) => {
      const storage = storageWith({ "a/.zarray": "{}" });
      expect((await openArrayStore(storage, place("a", useOcdbt), DEFAULT_LIMITS)).layout).toBe("files");
    },
  );

  it("is a database where use_ocdbt is wrong", async () => {
    const storage = await database(["a/.zarray", "{}"]);
    expect((await openArrayStore(storage, place("a", false), DEFAULT_LIMITS)).layout).toBe("ocdbt");
  });

  it("is what use_ocdbt says where there is both", async () => {
    const storage = await database(["a/.zarray", "{}"]);
    await storage.set("/a/.zarray", text("{}"));
    expect((await openArrayStore(storage, place("a", true), DEFAULT_LIMITS)).layout).toBe("ocdbt");
    expect((await openArrayStore(storage, place("a", false), DEFAULT_LIMITS)).layout).toBe("files");
  });

  it.each([
    [true, "manifest.ocdbt: not found, expected the database of the item's arrays"],
    [undefined, "manifest.ocdbt: not found, expected the database of the item's arrays"],
    [false, "a/.zarray: not found, expected the metadata of an array"],
  ])("is damage where there is neither and use_ocdbt is %s", async (useOcdbt, message) => {
    const opening = openArrayStore(new MemoryStorage(), place("a", useOcdbt), DEFAULT_LIMITS);
    await expect(opening).rejects.toMatchObject({ code: "DATA_LOSS", message });
  });

  it("is a missing database where no directory could have the array's name", async () => {
    const opening = openArrayStore(new MemoryStorage(), place("a//b", true), DEFAULT_LIMITS);
    await expect(opening).rejects.toMatchObject({ code: "DATA_LOSS", details: { file: "manifest.ocdbt" } });
  });

  it("is not asked for after an abort", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    const opening = openArrayStore(new MemoryStorage(), place("a", true), DEFAULT_LIMITS, { signal });
    await expect(opening).rejects.toBe(reason);
  });
});

describe("arrays in a database", () => {
  it("are found by names that no file could have", async () => {
    const storage = await database(
      [".zarray", "root"],
      ["//b/.zarray", "slashes"],
      ["..//.zarray", "dots"],
      ["\ufeffa/.zarray", "mark"],
    );
    const store = await openArrayStore(storage, place("", true), DEFAULT_LIMITS);
    expect(texts(await store.documents(["", "//b", "..//", "\ufeffa", "missing"], ".zarray"))).toEqual([
      "root",
      "slashes",
      "dots",
      "mark",
      undefined,
    ]);
  });

  it("are not those of keys that are no text", async () => {
    const noText = Uint8Array.of(0xff, ...text("/.zarray"));
    const storage = await database([noText, "no text"], ["\ufffd/.zarray", "text"]);
    const store = await openArrayStore(storage, place("\ufffd", true), DEFAULT_LIMITS);
    expect(texts(await store.documents(["\ufffd"], ".zarray"))).toEqual(["text"]);
    const other = await openArrayStore(
      await database([noText, "no text"]),
      place("\ufffd", true),
      DEFAULT_LIMITS,
    );
    expect(texts(await other.documents(["\ufffd"], ".zarray"))).toEqual([undefined]);
  });

  it("give a zarrita store rooted at the array", async () => {
    const storage = await database(["t/0", "chunk"], ["t/.zarray", "{}"]);
    const store = await openArrayStore(storage, place("t/", true), DEFAULT_LIMITS);
    expect(new TextDecoder().decode(await store.store("t/").get("/0"))).toBe("chunk");
    expect(store.storedBytes("t", "0")).toBe(5);
    expect(store.storedBytes("t", "1")).toBeUndefined();
  });
});

describe("arrays in files", () => {
  it("give a zarrita store rooted at the array, whatever slash its name ends with", async () => {
    const storage = storageWith({ "t/.zarray": "{}", "t/0": "chunk", ".zarray": "{}", "0": "root" });
    const store = await openArrayStore(storage, place("t/", false), DEFAULT_LIMITS);
    expect(new TextDecoder().decode(await store.store("t/").get("/0"))).toBe("chunk");
    expect(new TextDecoder().decode(await store.store("").get("/0"))).toBe("root");
  });

  it("are read no further after the first failure", async () => {
    const names = Array.from({ length: 200 }, (_, index) => `a${index}`);
    const files = Object.fromEntries(names.map((name) => [`${name}/.zarray`, "{}"]));
    const counted = new CountingStorage(storageWith(files));
    const store = await openArrayStore(counted, place("a0", false), DEFAULT_LIMITS);
    counted.takeKeys();
    const failing = store.documents(["..", ...names], ".zarray");
    await expect(failing).rejects.toMatchObject({ code: "DATA_LOSS", details: { key: ".." } });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(counted.takeKeys().length).toBeLessThan(20);
  });

  it("whose chunk has another size than it must have are not read into the array", async () => {
    const storage = storageWith({ "a/.zarray": "{}", "a/0": "12345" });
    const store = await openArrayStore(storage, place("a", false), DEFAULT_LIMITS);
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
});

describe("a name that no directory can have", () => {
  it.each<[string]>([[".."], ["a/../b"], ["."], ["a//b"], ["/a"], ["a\0"]])(
    "is refused: %j",
    async (name) => {
      const read: StorageKey[] = [];
      const storage = storageWith({ "a/.zarray": "{}" });
      const watched = {
        get: async (key: StorageKey) => {
          read.push(key);
          return storage.get(key);
        },
      };
      const store = await openArrayStore(watched, place("a", false), DEFAULT_LIMITS);
      read.length = 0;
      await expect(store.documents([name], ".zarray")).rejects.toMatchObject({
        code: "DATA_LOSS",
        message: `${JSON.stringify(name)}: no name of an array's directory`,
      });
      expect(read).toEqual([]);
    },
  );
});
