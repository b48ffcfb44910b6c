import { execFile } from "node:child_process";
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { OrbaxErrorCode } from "../../src/errors.js";
import { LocalStorage } from "../../src/storage/local.js";
import { LocalHandle } from "../../src/storage/local-handle.js";
import type { StorageKey } from "../../src/storage/storage.js";
import { describeStorage } from "../conformance/storage.js";

let top: string;
beforeAll(async () => {
  top = await realpath(await mkdtemp(join(tmpdir(), "orbax-ts-local-")));
});
afterAll(() => rm(top, { recursive: true }));

const newFolder = () => mkdtemp(join(top, "folder-"));
const text = (value: string) => new TextEncoder().encode(value);
const read = async (storage: LocalStorage, key: StorageKey) => {
  const bytes = await storage.get(key);
  return bytes && new TextDecoder().decode(bytes);
};
const failsWith = (code: OrbaxErrorCode, details: object = {}) =>
  expect.objectContaining({ name: "OrbaxError", code, details: expect.objectContaining(details) });

describeStorage("LocalStorage", async () => new LocalStorage(await newFolder()));
describeStorage(
  "LocalStorage with followLinks",
  async () => new LocalStorage(await newFolder(), { followLinks: true }),
);
describeStorage("LocalStorage.within", async () => {
  const inner = new LocalStorage(await newFolder()).within("/a/b");
  await inner.makeDirectory("/");
  return inner;
});
describeStorage("LocalStorage at a link", async () => {
  const folder = await newFolder();
  await symlink(folder, `${folder}-link`);
  return new LocalStorage(`${folder}-link`);
});

describe("the root of a LocalStorage", () => {
  it("may be a file URL", async () => {
    const folder = join(await newFolder(), "with space #1");
    const storage = new LocalStorage(pathToFileURL(folder));
    expect(storage.name).toBe(folder);
    await storage.set("/file", text("x"));
    expect(await readdir(folder)).toEqual(["file"]);
  });

  it("may be relative to the working directory", async () => {
    const folder = relative(process.cwd(), await newFolder());
    const storage = new LocalStorage(folder);
    await storage.set("/file", text("x"));
    expect(await readdir(folder)).toEqual(["file"]);
    expect(storage.name).toBe(folder);
    expect(storage.within("/a").name).toBe(join(folder, "a"));
  });

  it("is made by the first write", async () => {
    const storage = new LocalStorage(join(await newFolder(), "a", "b"));
    expect(await storage.list("/")).toBeUndefined();
    expect(await storage.has("/")).toBe(false);
    expect(await storage.get("/file")).toBeUndefined();
    await storage.delete("/file");
    await storage.set("/file", text("x"));
    expect(await read(storage, "/file")).toBe("x");
  });

  it("holds nothing if it is a file", async () => {
    const file = join(await newFolder(), "file");
    await writeFile(file, "x");
    const storage = new LocalStorage(file);
    expect(await storage.has("/")).toBe(true);
    expect(await storage.list("/")).toBeUndefined();
    expect(await storage.get("/a")).toBeUndefined();
    await expect(storage.set("/a", text("y"))).rejects.toEqual(failsWith("INVALID_ARGUMENT"));
    expect(await readFile(file, "utf8")).toBe("x");
  });

  it.each(["", "a\0b", new URL("https://example.org/a"), new URL("file:///a%2Fb")])("is not %j", (root) => {
    expect(() => new LocalStorage(root)).toThrow(failsWith("INVALID_ARGUMENT"));
  });
});

