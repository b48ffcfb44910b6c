import type { Io } from "./io.js";

/** Shorter work needs no word about how far it is. */
const SILENT_MS = 1000;
const REPEAT_MS = 200;

/** One line on a terminal's stderr that says how far some work is; nothing elsewhere, and nothing at first. */
export class Progress {
  readonly #io: Io;
  readonly #what: string;
  #next = Date.now() + SILENT_MS;
  #shown = false;

  constructor(io: Io, what: string) {
    this.#io = io;
    this.#what = what;
  }

  /** Shows how far it is, if it is time for that. */
  async show(done: number, all: number): Promise<void> {
    if (!this.#io.err.isTerminal || Date.now() < this.#next) return;
    this.#next = Date.now() + REPEAT_MS;
    this.#shown = true;
    const percent = all > 0 ? Math.floor((100 * done) / all) : 100;
    await this.#io.err.write(`\r\u001b[K${this.#what} ${percent} %`);
  }

  /** Takes the line away. */
  async end(): Promise<void> {
    if (this.#shown) await this.#io.err.write("\r\u001b[K");
    this.#shown = false;
  }
}
