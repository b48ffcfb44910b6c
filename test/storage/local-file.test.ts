import { type FileHandle, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { LocalFileSink, readAt } from "../../src/storage/local-file.js";

const MiB = 2 ** 20;

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orbax-ts-file-"));
});
afterAll(() => rm(folder, { recursive: true }));

const newPath = () => join(folder, String(count++));
const text = (value: string) => new TextEncoder().encode(value);
const bytesOf = (parts: readonly NodeJS.ArrayBufferView[]) =>
  parts.reduce((bytes, part) => bytes + part.byteLength, 0);

describe("LocalFileSink", () => {
  it("goes on where the system wrote less than it was given", async () => {
    const path = newPath();
    const handle = await open(path, "wx");
    const given: number[] = [];
    vi.spyOn(handle, "writev").mockImplementation(async (parts) => {
      given.push(bytesOf(parts));
      const joined = Buffer.concat(
        parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)),
      );
      const { bytesWritten } = await handle.write(joined.subarray(0, 4));
      return { bytesWritten, buffers: parts };
    });
    const sink = new LocalFileSink(handle, "file");
    await sink.write([text("on"), text("e two t"), text("hr"), text("ee")]);
    await sink.close();
    expect(await readFile(path, "utf8")).toBe("one two three");
    expect(given).toEqual([13, 9, 5, 1]);
  });

  it("fails where the system writes nothing, and does not try for ever", async () => {
    const handle = await open(newPath(), "wx");
    vi.spyOn(handle, "writev").mockResolvedValue({ bytesWritten: 0, buffers: [] });
    const sink = new LocalFileSink(handle, "file");
    await expect(sink.write([text("x")])).rejects.toEqual(
      expect.objectContaining({ code: "IO", details: { file: "file" } }),
    );
    await sink.abort();
  });

  it("gives the system at most 1 GiB and 1,024 parts at once", async () => {
    const handle = await open(newPath(), "wx");
    const calls: { parts: number; bytes: number }[] = [];
    vi.spyOn(handle, "writev").mockImplementation(async (parts) => {
      calls.push({ parts: parts.length, bytes: bytesOf(parts) });
      return { bytesWritten: bytesOf(parts), buffers: [...parts] };
    });
    const sink = new LocalFileSink(handle, "file");
    const large = new Uint8Array(700 * MiB);
    await sink.write([large, large, large, large, ...Array.from({ length: 3000 }, () => text("abc"))]);
    await sink.abort();
    const total = calls.reduce((bytes, call) => bytes + call.bytes, 0);
    expect(total).toBe(4 * 700 * MiB + 3000 * 3);
    expect(Math.max(...calls.map((call) => call.bytes))).toBeLessThanOrEqual(2 ** 30);
    expect(Math.max(...calls.map((call) => call.parts))).toBeLessThanOrEqual(1024);
  });

  it("closes the file also where it cannot be made durable", async () => {
    const handle = await open(newPath(), "wx");
    const cause = new Error("EIO: i/o error, fsync");
    vi.spyOn(handle, "sync").mockRejectedValue(cause);
    const sink = new LocalFileSink(handle, "file");
    await expect(sink.close()).rejects.toEqual(expect.objectContaining({ code: "IO", cause }));
    expect(handle.fd).toBe(-1);
  });

  it("makes the bytes durable before it closes the file", async () => {
    const handle = await open(newPath(), "wx");
    const sync = vi.spyOn(handle, "sync");
    const close = vi.spyOn(handle, "close");
    await new LocalFileSink(handle, "file").close();
    expect(sync).toHaveBeenCalledBefore(close);
  });
});

async function openWith(value: Uint8Array): Promise<FileHandle> {
  const path = newPath();
  await writeFile(path, value);
  return open(path);
}

describe("readAt", () => {
  it("goes on where the system read less than it was asked for", async () => {
    const handle = await openWith(text("0123456789"));
    const read = handle.read.bind(handle);
    vi.spyOn(handle, "read").mockImplementation(async (...call: unknown[]) => {
      const [target, offset, length, position] = call;
      if (!(target instanceof Uint8Array) || typeof position !== "number") throw new Error("another call");
      return read(target, Number(offset), Math.min(Number(length), 3), position);
    });
    const target = new Uint8Array(8);
    expect(await readAt(handle, 1, target, undefined)).toBe(8);
    expect(target).toEqual(text("12345678"));
    await handle.close();
  });

  it("tells the bytes before the first gap where a file was cut meanwhile", async () => {
    const handle = await openWith(new Uint8Array(9 * MiB).fill(1));
    const target = new Uint8Array(40 * MiB);
    expect(await readAt(handle, 0, target, undefined)).toBe(9 * MiB);
    expect(target.lastIndexOf(1)).toBe(9 * MiB - 1);
    await handle.close();
  });
});