describe("LocalStorage and symbolic links", () => {
  /** `root/` with links into itself, to `outside/` beside it, and to nothing. */
  let folder: string;
  let storage: LocalStorage;
  beforeEach(async () => {
    folder = await newFolder();
    await mkdir(join(folder, "root", "real"), { recursive: true });
    await mkdir(join(folder, "outside"));
    await writeFile(join(folder, "root", "real", "file"), "inside");
    await writeFile(join(folder, "outside", "file"), "outside");
    const links = {
      "file-inside": "real/file",
      "directory-inside": "real",
      "file-outside": "../outside/file",
      "directory-outside": "../outside",
      dangling: "nowhere",
      loop: "loop",
      "real/up": "..",
      "real/absolute": join(folder, "root", "real", "file"),
    };
    for (const [path, target] of Object.entries(links)) await symlink(target, join(folder, "root", path));
    storage = new LocalStorage(join(folder, "root"));
  });
  const outside = failsWith("INVALID_ARGUMENT");

  it.each(["/file-inside", "/directory-inside/file", "/real/absolute", "/real/up/real/file"] as const)(
    "reads %s, which stays inside",
    async (key) => {
      expect(await read(storage, key)).toBe("inside");
      expect(await storage.size(key)).toBe("inside".length);
      expect(await storage.getRange(key, { suffixLength: 2 })).toEqual(text("de"));
    },
  );

  it.each(["/file-outside", "/directory-outside/file"] as const)("refuses to read %s", async (key) => {
    await expect(storage.get(key)).rejects.toThrow("leads outside");
    const refusal = failsWith("INVALID_ARGUMENT", { file: key.slice(1) });
    await expect(storage.get(key)).rejects.toEqual(refusal);
    await expect(storage.getRange(key, { offset: 0, length: 1 })).rejects.toEqual(refusal);
    await expect(storage.readInto(key, 0, new Uint8Array(1))).rejects.toEqual(refusal);
    await expect(storage.size(key)).rejects.toEqual(refusal);
  });

  it("refuses to list or sync a directory outside", async () => {
    await expect(storage.list("/directory-outside")).rejects.toEqual(outside);
    await expect(storage.sync("/directory-outside")).rejects.toEqual(outside);
    await expect(storage.has("/directory-outside/file")).rejects.toEqual(outside);
  });

  it("reads, lists and writes outside with followLinks", async () => {
    const following = new LocalStorage(join(folder, "root"), { followLinks: true });
    expect(await read(following, "/file-outside")).toBe("outside");
    expect(await read(following.within("/real"), "/up/directory-outside/file")).toBe("outside");
    expect(await following.list("/directory-outside")).toEqual([{ name: "file", kind: "file" }]);
    await following.set("/directory-outside/new", text("x"));
    expect((await readdir(join(folder, "outside"))).sort()).toEqual(["file", "new"]);
  });

  it("refuses a sibling whose name starts with the root's", async () => {
    await mkdir(join(folder, "root-2"));
    await writeFile(join(folder, "root-2", "file"), "outside");
    await symlink("../root-2/file", join(folder, "root", "sibling"));
    await expect(storage.get("/sibling")).rejects.toEqual(outside);
  });

  it("finds nothing behind links that lead nowhere", async () => {
    for (const key of ["/dangling", "/loop", "/dangling/a", "/loop/a"] as const) {
      expect(await storage.get(key)).toBeUndefined();
      expect(await storage.size(key)).toBeUndefined();
      expect(await storage.has(key)).toBe(false);
      expect(await storage.list(key)).toBeUndefined();
    }
  });

  it("lists links by what they point to", async () => {
    const entries = await storage.list("/");
    expect(entries?.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: "directory-inside", kind: "directory" },
      { name: "directory-outside", kind: "directory" },
      { name: "file-inside", kind: "file" },
      { name: "file-outside", kind: "file" },
      { name: "real", kind: "directory" },
    ]);
    for (const { name } of entries ?? []) expect(await storage.has(`/${name}`)).toBe(true);
  });

  it("opens a step that is a link elsewhere with within", async () => {
    const step = storage.within("/directory-outside");
    expect(await read(step, "/file")).toBe("outside");
    expect(await step.list("/")).toEqual([{ name: "file", kind: "file" }]);
  });

  it("writes nothing outside", async () => {
    await expect(storage.set("/directory-outside/new", text("x"))).rejects.toEqual(outside);
    await expect(storage.create("/directory-outside/a/new")).rejects.toEqual(outside);
    await expect(storage.makeDirectory("/directory-outside/a/b")).rejects.toEqual(outside);
    await expect(storage.delete("/directory-outside/file")).rejects.toEqual(outside);
    await expect(storage.rename("/directory-outside/file", "/stolen")).rejects.toEqual(outside);
    await expect(storage.rename("/real", "/directory-outside/real")).rejects.toEqual(outside);
    expect(await readdir(join(folder, "outside"))).toEqual(["file"]);
  });

  it("replaces a link to a file by the file that is set, and leaves its target", async () => {
    await storage.set("/file-outside", text("new"));
    expect(await read(storage, "/file-outside")).toBe("new");
    expect(await readFile(join(folder, "outside", "file"), "utf8")).toBe("outside");
  });

  it("takes the name of a dangling link for taken", async () => {
    await expect(storage.create("/dangling")).rejects.toEqual(failsWith("ALREADY_EXISTS"));
    await expect(storage.rename("/real", "/dangling")).rejects.toEqual(failsWith("ALREADY_EXISTS"));
  });

  it("removes links and not what they point to", async () => {
    for (const key of ["/file-outside", "/directory-outside", "/dangling"] as const)
      await storage.delete(key);
    await symlink("../../outside", join(folder, "root", "real", "deep"));
    await storage.delete("/real");
    expect(await readFile(join(folder, "outside", "file"), "utf8")).toBe("outside");
    expect(await storage.list("/")).toEqual([]);
  });

  it("sees a directory that became a link after it was removed", async () => {
    expect(await read(storage, "/real/file")).toBe("inside");
    await storage.delete("/real");
    await symlink("../outside", join(folder, "root", "real"));
    await expect(storage.get("/real/file")).rejects.toEqual(outside);
  });
});

