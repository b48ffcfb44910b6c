import { invalidArgument } from "../../errors.js";
import { requireList, requireMethod, requireObject } from "../../grain/structure-arguments.js";
import type { RandomKey } from "../../random/jax-random.js";
import type { Rngs } from "../../random/rngs.js";
import { openRngs, type RngsOption } from "../rngs-state.js";
import { int32Argument } from "../sources/wrapped-indices.js";
import { PipelineIterator } from "./pipeline-iterator.js";
import { pipelineStreams, type RngsOwner, type StreamFinder } from "./pipeline-streams.js";
import type { AnyStage, Stage, StageContext, StageFunction, StageObject } from "./stage.js";

/** A source with random access, as `MemorySource` is one. Without a length the stream has no end. */
export type IndexedSource<Batch> = RngsOwner & {
  readonly length?: number;
  getBatchAt(start: number, size: number, key?: RandomKey): Batch;
};

/** Options of {@link Pipeline}, but for its stages. */
export type PipelineOptions<Batch> = {
  readonly source: IndexedSource<Batch>;
  /** Records of a batch, 1 or more. */
  readonly batchSize: number;
  /** Streams: each batch takes a key of `default`, which decides the order of a shuffling source. */
  readonly rngs: RngsOption;
};

/**
 * Batches of a source, as Datarax's `Pipeline` makes them (docs/spec/datarax.md section 5.5): each takes a new key, and
 * the last one of an epoch begins again with the first records. A shuffling source gives **each batch out of a
 * permutation of its own**, so records repeat within an epoch.
 *
 * What is saved is its iterator, `pipeline[Symbol.iterator]()`: position and random streams. It resumes exactly in a
 * pipeline that is built in the same way, with the same seeds: these are in no state.
 *
 * @example
 * const source = new MemorySource({ length: 200, shuffle: true, rngs: { default: 8 } });
 * const pipeline = new Pipeline({ source, batchSize: 6, rngs: { default: 21 } });
 * const batches = await new PipelineCheckpoint("runs/7/data").restoreLatest(pipeline[Symbol.iterator]());
 */
export class Pipeline<Batch, Out> implements Iterable<Out> {
  readonly source: IndexedSource<Batch>;
  readonly batchSize: number;
  readonly rngs: Rngs;
  readonly #stages: readonly Stage<unknown, unknown>[];
  #position = 0;

  /**
   * @param options.stages What batches go through. Default: nothing. The type of what comes out is known of one stage, or
   * of several that keep the type; of others name it: `new Pipeline<number[], Image[]>(…)`.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a batch size or seed that cannot be.
   */
  constructor(options: PipelineOptions<Batch> & { readonly stages: readonly [StageFunction<Batch, Out>] });
  constructor(options: PipelineOptions<Batch> & { readonly stages: readonly [StageObject<Batch, Out>] });
  constructor(
    options: PipelineOptions<Batch> &
      PipelineOptions<Out> & { readonly stages?: readonly Stage<Batch, Batch>[] | undefined },
  );
  constructor(options: PipelineOptions<Batch> & { readonly stages: readonly AnyStage[] });
  constructor(
    options: PipelineOptions<Batch> & { readonly stages?: readonly Stage<unknown, unknown>[] | undefined },
  ) {
    const { source, batchSize, rngs, stages = [] } = options;
    requireMethod(source, "getBatchAt");
    requireList(stages, "stages");
    if (!(int32Argument("batchSize", batchSize) > 0)) {
      throw invalidArgument(`batch_size must be positive, got ${batchSize}`, {
        field: "batchSize",
        pythonType: "ValueError",
      });
    }
    this.source = source;
    this.batchSize = batchSize;
    this.rngs = openRngs(requireObject(rngs, "rngs"));
    this.#stages = [...stages];
  }

  /**
   * Records behind the pipeline. Behind an epoch it is at or beyond the source's length, and loops end at once; set it
   * to 0 for the next epoch, whose keys are other ones.
   */
  get position(): number {
    return this.#position;
  }

  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a position outside int32. */
  set position(position: number) {
    this.#position = int32Argument("position", position) + 0;
  }

  /** A new iterator from the pipeline's position on. Iterators move the pipeline as they go. */
  [Symbol.iterator](): PipelineIterator<Out> {
    return new PipelineIterator(this);
  }

  /**
   * The batch at the position, wherever the source ends, and moves on.
   *
   * @throws what source and stages throw; the pipeline is then as before.
   */
  step(): Out {
    const finders = this.streams();
    const before = finders.map((find) => find().count);
    try {
      const position = this.#position;
      const context = { position, size: this.batchSize };
      const batch = this.source.getBatchAt(position, this.batchSize, this.rngs.next());
      const result = this.#runStages(batch, context);
      this.#position = position + this.batchSize;
      return result;
    } catch (error) {
      for (const [index, find] of finders.entries()) find().count = before[index] ?? 0;
      throw error;
    }
  }

  #runStages(batch: Batch, context: StageContext): Out;
  #runStages(batch: unknown, context: StageContext): unknown {
    let current = batch;
    for (const stage of this.#stages) {
      current = typeof stage === "function" ? stage(current, context) : stage.apply(current, context);
    }
    return current;
  }

  /** @internal The random streams, in the order of a state's `rng_counts`. */
  streams(): StreamFinder[] {
    return pipelineStreams(this.#stages.map(ownerOf), this.rngs, this.source);
  }
}

/** A stage as an owner of streams; a function has none. */
function ownerOf(stage: Stage<unknown, unknown>): RngsOwner {
  return typeof stage === "function" ? {} : stage;
}
