import { describe, expect, it } from "vitest";
import { openArrayStore } from "../../../src/checkpoint/arrays/open-array-store.js";
import { DEFAULT_LIMITS } from "../../../src/limits.js";
import { writeOcdbt } from "../../../src/ocdbt/writer.js";
import { MemoryStorage } from "../../../src/storage/memory.js";
import type { StorageKey } from "../../../src/storage/storage.js";
import { storageWith, zarray } from "../stored-item.js";

const text = (value: string) => new TextEncoder().encode(value);
const place = (firstArray: string, useOcdbt?: boolean) => ({
  useOcdbt,
  firstArray,
  zarr: 2 as const,
  limits: DEFAULT_LIMITS,
});

/** A database with the metadata of an array `a`. */
async function database(): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  await writeOcdbt(storage, [["a/.zarray", text(zarray())]]);
  return storage;
}

describe("which layout an item has", () => {
  it.each([true, undefined])("is a database where there is one and use_ocdbt is %s", async (useOcdbt) => {
    expect((await openArrayStore(await database(), place("a", useOcdbt))).layout).toBe("ocdbt");
  });

  it.each([true, false, undefined])(
    "is files where there is no database and use_ocdbt is %s",
    async (useOcdbt) => {
      const storage = storageWith({ "a/.zarray": zarray() });
      expect((await openArrayStore(storage, place("a", useOcdbt))).layout).toBe("files");
    },
  );

  it("is a database where use_ocdbt is wrong", async () => {
    expect((await openArrayStore(await database(), place("a", false))).layout).toBe("ocdbt");
  });

  it("is what use_ocdbt says where there is both", async () => {
    const storage = await database();
    await storage.set("/a/.zarray", text(zarray()));
    expect((await openArrayStore(storage, place("a", true))).layout).toBe("ocdbt");
    expect((await openArrayStore(storage, place("a", false))).layout).toBe("files");
  });

  it("is told by the document of its version of zarr", async () => {
    const storage = storageWith({ "a/zarr.json": "{}" });
    const opened = await openArrayStore(storage, { ...place("a", false), zarr: 3 });
    expect(opened.layout).toBe("files");
    await expect(openArrayStore(storage, place("a", false))).rejects.toMatchObject({ code: "DATA_LOSS" });
  });

  it.each([
    [true, "manifest.ocdbt: not found, expected the database of the item's arrays"],
    [undefined, "manifest.ocdbt: not found, expected the database of the item's arrays"],
    [false, "a/.zarray: not found, expected the metadata of an array"],
  ])("is damage where there is neither and use_ocdbt is %s", async (useOcdbt, message) => {
    const opening = openArrayStore(new MemoryStorage(), place("a", useOcdbt));
    await expect(opening).rejects.toMatchObject({ code: "DATA_LOSS", message });
  });

  it("is a missing database where no directory could have the array's name", async () => {
    const opening = openArrayStore(new MemoryStorage(), place("a//b", true));
    await expect(opening).rejects.toMatchObject({ code: "DATA_LOSS", details: { file: "manifest.ocdbt" } });
  });

  it("is not asked for after an abort", async () => {
    const reason = new Error("enough");
    const opening = openArrayStore(new MemoryStorage(), place("a", true), {
      signal: AbortSignal.abort(reason),
    });
    await expect(opening).rejects.toBe(reason);
  });
});

describe("a name that no directory can have", () => {
  it.each<[string]>([[".."], ["a/../b"], ["a/.."], ["/a"], ["//a"], ["a\0"]])(
    "is refused: %j",
    async (name) => {
      const read: StorageKey[] = [];
      const storage = storageWith({ "a/.zarray": zarray() });
      const watched = {
        get: async (key: StorageKey) => {
          read.push(key);
          return storage.get(key);
        },
      };
      const store = await openArrayStore(watched, place("a", false));
      read.length = 0;
      await expect(store.describe([{ name, path: [name] }])).rejects.toMatchObject({
        code: "DATA_LOSS",
        message: `${JSON.stringify(name)}: no name of an array's directory`,
      });
      expect(read).toEqual([]);
    },
  );
});
