import { dataLoss } from "../errors.js";
import type { ReadableStorage, StorageKey } from "../storage/storage.js";
import type { CliLimits } from "./limits.js";
import { Tally } from "./tally.js";

/** Sizes of data files, each asked for once. */
export class DataFileSizes {
  readonly #storage: ReadableStorage;
  readonly #sizes = new Map<StorageKey, number>();
  readonly #count: Tally;

  constructor(storage: ReadableStorage, limits: CliLimits) {
    this.#storage = storage;
    this.#count = new Tally("data files of the database", "dataFiles", limits);
  }

  /** The size of a file that was asked for before. */
  known(file: StorageKey): number | undefined {
    return this.#sizes.get(file);
  }

  /** @throws {OrbaxError} `DATA_LOSS` if there is no such file; TensorStore would give empty values. */
  async ask(file: StorageKey): Promise<number> {
    this.#count.add(1);
    const size = await this.#storage.size?.(file);
    const name = file.slice(1);
    if (size === undefined) {
      throw dataLoss(name, { file: name, found: "no such file", expected: "a data file of the database" });
    }
    this.#sizes.set(file, size);
    return size;
  }
}
