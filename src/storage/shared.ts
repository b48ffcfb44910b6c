import type { StorageOptions } from "./storage.js";

/**
 * A value that is made at the first question and then kept. Whoever asks meanwhile waits for the same; a failure is
 * not kept.
 */
export class Shared<T> {
  readonly #make: (options?: StorageOptions) => Promise<T>;
  #value: Promise<T> | undefined;

  constructor(make: (options?: StorageOptions) => Promise<T>) {
    this.#make = make;
  }

  /** @param options What the making gets, if this call is the one that starts it. */
  async get(options?: StorageOptions): Promise<T> {
    if (this.#value === undefined) return this.#start(options);
    try {
      return await this.#value;
    } catch {
      // It failed for another caller, perhaps because that one aborted it.
      options?.signal?.throwIfAborted();
      return this.get(options);
    }
  }

  #start(options: StorageOptions | undefined): Promise<T> {
    const value = this.#make(options).catch((error: unknown) => {
      this.#value = undefined;
      throw error;
    });
    this.#value = value;
    return value;
  }
}
