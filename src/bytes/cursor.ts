import { dataLoss } from "../errors.js";

const MAX_UINT64 = 2n ** 64n - 1n;

/**
 * Reads a structure field by field and never past its end. All integers are little-endian unless the name says
 * otherwise; varints are LEB128 (docs/spec/ocdbt.md section 2). Errors name the structure and the byte.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** Structure that is being read, for messages. */
  readonly what: string;
  offset: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, what: string, offset = 0) {
    this.bytes = bytes;
    this.what = what;
    this.offset = offset;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  /** @throws {OrbaxError} `DATA_LOSS` unless `length` more bytes are there. */
  #take(length: number, field: string): number {
    const start = this.offset;
    if (length > this.bytes.length - start) {
      throw dataLoss(this.what, {
        offset: start,
        field,
        found: `cut short with ${this.bytes.length - start} bytes left`,
        expected: `${length} bytes`,
      });
    }
    this.offset = start + length;
    return start;
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#take(1, field));
  }

  u32be(field: string): number {
    return this.#view.getUint32(this.#take(4, field), false);
  }

  u32le(field: string): number {
    return this.#view.getUint32(this.#take(4, field), true);
  }

  i32le(field: string): number {
    return this.#view.getInt32(this.#take(4, field), true);
  }

  u64le(field: string): bigint {
    return this.#view.getBigUint64(this.#take(8, field), true);
  }

  /** A view of the next `length` bytes; nothing is copied. */
  take(length: number, field: string): Uint8Array {
    const start = this.#take(length, field);
    return this.bytes.subarray(start, start + length);
  }

  varint16(field: string): number {
    return this.#smallVarint(0xffff, field);
  }

  varint32(field: string): number {
    return this.#smallVarint(0xffffffff, field);
  }

  #smallVarint(max: number, field: string): number {
    const start = this.offset;
    let value = 0;
    let scale = 1;
    for (let length = 1; length <= 5; length++) {
      const byte = this.u8(field);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > max) throw this.#outOfRange(start, field, value, max);
        return value;
      }
      scale *= 128;
    }
    throw this.#tooLong(start, field, 5);
  }

  /** A 64-bit field whose whole range has a meaning. */
  varint64(field: string): bigint {
    const start = this.offset;
    let low = 0;
    let scale = 1;
    // Seven groups are 49 bits: exact in a double, and nearly every value ends here.
    for (let length = 1; length <= 7; length++) {
      const byte = this.u8(field);
      low += (byte & 0x7f) * scale;
      if (byte < 0x80) return BigInt(low);
      scale *= 128;
    }
    let value = BigInt(low);
    for (let length = 8; length <= 10; length++) {
      const byte = this.u8(field);
      value += BigInt(byte & 0x7f) << BigInt((length - 1) * 7);
      if (byte < 0x80) {
        if (value > MAX_UINT64) throw this.#outOfRange(start, field, value, MAX_UINT64);
        return value;
      }
    }
    throw this.#tooLong(start, field, 10);
  }

  /** A 64-bit field of which only values below 2^53 can be true: an offset, a length, an index. */
  varint53(field: string): number {
    const start = this.offset;
    let value = 0;
    let scale = 1;
    for (let length = 1; length <= 7; length++) {
      const byte = this.u8(field);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    this.offset = start;
    const large = this.varint64(field);
    if (large > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw this.#outOfRange(start, field, large, Number.MAX_SAFE_INTEGER);
    }
    return Number(large);
  }

  #outOfRange(offset: number, field: string, found: number | bigint, max: number | bigint) {
    return dataLoss(this.what, { offset, field, found, expected: `at most ${max}` });
  }

  #tooLong(offset: number, field: string, bytes: number) {
    return dataLoss(this.what, {
      offset,
      field,
      found: "a varint without end",
      expected: `at most ${bytes} bytes`,
    });
  }

  /** @throws {OrbaxError} `DATA_LOSS` unless the last field ended at the last byte. */
  end(): void {
    if (this.remaining === 0) return;
    throw dataLoss(this.what, {
      offset: this.offset,
      found: `${this.remaining} bytes after the last field`,
      expected: "none",
    });
  }
}

/** Builds what {@link ByteReader} reads. Values must fit their field: callers check before. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** Makes room for `length` more bytes and returns where they start. */
  #grow(length: number): number {
    const start = this.#length;
    this.#length = start + length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }

  u8(value: number): void {
    const start = this.#grow(1);
    this.#view.setUint8(start, value);
  }

  u32be(value: number): void {
    const start = this.#grow(4);
    this.#view.setUint32(start, value, false);
  }

  u32le(value: number): void {
    const start = this.#grow(4);
    this.#view.setUint32(start, value, true);
  }

  i32le(value: number): void {
    const start = this.#grow(4);
    this.#view.setInt32(start, value, true);
  }

  u64le(value: bigint): void {
    const start = this.#grow(8);
    this.#view.setBigUint64(start, value, true);
  }

  bytes(value: Uint8Array): void {
    const start = this.#grow(value.length);
    this.#bytes.set(value, start);
  }

  /** The shortest varint of a safe integer or of a bigint below 2^64. */
  varint(value: number | bigint): void {
    let rest: number;
    if (typeof value === "bigint") {
      let large = value;
      while (large > 0xffffffffn) {
        this.u8(Number(large & 0x7fn) | 0x80);
        large >>= 7n;
      }
      rest = Number(large);
    } else {
      rest = value;
    }
    while (rest >= 128) {
      this.u8((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.u8(rest);
  }

  /** Overwrites eight bytes written before, for a length that is known only at the end. */
  patchU64le(offset: number, value: bigint): void {
    this.#view.setBigUint64(offset, value, true);
  }

  /** A view of what was written. Further writes may or may not change it. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
