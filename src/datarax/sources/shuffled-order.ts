import { invalidArgument } from "../../errors.js";
import { isList } from "../../pytree/container.js";
import { pythonTypeName } from "../../pytree/python-type-name.js";
import { safeIntegerOf } from "../../pytree/state-values.js";
import { type Tree, Tuple } from "../../pytree/value.js";
import { epochOrder, type IndexPermutation } from "../../random/index-shuffle.js";
import { bits, foldIn } from "../../random/jax-random.js";
import type { RngStream, Rngs } from "../../random/rngs.js";

/** A state of more indices than this would be unusable: each is an array of its own on disk. */
const MOST_STORED = 2 ** 27;

/** The fields of a state that say how a `MemorySource` is shuffled. */
export type ShuffleState = {
  readonly lastEpoch: number;
  /** Python's list; null where it has none at the time. */
  readonly indices: readonly number[] | null;
};

/**
 * The orders in which a shuffling `MemorySource` goes through its records: one an epoch, from a key of its random
 * streams (docs/spec/datarax.md section 5.4).
 */
export class ShuffledOrder {
  readonly #length: number;
  /** The seed of the order, once it is drawn. */
  #seed: number | undefined;
  /** Epoch of the last draw. */
  #lastEpoch = -1;
  /** Whether Python has the order as a list at this point, hence in its state. */
  #isListed = false;
  /** The list, where a state gave it or asked for it. */
  #indices: readonly number[] | undefined;
  /** The order of the seed, made once. */
  #seeded: IndexPermutation | undefined;

  constructor(length: number) {
    this.#length = length;
  }

  /** Forgets the order: the next one is drawn anew, also in the same epoch. */
  discard(): void {
    this.#seed = undefined;
    this.#isListed = false;
    this.#indices = undefined;
    this.#seeded = undefined;
  }

  reset(): void {
    this.discard();
    this.#lastEpoch = -1;
  }

  /** The order of an epoch for single elements: Python's `_derive_shuffle_seed`. Draws a key if the epoch is new. */
  begin(epoch: number, stream: RngStream): void {
    if (this.#seed !== undefined && this.#lastEpoch === epoch) return;
    this.discard();
    this.#seed = bits(stream.next());
    this.#lastEpoch = epoch;
  }

  /** The order that there is, else that of the epoch: Python's `_get_indices`, without making the list. */
  listed(epoch: number, stream: RngStream): IndexPermutation {
    if (!this.#isListed) this.begin(epoch, stream);
    this.#isListed = true;
    return this.#permutation();
  }

  /** The order for single elements, in the middle of an epoch. */
  current(epoch: number, stream: RngStream): IndexPermutation {
    if (!this.#isListed) this.begin(epoch, stream);
    return this.#permutation();
  }

  #permutation(): IndexPermutation {
    const indices = this.#indices;
    if (indices !== undefined) return (index) => indices[index] ?? index;
    this.#seeded ??= epochOrder(this.#seed ?? 0, this.#length);
    return this.#seeded;
  }

  /**
   * What the state holds.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` where the list would be too long.
   */
  getState(): ShuffleState {
    if (!this.#isListed) return { lastEpoch: this.#lastEpoch, indices: null };
    if (this.#length > MOST_STORED) {
      throw invalidArgument(`_shuffled_indices: a state cannot hold the order of ${this.#length} records`, {
        field: "_shuffled_indices",
        found: this.#length,
      });
    }
    const permutation = this.#permutation();
    this.#indices ??= Array.from({ length: this.#length }, (_, index) => permutation(index));
    return { lastEpoch: this.#lastEpoch, indices: this.#indices };
  }

  /**
   * Continues with a saved order. Where a loop was under way there is no list; its seed came from the last key that
   * the stream gave.
   *
   * @param epoch The saved one.
   * @param stream Already at its saved position; undefined if the source does not shuffle.
   */
  setState({ lastEpoch, indices }: ShuffleState, epoch: number, stream: RngStream | undefined): void {
    this.discard();
    this.#lastEpoch = lastEpoch;
    if (indices !== null) {
      this.#isListed = true;
      this.#indices = indices;
    } else if (stream !== undefined && stream.count > 0 && lastEpoch === epoch) {
      this.#seed = bits(foldIn(stream.key, stream.count - 1));
    }
  }
}

/**
 * The stream that orders come from: `shuffle`, else `default`, which must be there in either case.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Flax's text without it.
 */
export function shuffleStream(rngs: Rngs): RngStream {
  rngs.stream();
  return rngs.stream("shuffle");
}

/**
 * The fields `_last_shuffle_epoch` and `_shuffled_indices` of a state.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for what is no permutation of the source's records.
 */
export function shuffleStateOf(lastEpoch: Tree, indices: Tree, length: number): ShuffleState {
  const epoch = safeIntegerOf(lastEpoch, "_last_shuffle_epoch");
  if (epoch < -1) throw notOfSource("_last_shuffle_epoch", epoch, "-1 or more");
  return { lastEpoch: epoch, indices: indices === null ? null : permutationOf(indices, length) };
}

/** Reads a list that holds each of 0 … length − 1 once. @throws {OrbaxError} `INVALID_ARGUMENT` for any other. */
export function permutationOf(value: Tree, length: number, field = "_shuffled_indices"): number[] {
  const items = Tuple.is(value) ? value.items : value;
  if (!isList(items)) throw notOfSource(field, pythonTypeName(value), "a list");
  if (items.length !== length) throw notOfSource(field, `a list of ${items.length}`, `${length} indices`);
  const isThere = new Uint8Array(length);
  const indices: number[] = [];
  for (const item of items) {
    const index = safeIntegerOf(item, field);
    if (!(index >= 0 && index < length) || isThere[index] === 1) {
      throw notOfSource(field, index, `each of 0 to ${length - 1} once`);
    }
    isThere[index] = 1;
    indices.push(index);
  }
  return indices;
}

function notOfSource(field: string, found: number | string, expected: string) {
  return invalidArgument(`state: ${field} is ${found}, expected ${expected}`, {
    field,
    found,
    expected,
    pythonType: "ValueError",
  });
}
