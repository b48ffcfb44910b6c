import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { LocalStorage } from "../../src/storage/local.js";

const loaded = vi.hoisted(() => ({ fsExtra: false }));
vi.mock("fs-extra/esm", async (original) => {
  loaded.fsExtra = true;
  return original();
});

it("LocalStorage loads fs-extra to make a directory, and not to read or to write into one that is there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "orbax-ts-reads-"));
  try {
    await writeFile(join(folder, "file"), "value");
    const storage = new LocalStorage(folder);
    await storage.get("/file");
    await storage.getRange("/file", { offset: 1, length: 2 });
    await storage.readInto("/file", 0, new Uint8Array(2));
    await storage.size("/file");
    await storage.has("/missing");
    await storage.list("/");
    await storage.set("/new", new Uint8Array(1));
    await storage.delete("/missing");
    expect(loaded.fsExtra).toBe(false);
    await storage.makeDirectory("/directory");
    expect(loaded.fsExtra).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});
