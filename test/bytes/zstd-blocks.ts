/** Parts of zstd frames, put together by hand (RFC 8878 section 3.1.1). */

export const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** Single segment, content size in 1, 2, 4 and 8 bytes; and neither, for a window descriptor. */
export const DESCRIPTOR = { size1: 0x20, size2: 0x60, size4: 0xa0, size8: 0xe0, window: 0x00 };
export const CHECKSUM_BIT = 0x04;
export const WINDOW_2_MIB = 0x58;
export const LARGEST_BLOCK = 128 * 1024;

function blockHeader(type: number, size: number, last: boolean): number[] {
  const header = size * 8 + type * 2 + (last ? 1 : 0);
  return [header & 0xff, (header >> 8) & 0xff, header >> 16];
}

export function rawBlock(content: ArrayLike<number>, last = false): number[] {
  return [...blockHeader(0, content.length, last), ...Array.from(content)];
}

export function rleBlock(byte: number, size: number, last = false): number[] {
  return [...blockHeader(1, size, last), byte];
}

/** What it decodes to is up to `stored`. */
export function compressedBlock(stored: ArrayLike<number>, last = false): number[] {
  return [...blockHeader(2, stored.length, last), ...Array.from(stored)];
}

export function reservedBlock(last = false): number[] {
  return blockHeader(3, 0, last);
}

/** A frame with a window of 2 MiB and without content size. */
export function windowFrame(...blocks: number[][]): Uint8Array {
  return Uint8Array.from([...MAGIC, DESCRIPTOR.window, WINDOW_2_MIB, ...blocks.flat()]);
}

/** A frame that repeats one byte in as many full blocks as it takes: four bytes of it become 128 KiB. */
export function bomb(contentBytes: number): Uint8Array {
  const blocks = Math.ceil(contentBytes / LARGEST_BLOCK);
  return windowFrame(
    ...Array.from({ length: blocks }, (_, block) => rleBlock(7, LARGEST_BLOCK, block === blocks - 1)),
  );
}

export function u32le(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
}
