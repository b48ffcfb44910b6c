import { invalidArgument } from "../../errors.js";
import { countOf, requiredField } from "../../pytree/state-values.js";
import type { Dict } from "../../pytree/value.js";

/** What a source says of a pass over its elements. */
export type Pass = {
  /** Called before the first element of a new pass; what it throws leaves the cursor as it was. */
  readonly begin: (epoch: number) => void;
  /** Whether the pass has an element at a position. */
  readonly has: (position: number) => boolean;
};

/**
 * Where a source stands: the number of its passes, and how many elements of the present one are taken. An index of 0
 * lies between two passes; Python's `iter()` leaves it at 0 all the time (docs/spec/datarax.md section 5.4), which
 * is why it cannot resume.
 */
export class PassCursor {
  index = 0;
  epoch = 0;
  /** Whether the end was told to whoever iterates: then only a new loop begins the next pass. */
  #hasEnded = false;
  readonly #staysAtEnd: boolean;

  /** @param options.staysAtEnd Whether the index stays behind the last element until the next pass is let begin. */
  constructor({ staysAtEnd = false }: { readonly staysAtEnd?: boolean } = {}) {
    this.#staysAtEnd = staysAtEnd;
  }

  /** The position of the next element; the first one of a pass begins it. `undefined` at the end. */
  next({ begin, has }: Pass): number | undefined {
    if (this.#hasEnded) return undefined;
    if (this.index === 0) {
      begin(this.epoch + 1);
      this.epoch += 1;
    }
    if (has(this.index)) return this.index++;
    this.#hasEnded = true;
    if (!this.#staysAtEnd) this.index = 0;
    return undefined;
  }

  /** Lets the next pass begin, if the former one has ended. */
  reopen(): void {
    if (this.#hasEnded) this.index = 0;
    this.#hasEnded = false;
  }

  /** Puts the cursor elsewhere. */
  moveTo(epoch: number, index: number): void {
    this.epoch = epoch;
    this.index = index;
    this.#hasEnded = false;
  }

  /**
   * Continues the pass that the cursor's epoch counts, although the index is 0: as after a restore of what Python
   * saved in the middle of a loop.
   *
   * @param consumed Elements that were taken, 1 to `length`.
   * @throws {OrbaxError} `INVALID_ARGUMENT` if no pass has begun, or for another number.
   */
  continuePass(consumed: number, length: number): void {
    if (this.epoch === 0) throw invalidArgument("continuePass: the source has not begun a pass");
    if (!Number.isSafeInteger(consumed) || consumed < 1 || consumed > length) {
      throw invalidArgument(`continuePass: ${consumed} elements, expected 1 to ${length}`, {
        found: consumed,
      });
    }
    this.moveTo(this.epoch, consumed);
  }
}

/**
 * The fields `epoch` and `index` of a state.
 *
 * @param most Elements that a pass may have.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for what is no position of the source, which Python takes over.
 */
export function passPositionOf(
  state: Dict,
  most: number,
): { readonly epoch: number; readonly index: number } {
  const epoch = countOf(requiredField(state, "epoch"), "epoch");
  const index = countOf(requiredField(state, "index"), "index");
  if (index <= most) return { epoch, index };
  throw invalidArgument(`state: index is ${index}, expected at most the ${most} records of the source`, {
    field: "index",
    found: index,
    pythonType: "ValueError",
  });
}
