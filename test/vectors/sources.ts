import { Pipeline } from "../../src/datarax/pipeline/pipeline.js";
import { ArrayRecordSourceModule } from "../../src/datarax/sources/array-record-source.js";
import { EagerSourceBase } from "../../src/datarax/sources/eager-source.js";
import { MemorySource } from "../../src/datarax/sources/memory-source.js";
import { MixDataSourcesNode } from "../../src/datarax/sources/mixed-source.js";
import { isOrbaxError } from "../../src/errors.js";
import { key } from "../../src/random/random-key.js";
import { Rngs } from "../../src/random/rngs.js";
import { untyped } from "../datarax/recorder.js";
import { optionsOf } from "./camel-case.js";
import { requireSame } from "./same.js";
import { checkStream, type VectorStream, vectorStream } from "./stream.js";
import { isObject, listIn, numberIn, numbersOf, objectIn, textIn, type Vector } from "./vector-test.js";

type Check = (vector: Vector) => void;

/** Checks of sources and pipelines, by the class that a vector names. */
export const SOURCE_CHECKS: { readonly [name: string]: Check | undefined } = {
  MemorySource: (vector) => checkSource(vector, (options) => new MemorySource(options)),
  EagerSourceBase: (vector) => checkSource(vector, (options) => new EagerSourceBase(options)),
  ArrayRecordSourceModule: (vector) => {
    const { n, ...options } = optionsOf(objectIn(vector, "config"));
    const make = () =>
      new ArrayRecordSourceModule(untyped({ ...options, totalRecords: n }))[Symbol.iterator]();
    checkStream(() => vectorStream(make()), vector);
  },
  MixDataSourcesNode: checkMixture,
  PipelineIterator: (vector) => {
    const config = objectIn(vector, "config");
    checkStream(() => batchesOf(pipelineOf(config)), vector);
  },
  "PipelineIterator epochs": checkEpochs,
  "PipelineIterator error": checkRngCounts,
};

/** Records `x = 10 * index`: of NumPy, or of JAX without 64-bit types. */
function tens(n: number, dtype: "int64" | "int32" = "int64") {
  const numbers = Int32Array.from({ length: n }, (_, index) => index * 10);
  return { x: dtype === "int32" ? numbers : BigInt64Array.from(numbers, BigInt) };
}

/** Of a record or a batch `{x: …}`. */
function xOf(record: unknown): unknown {
  return Reflect.get(Object(record), "x");
}

type Source = MemorySource<ReturnType<typeof tens>> | EagerSourceBase<ReturnType<typeof tens>>;
type SourceOptions = ConstructorParameters<typeof MemorySource<ReturnType<typeof tens>>>[0];

/** `config.api` says how the source is used: `iter`, `iter x3 epochs`, `get_batch`, `stateless get_batch…`. */
function checkSource(vector: Vector, construct: (options: SourceOptions) => Source): void {
  const {
    n,
    api,
    batch_size: size,
    key_seed: keySeed,
    num_workers: numWorkers,
    ...config
  } = objectIn(vector, "config");
  const use = String(api);
  const options = optionsOf(config);
  const dtype = vector.class === "EagerSourceBase" ? "int32" : "int64"; // as the vectors' sources were made
  const make = (more: object = {}) =>
    construct(untyped({ data: tens(Number(n), dtype), ...options, ...rngsIn(options), ...more }));
  if (use.startsWith("stateless")) {
    const drawKey = key(untyped(keySeed ?? config.seed));
    const source = make({ rngs: { default: 0 } });
    requireSame(xOf(source.getBatch(Number(size), drawKey)), vector.batch, "batch");
    for (const at of Array.isArray(vector.get_batch_at) ? vector.get_batch_at.filter(isObject) : []) {
      const batch = source.getBatchAt(numberIn(at, "start"), numberIn(at, "size"), drawKey);
      requireSame(xOf(batch), at.batch, `get_batch_at ${String(at.start)}`);
    }
  } else if (Array.isArray(vector.by_shard_id)) {
    const shards = vector.by_shard_id.map((_, shardId) => Array.from(make({ shardId, numWorkers }), xOf));
    requireSame(shards, vector.by_shard_id, "by_shard_id");
  } else if (Array.isArray(vector.epochs)) {
    const source = make();
    requireSame(
      vector.epochs.map(() => Array.from(source, xOf)),
      vector.epochs,
      "epochs",
    );
  } else if (use === "get_batch") {
    checkStream(() => batchStream(make(), Number(size)), vector);
  } else {
    checkStream(() => recordStream(make()), vector, { positions: ["index"] });
  }
}

/** Streams of their own, so that no two sources share them. */
function rngsIn({ rngs }: { rngs?: unknown }) {
  return isObject(rngs) ? { rngs: new Rngs(untyped(rngs)) } : {};
}

function batchStream(source: Source, size: number): VectorStream {
  return {
    next: () => ({ element: xOf(source.getBatch(size)) }),
    getState: () => source.getState(),
    setState: (state) => source.setState(state),
  };
}

