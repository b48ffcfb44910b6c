import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFilesItem, readItemFile } from "../../../src/checkpoint/items/files-item.js";
import { LocalStorage } from "../../../src/storage/local.js";
import { storageWith } from "../stored-item.js";

/** A store that can only get. */
const unlisted = (files: Readonly<Record<string, string>>) => {
  const storage = storageWith(files);
  return { get: (key: `/${string}`) => storage.get(key) };
};

describe("an item of files", () => {
  let top: string;
  beforeAll(async () => {
    top = await mkdtemp(join(tmpdir(), "orbax-ts-files-item-"));
  });
  afterAll(() => rm(top, { recursive: true }));

  it("has all of them with their sizes, sorted, but for Orbax's mark at its top", async () => {
    const files = {
      "z.bin": "12345",
      "commit_success.txt": "x",
      "sub/commit_success.txt": "xy",
      "sub/deep/a": "",
      _CHECKPOINT_METADATA: '{"mine": 1}',
    };
    expect([...(await readFilesItem(storageWith(files)))]).toEqual([
      ["_CHECKPOINT_METADATA", 11],
      ["sub/commit_success.txt", 2],
      ["sub/deep/a", 0],
      ["z.bin", 5],
    ]);
  });

  it("that is alone has Orbax's metadata beside, which is none of its files", async () => {
    const files = { "a.txt": "1", _CHECKPOINT_METADATA: '{"item_handlers": "my.Notes"}' };
    expect([...(await readFilesItem(storageWith(files))).keys()]).toEqual(["a.txt"]);
  });

  it("may have none", async () => {
    expect((await readFilesItem(storageWith({ "commit_success.txt": "x" }))).size).toBe(0);
  });

  it("gives the bytes of one", async () => {
    const storage = storageWith({ "sub/a": "abc" });
    expect(await readItemFile(storage, "sub/a")).toEqual(new TextEncoder().encode("abc"));
    await expect(readItemFile(storage, "b")).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: 'memory: no file "b"',
    });
    for (const path of ["", "../a", "sub//a", "/sub/a", "sub/../../x"]) {
      await expect(readItemFile(storage, path)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });

  it("is refused where a link leads out of it", async () => {
    await writeFile(join(top, "secret"), "x");
    for (const [name, target] of [
      ["file", join(top, "secret")],
      ["folder", top],
    ] as const) {
      const item = join(top, `item-${name}`);
      await mkdir(item);
      await symlink(target, join(item, "link"));
      await expect(readFilesItem(new LocalStorage(item))).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("a symbolic link leads outside"),
      });
    }
    await expect(readItemFile(new LocalStorage(join(top, "item-file")), "link")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("with links that lead back is bounded", async () => {
    const item = join(top, "loop");
    await mkdir(item);
    await symlink(".", join(item, "a"));
    await symlink(".", join(item, "b"));
    await expect(
      readFilesItem(new LocalStorage(item), { limits: { listedNodes: 1000 } }),
    ).rejects.toMatchObject({ code: "LIMIT_EXCEEDED", details: { limit: "listedNodes" } });
  });

  it("of a store that cannot list is not known", async () => {
    await expect(readFilesItem(unlisted({ a: "1" }))).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });
});
