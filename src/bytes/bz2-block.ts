import { unsupported } from "../errors.js";
import type { BitReader } from "./bz2-bits.js";
import { type HuffmanCode, readHuffmanCode, readSymbol } from "./bz2-huffman.js";
import type { ContentBuffer } from "./content-buffer.js";

/** Symbols that one selector, that is one choice of a code, is for. */
const GROUP_SYMBOLS = 50;
/** More selectors than a block of 900,000 symbols needs are skipped, as libbzip2 does. */
const MAX_SELECTORS = 18_002;
/** Fewer bytes are moved faster in a loop than by a call. */
const SHORT_MOVE = 32;
/** Room that a block begins with, and that doubles: most chunks are far smaller than a block may be. */
const FIRST_ENTRIES = 4096;
/** Symbols of the runs of the byte in front: they are the digits 1 and 2 of the run's length to the base of two. */
const RUN_B = 1;
/** As many equal bytes are followed by the number of further ones. */
const RUN_BYTES = 4;

/**
 * Decodes one block, behind its magic and checksum, and adds its bytes to `content`. False if that has no room for
 * them.
 *
 * @param blockBytes Bytes that the block may have before its runs are written out.
 * @throws {OrbaxError} `DATA_LOSS` · `UNSUPPORTED` a randomised block, as bzip2 made before 0.9.5.
 */
export function decodeBz2Block(reader: BitReader, blockBytes: number, content: ContentBuffer): boolean {
  if (reader.bits(1) === 1) throw unsupported(reader.what, { field: "bz2 block", found: "randomised" });
  const origin = reader.bits(24);
  const used = readUsedBytes(reader);
  const codes = reader.bits(3);
  if (codes < 2 || codes > 6) throw reader.damage("codes", codes, "2 to 6");
  const selectors = readSelectors(reader, codes);
  const symbols = used.length + 2; // two for runs, one for the end; the byte in front needs none
  const huffman = Array.from({ length: codes }, () => readHuffmanCode(reader, symbols));
  const links = readBytes(reader, used, selectors, huffman, blockBytes);
  if (origin >= links.length) throw reader.damage("origin", origin, `less than ${links.length}`);
  linkBytes(links);
  return writeRuns(reader, links, origin, content);
}

/** The byte values that occur, in order: a map of 16 bits says which of 16 maps of 16 bits follow. */
function readUsedBytes(reader: BitReader): Uint8Array {
  const used: number[] = [];
  const rows = reader.bits(16);
  for (let row = 0; row < 16; row++) {
    if (((rows << row) & 0x8000) === 0) continue;
    const columns = reader.bits(16);
    for (let column = 0; column < 16; column++) {
      if (((columns << column) & 0x8000) !== 0) used.push(row * 16 + column);
    }
  }
  if (used.length === 0) throw reader.damage("byte values", 0, "at least 1");
  return Uint8Array.from(used);
}

/** Which code is for which group of symbols; stored as places in a list whose last hit moves to the front. */
function readSelectors(reader: BitReader, codes: number): Uint8Array {
  const count = reader.bits(15);
  if (count === 0) throw reader.damage("selectors", 0, "at least 1");
  const selectors = new Uint8Array(Math.min(count, MAX_SELECTORS));
  const order = Uint8Array.from({ length: codes }, (_, code) => code);
  for (let index = 0; index < count; index++) {
    let place = 0;
    while (reader.bits(1) === 1) {
      if (++place === codes) throw reader.damage("selector", place, `less than ${codes}`);
    }
    selectors[index] = moveToFront(order, place);
  }
  return selectors;
}

function moveToFront(list: Uint8Array, place: number): number {
  const value = list[place] ?? 0;
  if (place < SHORT_MOVE) for (let to = place; to > 0; to--) list[to] = list[to - 1] ?? 0;
  else list.copyWithin(1, 0, place);
  list[0] = value;
  return value;
}

