import { invalidArgument } from "../errors.js";
import { checkedKey, foldIn, key, split } from "./random-key.js";
import type { RandomKey } from "./threefry.js";

/** What a stream starts from: a seed, or a key. */
export type RngSeed = number | bigint | RandomKey;

/** State of one stream: how many keys it gave, and the key that they are made of. */
export type RngStreamState = { readonly count: number; readonly key: RandomKey };

/** State of {@link Rngs}: of each stream its count and key, as `nnx.state(rngs)` holds them. */
export type RngsState = { readonly [stream: string]: RngStreamState };

const DEFAULT = "default";
const COUNTS = 2 ** 32;

/**
 * A sequence of keys: Flax's `nnx.RngStream`. Key number i is `foldIn(stream.key, i)`, so a stream goes on from any
 * position at no cost.
 */
export class RngStream {
  readonly name: string;
  #state: RngStreamState;

  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a seed that cannot be. */
  constructor(name: string, seed: RngSeed) {
    this.name = name;
    this.#state = { count: 0, key: keyOf(seed) };
  }

  /** The key that the stream's keys are made of. */
  get key(): RandomKey {
    return this.#state.key;
  }

  /** Number of keys given so far, modulo 2^32. */
  get count(): number {
    return this.#state.count;
  }

  /** Moves to another position. @throws {OrbaxError} `INVALID_ARGUMENT` outside 0 to 2^32−1. */
  set count(count: number) {
    this.#state = checkedState(this.name, { ...this.#state, count });
  }

  /** The next key: Python's `stream()`. */
  next(): RandomKey {
    const { count, key } = this.#state;
    this.#state = { count: (count + 1) % COUNTS, key };
    return foldIn(key, count);
  }

  /** Count and key, with which {@link setState} continues. */
  getState(): RngStreamState {
    return this.#state;
  }

  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a count or key that cannot be; the stream is then as before. */
  setState(state: RngStreamState): void {
    this.#state = checkedState(this.name, state);
  }
}

/**
 * Named streams of keys: Flax's `nnx.Rngs` (docs/spec/datarax.md section 5.2). A name without a stream means the
 * stream `default`, where there is one.
 *
 * @example
 * const rngs = new Rngs({ default: 3, aug: 44 }); // nnx.Rngs(3, aug=44)
 * rngs.next(); // rngs()
 * rngs.next("aug"); // rngs.aug()
 */
export class Rngs {
  #streams: Map<string, RngStream>;

  /**
   * @param seeds A seed for each stream, or one for the stream `default`.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a seed that cannot be.
   */
  constructor(seeds: RngSeed | { readonly [stream: string]: RngSeed } = {}) {
    if (seeds === null) throw invalidArgument("rngs: expected seeds, got null", { pythonType: "TypeError" });
    const named = isSeed(seeds) ? { [DEFAULT]: seeds } : seeds;
    this.#streams = new Map(Object.entries(named).map(([name, seed]) => [name, new RngStream(name, seed)]));
  }

  /** Names of the streams, in the order in which they were given. */
  get names(): string[] {
    return [...this.#streams.keys()];
  }

  /** Whether there is a stream of that very name. */
  has(name: string): boolean {
    return this.#streams.has(name);
  }

  /**
   * The stream of a name, else the one called `default`.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Flax's text if there is neither.
   */
  stream(name: string = DEFAULT): RngStream {
    const stream = this.#streams.get(name) ?? this.#streams.get(DEFAULT);
    if (stream !== undefined) return stream;
    throw invalidArgument(`No RngStream named '${name}' found in Rngs.`, {
      key: name,
      pythonType: "AttributeError",
    });
  }

  /** The next key of {@link stream}: Python's `rngs.name()`, without a name `rngs()`. */
  next(name: string = DEFAULT): RandomKey {
    return this.stream(name).next();
  }

  /** Count and key of every stream. */
  getState(): RngsState {
    return Object.fromEntries([...this.#streams].map(([name, stream]) => [name, stream.getState()]));
  }

  /**
   * Takes over the streams of a state; others are gone.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a count or key that cannot be; all streams are then as before.
   */
  setState(state: RngsState): void {
    this.#streams = new Map(
      Object.entries(state).map(([name, streamState]) => {
        const stream = new RngStream(name, 0);
        stream.setState(streamState);
        return [name, stream];
      }),
    );
  }
}

const DATARAX_STREAMS = ["augment", "dropout", "params", "shuffling", "default"];

/**
 * Datarax's `create_rngs(seed, streams)`: streams whose keys are split from the key of one seed.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a seed that cannot be.
 */
export function createRngs(seed: number | bigint = 0, streams: readonly string[] = DATARAX_STREAMS): Rngs {
  const keys = split(key(seed), streams.length);
  return new Rngs(Object.fromEntries(streams.flatMap((name, index) => entryOf(name, keys[index]))));
}

function entryOf(name: string, key: RandomKey | undefined): [string, RandomKey][] {
  return key === undefined ? [] : [[name, key]];
}

function isSeed(seeds: RngSeed | { readonly [stream: string]: RngSeed }): seeds is RngSeed {
  return typeof seeds !== "object" || Array.isArray(seeds) || ArrayBuffer.isView(seeds);
}

function keyOf(seed: RngSeed): RandomKey {
  return typeof seed === "object" ? copyOf(seed) : key(seed);
}

function checkedState(name: string, { count, key }: RngStreamState): RngStreamState {
  if (count >>> 0 !== count) {
    throw invalidArgument(`rngs: the count of ${name} is ${count}, expected an integer from 0 to 2^32-1`, {
      field: "count",
      found: count,
      pythonType: "OverflowError",
    });
  }
  return { count: count + 0, key: copyOf(key) };
}

function copyOf(key: RandomKey): RandomKey {
  const [key0, key1] = checkedKey(key);
  return [key0, key1];
}
