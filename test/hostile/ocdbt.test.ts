import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Limits } from "../../src/limits.js";
import { openOcdbt } from "../../src/ocdbt/reader.js";
import type { MemoryStorage } from "../../src/storage/memory.js";
import type { StorageKey } from "../../src/storage/storage.js";
import { hex, toHex, utf8 } from "../ocdbt/bytes.js";
import { manifest, oneNode, storageOf, table } from "../ocdbt/databases.js";
import { damage, refusal } from "../ocdbt/errors.js";
import { contentOf } from "../ocdbt/sample-databases.js";
import { childAt, type Files, leaf, leafIn, valueAt } from "./one-reference.js";

/** What docs/spec/ocdbt.md section 13 says of files and their paths; `ocdbt-nodes.test.ts` has the rest. */

let top: string;
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), "orbax-ts-hostile-"));
});
afterAll(async () => {
  await rm(top, { recursive: true });
});

/** Writes files into a new folder. */
async function folderOf(files: Files): Promise<string> {
  const folder = await mkdtemp(join(top, "database-"));
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  return folder;
}

async function contentIn(source: string | MemoryStorage, limits?: Partial<Limits>) {
  return contentOf(await openOcdbt(source, { limits }));
}

describe("paths that lead out of the database", () => {
  it.each([
    ["a parent directory", "../secret"],
    ["a way out and back", "d/../../secret"],
    ["an absolute path", "/etc/hostname"],
    ["the directory itself", "./secret"],
    ["an empty part", "d//secret"],
    ["NUL", "d/secret\0.txt"],
    ["a backslash", "..\\secret"],
    ["a control character", "d/\u001b[2Jsecret"],
    ["a drive", "C:/secret"],
    ["nothing at all", ""],
  ])("are refused for values and nodes: %s", async (_, path) => {
    await writeFile(join(top, "secret"), leaf);
    const value = await folderOf(valueAt({ file: path, offset: 0, length: 1 }));
    await expect(contentIn(value)).rejects.toEqual(damage({ found: path }));
    await expect(contentIn(await folderOf(childAt(leafIn(path))))).rejects.toEqual(damage({ found: path }));
  });

  it("are refused when they are no UTF-8", async () => {
    const body = hex('00   01 03 00 "d/" ff   01   01 "a"   01   01   00   00');
    await expect(contentIn(oneNode(body))).rejects.toEqual(damage({ found: "invalid UTF-8" }));
  });

  it("are refused for the root", async () => {
    const files = { "manifest.ocdbt": manifest(leafIn("../secret")) };
    const opened = openOcdbt(await folderOf(files));
    await expect(opened).rejects.toEqual(damage({ file: "manifest.ocdbt", found: "../secret" }));
  });

  it("are refused when only base and path together lead out", async () => {
    const body = hex(`00   ${table([".|./secret"])}   01   01 "a"   01   01   00   00`);
    await expect(contentIn(oneNode(body))).rejects.toEqual(damage({ found: "../secret" }));
  });

  it("are refused for values of no bytes, as TensorStore does", async () => {
    await expect(contentIn(storageOf(valueAt({ file: "../x", offset: 0, length: 0 })))).rejects.toEqual(
      damage(),
    );
  });

  it("may stand in a table as long as nothing refers to them", async () => {
    const body = hex(
      '00   04   00 00 00   00 04 01 06   00 00 00 00   "../x" ff "/d//x."   01   01 "a"   01   00   "1"',
    );
    expect(await contentIn(oneNode(body))).toEqual({ a: "1" });
  });
});

/** Writes files into a new folder, and a link `path` to `target`. */
async function linked(files: Files, path: string, target: string): Promise<string> {
  const folder = await folderOf(files);
  await mkdir(join(folder, dirname(path)), { recursive: true });
  await symlink(target, join(folder, path));
  return folder;
}

describe("symbolic links", () => {
  it("out of the database are refused for values", async () => {
    await writeFile(join(top, "secret"), "top secret");
    const files = valueAt({ file: "d/link", offset: 0, length: 10 });
    const folder = await linked(files, "d/link", join(top, "secret"));
    await expect(contentIn(folder)).rejects.toEqual(refusal("INVALID_ARGUMENT", { file: "d/link" }));
  });

  it("out of the database are refused for nodes", async () => {
    await writeFile(join(top, "node"), leaf);
    const folder = await linked(childAt(leafIn("d/link")), "d/link", join(top, "node"));
    await expect(contentIn(folder)).rejects.toEqual(refusal("INVALID_ARGUMENT", { file: "d/link" }));
  });

  it("out of the database are refused for directories", async () => {
    await writeFile(join(top, "node"), leaf);
    const folder = await linked(childAt(leafIn("link/node")), "link", top);
    await expect(contentIn(folder)).rejects.toEqual(refusal("INVALID_ARGUMENT", { file: "link/node" }));
  });

  it("out of the database are refused for the manifest", async () => {
    await writeFile(join(top, "other.ocdbt"), manifest(leafIn("d/x")));
    const folder = await linked({}, "manifest.ocdbt", join(top, "other.ocdbt"));
    await expect(openOcdbt(folder)).rejects.toEqual(refusal("INVALID_ARGUMENT", { file: "manifest.ocdbt" }));
  });

  it("within the database are followed", async () => {
    const files = { ...valueAt({ file: "d/link", offset: 0, length: 5 }), "d/value": utf8("value") };
    expect(await contentIn(await linked(files, "d/link", "value"))).toEqual({ a: "value" });
  });
});

