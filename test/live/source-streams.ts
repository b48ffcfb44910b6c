import { Pipeline } from "../../src/datarax/pipeline/pipeline.js";
import { type Stage, StochasticStage } from "../../src/datarax/pipeline/stage.js";
import type { RngSeeds } from "../../src/datarax/rngs-state.js";
import { EagerSourceBase } from "../../src/datarax/sources/eager-source.js";
import { MemorySource } from "../../src/datarax/sources/memory-source.js";
import { MixDataSourcesNode } from "../../src/datarax/sources/mixed-source.js";
import { bits } from "../../src/random/jax-random.js";
import { Rngs } from "../../src/random/rngs.js";
import type { Oracle } from "./oracle.js";

/** The column `x` of a data set: `first`, `first` + 1, …, `n` of them. */
export type DataConfig = { readonly n: number; readonly first: number };

/** A `MemorySource` that both languages can make. */
export type MemoryConfig = DataConfig & {
  readonly shuffle: boolean;
  readonly rngs: RngSeeds;
  readonly numWorkers?: number;
  readonly shardId?: number;
};

/** An `EagerSourceBase` that both languages can make. */
export type EagerConfig = DataConfig & { readonly shuffle: boolean; readonly seed: number };

/** A mixture of `MemorySource`s. */
export type MixConfig = { readonly sources: readonly MemoryConfig[]; readonly weights: readonly number[] };

/** A stage that both languages can make, as `scripts/oracle/ops_sources.py` names them. */
export type StageConfig =
  | { readonly add: number }
  | { readonly rngs: RngSeeds }
  | { readonly operator: { readonly rngs: RngSeeds; readonly stream_name: string } };

/** A pipeline over a memory source (`share`: with the pipeline's own streams) or a mixture. */
export type PipelineConfig = {
  readonly source: { readonly memory: MemoryConfig } | { readonly mix: MixConfig };
  readonly share: boolean;
  readonly batchSize: number;
  readonly rngs: RngSeeds;
  readonly stages: readonly StageConfig[];
};

/** A record or a batch: `x`, and `bits` behind an operator. */
export type Values = { readonly x: ArrayLike<number>; readonly bits?: ArrayLike<number> };

function column({ n, first }: DataConfig): Int32Array {
  return Int32Array.from({ length: n }, (_, index) => first + index);
}

function taggedData(config: DataConfig): object {
  const array = { kind: "numpy", dtype: "int32", shape: [config.n], data: Array.from(column(config)) };
  return { x: { $array: array } };
}

export function makeMemory(config: MemoryConfig, rngs: Rngs = new Rngs(config.rngs)) {
  const { shuffle, numWorkers = 1, shardId = 0 } = config;
  return new MemorySource({ data: { x: column(config) }, shuffle, rngs, numWorkers, shardId });
}

export function pythonMemory({ shuffle, rngs, numWorkers = 1, shardId = 0, ...data }: MemoryConfig): object {
  return { data: taggedData(data), shuffle, rngs, num_workers: numWorkers, shard_id: shardId };
}

export function makeEager(config: EagerConfig) {
  return new EagerSourceBase({ data: { x: column(config) }, shuffle: config.shuffle, seed: config.seed });
}

export function pythonEager({ shuffle, seed, ...data }: EagerConfig): object {
  return { data: taggedData(data), shuffle, seed };
}

export function makeMix({ sources, weights }: MixConfig) {
  return new MixDataSourcesNode({ sources: sources.map((source) => makeMemory(source)), weights });
}

export function pythonMix({ sources, weights }: MixConfig): object {
  return { sources: sources.map(pythonMemory), weights };
}

function makeStage(stage: StageConfig): Stage<Values, Values> {
  if ("add" in stage)
    return ({ x, ...batch }) => ({ ...batch, x: Array.from(x, (value) => value + stage.add) });
  if ("rngs" in stage) return { rngs: new Rngs(stage.rngs), apply: (batch) => batch };
  const { rngs, stream_name: streamName } = stage.operator;
  const apply = (batch: Values, keys: Parameters<typeof bits>[0][]) => ({
    ...batch,
    bits: keys.map((key) => bits(key)),
  });
  return new StochasticStage({ rngs, streamName, apply: (batch: Values, keys) => apply(batch, [...keys]) });
}

export function makePipeline({ source, share, batchSize, rngs, stages }: PipelineConfig) {
  const own = new Rngs(rngs);
  const made: { readonly length: number; getBatchAt: ReturnType<typeof makeMemory>["getBatchAt"] } =
    "mix" in source ? makeMix(source.mix) : makeMemory(source.memory, share ? own : undefined);
  const pipeline = new Pipeline<Values, Values>({
    source: made,
    batchSize,
    rngs: own,
    stages: stages.map(makeStage),
  });
  return pipeline[Symbol.iterator]();
}

export function pythonPipeline({ source, share, batchSize, rngs, stages }: PipelineConfig): object {
  const made =
    "mix" in source
      ? { class: "MixDataSourcesNode", config: pythonMix(source.mix) }
      : { class: "MemorySource", config: pythonMemory(source.memory) };
  return { source: made, share, batch_size: batchSize, rngs, stages };
}

let streams = 0;

/** How elements are taken of a stream in Python; a number: by `get_batch` of that size. */
export type Via = "iter" | "next" | number;

/** A source or a pipeline in the Python process. */
export class PythonSource {
  readonly id = `source-${++streams}`;
  readonly #oracle: Oracle;
  readonly #via: Via;

  private constructor(oracle: Oracle, via: Via) {
    this.#oracle = oracle;
    this.#via = via;
  }

  static async make(oracle: Oracle, name: string, config: object, via: Via): Promise<PythonSource> {
    const made = new PythonSource(oracle, via);
    await oracle.call("stream_new", { id: made.id, class: name, config });
    return made;
  }

  /** Up to `count` elements. */
  async take(count: number): Promise<unknown[]> {
    const via = typeof this.#via === "number" ? { via: "get_batch", size: this.#via } : { via: this.#via };
    const { elements }: { elements: unknown[] } = Object(
      await this.#oracle.call("stream_next", { id: this.id, count, ...via }),
    );
    return elements;
  }

  /** get_state() in tagged JSON. */
  state(): Promise<unknown> {
    return this.#oracle.call("stream_state", { id: this.id });
  }

  async save(base: string, step: number): Promise<void> {
    await this.#oracle.call("stream_save", { id: this.id, base, step, keep: null });
    await this.#oracle.call("stream_wait", { base });
  }

  /** Restores the newest step; gives the state afterwards. */
  restore(base: string): Promise<unknown> {
    return this.#oracle.call("stream_restore", { id: this.id, base });
  }
}

/** An element as Python's are sent: columns as plain lists. */
export function plainValues(element: object): object {
  return Object.fromEntries(
    Object.entries(element).map(([name, value]) => [
      name,
      typeof value === "object" ? Array.from(value, Number) : Number(value),
    ]),
  );
}
