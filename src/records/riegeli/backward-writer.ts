import { dataLoss } from "../../errors.js";

const FIRST_CAPACITY = 2 ** 12;

/** Bytes that are written back to front: each piece goes before all that were written before it. */
export class BackwardWriter {
  /** Bytes written so far. */
  length = 0;
  readonly #most: number;
  readonly #what: string;
  /** Filled from its end. */
  #bytes: Uint8Array;

  /** @param most Bytes that may be written: more is damage of `what`. */
  constructor(most: number, what: string) {
    this.#most = most;
    this.#what = what;
    this.#bytes = new Uint8Array(Math.min(most, FIRST_CAPACITY));
  }

  /** Room for a piece of `length` bytes, to be filled at once. */
  prepend(length: number): Uint8Array {
    const total = this.length + length;
    if (total > this.#most) {
      throw dataLoss(this.#what, { field: "decoded size", found: "more", expected: `${this.#most}` });
    }
    if (total > this.#bytes.length) this.#grow(total);
    this.length = total;
    const start = this.#bytes.length - total;
    return this.#bytes.subarray(start, start + length);
  }

  /** All bytes. @throws {OrbaxError} `DATA_LOSS` unless as many were written as may be. */
  finish(): Uint8Array {
    if (this.length === this.#most) return this.#bytes;
    const expected = `${this.#most}`;
    throw dataLoss(this.#what, { field: "decoded size", found: this.length, expected });
  }

  #grow(total: number): void {
    const larger = new Uint8Array(Math.min(this.#most, Math.max(total, this.#bytes.length * 2)));
    larger.set(this.#bytes.subarray(this.#bytes.length - this.length), larger.length - this.length);
    this.#bytes = larger;
  }
}
