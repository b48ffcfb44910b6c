import type { CheckpointableIterator, State } from "../../src/datarax/checkpointable-iterator.js";
import { BufferSampler, type BufferSamplerOptions } from "../../src/datarax/samplers/buffer-sampler.js";
import type { ElementSpec } from "../../src/datarax/samplers/element-spec.js";
import { EpochAwareSamplerModule } from "../../src/datarax/samplers/epoch-aware-sampler.js";
import { RangeSampler } from "../../src/datarax/samplers/range-sampler.js";
import { SequentialSamplerModule } from "../../src/datarax/samplers/sequential-sampler.js";
import { ShuffleSampler } from "../../src/datarax/samplers/shuffle-sampler.js";
import { SlidingWindowSampler } from "../../src/datarax/samplers/sliding-window-sampler.js";
import type { Oracle } from "./oracle.js";

/** A sampler that both languages can make: the class and Python's own fields of its configuration. */
export type SamplerConfig =
  | { readonly class: "SequentialSamplerModule"; readonly config: EpochFields }
  | { readonly class: "ShuffleSampler"; readonly config: { dataset_size: number; seed: number; rngs?: Rngs } }
  | {
      readonly class: "EpochAwareSamplerModule";
      readonly config: EpochFields & { shuffle: boolean; seed: number };
    }
  | {
      readonly class: "SlidingWindowSampler";
      readonly config: EpochFields & { window_size: number; stride: number; drop_incomplete: boolean };
    }
  | { readonly class: "RangeSampler"; readonly config: RangeFields };

type EpochFields = { readonly num_records: number; readonly num_epochs: number; readonly rngs?: Rngs };

type RangeFields = { start: number; stop: number | null; step: number; rngs?: Rngs };

/** A seed of `nnx.Rngs`, or one a stream. */
type Rngs = number | { readonly [stream: string]: number };

/** An index, or a window of them. */
export type SamplerElement = number | number[];

/** What the samplers have in common. */
export type Sampler = Iterator<SamplerElement, undefined> & {
  getState(): State;
  setState(state: State): void;
};

/** Our sampler of a configuration. */
export function makeSampler(sampler: SamplerConfig): Sampler & CheckpointableIterator<SamplerElement> {
  const withRngs = rngsOf(sampler.config.rngs);
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
    case "SlidingWindowSampler": {
      const { num_records: numRecords, num_epochs: numEpochs, window_size: windowSize } = sampler.config;
      const { stride, drop_incomplete: dropIncomplete } = sampler.config;
      return new SlidingWindowSampler({
        numRecords,
        numEpochs,
        windowSize,
        stride,
        dropIncomplete,
        ...withRngs,
      });
    }
    case "RangeSampler": {
      const { start, stop, step } = sampler.config;
      return new RangeSampler({ start, stop, step, ...withRngs });
    }
  }
}

function rngsOf(given: Rngs | undefined) {
  if (given === undefined) return {};
  return { rngs: typeof given === "number" ? { default: given } : given };
}

/** A `BufferSampler` that both languages can make, by Python's own fields. */
export type BufferFields = {
  readonly capacity: number;
  readonly prefill: number;
  readonly sample_size: number;
  readonly read_mode: NonNullable<BufferSamplerOptions["readMode"]>;
  readonly write_mode: NonNullable<BufferSamplerOptions["writeMode"]>;
  readonly seed: number;
  readonly element_spec: ElementSpec;
  readonly rngs?: Rngs;
};

/** Our buffer of a configuration. */
export function makeBuffer({ rngs, ...fields }: BufferFields): BufferSampler {
  const { capacity, prefill, sample_size: sampleSize, read_mode: readMode, write_mode: writeMode } = fields;
  const { seed, element_spec: elementSpec } = fields;
  return new BufferSampler({
    capacity,
    prefill,
    sampleSize,
    readMode,
    writeMode,
    seed,
    elementSpec,
    ...rngsOf(rngs),
  });
}

/** Python's classes that start over at iter() (docs/spec/datarax.md section 4), and the tests' own. */
export const RESUMED_BY_NEXT = ["EpochAwareSamplerModule", "SlidingWindowSampler", "user"];

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
    const via = RESUMED_BY_NEXT.includes(stream.class) ? "next" : "iter";
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

  /** What next() of a `BufferSampler` gives for each record and mask: [chunk, mask] in tagged JSON. */
  push(records: readonly unknown[], masks: readonly boolean[]): Promise<unknown> {
    return this.#oracle.call("stream_push", { id: this.id, records, masks });
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
