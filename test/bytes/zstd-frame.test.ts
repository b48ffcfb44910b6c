import { describe, expect, it } from "vitest";
import { cutZstdFrame, walkZstdFrame } from "../../src/bytes/zstd-frame.js";
import { failure } from "../failure.js";
import {
  CHECKSUM_BIT,
  compressedBlock,
  DESCRIPTOR,
  LARGEST_BLOCK,
  MAGIC,
  rawBlock,
  reservedBlock,
  rleBlock,
  u32le,
  WINDOW_2_MIB,
  windowFrame,
} from "./zstd-blocks.js";

const abc = [0x61, 0x62, 0x63];

function walk(...bytes: number[]) {
  return walkZstdFrame(Uint8Array.from(bytes), "B+tree node");
}

describe("the header of a zstd frame", () => {
  it.each([
    ["1 byte", DESCRIPTOR.size1, [3], 3],
    ["2 bytes, counted from 256", DESCRIPTOR.size2, [4, 1], 4 + 256 + 256],
    ["4 bytes", DESCRIPTOR.size4, [1, 1, 0, 0], 257],
    ["8 bytes", DESCRIPTOR.size8, [3, 0, 0, 0, 0, 0, 0, 0], 3],
  ])("gives the content size from %s", (_, descriptor, field, size) => {
    expect(walk(...MAGIC, descriptor, ...field, ...rleBlock(0, size, true)).contentSize).toBe(size);
  });

  it("gives no content size where there is only a window", () => {
    expect(walkZstdFrame(windowFrame(rawBlock(abc, true)), "node").contentSize).toBeUndefined();
  });

  it("gives a content size beside a window", () => {
    expect(
      walk(...MAGIC, 0xc0, WINDOW_2_MIB, 3, 0, 0, 0, 0, 0, 0, 0, ...rawBlock(abc, true)).contentSize,
    ).toBe(3);
  });

  it("accepts a window of 128 MiB and names one of 144 MiB", () => {
    expect(walk(...MAGIC, 0, 17 << 3, ...rawBlock(abc, true)).maxContentBytes).toBe(3);
    expect(() => walk(...MAGIC, 0, (17 << 3) | 1, ...rawBlock(abc, true))).toThrow(
      failure("UNSUPPORTED", { field: "zstd window", found: 144 * 2 ** 20, offset: 5 }),
    );
  });

  it("accepts single segments of more than 128 MiB, whose window is the content", () => {
    const blocks = Array.from({ length: 1025 }, (_, block) => rleBlock(0, LARGEST_BLOCK, block === 1024));
    const size = 1025 * LARGEST_BLOCK;
    expect(walk(...MAGIC, DESCRIPTOR.size4, ...u32le(size), ...blocks.flat()).contentSize).toBe(size);
  });

  it.each([
    ["one byte", 1, [9], 9],
    ["two bytes", 2, [1, 2], 0x201],
    ["four bytes", 3, [1, 2, 3, 0xff], 0xff030201],
  ])("refuses a dictionary id of %s", (_, flag, field, id) => {
    expect(() => walk(...MAGIC, flag, WINDOW_2_MIB, ...field, ...rawBlock(abc, true))).toThrow(
      failure("UNSUPPORTED", { field: "zstd dictionary id", found: id, offset: 6 }),
    );
  });

  it("takes dictionary id 0 as none", () => {
    expect(walk(...MAGIC, 2, WINDOW_2_MIB, 0, 0, ...rawBlock(abc, true)).maxContentBytes).toBe(3);
  });

  it("refuses another magic, the reserved bit, and a skippable frame by name", () => {
    expect(() => walk(0x27, 0xb5, 0x2f, 0xfd)).toThrow('zstd magic is "fd2fb527", expected fd2fb528');
    expect(() => walk(...MAGIC, DESCRIPTOR.size1 | 0x08, 3, ...rawBlock(abc, true))).toThrow(
      failure("DATA_LOSS", { field: "zstd reserved bit", offset: 4 }),
    );
    expect(() => walk(0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0)).toThrow("that of a skippable frame");
  });

  it("ignores the unused bit", () => {
    expect(walk(...MAGIC, DESCRIPTOR.size1 | 0x10, 3, ...rawBlock(abc, true)).contentSize).toBe(3);
  });
});