describe("LocalStorage without durability", () => {
  const undurable = { durable: false } as const;

  it("syncs nothing that it writes", async () => {
    const synced = vi.spyOn(LocalHandle.prototype, "sync");
    const storage = new LocalStorage(await newFolder());
    await storage.set("/a/file", text("x"), undurable);
    await storage.set("/a/file", text("y"), undurable);
    await (await storage.create("/a/sink", undurable)).close();
    expect(synced).not.toHaveBeenCalled();
    synced.mockRestore();
  });

  it("syncs what it writes by default", async () => {
    const synced = vi.spyOn(LocalHandle.prototype, "sync");
    const storage = new LocalStorage(await newFolder());
    await storage.set("/file", text("x"));
    await (await storage.create("/sink")).close();
    expect(synced).toHaveBeenCalledTimes(2);
    synced.mockRestore();
  });

  it("replaces a link and leaves its target, also one that leads nowhere", async () => {
    const folder = await newFolder();
    const outside = join(await newFolder(), "file");
    await writeFile(outside, "outside");
    await symlink(outside, join(folder, "link"));
    await symlink(join(folder, "nowhere"), join(folder, "dangling"));
    const storage = new LocalStorage(folder);
    await storage.set("/link", text("new"), undurable);
    await storage.set("/dangling", text("new"), undurable);
    expect(await read(storage, "/link")).toBe("new");
    expect(await readFile(outside, "utf8")).toBe("outside");
    expect((await readdir(folder)).sort()).toEqual(["dangling", "link"]);
  });

  it("replaces a FIFO without waiting for its reader", async () => {
    const folder = await newFolder();
    await promisify(execFile)("mkfifo", [join(folder, "fifo")]);
    const storage = new LocalStorage(folder);
    await storage.set("/fifo", text("x"), undurable);
    expect(await read(storage, "/fifo")).toBe("x");
  });

  it("makes the directory again that was removed behind its back", async () => {
    const folder = await newFolder();
    for (const followLinks of [false, true]) {
      const storage = new LocalStorage(folder, { followLinks });
      await storage.set("/a/b/file", text("x"), undurable);
      await rm(join(folder, "a"), { recursive: true });
      await storage.set("/a/b/file", text("y"), undurable);
      expect(await read(storage, "/a/b/file")).toBe("y");
      await rm(join(folder, "a"), { recursive: true });
      await (await storage.create("/a/b/file")).close();
      expect(await storage.size("/a/b/file")).toBe(0);
    }
  });
});

/** Numbers by which the system knows files and directories. */
const inodesOf = async (folder: string, paths: readonly string[]) =>
  Promise.all(paths.map(async (path) => (await lstat(join(folder, path))).ino));

