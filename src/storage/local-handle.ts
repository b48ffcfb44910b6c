import {
  closeSync,
  fstatSync,
  fsync,
  openSync,
  read,
  readSync,
  type Stats,
  writev,
  writevSync,
} from "node:fs";
import { promisify } from "node:util";

/** Up to here the call itself takes less time than a promise around it: 10 µs against 100 µs for 4 KiB on Node 20. */
export const SMALL_BYTES = 2 ** 16;

const readBehind = promisify(read);
const writevBehind = promisify(writev);
const fsyncBehind = promisify(fsync);

/**
 * An open file or directory of the system, with its calls in both forms where they may be short. Errors are the
 * system's own.
 */
export class LocalHandle {
  #descriptor: number | undefined;

  /** @param flags As of `open` of the system, or in the letters of `fs.open`. */
  constructor(path: string, flags: number | string) {
    this.#descriptor = openSync(path, flags);
  }

  get #open(): number {
    if (this.#descriptor === undefined) throw new Error("the file is closed");
    return this.#descriptor;
  }

  /** Whether {@link close} was not called yet. */
  get isOpen(): boolean {
    return this.#descriptor !== undefined;
  }

  stats(): Stats {
    return fstatSync(this.#open);
  }

  /** One read of the system: how many bytes from `position` it put at the start of `target`. */
  readNow(target: Uint8Array, position: number): number {
    return readSync(this.#open, target, 0, target.length, position);
  }

  /** {@link readNow}, while the event loop goes on. */
  async read(target: Uint8Array, position: number): Promise<number> {
    const { bytesRead } = await readBehind(this.#open, target, 0, target.length, position);
    return bytesRead;
  }

  /** One write of the system where the last one ended: how many bytes of `parts` it took. */
  writeNow(parts: readonly Uint8Array[]): number {
    return writevSync(this.#open, parts);
  }

  /** {@link writeNow}, while the event loop goes on. */
  async write(parts: readonly Uint8Array[]): Promise<number> {
    const { bytesWritten } = await writevBehind(this.#open, parts);
    return bytesWritten;
  }

  /** Makes durable what the file or directory holds. */
  async sync(): Promise<void> {
    await fsyncBehind(this.#open);
  }

  /** Closes the file, once. No call may be under way: the system may give its number to the next file. */
  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
