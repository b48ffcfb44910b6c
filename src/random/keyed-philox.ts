import { invalidArgument } from "../errors.js";
import { PhiloxGenerator } from "./philox.js";

const WORD_64 = 2n ** 64n;

/**
 * NumPy's `Generator(Philox(key=…))`: the key is taken as it is, where `Philox(seed)` makes one of a seed. Grain's
 * samplers give such a generator to each record.
 */
export class KeyedPhilox extends PhiloxGenerator {
  /** @throws {OrbaxError} `INVALID_ARGUMENT` with NumPy's text for a key outside 0 to 2^128−1. */
  constructor(key: number | bigint) {
    super({ key: checkKey(key) });
  }
}

/** The two words of a key, the lower one first. @throws {OrbaxError} `INVALID_ARGUMENT` outside 0 to 2^128−1. */
export function checkKey(key: number | bigint): readonly [bigint, bigint] {
  const whole = typeof key === "bigint" || Number.isSafeInteger(key) ? BigInt(key) : -1n;
  if (whole >= 0n && whole < WORD_64 * WORD_64) return [whole % WORD_64, whole / WORD_64];
  throw invalidArgument("key must be positive and less than 2**128.", {
    found: key,
    pythonType: "ValueError",
  });
}
