import { describe, expect, it } from "vitest";
import type { OrbaxErrorCode } from "../../src/errors.js";
import type { StorageKey, WritableStorage } from "../../src/storage/storage.js";

const text = (value: string) => new TextEncoder().encode(value);
const read = async (storage: WritableStorage, key: StorageKey) => {
  const bytes = await storage.get(key);
  return bytes && new TextDecoder().decode(bytes);
};
const failsWith = (code: OrbaxErrorCode, details: object = {}) =>
  expect.objectContaining({ name: "OrbaxError", code, details: expect.objectContaining(details) });

/** Children of a directory as `name` and `name/`, sorted. */
async function children(storage: WritableStorage, directory: StorageKey): Promise<string[] | undefined> {
  const entries = await storage.list(directory);
  return entries?.map(({ name, kind }) => (kind === "directory" ? `${name}/` : name)).sort();
}

/**
 * What every {@link WritableStorage} does alike.
 *
 * @param open Makes a new storage whose root exists and is empty.
 */
export function describeStorage(name: string, open: () => Promise<WritableStorage>): void {
  describe(`${name} as a storage`, () => {
    describe("get", () => {
      it("gives what was set", async () => {
        const storage = await open();
        await storage.set("/a/b/c", text("value"));
        expect(await read(storage, "/a/b/c")).toBe("value");
      });

      it("gives an empty value", async () => {
        const storage = await open();
        await storage.set("/empty", new Uint8Array(0));
        expect((await storage.get("/empty"))?.length).toBe(0);
      });

      it.each(["/missing", "/missing/a", "/file/below"] as const)("gives nothing for %s", async (key) => {
        const storage = await open();
        await storage.set("/file", text("x"));
        expect(await storage.get(key)).toBeUndefined();
      });

      it("takes names with spaces, dots and letters of all scripts", async () => {
        const storage = await open();
        const key = "/.zattrs params.a b?#%2F/ключ 🌊/..." as const;
        await storage.set(key, text("x"));
        expect(await read(storage, key)).toBe("x");
        expect(await children(storage, "/")).toEqual([".zattrs params.a b?#%2F/"]);
      });

      it("takes __proto__ for a name like any other", async () => {
        const storage = await open();
        expect(await storage.get("/__proto__")).toBeUndefined();
        await storage.set("/__proto__/constructor", text("x"));
        expect(await children(storage, "/__proto__")).toEqual(["constructor"]);
      });

      it("refuses a directory", async () => {
        const storage = await open();
        await storage.makeDirectory("/directory");
        const refusal = failsWith("DATA_LOSS", { file: "directory", expected: "a regular file" });
        await expect(storage.get("/directory")).rejects.toEqual(refusal);
        await expect(storage.getRange?.("/directory", { offset: 0, length: 1 })).rejects.toEqual(refusal);
        await expect(storage.readInto?.("/directory", 0, new Uint8Array(1))).rejects.toEqual(refusal);
        await expect(storage.size("/directory")).rejects.toEqual(refusal);
      });
    });

    describe("getRange", () => {
      const cases = [
        { title: "a part from the middle", range: { offset: 2, length: 3 }, expected: "234" },
        { title: "nothing for no length", range: { offset: 2, length: 0 }, expected: "" },
        { title: "less at the end", range: { offset: 8, length: 5 }, expected: "89" },
        { title: "nothing at the end", range: { offset: 10, length: 5 }, expected: "" },
        { title: "nothing beyond the end", range: { offset: 2 ** 40, length: 5 }, expected: "" },
        {
          title: "the rest for an enormous length",
          range: { offset: 1, length: 2 ** 52 },
          expected: "123456789",
        },
        { title: "the last bytes", range: { suffixLength: 3 }, expected: "789" },
        { title: "no last bytes", range: { suffixLength: 0 }, expected: "" },
        { title: "all for a suffix that is too long", range: { suffixLength: 11 }, expected: "0123456789" },
      ];
      it.each(cases)("gives $title", async ({ range, expected }) => {
        const storage = await open();
        await storage.set("/digits", text("0123456789"));
        const bytes = await storage.getRange?.("/digits", range);
        expect(new TextDecoder().decode(bytes)).toBe(expected);
      });

      it("gives nothing for a missing file", async () => {
        const storage = await open();
        expect(await storage.getRange?.("/missing/file", { offset: 0, length: 1 })).toBeUndefined();
      });

      const numbers = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];
      it.each(numbers)("refuses %s for an offset, a length or a suffix", async (number) => {
        const storage = await open();
        const ranges = [
          { offset: number, length: 1 },
          { offset: 0, length: number },
          { suffixLength: number },
        ];
        for (const range of ranges) {
          await expect(storage.getRange?.("/file", range)).rejects.toEqual(failsWith("INVALID_ARGUMENT"));
        }
        await expect(storage.readInto?.("/file", number, new Uint8Array(1))).rejects.toEqual(
          failsWith("INVALID_ARGUMENT"),
        );
      });
    });

    describe("readInto", () => {
      it("fills the target from the offset", async () => {
        const storage = await open();
        await storage.set("/digits", text("0123456789"));
        const target = text("........").subarray(2, 6);
        expect(await storage.readInto?.("/digits", 3, target)).toBe(4);
        expect(new TextDecoder().decode(target.buffer)).toBe("..3456..");
      });

      it("tells how many bytes there were before the end", async () => {
        const storage = await open();
        await storage.set("/digits", text("0123456789"));
        const target = text("....");
        expect(await storage.readInto?.("/digits", 8, target)).toBe(2);
        expect(new TextDecoder().decode(target)).toBe("89..");
        expect(await storage.readInto?.("/digits", 2 ** 40, target)).toBe(0);
        expect(await storage.readInto?.("/digits", 0, new Uint8Array(0))).toBe(0);
      });

      it("gives nothing for a missing file", async () => {
        expect(await (await open()).readInto?.("/missing", 0, new Uint8Array(1))).toBeUndefined();
      });
    });

    describe("size and has", () => {
      it("know files", async () => {
        const storage = await open();
        await storage.set("/a/file", text("1234"));
        expect(await storage.size("/a/file")).toBe(4);
        expect(await storage.has("/a/file")).toBe(true);
      });

      it("know directories", async () => {
        const storage = await open();
        await storage.set("/a/file", text("1234"));
        expect(await storage.has("/a")).toBe(true);
        expect(await storage.has("/")).toBe(true);
      });

      it.each(["/missing", "/missing/a", "/file/below"] as const)("find nothing at %s", async (key) => {
        const storage = await open();
        await storage.set("/file", text("x"));
        expect(await storage.size(key)).toBeUndefined();
        expect(await storage.has(key)).toBe(false);
      });
    });

    describe("list", () => {
      it("gives the direct children of a directory", async () => {
        const storage = await open();
        await storage.set("/a/x", text("x"));
        await storage.set("/a/b/y", text("y"));
        await storage.makeDirectory("/a/empty");
        expect(await children(storage, "/")).toEqual(["a/"]);
        expect(await children(storage, "/a")).toEqual(["b/", "empty/", "x"]);
        expect(await children(storage, "/a/empty")).toEqual([]);
      });

      it("takes neighbours with a common start for what they are", async () => {
        const storage = await open();
        await storage.set("/a", text("x"));
        await storage.set("/ab/y", text("y"));
        expect(await children(storage, "/")).toEqual(["a", "ab/"]);
      });

      it.each(["/missing", "/file", "/file/below"] as const)("gives nothing for %s", async (key) => {
        const storage = await open();
        await storage.set("/file", text("x"));
        expect(await storage.list(key)).toBeUndefined();
      });
    });

    describe("set", () => {
      it("replaces a value and leaves nothing beside it", async () => {
        const storage = await open();
        await storage.set("/a/file", text("a long first value"));
        await storage.set("/a/file", text("second"));
        expect(await read(storage, "/a/file")).toBe("second");
        expect(await children(storage, "/a")).toEqual(["file"]);
      });

      it("keeps what it was given, whatever becomes of the array", async () => {
        const storage = await open();
        const value = Buffer.from("before");
        await storage.set("/file", value);
        value.fill(0);
        expect(await read(storage, "/file")).toBe("before");
      });

      it("writes a part of a larger buffer", async () => {
        const storage = await open();
        await storage.set("/file", text("0123456789").subarray(3, 5));
        expect(await read(storage, "/file")).toBe("34");
      });

      it("refuses the name of a directory and leaves nothing beside it", async () => {
        const storage = await open();
        await storage.makeDirectory("/a/directory");
        await expect(storage.set("/a/directory", text("x"))).rejects.toEqual(failsWith("INVALID_ARGUMENT"));
        expect(await children(storage, "/a")).toEqual(["directory/"]);
      });

      it("refuses a file for a parent", async () => {
        const storage = await open();
        await storage.set("/file", text("x"));
        for (const key of ["/file/below", "/file/far/below"] as const) {
          await expect(storage.set(key, text("y"))).rejects.toEqual(failsWith("INVALID_ARGUMENT"));
          await expect(storage.create(key)).rejects.toEqual(failsWith("INVALID_ARGUMENT"));
        }
        expect(await read(storage, "/file")).toBe("x");
      });
    });

    describe("create", () => {
      it("writes parts in order, front to back", async () => {
        const storage = await open();
        const sink = await storage.create("/a/b/file");
        await sink.write([text("one "), new Uint8Array(0), text("two ")]);
        await sink.write([]);
        await sink.write([text("three")]);
        await sink.close();
        expect(await read(storage, "/a/b/file")).toBe("one two three");
      });

      it("writes thousands of small parts", async () => {
        const storage = await open();
        const parts = Array.from({ length: 5000 }, (_, index) => text(`${index},`));
        const sink = await storage.create("/file");
        await sink.write(parts);
        await sink.close();
        expect(await read(storage, "/file")).toBe(
          parts.map((part) => new TextDecoder().decode(part)).join(""),
        );
      });

      it("lets the caller use the arrays again after each write", async () => {
        const storage = await open();
        const sink = await storage.create("/file");
        const scratch = text("one");
        await sink.write([scratch]);
        scratch.set(text("two"));
        await sink.write([scratch]);
        await sink.close();
        expect(await read(storage, "/file")).toBe("onetwo");
      });

      it("makes an empty file if nothing is written", async () => {
        const storage = await open();
        await (await storage.create("/file")).close();
        expect(await storage.size("/file")).toBe(0);
      });

      it("refuses a name that is taken", async () => {
        const storage = await open();
        await storage.set("/file", text("x"));
        await storage.makeDirectory("/directory");
        await expect(storage.create("/file")).rejects.toEqual(failsWith("ALREADY_EXISTS", { file: "file" }));
        await expect(storage.create("/directory")).rejects.toEqual(failsWith("ALREADY_EXISTS"));
        expect(await read(storage, "/file")).toBe("x");
      });

      it("frees nothing twice: close and abort may follow each other", async () => {
        const storage = await open();
        const sink = await storage.create("/file");
        await sink.write([text("x")]);
        await sink.close();
        await sink.abort();
        await sink.close();
        expect(await read(storage, "/file")).toBe("x");
      });

      it("takes no bytes after it was closed", async () => {
        const sink = await (await open()).create("/file");
        await sink.abort();
        await expect(sink.write([text("x")])).rejects.toThrow("closed");
      });

      it("writes into the file that was moved meanwhile", async () => {
        const storage = await open();
        const sink = await storage.create("/tmp/file");
        await storage.rename("/tmp", "/final");
        await sink.write([text("x")]);
        await sink.close();
        expect(await read(storage, "/final/file")).toBe("x");
        expect(await storage.has("/tmp")).toBe(false);
      });
    });

    describe("writing without durability", () => {
      const options = { durable: false } as const;

      it("sets a value under a new name, making its directories", async () => {
        const storage = await open();
        await storage.set("/a/b/file", text("x"), options);
        expect(await read(storage, "/a/b/file")).toBe("x");
        expect(await children(storage, "/a/b")).toEqual(["file"]);
      });

      it("replaces a value and leaves nothing beside it", async () => {
        const storage = await open();
        await storage.set("/a/file", text("a long first value"));
        await storage.set("/a/file", text("second"), options);
        expect(await read(storage, "/a/file")).toBe("second");
        expect(await children(storage, "/a")).toEqual(["file"]);
      });

      it("refuses the names of a directory and below a file", async () => {
        const storage = await open();
        await storage.makeDirectory("/a/directory");
        await storage.set("/file", text("x"));
        const refusal = failsWith("INVALID_ARGUMENT");
        await expect(storage.set("/a/directory", text("y"), options)).rejects.toEqual(refusal);
        await expect(storage.set("/file/below", text("y"), options)).rejects.toEqual(refusal);
        expect(await children(storage, "/a")).toEqual(["directory/"]);
        expect(await read(storage, "/file")).toBe("x");
      });

      it("creates a file, but none whose name is taken", async () => {
        const storage = await open();
        const sink = await storage.create("/a/file", options);
        await sink.write([text("one "), text("two")]);
        await sink.close();
        expect(await read(storage, "/a/file")).toBe("one two");
        await expect(storage.create("/a/file", options)).rejects.toEqual(failsWith("ALREADY_EXISTS"));
      });

      it("writes what a recursive sync and a rename take along", async () => {
        const storage = await open();
        await storage.set("/tmp/file", text("x"), options);
        await storage.set("/tmp/a/b/file", text("y"), options);
        await storage.makeDirectory("/tmp/empty");
        await storage.sync("/tmp", { recursive: true });
        await storage.rename("/tmp", "/final");
        expect(await children(storage, "/final")).toEqual(["a/", "empty/", "file"]);
        expect(await read(storage, "/final/a/b/file")).toBe("y");
      });

      it("keeps what it was given, whatever becomes of the array", async () => {
        const storage = await open();
        const value = Buffer.from("before");
        await storage.set("/file", value, options);
        value.fill(0);
        expect(await read(storage, "/file")).toBe("before");
      });
    });

    describe("makeDirectory", () => {
      it("makes parents and minds no directory that is there", async () => {
        const storage = await open();
        await storage.makeDirectory("/a/b/c");
        await storage.set("/a/b/c/file", text("x"));
        await storage.makeDirectory("/a/b/c");
        await storage.makeDirectory("/a");
        await storage.makeDirectory("/");
        expect(await children(storage, "/a/b/c")).toEqual(["file"]);
      });

      it("refuses a file in its place", async () => {
        const storage = await open();
        await storage.set("/file", text("x"));
        await expect(storage.makeDirectory("/file")).rejects.toEqual(failsWith("ALREADY_EXISTS"));
        await expect(storage.makeDirectory("/file/a/b")).rejects.toEqual(failsWith("INVALID_ARGUMENT"));
      });
    });

    describe("delete", () => {
      it("removes a file and keeps its directory", async () => {
        const storage = await open();
        await storage.set("/a/file", text("x"));
        await storage.delete("/a/file");
        expect(await children(storage, "/a")).toEqual([]);
      });

      it("removes a directory with all it holds, and nothing beside it", async () => {
        const storage = await open();
        await storage.set("/a/b/c/file", text("x"));
        await storage.set("/a/b/file", text("x"));
        await storage.set("/a/bc", text("x"));
        await storage.delete("/a/b");
        expect(await children(storage, "/a")).toEqual(["bc"]);
      });

      it.each(["/missing", "/missing/a", "/file/below"] as const)("minds nothing at %s", async (key) => {
        const storage = await open();
        await storage.set("/file", text("x"));
        await storage.delete(key);
        expect(await children(storage, "/")).toEqual(["file"]);
      });

      it("may run many times at once", async () => {
        const storage = await open();
        for (let index = 0; index < 40; index++) await storage.set(`/a/${index % 4}/${index}`, text("x"));
        await Promise.all(Array.from({ length: 8 }, () => storage.delete("/a")));
        expect(await storage.has("/a")).toBe(false);
      });
    });

    describe("rename", () => {
      it("moves a file", async () => {
        const storage = await open();
        await storage.set("/a/old", text("x"));
        await storage.makeDirectory("/b");
        await storage.rename("/a/old", "/b/new");
        expect(await read(storage, "/b/new")).toBe("x");
        expect(await children(storage, "/a")).toEqual([]);
      });

      it("moves a directory with all it holds", async () => {
        const storage = await open();
        await storage.set("/tmp/a/file", text("x"));
        await storage.makeDirectory("/tmp/empty");
        await storage.rename("/tmp", "/step");
        expect(await children(storage, "/")).toEqual(["step/"]);
        expect(await children(storage, "/step")).toEqual(["a/", "empty/"]);
        expect(await read(storage, "/step/a/file")).toBe("x");
      });

      it.each(["/file", "/empty", "/full"] as const)("refuses the name of what is there: %s", async (to) => {
        const storage = await open();
        await storage.set("/file", text("file"));
        await storage.set("/full/file", text("full"));
        await storage.makeDirectory("/empty");
        await storage.set("/source/file", text("source"));
        const refusal = failsWith("ALREADY_EXISTS", { file: to.slice(1) });
        await expect(storage.rename("/source", to)).rejects.toEqual(refusal);
        await expect(storage.rename("/source/file", to)).rejects.toEqual(refusal);
        await expect(storage.rename("/source", "/source")).rejects.toEqual(failsWith("ALREADY_EXISTS"));
        expect(await read(storage, "/source/file")).toBe("source");
      });

      it.each(["/missing", "/missing/a", "/file/below"] as const)("finds nothing at %s", async (from) => {
        const storage = await open();
        await storage.set("/file", text("x"));
        const refusal = failsWith("NOT_FOUND", { file: from.slice(1) });
        await expect(storage.rename(from, "/to")).rejects.toEqual(refusal);
      });

      it.each(["/missing/to", "/file/to"] as const)("makes no directory for %s", async (to) => {
        const storage = await open();
        await storage.set("/file", text("x"));
        await storage.set("/from", text("x"));
        const refusal = failsWith("NOT_FOUND", { file: to.slice(1) });
        await expect(storage.rename("/from", to)).rejects.toEqual(refusal);
      });

      it("refuses to move a directory into itself", async () => {
        const storage = await open();
        await storage.set("/a/file", text("x"));
        await expect(storage.rename("/a", "/a/b")).rejects.toEqual(failsWith("INVALID_ARGUMENT"));
        expect(await read(storage, "/a/file")).toBe("x");
      });
    });

    describe("sync", () => {
      it("takes directories, the root included", async () => {
        const storage = await open();
        await storage.set("/a/file", text("x"));
        await expect(storage.sync("/a")).resolves.toBeUndefined();
        await expect(storage.sync("/")).resolves.toBeUndefined();
      });

      it("takes directories with all they hold, also nothing", async () => {
        const storage = await open();
        await storage.set("/a/b/file", text("x"));
        await storage.makeDirectory("/empty");
        await expect(storage.sync("/", { recursive: true })).resolves.toBeUndefined();
        await expect(storage.sync("/empty", { recursive: true })).resolves.toBeUndefined();
        expect(await read(storage, "/a/b/file")).toBe("x");
      });

      it.each(["/missing", "/file", "/file/below"] as const)("finds no directory at %s", async (key) => {
        const storage = await open();
        await storage.set("/file", text("x"));
        await expect(storage.sync(key)).rejects.toEqual(failsWith("NOT_FOUND"));
        await expect(storage.sync(key, { recursive: true })).rejects.toEqual(failsWith("NOT_FOUND"));
      });
    });

    describe("within", () => {
      it("sees and changes the same files by shorter keys", async () => {
        const storage = await open();
        await storage.set("/a/b/file", text("x"));
        const inner = storage.within("/a").within("/b");
        expect(await read(inner, "/file")).toBe("x");
        expect(await children(inner, "/")).toEqual(["file"]);
        await inner.rename("/file", "/moved");
        await inner.set("/c/new", text("y"));
        expect(await children(storage, "/a/b")).toEqual(["c/", "moved"]);
      });

      it("may start at a directory that is made later", async () => {
        const storage = await open();
        const inner = storage.within("/later");
        expect(await inner.has("/")).toBe(false);
        expect(await inner.list("/")).toBeUndefined();
        expect(await inner.get("/file")).toBeUndefined();
        await inner.makeDirectory("/");
        expect(await children(storage, "/")).toEqual(["later/"]);
      });

      it("cannot remove or replace its own root", async () => {
        const inner = (await open()).within("/a");
        await inner.makeDirectory("/b");
        await expect(inner.delete("/")).rejects.toEqual(failsWith("INVALID_ARGUMENT"));
        await expect(inner.rename("/", "/c")).rejects.toEqual(failsWith("INVALID_ARGUMENT"));
        await expect(inner.rename("/b", "/")).rejects.toEqual(failsWith("INVALID_ARGUMENT"));
      });

      it("names itself by where it is", async () => {
        const storage = await open();
        expect(storage.within("/a").within("/b").name).toBe(`${storage.name}/a/b`);
      });
    });

    describe("keys", () => {
      const keys: StorageKey[] = [
        "//a",
        "/a/",
        "/a//b",
        "/..",
        "/../a",
        "/a/../b",
        "/.",
        "/a/./b",
        "/a\0b",
        "/\ud800",
      ];
      it.each(keys)("refuses %j everywhere", async (key) => {
        const storage = await open();
        await storage.set("/b", text("x"));
        const calls: (() => unknown)[] = [
          () => storage.get(key),
          () => storage.getRange?.(key, { offset: 0, length: 1 }),
          () => storage.readInto?.(key, 0, new Uint8Array(1)),
          () => storage.size(key),
          () => storage.has(key),
          () => storage.list(key),
          () => storage.set(key, text("x")),
          () => storage.set(key, text("x"), { durable: false }),
          () => storage.create(key),
          () => storage.makeDirectory(key),
          () => storage.delete(key),
          () => storage.rename(key, "/c"),
          () => storage.rename("/b", key),
          () => storage.sync(key),
          () => storage.sync(key, { recursive: true }),
          async () => storage.within(key),
        ];
        for (const call of calls) await expect(call()).rejects.toEqual(failsWith("INVALID_ARGUMENT"));
      });

      it("refuses the root for a file", async () => {
        const storage = await open();
        const refusal = failsWith("INVALID_ARGUMENT", { file: "." });
        await expect(storage.get("/")).rejects.toEqual(refusal);
        await expect(storage.size("/")).rejects.toEqual(refusal);
        await expect(storage.set("/", text("x"))).rejects.toEqual(refusal);
        await expect(storage.create("/")).rejects.toEqual(refusal);
        await expect(storage.delete("/")).rejects.toEqual(refusal);
      });
    });

    describe("an aborted signal", () => {
      it("rethrows its reason from every call that takes one", async () => {
        const storage = await open();
        await storage.set("/file", text("x"));
        const reason = new Error("enough");
        const options = { signal: AbortSignal.abort(reason) };
        const calls: (() => unknown)[] = [
          () => storage.get("/file", options),
          () => storage.getRange?.("/file", { offset: 0, length: 1 }, options),
          () => storage.readInto?.("/file", 0, new Uint8Array(1), options),
          () => storage.size("/file", options),
          () => storage.has("/file", options),
          () => storage.list("/", options),
          () => storage.set("/file", text("y"), options),
          () => storage.set("/new", text("y"), { ...options, durable: false }),
          () => storage.create("/new", options),
        ];
        for (const call of calls) await expect(call()).rejects.toBe(reason);
        expect(await children(storage, "/")).toEqual(["file"]);
        expect(await read(storage, "/file")).toBe("x");
      });
    });
  });
}
