import { describe, expect, it } from "vitest";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { ReadableStorage } from "../../src/storage/storage.js";
import { within } from "../../src/storage/within.js";

const text = (value: string) => new TextEncoder().encode(value);
const files = () =>
  new MemoryStorage([
    ["/run/step/file", text("inside")],
    ["/secret", text("outside")],
  ]);

/** The same storage without a `within` of its own. */
function withoutWithin(inner: MemoryStorage): ReadableStorage {
  return {
    name: "outer",
    get: (key, options) => inner.get(key, options),
    getRange: (key, range, options) => inner.getRange(key, range, options),
    readInto: (key, offset, target, options) => inner.readInto(key, offset, target, options),
    size: (key, options) => inner.size(key, options),
    has: (key, options) => inner.has(key, options),
    list: (key, options) => inner.list(key, options),
  };
}

describe("within", () => {
  it("uses the storage's own within", () => {
    const inner = new MemoryStorage();
    const storage: ReadableStorage = { get: () => undefined, within: () => inner };
    expect(within(storage, "/a")).toBe(inner);
  });

  it("stays writable where the storage is", async () => {
    const storage = files();
    await within(storage, "/run").set("/new", text("x"));
    expect(await storage.get("/run/new")).toEqual(text("x"));
  });

  it("passes every reading call on with the directory before its key", async () => {
    const step = within(within(withoutWithin(files()), "/run"), "/step");
    const target = new Uint8Array(2);
    expect(await step.get("/file")).toEqual(text("inside"));
    expect(await step.getRange?.("/file", { offset: 2, length: 2 })).toEqual(text("si"));
    expect(await step.readInto?.("/file", 4, target)).toBe(2);
    expect(target).toEqual(text("de"));
    expect(await step.size?.("/file")).toBe(6);
    expect(await step.has?.("/file")).toBe(true);
    expect(await step.has?.("/")).toBe(true);
    expect(await step.list?.("/")).toEqual([{ name: "file", kind: "file" }]);
  });

  it("passes options on", async () => {
    const reason = new Error("enough");
    const options = { signal: AbortSignal.abort(reason) };
    const step = within(withoutWithin(files()), "/run/step");
    await expect(step.get("/file", options)).rejects.toBe(reason);
    await expect(step.getRange?.("/file", { offset: 0, length: 1 }, options)).rejects.toBe(reason);
    await expect(step.readInto?.("/file", 0, new Uint8Array(1), options)).rejects.toBe(reason);
    await expect(step.size?.("/file", options)).rejects.toBe(reason);
    await expect(step.has?.("/file", options)).rejects.toBe(reason);
    await expect(step.list?.("/", options)).rejects.toBe(reason);
  });

  it("has the optional methods that the storage has, and no others", () => {
    const plain = within({ get: () => undefined }, "/a");
    expect(Object.keys(plain).sort()).toEqual(["get", "name", "within"]);
    const sized = within({ get: () => undefined, size: async () => 1 }, "/a");
    expect(Object.keys(sized).sort()).toEqual(["get", "name", "size", "within"]);
  });

  it("calls methods on the storage that they belong to", async () => {
    class Store {
      #value = text("value");
      get() {
        return this.#value;
      }
      async getRange() {
        return this.#value;
      }
    }
    const storage = within(new Store(), "/a");
    expect(await storage.get("/b")).toEqual(text("value"));
    expect(await storage.getRange?.("/b", { offset: 0, length: 5 })).toEqual(text("value"));
  });

  it.each(["/../../secret", "/./file", "//secret", "/"] as const)("lets no key out: %s", async (key) => {
    const asked: string[] = [];
    const storage = within({ get: (path) => void asked.push(path) }, "/run/step");
    await expect(storage.get(key)).rejects.toEqual(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(asked).toEqual([]);
  });

  it("refuses a directory that is no key at once", () => {
    expect(() => within({ get: () => undefined }, "/a/../..")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("names itself by where it is", () => {
    expect(within(withoutWithin(files()), "/run").name).toBe("outer/run");
    expect(within({ get: () => undefined, name: "https://example.org/" }, "/run").name).toBe(
      "https://example.org/run",
    );
    expect(within({ get: () => undefined }, "/run/step").name).toBe("run/step");
  });
});