describe("paths of what is no data file", () => {
  it("are refused for a directory", async () => {
    const value = await folderOf(valueAt({ file: "d", offset: 0, length: 1 }));
    await expect(contentIn(value)).rejects.toEqual(damage({ file: "d", found: "a directory" }));
    const node = await folderOf(childAt(leafIn("d")));
    await expect(contentIn(node)).rejects.toEqual(damage({ file: "d", found: "a directory" }));
  });

  it("are refused for a FIFO, without waiting for its other end", async () => {
    for (const files of [valueAt({ file: "d/pipe", offset: 0, length: 1 }), childAt(leafIn("d/pipe"))]) {
      const folder = await folderOf(files);
      execFileSync("mkfifo", [join(folder, "d/pipe")]);
      await expect(contentIn(folder)).rejects.toEqual(damage({ file: "d/pipe", found: "a FIFO" }));
    }
  });

  it("are refused for a file as a directory", async () => {
    const folder = await folderOf({
      ...valueAt({ file: "d/x/y", offset: 0, length: 1 }),
      "d/x": utf8("file"),
    });
    await expect(contentIn(folder)).rejects.toEqual(damage({ file: "d/x/y", found: "no such file" }));
  });

  it("read the manifest as any file", async () => {
    const value = valueAt({ file: "manifest.ocdbt", offset: 1, length: 3 });
    const database = await openOcdbt(storageOf(value));
    expect(toHex((await database.get("a")) ?? hex(""))).toBe("db3a2a");
    await expect(contentIn(storageOf(childAt(leafIn("manifest.ocdbt"))))).rejects.toEqual(
      damage({ field: "magic", file: `manifest.ocdbt[0:${leaf.length}]` }),
    );
  });
});

describe("files that are missing or too short", () => {
  it("are refused for values: TensorStore gives empty ones", async () => {
    const missing = storageOf(valueAt({ file: "d/missing", offset: 0, length: 5 }));
    await expect(contentIn(missing)).rejects.toEqual(damage({ file: "d/missing", found: "no such file" }));
  });

  it("are refused for nodes", async () => {
    const missing = storageOf(childAt(leafIn("d/missing")));
    await expect(contentIn(missing)).rejects.toEqual(damage({ file: "d/missing", found: "no such file" }));
  });

  it.each([
    ["ends beyond the file", 2, 4],
    ["begins at its end", 5, 1],
    ["begins far beyond it", 2 ** 52, 1],
    ["is as long as a number can say", 0, Number.MAX_SAFE_INTEGER],
    ["ends beyond all numbers", Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])("are refused where a value %s", async (_, offset, length) => {
    const files = { ...valueAt({ file: "d/value", offset, length }), "d/value": utf8("value") };
    const limits = { valueBytes: Number.MAX_SAFE_INTEGER };
    const refused = expect.objectContaining({ name: "OrbaxError" });
    await expect(contentIn(storageOf(files), limits)).rejects.toEqual(refused);
    await expect(contentIn(await folderOf(files), limits)).rejects.toEqual(refused);
  });

  it("are refused where a node ends beyond the file", async () => {
    const files = { ...childAt({ ...leafIn("d/leaf"), length: leaf.length + 1 }), "d/leaf": leaf };
    await expect(contentIn(storageOf(files))).rejects.toEqual(damage({ file: "d/leaf" }));
  });

  it("are refused where the storage gives fewer bytes than it has", async () => {
    const inner = storageOf({
      ...valueAt({ file: "d/value", offset: 0, length: 5 }),
      "d/value": utf8("value"),
    });
    const storage = {
      get: (key: StorageKey) => inner.get(key),
      getRange: async (key: StorageKey, range: { offset: number; length: number }) => {
        const bytes = await inner.getRange(key, range);
        return key === "/d/value" ? bytes?.subarray(1) : bytes;
      },
    };
    await expect(openOcdbt(storage).then(contentOf)).rejects.toEqual(
      damage({ file: "d/value", found: "4 bytes" }),
    );
  });

  it("need not be there for a value of no bytes", async () => {
    expect(await contentIn(storageOf(valueAt({ file: "d/missing", offset: 7, length: 0 })))).toEqual({
      a: "",
    });
    expect(await contentIn(await folderOf(valueAt({ file: "d", offset: 7, length: 0 })))).toEqual({ a: "" });
  });
});

describe("a manifest", () => {
  it("that is missing is no empty database", async () => {
    const opened = openOcdbt(await folderOf({ "d/x": leaf }));
    await expect(opened).rejects.toEqual(refusal("NOT_FOUND", { file: "manifest.ocdbt" }));
    await expect(openOcdbt(join(top, "nowhere"))).rejects.toEqual(refusal("NOT_FOUND"));
  });

  it("that is a directory is refused", async () => {
    const opened = openOcdbt(await folderOf({ "manifest.ocdbt/x": leaf }));
    await expect(opened).rejects.toEqual(damage({ file: "manifest.ocdbt", found: "a directory" }));
  });

  it("that is empty is refused", async () => {
    const opened = openOcdbt(storageOf({ "manifest.ocdbt": hex("") }));
    await expect(opened).rejects.toEqual(damage({ file: "manifest.ocdbt", field: "size" }));
  });

  it("with a huge generation is read", async () => {
    const files = { "manifest.ocdbt": manifest(leafIn("d/x"), 0, 2n ** 60n + 16n), "d/x": leaf };
    expect((await openOcdbt(storageOf(files))).version?.generation).toBe(2n ** 60n + 16n);
  });
});
