import { decodeUtf8 } from "../bytes/utf8.js";
import { dataLoss } from "../errors.js";

// Why not `@msgpack/msgpack`: a tree needs what it loses. It gives 1 and 1.0 the same value, where Flax means an int and
// a float; with `rawStrings` it gives text and bytes the same value, and without it takes text that is no UTF-8 for
// some other text. It also builds the whole tree, by recursion, before a caller could count leaves and depth.

/**
 * One object of a msgpack file, or the head of one that others follow: `length` items of an array, `length` pairs of
 * a map. An integer is a `bigint` where a `number` would not be exact. Bodies are views of the file; a `str`'s is
 * not checked to be UTF-8. `start` and `end` of an `ext` are where its body lies in the file.
 */
export type MsgpackItem =
  | { readonly kind: "nil" }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "int"; readonly value: number | bigint }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "str"; readonly bytes: Uint8Array }
  | { readonly kind: "bin"; readonly bytes: Uint8Array }
  | { readonly kind: "ext"; readonly code: number; readonly start: number; readonly end: number }
  | { readonly kind: "array"; readonly length: number }
  | { readonly kind: "map"; readonly length: number };

/**
 * Reads a msgpack file object by object, without recursion and without building anything: what a count claims is held
 * against the bytes that are left.
 */
export class MsgpackReader {
  /** Structure that is being read, for messages. */
  readonly what: string;
  offset: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;

  /** @param end Where to stop; the objects of an `ext` body are read by a reader of its own. */
  constructor(bytes: Uint8Array, what: string, offset = 0, end = bytes.length) {
    this.what = what;
    this.offset = offset;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = end;
  }

  /** A reader of the `ext` body from `start` to `end`, whose offsets are those of the whole file. */
  within(start: number, end: number): MsgpackReader {
    return new MsgpackReader(this.#bytes, this.what, start, end);
  }

  /** @throws {OrbaxError} `DATA_LOSS` if the file is cut short here, or the byte is none of msgpack's. */
  next(): MsgpackItem {
    const start = this.offset;
    const head = this.#uint(1);
    if (head < 0x80) return { kind: "int", value: head };
    if (head < 0x90) return this.#container("map", head - 0x80);
    if (head < 0xa0) return this.#container("array", head - 0x90);
    if (head < 0xc0) return { kind: "str", bytes: this.#body(head - 0xa0) };
    if (head >= 0xe0) return { kind: "int", value: head - 0x100 };
    switch (head) {
      case 0xc0:
        return { kind: "nil" };
      case 0xc2:
      case 0xc3:
        return { kind: "bool", value: head === 0xc3 };
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return { kind: "bin", bytes: this.#body(this.#uint(2 ** (head - 0xc4))) };
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#ext(this.#uint(2 ** (head - 0xc7)));
      case 0xca:
        return { kind: "float", value: this.#view.getFloat32(this.#take(4)) };
      case 0xcb:
        return { kind: "float", value: this.#view.getFloat64(this.#take(8)) };
      case 0xcc:
      case 0xcd:
      case 0xce:
        return { kind: "int", value: this.#uint(2 ** (head - 0xcc)) };
      case 0xcf:
        return { kind: "int", value: exact(this.#view.getBigUint64(this.#take(8))) };
      case 0xd0:
        return { kind: "int", value: this.#view.getInt8(this.#take(1)) };
      case 0xd1:
        return { kind: "int", value: this.#view.getInt16(this.#take(2)) };
      case 0xd2:
        return { kind: "int", value: this.#view.getInt32(this.#take(4)) };
      case 0xd3:
        return { kind: "int", value: exact(this.#view.getBigInt64(this.#take(8))) };
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#ext(2 ** (head - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return { kind: "str", bytes: this.#body(this.#uint(2 ** (head - 0xd9))) };
      case 0xdc:
      case 0xdd:
        return this.#container("array", this.#uint(2 ** (head - 0xdc + 1)));
      case 0xde:
      case 0xdf:
        return this.#container("map", this.#uint(2 ** (head - 0xde + 1)));
      default: // 0xc1
        throw dataLoss(this.what, {
          offset: start,
          field: "type",
          found: head,
          expected: "one of msgpack's",
        });
    }
  }

  /** @throws {OrbaxError} `DATA_LOSS` unless the last object ended at the last byte. */
  end(): void {
    if (this.offset === this.#end) return;
    throw dataLoss(this.what, {
      offset: this.offset,
      found: `${this.#end - this.offset} bytes after the last object`,
      expected: "none",
    });
  }

  /** Each item takes a byte at least, so a count that is larger than what is left is none. */
  #container(kind: "array" | "map", length: number): MsgpackItem {
    const left = this.#end - this.offset;
    const most = kind === "map" ? Math.floor(left / 2) : left;
    if (length > most) {
      throw dataLoss(this.what, {
        offset: this.offset,
        field: `length of the ${kind}`,
        found: length,
        expected: `at most ${most}, as ${left} bytes are left`,
      });
    }
    return { kind, length };
  }

  #ext(length: number): MsgpackItem {
    const code = this.#view.getInt8(this.#take(1));
    const start = this.#take(length);
    return { kind: "ext", code, start, end: this.offset };
  }

  #body(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, this.offset);
  }

  /** An unsigned integer of 1, 2 or 4 bytes, big-endian as all of msgpack. */
  #uint(length: number): number {
    const start = this.#take(length);
    if (length === 1) return this.#view.getUint8(start);
    return length === 2 ? this.#view.getUint16(start) : this.#view.getUint32(start);
  }

  /** Steps over `length` bytes and returns where they start. */
  #take(length: number): number {
    const start = this.offset;
    if (length > this.#end - start) {
      throw dataLoss(this.what, {
        offset: start,
        found: `cut short with ${this.#end - start} bytes left`,
        expected: `${length} bytes`,
      });
    }
    this.offset = start + length;
    return start;
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text of a `str`: as {@link decodeUtf8}, but quick where a file has millions.
 *
 * @throws {OrbaxError} `DATA_LOSS` for what is no UTF-8 · `LIMIT_EXCEEDED` for more than a string can hold.
 */
export function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    return decodeUtf8(bytes, what); // throws, and knows the place
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
