import { describe, expect, it } from "vitest";
import { keepMetadata } from "../../../src/checkpoint/recognise/keep-metadata.js";
import type { StorageKey } from "../../../src/storage/storage.js";
import { CountingStorage } from "../counting-storage.js";
import { storageWith } from "../stored-item.js";

/** A store that can only get, with what it was asked for. */
function unlisted() {
  const storage = storageWith({ "a/_METADATA": "{}", other: "x" });
  const asked: StorageKey[] = [];
  const store = {
    name: "store",
    get: async (key: StorageKey) => {
      asked.push(key);
      return storage.get(key);
    },
  };
  return { store: keepMetadata(store), asked };
}

describe("keepMetadata", () => {
  it("answers the second question for _CHECKPOINT_METADATA, too", async () => {
    const asked: string[] = [];
    const storage = storageWith({ _CHECKPOINT_METADATA: "{}" });
    const store = keepMetadata({
      get: async (key) => {
        asked.push(key);
        return storage.get(key);
      },
    });
    for (const _ of [1, 2]) expect(await store.get("/_CHECKPOINT_METADATA")).toHaveLength(2);
    expect(asked).toHaveLength(1);
  });

  it("answers the second question for _METADATA without asking again, and no third one", async () => {
    const { store, asked } = unlisted();
    const first = await store.get("/a/_METADATA");
    expect(await store.get("/a/_METADATA")).toBe(first);
    expect(asked).toEqual(["/a/_METADATA"]);
    expect(await store.get("/a/_METADATA")).toEqual(first);
    expect(asked).toHaveLength(2);
  });

  it("keeps neither other files nor that one is missing", async () => {
    const { store, asked } = unlisted();
    for (const key of ["/other", "/other", "/_METADATA", "/_METADATA"] as const) await store.get(key);
    expect(asked).toHaveLength(4);
  });

  it("has the name and the methods of the store, and no others", () => {
    const { store } = unlisted();
    expect(Object.keys(store).sort()).toEqual(["get", "name"]);
    const ranged = keepMetadata(new CountingStorage(storageWith({}), { only: true }));
    expect(Object.keys(ranged)).toContain("getRange");
  });

  it("leaves a storage as it is that can list", () => {
    const storage = storageWith({});
    expect(keepMetadata(storage)).toBe(storage);
  });
});
