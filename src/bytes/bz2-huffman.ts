import type { BitReader } from "./bz2-bits.js";

/** A symbol that there never is: more than 258 are impossible. */
const NONE = 0xffff;
/** Longest code of bzip2. */
const MAX_CODE_BITS = 20;
/** Codes up to so many bits, nearly all that occur, are found with one look into a table. */
const TABLE_BITS = 10;

/** A prefix code of up to 20 bits. */
export type HuffmanCode = {
  /** By the next {@link TABLE_BITS} bits: symbol × 32 + length of its code, 0 where the code is longer or none. */
  readonly table: Uint16Array;
  /** By length: the first code that is longer, aligned to 20 bits. */
  readonly limits: Int32Array;
  /** By length: what to subtract from a code to get its place in {@link symbols}. */
  readonly bases: Int32Array;
  /** Symbols in the order of their codes. */
  readonly symbols: Uint16Array;
};

/** Reads the code of `symbols` symbols: the length of each one's code, by its difference from the one before. */
export function readHuffmanCode(reader: BitReader, symbols: number): HuffmanCode {
  const lengths = new Uint8Array(symbols);
  let length = reader.bits(5);
  for (let symbol = 0; symbol < symbols; symbol++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE_BITS) {
        throw reader.damage("code length", length, `1 to ${MAX_CODE_BITS}`);
      }
      if (reader.bits(1) === 0) break;
      length += reader.bits(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  return huffmanCode(lengths);
}

/** The code that has such lengths: shorter codes first, then in the order of the symbols. */
function huffmanCode(lengths: Uint8Array): HuffmanCode {
  const limits = new Int32Array(MAX_CODE_BITS + 1);
  const bases = new Int32Array(MAX_CODE_BITS + 1);
  const symbols = new Uint16Array(lengths.length);
  const table = new Uint16Array(1 << TABLE_BITS);
  let code = 0;
  let place = 0;
  for (let length = 1; length <= MAX_CODE_BITS; length++) {
    bases[length] = code - place;
    for (const [symbol, ofSymbol] of lengths.entries()) {
      if (ofSymbol !== length) continue;
      symbols[place++] = symbol;
      if (length <= TABLE_BITS) {
        const first = code << (TABLE_BITS - length);
        table.fill(symbol * 32 + length, first, first + (1 << (TABLE_BITS - length)));
      }
      code++;
    }
    limits[length] = code * 2 ** (MAX_CODE_BITS - length);
    code *= 2;
  }
  return { table, limits, bases, symbols };
}

/** The symbol whose code is next. @throws {OrbaxError} `DATA_LOSS` where there is none. */
export function readSymbol(reader: BitReader, { table, limits, bases, symbols }: HuffmanCode): number {
  // Behind the last symbol follow 80 bits, so a sound stream always has as many as are looked at.
  const next = reader.peek(MAX_CODE_BITS);
  const entry = table[next >> (MAX_CODE_BITS - TABLE_BITS)] ?? 0;
  if (entry !== 0) {
    reader.skip(entry & 31);
    return entry >> 5;
  }
  for (let length = TABLE_BITS + 1; length <= MAX_CODE_BITS; length++) {
    if (next < (limits[length] ?? 0)) {
      reader.skip(length);
      return symbols[(next >> (MAX_CODE_BITS - length)) - (bases[length] ?? 0)] ?? NONE;
    }
  }
  throw reader.damage("code", next, "one that stands for a symbol");
}
