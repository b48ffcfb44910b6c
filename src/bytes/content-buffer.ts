/** Content that a decoder makes piece by piece and whose length is known only at its end. */
export class ContentBuffer {
  /** What is there so far, and room after it. Another array after {@link reserve}. */
  bytes: Uint8Array;
  length = 0;
  readonly #capacity: number;

  /** @param capacity Most bytes that there may be; `expected` of them are made room for at once. */
  constructor(capacity: number, expected: number) {
    this.#capacity = capacity;
    this.bytes = new Uint8Array(Math.min(capacity, expected));
  }

  /** Makes room for `more` bytes. False if that would exceed the capacity. */
  reserve(more: number): boolean {
    const needed = this.length + more;
    if (needed > this.#capacity) return false;
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.min(this.#capacity, Math.max(needed, this.bytes.length * 2)));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    return true;
  }

  /** Adds `part`. False if that would exceed the capacity. */
  append(part: Uint8Array): boolean {
    if (!this.reserve(part.length)) return false;
    this.bytes.set(part, this.length);
    this.length += part.length;
    return true;
  }

  /** All bytes, in a buffer of their own. */
  finish(): Uint8Array {
    return this.length === this.bytes.length ? this.bytes : this.bytes.slice(0, this.length);
  }
}
