import { dataLoss } from "../errors.js";
import type { ReadableStorage } from "../storage/storage.js";
import type { CliLimits } from "./limits.js";
import type { Progress } from "./progress.js";
import type { Sha256 } from "./sha256.js";
import { Tally } from "./tally.js";

/** Bytes of a file that are in memory at once. */
const PIECE_BYTES = 2 ** 23;

/** What goes with hashing. */
export type FileHashesOptions = {
  readonly progress: Progress;
  /** Bytes of all files that will be hashed, of which progress is reported. */
  readonly allBytes: number;
  readonly limits: CliLimits;
};

/** Hashes whole files, a piece in memory at a time. */
export class FileHashes {
  readonly #sha256: Sha256;
  readonly #progress: Progress;
  readonly #allBytes: number;
  /** Links can give one file many names. */
  readonly #read: Tally;
  #done = 0;

  constructor(sha256: Sha256, { progress, allBytes, limits }: FileHashesOptions) {
    this.#sha256 = sha256;
    this.#progress = progress;
    this.#allBytes = allBytes;
    this.#read = new Tally("bytes of all files", "readBytes", limits);
  }

  /**
   * The SHA-256 of a file, in hexadecimal.
   *
   * @throws {OrbaxError} `DATA_LOSS` if it has not the size that it had when it was listed · `LIMIT_EXCEEDED` for more
   * than `readBytes` in all files.
   */
  async hash(storage: ReadableStorage, path: string, size: number): Promise<string> {
    this.#read.add(size, path);
    const hasher = this.#sha256.begin();
    for (let offset = 0; offset < size; offset += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, size - offset);
      const bytes = await storage.getRange?.(`/${path}`, { offset, length });
      if (bytes?.length !== length) {
        const expected = `${size} bytes, which it had before`;
        throw dataLoss(path, { file: path, field: "size", found: offset + (bytes?.length ?? 0), expected });
      }
      hasher.update(bytes);
      this.#done += length;
      await this.#progress.show(this.#done, this.#allBytes);
    }
    return hasher.end();
  }
}