describe("the blocks of a zstd frame", () => {
  it("bound the content exactly when they are raw or repeat a byte", () => {
    const frame = windowFrame(rawBlock(abc), rleBlock(1, 1000), rawBlock([]), rawBlock(abc, true));
    expect(walkZstdFrame(frame, "node")).toMatchObject({ minContentBytes: 1006, maxContentBytes: 1006 });
  });

  it("bound the content from above by 128 KiB a compressed block", () => {
    const frame = windowFrame(rawBlock(abc), compressedBlock([0, 0]), compressedBlock([0, 0], true));
    expect(walkZstdFrame(frame, "node")).toMatchObject({
      minContentBytes: 3,
      maxContentBytes: 3 + 2 * LARGEST_BLOCK,
    });
  });

  it("bound the content by the window where that is less than 128 KiB", () => {
    const window1KiB = 0;
    expect(walk(...MAGIC, 0, window1KiB, ...compressedBlock([0, 0], true))).toMatchObject({
      minContentBytes: 1,
      maxContentBytes: 1024,
    });
    expect(() => walk(...MAGIC, 0, window1KiB, ...rleBlock(0, 1025, true))).toThrow(
      failure("DATA_LOSS", { field: "zstd block size", found: 1025, offset: 6 }),
    );
  });

  it("may hold 128 KiB and not a byte more", () => {
    expect(walkZstdFrame(windowFrame(rleBlock(0, LARGEST_BLOCK, true)), "node").maxContentBytes).toBe(
      LARGEST_BLOCK,
    );
    expect(() => walkZstdFrame(windowFrame(rleBlock(0, LARGEST_BLOCK + 1, true)), "node")).toThrow(
      failure("DATA_LOSS", { field: "zstd block size", found: LARGEST_BLOCK + 1 }),
    );
  });

  it("have one of three types", () => {
    expect(() => walkZstdFrame(windowFrame(rawBlock(abc), reservedBlock(true)), "node")).toThrow(
      failure("DATA_LOSS", { field: "zstd block type", found: 3, offset: 12 }),
    );
  });

  it.each([
    ["more than a raw block holds", [...rawBlock(abc, true)], 4],
    ["less than a raw block holds", [...rawBlock(abc, true)], 2],
    ["nothing beside a compressed block", [...compressedBlock([], true)], 0],
  ])("contradict a content size of %s", (_, block, size) => {
    expect(() => walk(...MAGIC, DESCRIPTOR.size4, ...u32le(size), ...block)).toThrow(
      failure("DATA_LOSS", { field: expect.stringMatching(/^zstd (content|block) size$/) }),
    );
  });

  it("contradict content sizes over 2^53", () => {
    expect(() =>
      walk(...MAGIC, DESCRIPTOR.size8, ...Array<number>(8).fill(0xff), ...rawBlock(abc, true)),
    ).toThrow(failure("DATA_LOSS", { field: "zstd content size", found: 2 ** 64 }));
  });
});

describe("the end of a zstd frame", () => {
  const frame = [...MAGIC, DESCRIPTOR.size1, 3, ...rawBlock(abc, true)];

  it("comes after the checksum, which is stored with its low byte first", () => {
    const checked = [...MAGIC, DESCRIPTOR.size1 | CHECKSUM_BIT, 3, ...rawBlock(abc, true), 1, 2, 3, 0x84];
    expect(walk(...checked).checksum).toBe(0x84030201);
    expect(walk(...frame).checksum).toBeUndefined();
    for (let cut = 1; cut <= 4; cut++) {
      expect(() => walk(...checked.slice(0, -cut))).toThrow(failure("DATA_LOSS", { field: "zstd checksum" }));
    }
  });

  it.each([
    ["a byte", [0], "1 bytes after the zstd frame"],
    ["four bytes", [1, 2, 3, 4], "4 bytes after the zstd frame"],
    ["another frame", frame, "a second zstd frame"],
    ["a skippable frame", [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0], "a skippable zstd frame"],
  ])("may not be followed by %s", (_, rest, found) => {
    expect(() => walk(...frame, ...rest)).toThrow(failure("DATA_LOSS", { found, offset: frame.length }));
  });

  it("is missing wherever the frame is cut", () => {
    for (let length = 0; length < frame.length; length++) {
      expect(() => walk(...frame.slice(0, length))).toThrow(failure("DATA_LOSS", {}));
    }
  });

  it("is missing where no block says that it is the last", () => {
    expect(() => walkZstdFrame(windowFrame(rawBlock(abc), rawBlock(abc)), "node")).toThrow(
      failure("DATA_LOSS", { field: "zstd block header", offset: 18 }),
    );
  });
});

describe("a frame of the first blocks", () => {
  const blocks = [rawBlock(abc), compressedBlock([0, 0]), rleBlock(5, 10), rawBlock(abc, true)];
  const checked = windowFrame(...blocks, u32le(0));
  checked[4] = CHECKSUM_BIT;
  const ends = { first: 12, second: 17, third: 21, fourth: 27 };

  it("ends with the block that can exceed the room, and has no checksum", () => {
    const { frame, addedBytes } = cutZstdFrame(checked, 0, 3);
    expect(addedBytes).toBe(3 + LARGEST_BLOCK);
    expect(frame).toEqual(windowFrame(rawBlock(abc), compressedBlock([0, 0], true)));
    expect(checked[4]).toBe(CHECKSUM_BIT);
  });

  it("does not count the blocks that are kept anyway", () => {
    const { frame, addedBytes } = cutZstdFrame(checked, ends.second, 9);
    expect(frame).toHaveLength(ends.third);
    expect(addedBytes).toBe(10);
  });

  it("is the whole frame where that cannot exceed the room", () => {
    expect(cutZstdFrame(checked, 0, 2 ** 30).frame).toEqual(windowFrame(...blocks));
    expect(cutZstdFrame(checked, ends.fourth, 0)).toMatchObject({ addedBytes: 0 });
  });
});
