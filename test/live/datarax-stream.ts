import type { CheckpointableIterator, State } from "../../src/datarax/checkpointable-iterator.js";
import { EpochAwareSamplerModule } from "../../src/datarax/samplers/epoch-aware-sampler.js";
import { SequentialSamplerModule } from "../../src/datarax/samplers/sequential-sampler.js";
import { ShuffleSampler } from "../../src/datarax/samplers/shuffle-sampler.js";
import type { Oracle } from "./oracle.js";

/** A sampler that both languages can make: the class and Python's own fields of its configuration. */
export type SamplerConfig =
  | { readonly class: "SequentialSamplerModule"; readonly config: EpochFields }
  | { readonly class: "ShuffleSampler"; readonly config: { dataset_size: number; seed: number; rngs?: Rngs } }
  | {
      readonly class: "EpochAwareSamplerModule";
      readonly config: EpochFields & { shuffle: boolean; seed: number };
    };

type EpochFields = { readonly num_records: number; readonly num_epochs: number; readonly rngs?: Rngs };

/** A seed of `nnx.Rngs`, or one a stream. */
type Rngs = number | { readonly [stream: string]: number };

/** What the samplers have in common. */
export type Sampler = Iterator<number, undefined> & { getState(): State; setState(state: State): void };

/** Our sampler of a configuration. */
export function makeSampler(sampler: SamplerConfig): Sampler & CheckpointableIterator<number> {
  const { rngs: given } = sampler.config;
  const rngs = typeof given === "number" ? { default: given } : given;
  const withRngs = rngs === undefined ? {} : { rngs };
  switch (sampler.class) {
    case "SequentialSamplerModule": {
      const { num_records: numRecords, num_epochs: numEpochs } = sampler.config;
      return new SequentialSamplerModule({ numRecords, numEpochs, ...withRngs });
    }
    case "ShuffleSampler": {
      const { dataset_size: datasetSize, seed } = sampler.config;
      return new ShuffleSampler({ datasetSize, seed, ...withRngs });
    }
    case "EpochAwareSamplerModule": {
      const { num_records: numRecords, num_epochs: numEpochs, shuffle, seed } = sampler.config;
      return new EpochAwareSamplerModule({ numRecords, numEpochs, shuffle, seed, ...withRngs });
    }
  }
}

/** Up to `count` elements. */
export function take<T>(stream: Iterator<T, undefined>, count: number): T[] {
  const elements: T[] = [];
  while (elements.length < count) {
    const { done, value } = stream.next();
    if (done === true) break;
    elements.push(value);
  }
  return elements;
}

let streams = 0;

/** A stream in the Python process. */
export class PythonStream {
  readonly id = `stream-${++streams}`;
  readonly #oracle: Oracle;
  readonly #via: string;

  private constructor(oracle: Oracle, via: string) {
    this.#oracle = oracle;
    this.#via = via;
  }

  /** A sampler, or a user's iterator whose class is `user`. */
  static async make(oracle: Oracle, stream: { readonly class: string; readonly config: object }) {
    // EpochAwareSamplerModule starts over at iter() (docs/spec/datarax.md section 4).
    const via = stream.class === "EpochAwareSamplerModule" || stream.class === "user" ? "next" : "iter";
    const made = new PythonStream(oracle, via);
    await oracle.call("stream_new", { id: made.id, ...stream });
    return made;
  }

  /** Up to `count` elements. */
  async take(count: number): Promise<unknown[]> {
    const { elements }: { elements: unknown[] } = Object(
      await this.#oracle.call("stream_next", { id: this.id, count, via: this.#via }),
    );
    return elements;
  }

  /** get_state() in tagged JSON. */
  state(): Promise<unknown> {
    return this.#oracle.call("stream_state", { id: this.id });
  }

  /** Saves and waits for the commit; `options` as `stream_save` documents them. Gives the path. */
  async save(base: string, options: object): Promise<unknown> {
    const path = await this.#oracle.call("stream_save", { id: this.id, base, ...options });
    await this.#oracle.call("stream_wait", { base });
    return path;
  }

  /** Restores; gives the state afterwards. */
  restore(base: string, options: object): Promise<unknown> {
    return this.#oracle.call("stream_restore", { id: this.id, base, ...options });
  }
}
