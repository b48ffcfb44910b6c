import { crc32c } from "../../src/bytes/crc32c.js";

/**
 * Bytes written out with their meaning: pairs of hex digits, text in double quotes for its UTF-8 bytes, and
 * comments from `#` to the end of a line.
 *
 * @example hex('02 # two entries\n "a" "b"')
 */
export function hex(text: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const line of text.split("\n")) {
    for (const [token, quoted] of line.matchAll(/#.*|"([^"]*)"|[^\s"#]+/g)) {
      if (quoted !== undefined) parts.push(new TextEncoder().encode(quoted));
      else if (!token.startsWith("#")) parts.push(hexDigits(token));
    }
  }
  return joined(parts);
}

function hexDigits(token: string): Uint8Array {
  if (!/^([0-9a-f]{2})+$/.test(token)) throw new Error(`${token}: expected pairs of hex digits`);
  return Uint8Array.from(token.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Hex digits of bytes, as {@link hex} reads them. */
export function toHex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Text of UTF-8 bytes. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** All parts in one array. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Hex digits of the shortest varint (docs/spec/ocdbt.md section 2). */
export function varint(value: number | bigint): string {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return toHex([...bytes, Number(rest)]);
}

/** Hex digits of eight bytes, little-endian. */
export function u64le(value: number | bigint): string {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return toHex(bytes);
}

/** Hex digits of four bytes, little-endian. */
function u32le(value: number): string {
  return u64le(value >>> 0).slice(0, 8);
}

const MAGIC = { manifest: "0cdb3a2a", node: "0cdb20de", versions: "0cdb1234" };

/**
 * A true envelope (section 3) around a body, so that only what the body says can be wrong.
 *
 * @param head Version and compression.
 */
export function envelope(kind: keyof typeof MAGIC, body: Uint8Array, head = "00 00"): Uint8Array {
  const start = hex(head);
  const length = 12 + start.length + body.length + 4;
  return sealed(joined([hex(`${MAGIC[kind]} ${u64le(length)}`), start, body]));
}

/** Appends the checksum of `bytes`. */
export function sealed(bytes: Uint8Array): Uint8Array {
  return joined([bytes, hex(u32le(crc32c(bytes)))]);
}

/** A zstd frame of raw blocks: what an encoder makes of bytes that it cannot compress (section 16). */
export function rawZstdFrame(content: Uint8Array): Uint8Array {
  const blocks: string[] = [];
  for (let start = 0; start === 0 || start < content.length; start += 2 ** 17) {
    const block = content.subarray(start, start + 2 ** 17);
    const last = start + 2 ** 17 >= content.length ? 1 : 0;
    blocks.push(u32le(block.length * 8 + last).slice(0, 6), toHex(block));
  }
  return hex(`28b52ffd a0 ${u32le(content.length)} ${blocks.join(" ")}`);
}