describe("LocalStorage.sync with recursive", () => {
  it("syncs each file and each directory below, and nothing that links point to", async () => {
    const folder = await newFolder();
    const storage = new LocalStorage(folder);
    const files = ["t/a", "t/b/c", "t/b/d/e"];
    for (const path of files) await storage.set(`/${path}`, text("x"), { durable: false });
    await mkdir(join(folder, "t", "empty"));
    await writeFile(join(folder, "outside"), "x");
    await symlink("../outside", join(folder, "t", "link"));
    await symlink("..", join(folder, "t", "up"));
    await promisify(execFile)("mkfifo", [join(folder, "t", "fifo")]);
    const synced: number[] = [];
    const spy = vi.spyOn(LocalHandle.prototype, "sync").mockImplementation(async function (
      this: LocalHandle,
    ) {
      synced.push(this.stats().ino);
    });
    await storage.sync("/t", { recursive: true });
    spy.mockRestore();
    const expected = await inodesOf(folder, [...files, "t", "t/b", "t/b/d", "t/empty"]);
    expect(synced.toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
  });

  it("waits for all syncs and fails with the first failure", async () => {
    const storage = new LocalStorage(await newFolder());
    for (let index = 0; index < 40; index++) await storage.set(`/${index}`, text("x"), { durable: false });
    const cause = Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO" });
    let started = 0;
    let underWay = 0;
    let most = 0;
    const spy = vi.spyOn(LocalHandle.prototype, "sync").mockImplementation(async () => {
      const fails = ++started === 10;
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, fails ? 0 : 5));
      underWay--;
      if (fails) throw cause;
    });
    await expect(storage.sync("/", { recursive: true })).rejects.toEqual(
      expect.objectContaining({ code: "IO", cause }),
    );
    spy.mockRestore();
    expect(underWay).toBe(0);
    expect(most).toBe(4);
    expect(started).toBeLessThan(20);
  });
});

describe("LocalStorage.delete", () => {
  /** What `delete` removes at once, and what it leaves to others. */
  const sizes = { few: 5, many: 300 };

  it.each(Object.entries(sizes))(
    "removes a directory with %s files, and not what links point to",
    async (_, count) => {
      const folder = await newFolder();
      const storage = new LocalStorage(folder);
      for (let index = 0; index < count; index++) {
        await storage.set(`/a/${index % 3}/${index}`, text("x"), { durable: false });
      }
      await writeFile(join(folder, "outside"), "x");
      await symlink("../outside", join(folder, "a", "link"));
      await symlink("..", join(folder, "a", "up"));
      await storage.delete("/a");
      expect(await readdir(folder)).toEqual(["outside"]);
    },
  );

  it("removes a large file", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, "sparse"), "");
    await truncate(join(folder, "sparse"), 2 ** 33);
    await new LocalStorage(folder).delete("/sparse");
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("LocalStorage and what is no file", () => {
  it("refuses a FIFO without waiting for its writer", async () => {
    const folder = await newFolder();
    await promisify(execFile)("mkfifo", [join(folder, "fifo")]);
    const storage = new LocalStorage(folder);
    const refusal = failsWith("DATA_LOSS", { file: "fifo", found: "a FIFO" });
    await expect(storage.get("/fifo")).rejects.toEqual(refusal);
    await expect(storage.readInto("/fifo", 0, new Uint8Array(1))).rejects.toEqual(refusal);
    await expect(storage.size("/fifo")).rejects.toEqual(refusal);
  });

  it("refuses a socket", async () => {
    const folder = await newFolder();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, "socket"), resolve));
    try {
      const storage = new LocalStorage(folder);
      const refusal = failsWith("DATA_LOSS", { file: "socket", found: "a socket" });
      await expect(storage.get("/socket")).rejects.toEqual(refusal);
      await expect(storage.size("/socket")).rejects.toEqual(refusal);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("refuses a device", async () => {
    const storage = new LocalStorage("/dev");
    const refusal = failsWith("DATA_LOSS", { file: "zero", found: "a device" });
    await expect(storage.get("/zero")).rejects.toEqual(refusal);
    await expect(storage.size("/zero")).rejects.toEqual(refusal);
  });

  it("refuses a link to a directory", async () => {
    const folder = await newFolder();
    await mkdir(join(folder, "directory"));
    await symlink("directory", join(folder, "link"));
    const refusal = failsWith("DATA_LOSS", { file: "link", found: "a directory" });
    await expect(new LocalStorage(folder).get("/link")).rejects.toEqual(refusal);
    await expect(new LocalStorage(folder, { followLinks: true }).get("/link")).rejects.toEqual(refusal);
  });
});

describe("LocalStorage and the system's refusals", () => {
  const tooLong = `/${"a".repeat(300)}` as const;

  it("keeps the system's error as the cause", async () => {
    const storage = new LocalStorage(await newFolder());
    const refusal = expect.objectContaining({
      code: "IO",
      details: { file: tooLong.slice(1) },
      cause: expect.objectContaining({ code: "ENAMETOOLONG" }),
    });
    await expect(storage.set(tooLong, text("x"))).rejects.toEqual(refusal);
    await expect(storage.create(tooLong)).rejects.toEqual(refusal);
    await expect(storage.makeDirectory(tooLong)).rejects.toEqual(refusal);
    expect(await storage.list("/")).toEqual([]);
  });

  it("finds nothing under a name that no file can have", async () => {
    const storage = new LocalStorage(await newFolder());
    expect(await storage.get(tooLong)).toBeUndefined();
    expect(await storage.has(tooLong)).toBe(false);
    await expect(storage.delete(tooLong)).resolves.toBeUndefined();
  });
});

/** Bytes that no shift by a slice leaves the same. */
function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = (index * 2654435761) >>> 24;
  return bytes;
}

