import type { OutputStream } from "./io.js";

/** As much is held back at first, so that a command that fails has printed nothing. */
const HELD_LENGTH = 2 ** 22;
/** Then text goes out in pieces of this length: a write for every line would cost more than the line. */
const PIECE_LENGTH = 2 ** 18;

/** Collects text for an output. Push, and `await drain()` every now and then; `await end()` at the end. */
export class Output {
  readonly #stream: OutputStream;
  #text = "";
  #most = HELD_LENGTH;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /** Adds text. */
  push(text: string): void {
    this.#text += text;
  }

  /** Whether so much has been collected that {@link drain} would write it. */
  get isFull(): boolean {
    return this.#text.length >= this.#most;
  }

  /** Writes what has been collected, if that is much. */
  async drain(): Promise<void> {
    if (!this.isFull) return;
    this.#most = PIECE_LENGTH;
    await this.end();
  }

  /** Writes all pieces, and what has been collected before them. */
  async writeAll(pieces: Iterable<string>): Promise<void> {
    for (const piece of pieces) {
      this.push(piece);
      if (this.isFull) await this.drain();
    }
    await this.end();
  }

  /** Writes what has been collected. */
  async end(): Promise<void> {
    const text = this.#text;
    this.#text = "";
    if (text !== "") await this.#stream.write(text);
  }
}
