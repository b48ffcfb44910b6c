import { limitExceeded } from "../errors.js";
import type { CliLimits } from "./limits.js";

/** A sum that may not grow beyond a limit. */
export class Tally {
  #sum = 0;
  readonly #what: string;
  readonly #limit: string;
  readonly #most: number;

  /** @param what What is added up, for messages. */
  constructor(what: string, limit: keyof CliLimits, limits: CliLimits) {
    this.#what = what;
    this.#limit = limit;
    this.#most = limits[limit];
  }

  get sum(): number {
    return this.#sum;
  }

  /** @throws {OrbaxError} `LIMIT_EXCEEDED` if the sum is too large now. */
  add(amount: number, key?: string): void {
    this.#sum += amount;
    if (this.#sum <= this.#most) return;
    throw limitExceeded(this.#what, {
      ...(key === undefined ? {} : { key }),
      field: "their sum",
      found: this.#sum,
      expected: `at most ${this.#most}`,
      limit: this.#limit,
    });
  }
}
