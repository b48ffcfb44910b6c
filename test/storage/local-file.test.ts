import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readAt } from "../../src/storage/local-file.js";
import { LocalHandle } from "../../src/storage/local-handle.js";

const MiB = 2 ** 20;

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orbax-ts-file-"));
});
afterAll(() => rm(folder, { recursive: true }));

const text = (value: string) => new TextEncoder().encode(value);

async function openWith(value: Uint8Array): Promise<LocalHandle> {
  const path = join(folder, String(count++));
  await writeFile(path, value);
  return new LocalHandle(path, "r");
}

describe("readAt", () => {
  it("goes on where the system read less than it was asked for", async () => {
    const handle = await openWith(text("0123456789"));
    const read = handle.readNow.bind(handle);
    vi.spyOn(handle, "readNow").mockImplementation((target, position) =>
      read(target.subarray(0, 3), position),
    );
    const target = new Uint8Array(8);
    expect(await readAt(handle, 1, target, undefined)).toBe(8);
    expect(target).toEqual(text("12345678"));
    handle.close();
  });

  it("goes on where the system read less of a large file than it was asked for", async () => {
    const handle = await openWith(new Uint8Array(3 * MiB).fill(1));
    const read = handle.read.bind(handle);
    vi.spyOn(handle, "read").mockImplementation((target, position) =>
      read(target.subarray(0, MiB), position),
    );
    const target = new Uint8Array(3 * MiB);
    expect(await readAt(handle, 0, target, undefined)).toBe(3 * MiB);
    expect(target.indexOf(0)).toBe(-1);
    handle.close();
  });

  it("tells the bytes before the first gap where a file was cut meanwhile", async () => {
    const handle = await openWith(new Uint8Array(9 * MiB).fill(1));
    const target = new Uint8Array(40 * MiB);
    expect(await readAt(handle, 0, target, undefined)).toBe(9 * MiB);
    expect(target.lastIndexOf(1)).toBe(9 * MiB - 1);
    handle.close();
  });

  it("has no read under way when it fails, so that the file can be closed", async () => {
    const handle = await openWith(new Uint8Array(0));
    const failure = new Error("EIO: i/o error, read");
    let underWay = 0;
    vi.spyOn(handle, "read").mockImplementation(async (target, position) => {
      underWay++;
      await new Promise((resolve) => setTimeout(resolve, position === 0 ? 0 : 20));
      underWay--;
      if (position === 0) throw failure;
      return target.length;
    });
    await expect(readAt(handle, 0, new Uint8Array(64 * MiB), undefined)).rejects.toBe(failure);
    expect(underWay).toBe(0);
    handle.close();
  });
});