/** The bytes as the Burrows-Wheeler transform left them, an entry each. */
function readBytes(
  reader: BitReader,
  used: Uint8Array,
  selectors: Uint8Array,
  huffman: readonly HuffmanCode[],
  blockBytes: number,
): Uint32Array {
  const order = used;
  const end = used.length + 1;
  let entries: Uint32Array = new Uint32Array(Math.min(blockBytes, FIRST_ENTRIES));
  let length = 0;
  let run = 0;
  let digit = 1;
  for (const selector of selectors) {
    const code = huffman[selector];
    if (code === undefined) throw new Error(`bz2: no code ${selector}`);
    for (let index = 0; index < GROUP_SYMBOLS; index++) {
      const symbol = readSymbol(reader, code);
      if (symbol <= RUN_B) {
        run += digit * (symbol + 1);
        digit *= 2;
        if (run > blockBytes) throw reader.damage("run", run, `at most ${blockBytes}`);
        continue;
      }
      // Only now it is known how long the run is; behind it comes a byte, unless this is the end.
      const start = length;
      length += symbol === end ? run : run + 1;
      if (length > entries.length) {
        if (length > blockBytes) throw reader.damage("block", length, `at most ${blockBytes} bytes`);
        entries = enlarged(entries, Math.min(blockBytes, Math.max(length, entries.length * 2)));
      }
      if (run > 0) {
        entries.fill(order[0] ?? 0, start, start + run);
        run = 0;
        digit = 1;
      }
      if (symbol === end) return entries.subarray(0, length);
      if (symbol > end) throw reader.damage("code", symbol, "one that stands for a symbol");
      entries[length - 1] = moveToFront(order, symbol - 1);
    }
  }
  throw reader.damage("block", "without end", `at most ${selectors.length * GROUP_SYMBOLS} symbols`);
}

function enlarged(entries: Uint32Array, length: number): Uint32Array {
  const larger = new Uint32Array(length);
  larger.set(entries);
  return larger;
}

/**
 * Undoes the Burrows-Wheeler transform: above its byte, every entry gets the index of the entry whose byte follows,
 * which is where a stable sort by byte brings it.
 */
function linkBytes(links: Uint32Array): void {
  const starts = new Uint32Array(257);
  const { length } = links;
  for (let index = 0; index < length; index++) {
    const next = (links[index] ?? 0) + 1;
    starts[next] = (starts[next] ?? 0) + 1;
  }
  for (let byte = 1; byte < 256; byte++) starts[byte] = (starts[byte] ?? 0) + (starts[byte - 1] ?? 0);
  for (let index = 0; index < length; index++) {
    const byte = (links[index] ?? 0) & 0xff;
    const sorted = starts[byte] ?? 0;
    starts[byte] = sorted + 1;
    links[sorted] = (links[sorted] ?? 0) | (index << 8);
  }
}

/** Follows the links from `origin` and writes runs out. False if there is no room for all. */
function writeRuns(reader: BitReader, links: Uint32Array, origin: number, content: ContentBuffer): boolean {
  let { bytes, length: at } = content;
  let previous = -1;
  let equal = 0;
  let link = links[origin] ?? 0;
  for (let index = 0; index < links.length; index++) {
    link = links[link >>> 8] ?? 0;
    const byte = link & 0xff;
    const count = equal === RUN_BYTES ? byte : 1;
    if (at + count > bytes.length) {
      content.length = at;
      if (!content.reserve(count)) return false;
      bytes = content.bytes;
    }
    if (equal === RUN_BYTES) {
      bytes.fill(previous, at, at + count);
      previous = -1;
      equal = 0;
    } else {
      bytes[at] = byte;
      equal = byte === previous ? equal + 1 : 1;
      previous = byte;
    }
    at += count;
  }
  if (equal === RUN_BYTES) throw reader.damage("run", "without length", "its length");
  content.length = at;
  return true;
}
