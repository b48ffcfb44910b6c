import { dataLoss, type OrbaxError } from "../errors.js";

/** Bits of a bzip2 stream, the highest of every byte first. Errors name the structure and the byte. */
export class BitReader {
  readonly #bytes: Uint8Array;
  /** Structure that is being read, for messages. */
  readonly what: string;
  /** The next byte to take in. */
  #offset: number;
  /** The last bits taken in, of which the lowest {@link #count} are still to be read. */
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array, offset: number, what: string) {
    this.#bytes = bytes;
    this.#offset = offset;
    this.what = what;
  }

  /** Whole bytes of which no bit was read. */
  get remainingBytes(): number {
    return this.#bytes.length - this.#offset + (this.#count >> 3);
  }

  /** The next `width` bits, up to 24, without going on. @throws {OrbaxError} `DATA_LOSS` if they are not there. */
  peek(width: number): number {
    while (this.#count < width) {
      const byte = this.#bytes[this.#offset];
      if (byte === undefined) throw this.damage("stream", "cut short", "more bits");
      this.#offset++;
      this.#held = (this.#held << 8) | byte;
      this.#count += 8;
    }
    return (this.#held >>> (this.#count - width)) & ((1 << width) - 1);
  }

  /** Goes on by `width` bits that {@link peek} has seen. */
  skip(width: number): void {
    this.#count -= width;
  }

  /** The next `width` bits, up to 24. */
  bits(width: number): number {
    const value = this.peek(width);
    this.#count -= width;
    return value;
  }

  /** The next 32 bits, unsigned. */
  uint32(): number {
    return this.bits(16) * 0x10000 + this.bits(16);
  }

  /** The next 48 bits. */
  uint48(): number {
    return this.bits(24) * 0x1000000 + this.bits(24);
  }

  /** The error for something wrong that was just read. */
  damage(field: string, found: number | string, expected: string): OrbaxError {
    return dataLoss(this.what, { offset: this.#offset, field: `bz2 ${field}`, found, expected });
  }
}