const same = (a: Uint8Array | undefined, b: Uint8Array) => a !== undefined && Buffer.compare(a, b) === 0;

describe("LocalStorage and large files", () => {
  const MiB = 2 ** 20;

  it("reads and writes more than the slices of one read", async () => {
    const storage = new LocalStorage(await newFolder());
    const value = pattern(37 * MiB + 5);
    await storage.set("/file", value);
    expect(same(await storage.get("/file"), value)).toBe(true);
    const target = new Uint8Array(36 * MiB);
    expect(await storage.readInto("/file", 3, target)).toBe(target.length);
    expect(same(target, value.subarray(3, 3 + target.length))).toBe(true);
    expect(await storage.readInto("/file", 10 * MiB, target)).toBe(27 * MiB + 5);
    expect(same(target.subarray(0, 27 * MiB + 5), value.subarray(10 * MiB))).toBe(true);
  });

  it("reads from beyond 4 GiB, and allocates nothing that is not there", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, "sparse"), "");
    await truncate(join(folder, "sparse"), 2 ** 33);
    const storage = new LocalStorage(folder);
    expect(await storage.size("/sparse")).toBe(2 ** 33);
    expect(await storage.getRange("/sparse", { offset: 2 ** 33 - 2, length: 2 ** 40 })).toEqual(
      Uint8Array.of(0, 0),
    );
    expect(await storage.getRange("/sparse", { suffixLength: 3 })).toEqual(Uint8Array.of(0, 0, 0));
  });

  it("refuses to read a file whole that no array holds", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, "sparse"), "");
    await truncate(join(folder, "sparse"), 2 ** 43);
    await expect(new LocalStorage(folder).get("/sparse")).rejects.toEqual(
      failsWith("LIMIT_EXCEEDED", { file: "sparse" }),
    );
  });

  it("stops between slices when the signal is aborted", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, "sparse"), "");
    await truncate(join(folder, "sparse"), 512 * MiB);
    const storage = new LocalStorage(folder);
    const abort = new AbortController();
    const target = new Uint8Array(512 * MiB);
    target[target.length - 1] = 1;
    const reading = storage.readInto("/sparse", 0, target, { signal: abort.signal });
    const reason = new Error("enough");
    setImmediate(() => abort.abort(reason));
    await expect(reading).rejects.toBe(reason);
    expect(target.at(-1)).toBe(1);
  });
});

describe("LocalStorage.set", () => {
  it("shows other readers the old value or the new one, whole", async () => {
    const storage = new LocalStorage(await newFolder());
    const lengths = [10, 100_000];
    await storage.set("/file", new Uint8Array(10));
    const seen = new Set<number | undefined>();
    const writing = new AbortController();
    const reader = (async () => {
      while (!writing.signal.aborted) seen.add((await storage.get("/file"))?.length);
    })();
    for (let round = 0; round < 30; round++) {
      await storage.set("/file", new Uint8Array(lengths[round % 2] ?? 0));
    }
    writing.abort();
    await reader;
    expect([...seen].filter((length) => length === undefined || !lengths.includes(length))).toEqual([]);
  });
});
