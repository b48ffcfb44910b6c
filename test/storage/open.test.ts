import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import FileSystemStore from "@zarrita/storage/fs";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import type { AsyncReadable, FetchStore, Readable } from "zarrita";
import { LocalStorage } from "../../src/storage/local.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import {
  openStorage,
  openWritableStorage,
  type StorageSource,
  type WritableStorageSource,
} from "../../src/storage/open.js";
import type { ReadableStorage, WritableStorage } from "../../src/storage/storage.js";

const text = (value: string) => new TextEncoder().encode(value);

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "orbax-ts-open-")));
  await writeFile(join(folder, "file"), "value");
});
afterAll(() => rm(folder, { recursive: true }));

describe("openStorage", () => {
  it("takes a path for a local folder", async () => {
    const storage = await openStorage(folder);
    expect(storage).toBeInstanceOf(LocalStorage);
    expect(storage.name).toBe(folder);
    expect(await storage.get("/file")).toEqual(text("value"));
  });

  it.each(["as a URL", "as text"])("takes a file URL %s for a local folder", async (form) => {
    const url = pathToFileURL(folder);
    const storage = await openStorage(form === "as text" ? url.href : url);
    expect(await storage.get("/file")).toEqual(text("value"));
  });

  it.each(["https://example.org/run", "gs://bucket/run", new URL("http://example.org/run")])(
    "says what to give in place of %s",
    async (address) => {
      const opening = openStorage(address);
      await expect(opening).rejects.toEqual(expect.objectContaining({ code: "UNSUPPORTED" }));
      await expect(opening).rejects.toThrow(`${String(address)}: addresses cannot be opened; give a store`);
    },
  );

  it("takes a Windows drive for a path", async () => {
    expect((await openStorage("C://runs/7")).name).toBe("C://runs/7");
  });

  it("takes a Map for a store, with its directories", async () => {
    const storage = await openStorage(new Map([["/a/b", text("x")]]));
    expect(await storage.get("/a/b")).toEqual(text("x"));
    expect(await storage.size?.("/a/b")).toBe(1);
    expect(await storage.list?.("/")).toEqual([{ name: "a", kind: "directory" }]);
  });

  it("gives a storage back as it is", async () => {
    const storage = new MemoryStorage();
    expect(await openStorage(storage)).toBe(storage);
    const plain: ReadableStorage = { get: () => undefined };
    expect(await openStorage(plain)).toBe(plain);
  });

  it("reads from zarrita's FileSystemStore, without its has, which knows no directories", async () => {
    const storage = await openStorage(new FileSystemStore(folder));
    expect(Object.keys(storage).sort()).toEqual(["get", "getRange"]);
    expect(new TextDecoder().decode(await storage.get("/file"))).toBe("value");
    expect(await storage.get("/missing")).toBeUndefined();
    const range = await storage.getRange?.("/file", { offset: 1, length: 2 });
    expect(new TextDecoder().decode(range)).toBe("al");
  });

  it.each(["/", "/file/below"] as const)("finds no file at %s in a FileSystemStore", async (key) => {
    const storage = await openStorage(new FileSystemStore(folder));
    expect(await storage.get(key)).toBeUndefined();
    expect(await storage.getRange?.(key, { offset: 0, length: 1 })).toBeUndefined();
  });

  it("passes on what else a store throws", async () => {
    const refusal = Object.assign(new Error("refused"), { code: "EACCES" });
    const store = {
      has: () => true,
      get: async () => {
        throw refusal;
      },
    };
    const storage = await openStorage(store);
    await expect(Promise.resolve(storage.get("/a"))).rejects.toBe(refusal);
  });

  it("takes get and getRange only of a store whose other members mean something else", async () => {
    const store = {
      size: 7,
      name: Symbol("store"),
      get: (_key: string, options?: object) => text(`value ${JSON.stringify(options)}`),
      getRange: () => text("range"),
    };
    const storage = await openStorage(store);
    expect(Object.keys(storage).sort()).toEqual(["get", "getRange"]);
    expect(await storage.get("/a")).toEqual(text("value {}"));
    const { signal } = new AbortController();
    expect(await storage.get("/a", { signal })).toEqual(text('value {"signal":{}}'));
    expect(await storage.getRange?.("/a", { suffixLength: 5 })).toEqual(text("range"));
  });

  it.each([undefined, null, 5, {}, { get: "no function" }, []])("refuses %j", async (source) => {
    const opening: unknown = Reflect.apply(openStorage, undefined, [source]);
    await expect(opening).rejects.toEqual(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it("types every store of zarrita as a source", () => {
    expectTypeOf<AsyncReadable>().toExtend<ReadableStorage>();
    expectTypeOf<FetchStore>().toExtend<StorageSource>();
    expectTypeOf<FileSystemStore>().toExtend<ReadableStorage>();
    expectTypeOf<Readable>().toExtend<StorageSource>();
    expectTypeOf<Map<string, Uint8Array>>().toExtend<StorageSource>();
    expectTypeOf<ReadableStorage>().toExtend<StorageSource>();
  });

  it("types its own storages as stores of zarrita", () => {
    expectTypeOf<LocalStorage>().toExtend<AsyncReadable>();
    expectTypeOf<MemoryStorage>().toExtend<AsyncReadable>();
  });
});

describe("openWritableStorage", () => {
  it("takes a path or file URL for a local folder", async () => {
    expect((await openWritableStorage(folder)).name).toBe(folder);
    expect((await openWritableStorage(pathToFileURL(folder))).name).toBe(folder);
  });

  it("gives a writable storage back as it is", async () => {
    const storage: WritableStorage = new MemoryStorage();
    expect(await openWritableStorage(storage)).toBe(storage);
  });

  it.each(["https://example.org/run", "s3://bucket/run"])("refuses %s", async (address) => {
    await expect(openWritableStorage(address)).rejects.toEqual(
      expect.objectContaining({ code: "UNSUPPORTED" }),
    );
  });

  const readable: ReadableStorage = { get: () => undefined, size: async () => 1 };
  it.each([
    { source: readable, missing: "has, list, within, set, create" },
    { source: new Map(), missing: "rename, sync, atomic" },
    { source: undefined, missing: "get, size" },
  ])("names what $source lacks", async ({ source, missing }) => {
    const opening: unknown = Reflect.apply(openWritableStorage, undefined, [source]);
    await expect(opening).rejects.toEqual(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(missing) }),
    );
  });

  it("types no read-only storage as a destination", () => {
    expectTypeOf<ReadableStorage>().not.toExtend<WritableStorageSource>();
  });
});