function recordStream(source: Source): VectorStream {
  const records = vectorStream<unknown>(source);
  return {
    ...records,
    next: () => {
      const next = records.next();
      return next && { element: xOf(next.element) };
    },
    continueBehind: (consumed) => source.continuePass(consumed),
  };
}

/** Sources of which number i holds 100·i, 100·i + 1, …. */
function mixtureOf(config: Vector): MixDataSourcesNode<unknown, unknown> {
  const sources = numbersOf(config.lengths).map((length, source) => {
    const x = BigInt64Array.from({ length }, (_, index) => BigInt(100 * source + index));
    return new MemorySource({ data: { x } });
  });
  return new MixDataSourcesNode({ sources, weights: numbersOf(config.weights) });
}

function checkMixture(vector: Vector): void {
  const config = objectIn(vector, "config");
  if (Array.isArray(vector.batches)) {
    const drawKey = key(untyped(config.seed));
    const size = Number(/start, (\d+)/.exec(textIn(config, "api"))?.[1]);
    for (const at of vector.batches.filter(isObject)) {
      const batch = mixtureOf(config).getBatchAt(numberIn(at, "start"), size, drawKey);
      requireSame(xOf(batch), at.batch, `batch at ${String(at.start)}`);
    }
    return;
  }
  checkStream(() => {
    const records = vectorStream(mixtureOf(config));
    return {
      ...records,
      next: () => {
        const next = records.next();
        return next && { element: xOf(next.element) };
      },
    };
  }, vector);
}

function pipelineOf(config: Vector): Pipeline<unknown, unknown> {
  const rngs = new Rngs(untyped(config.pipeline_rngs));
  const sourceRngs =
    typeof config.source_rngs === "string"
      ? rngs
      : isObject(config.source_rngs)
        ? new Rngs(untyped(config.source_rngs))
        : undefined;
  const source =
    config.source === "MixDataSourcesNode"
      ? mixtureOf(config)
      : new MemorySource(
          untyped({
            data: tens(numberIn(config, "n")),
            shuffle: config.shuffle,
            ...(sourceRngs === undefined ? {} : { rngs: sourceRngs }),
          }),
        );
  const stages = Array.isArray(config.stages) ? config.stages.map(stageOf) : [];
  return new Pipeline(untyped({ source, batchSize: numberIn(config, "batch_size"), rngs, stages }));
}

/** `x+1`: a stage that adds to the numbers of a batch. */
function stageOf(text: unknown) {
  const [, operator, number] = /^x\s*([-+*])\s*(\d+)$/.exec(String(text)) ?? [];
  const change = {
    "+": (x: number) => x + Number(number),
    "-": (x: number) => x - Number(number),
    "*": (x: number) => x * Number(number),
  }[operator ?? ""];
  if (change === undefined) throw new Error(`nothing does the stage ${String(text)}`);
  return (batch: unknown) => ({ x: Array.from(untyped(xOf(batch)), (x) => change(Number(x))) });
}

function batchesOf(pipeline: Pipeline<unknown, unknown>): VectorStream {
  const batches = vectorStream(pipeline[Symbol.iterator]());
  return {
    ...batches,
    next: () => {
      const next = batches.next();
      return next && { element: xOf(next.element) };
    },
  };
}

/** `{first_loop, second_loop_without_reset, third_loop_after_position_0}` over one pipeline. */
function checkEpochs(vector: Vector): void {
  const pipeline = pipelineOf({ stages: [], ...objectIn(vector, "config") });
  const loop = () => Array.from(pipeline, xOf);
  requireSame(loop(), listIn(vector, "first_loop"), "first loop");
  requireSame(loop(), listIn(vector, "second_loop_without_reset"), "second loop");
  pipeline.position = 0;
  requireSame(loop(), listIn(vector, "third_loop_after_position_0"), "third loop");
}

/** `{saved_rng_counts, pipeline_streams, ValueError}`: a state of another pipeline. */
function checkRngCounts(vector: Vector): void {
  const config = objectIn(vector, "config");
  const names = Array.from(
    { length: numberIn(config, "pipeline_streams") - 1 },
    (_, index) => `stream${index}`,
  );
  const rngs = new Rngs(Object.fromEntries(["default", ...names].map((name) => [name, 0])));
  const iterator = new Pipeline({ source: new MemorySource({ length: 4 }), batchSize: 2, rngs })[
    Symbol.iterator
  ]();
  try {
    iterator.setState({
      position: 0,
      rng_counts: Array.from({ length: numberIn(config, "saved_rng_counts") }, () => 0),
    });
  } catch (error) {
    if (!isOrbaxError(error)) throw error;
    requireSame(error.message, vector.ValueError, "error");
    requireSame(error.details.pythonType, "ValueError", "class of the error");
    return;
  }
  throw new Error("nothing was refused");
}
