import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createFile, LocalFileSink, writeWhole } from "../../src/storage/local-sink.js";

const MiB = 2 ** 20;

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orbax-ts-sink-"));
});
afterAll(() => rm(folder, { recursive: true }));

const newFile = () => createFile(join(folder, String(count++)));
const newHandle = () => newFile().handle;
const options = { file: "file", durable: true };
const text = (value: string) => new TextEncoder().encode(value);
const bytesOf = (parts: readonly Uint8Array[]) => parts.reduce((bytes, part) => bytes + part.length, 0);

describe("LocalFileSink", () => {
  it("goes on where the system wrote less than it was given", async () => {
    const { path, handle } = newFile();
    const given: number[] = [];
    const write = handle.writeNow.bind(handle);
    vi.spyOn(handle, "writeNow").mockImplementation((parts) => {
      given.push(bytesOf(parts));
      return write([Buffer.concat(parts).subarray(0, 4)]);
    });
    const sink = new LocalFileSink(handle, options);
    await sink.write([text("on"), text("e two t"), text("hr"), text("ee")]);
    await sink.close();
    expect(await readFile(path, "utf8")).toBe("one two three");
    expect(given).toEqual([13, 9, 5, 1]);
  });

  it("fails where the system writes nothing, and does not try for ever", async () => {
    const handle = newHandle();
    vi.spyOn(handle, "writeNow").mockReturnValue(0);
    const sink = new LocalFileSink(handle, options);
    await expect(sink.write([text("x")])).rejects.toEqual(
      expect.objectContaining({ code: "IO", details: { file: "file" } }),
    );
    await sink.abort();
  });

  it("gives the system at most 1 GiB and 1,024 parts at once", async () => {
    const handle = newHandle();
    const calls: { parts: number; bytes: number }[] = [];
    const write = (parts: readonly Uint8Array[]) => {
      calls.push({ parts: parts.length, bytes: bytesOf(parts) });
      return bytesOf(parts);
    };
    vi.spyOn(handle, "writeNow").mockImplementation(write);
    vi.spyOn(handle, "write").mockImplementation(async (parts) => write(parts));
    const sink = new LocalFileSink(handle, options);
    const large = new Uint8Array(700 * MiB);
    await sink.write([large, large, large, large, ...Array.from({ length: 3000 }, () => text("abc"))]);
    await sink.abort();
    const total = calls.reduce((bytes, call) => bytes + call.bytes, 0);
    expect(total).toBe(4 * 700 * MiB + 3000 * 3);
    expect(Math.max(...calls.map((call) => call.bytes))).toBeLessThanOrEqual(2 ** 30);
    expect(Math.max(...calls.map((call) => call.parts))).toBeLessThanOrEqual(1024);
  });

  it("closes the file also where it cannot be made durable", async () => {
    const handle = newHandle();
    const cause = new Error("EIO: i/o error, fsync");
    vi.spyOn(handle, "sync").mockRejectedValue(cause);
    const sink = new LocalFileSink(handle, options);
    await expect(sink.close()).rejects.toEqual(expect.objectContaining({ code: "IO", cause }));
    expect(handle.isOpen).toBe(false);
  });

  it("makes the bytes durable before it closes the file", async () => {
    const handle = newHandle();
    const sync = vi.spyOn(handle, "sync");
    const close = vi.spyOn(handle, "close");
    await new LocalFileSink(handle, options).close();
    expect(sync).toHaveBeenCalledBefore(close);
  });

  it("only closes the file where its durability is left to a later sync", async () => {
    const handle = newHandle();
    const sync = vi.spyOn(handle, "sync");
    await new LocalFileSink(handle, { file: "file", durable: false }).close();
    expect(sync).not.toHaveBeenCalled();
    expect(handle.isOpen).toBe(false);
  });
});

describe("writeWhole", () => {
  it("removes the file that it could not write", async () => {
    const created = newFile();
    vi.spyOn(created.handle, "writeNow").mockImplementation(() => {
      throw new Error("ENOSPC");
    });
    await expect(writeWhole(created, text("x"), { ...options, signal: undefined })).rejects.toEqual(
      expect.objectContaining({ code: "IO" }),
    );
    expect(created.handle.isOpen).toBe(false);
    expect((await readdir(folder)).map((name) => join(folder, name))).not.toContain(created.path);
  });

  it("removes the file if the signal is aborted while it is written", async () => {
    const created = newFile();
    const abort = new AbortController();
    const reason = new Error("enough");
    const writing = writeWhole(created, text("x"), { ...options, signal: abort.signal });
    abort.abort(reason);
    await expect(writing).rejects.toBe(reason);
    expect((await readdir(folder)).map((name) => join(folder, name))).not.toContain(created.path);
  });
});
