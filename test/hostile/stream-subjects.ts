import { fileURLToPath } from "node:url";
import { Pipeline } from "../../src/datarax/pipeline/pipeline.js";
import { JaxProcessSharderModule } from "../../src/datarax/pipeline/process-sharder.js";
import { BufferSampler } from "../../src/datarax/samplers/buffer-sampler.js";
import { EpochAwareSamplerModule } from "../../src/datarax/samplers/epoch-aware-sampler.js";
import { RangeSampler } from "../../src/datarax/samplers/range-sampler.js";
import { SequentialSamplerModule } from "../../src/datarax/samplers/sequential-sampler.js";
import { ShuffleSampler } from "../../src/datarax/samplers/shuffle-sampler.js";
import { SlidingWindowSampler } from "../../src/datarax/samplers/sliding-window-sampler.js";
import { ArrayRecordSourceModule } from "../../src/datarax/sources/array-record-source.js";
import { EagerSourceBase } from "../../src/datarax/sources/eager-source.js";
import { MemorySource } from "../../src/datarax/sources/memory-source.js";
import { MixDataSourcesNode } from "../../src/datarax/sources/mixed-source.js";
import { parseTaggedJson } from "../../src/datarax/tagged-json.js";
import { ElasticIterator } from "../../src/grain/elastic-iterator.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import { TFRecordIterDataset } from "../../src/grain/tfrecord-iter-dataset.js";
import { isDict, isList } from "../../src/pytree/container.js";
import { toPlain } from "../../src/pytree/plain.js";
import { formatPythonFloat } from "../../src/pytree/python-float.js";
import { Scalar, type Tree } from "../../src/pytree/value.js";
import { untyped } from "../datarax/recorder.js";
import { buildProgram, type Sources } from "../grain/iter/program.js";
import { makePacking } from "../grain/packing/packing-case.js";
import { loaderOf } from "../live/data-loaders.js";
import { toHex } from "../ocdbt/bytes.js";
import { optionsOf } from "../vectors/camel-case.js";

/** A stream as the tests of bad states use it. */
export type HostileStream = {
  next(): unknown;
  getState(): unknown;
  setState(state: Tree): unknown;
};

/** What `scripts/oracle/ops_bad_states.py` calls a subject. */
export type Subject = {
  readonly kind: string;
  readonly class?: string;
  readonly config?: { readonly [field: string]: unknown };
  readonly program?: unknown;
  readonly loader?: unknown;
  readonly dataset?: unknown;
  readonly path?: string;
  readonly via?: string | number;
  readonly taken?: number;
  readonly steps?: number;
};

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Our stream of a subject, at its start. `sources`: how those of Grain's pipelines answer. */
export function openSubject(subject: Subject, sources: Sources = "at once"): HostileStream {
  const { kind, program, loader, dataset, path = "" } = subject;
  if (kind === "stream") return openStream(subject);
  if (kind === "grain") {
    const built = buildProgram(program, sources);
    if (sources === "later") return built[Symbol.asyncIterator]();
    return built instanceof ElasticIterator ? built : built[Symbol.iterator]();
  }
  if (kind === "tfrecord") {
    const records = new TFRecordIterDataset(`${root}${path}`);
    return records.map((record) => toHex(record))[Symbol.asyncIterator]();
  }
  if (kind === "packing") {
    const { elements, ...fields }: { elements: unknown } = untyped(dataset);
    const source = MapDataset.source(itemsOf(parseTaggedJson(elements)));
    return makePacking(untyped(fields), source.toIterDataset())[Symbol.iterator]();
  }
  const made = loaderOf(untyped(loader))[Symbol.iterator]();
  return {
    next: () => made.next(),
    getState: () => JSON.parse(made.getState()),
    setState: (state) => made.setState(jsonText(state)),
  };
}

/** Text of plain JSON; an integer that a bigint holds is written out. */
function jsonText(tree: unknown): string {
  if (Scalar.is(tree) && tree.dtype === "float64")
    return formatPythonFloat(Number(tree.value)).replace("nan", "NaN");
  if (Scalar.is(tree)) return jsonText(tree.value);
  if (typeof tree === "bigint") return String(tree);
  if (typeof tree === "number" && !Number.isFinite(tree)) return "NaN";
  if (isList(tree)) return `[${tree.map(jsonText).join(",")}]`;
  if (!isDict(tree)) return JSON.stringify(tree);
  return `{${Object.entries(tree)
    .map(([key, value]) => `${JSON.stringify(key)}:${jsonText(value)}`)
    .join(",")}}`;
}

function itemsOf(tree: Tree): readonly unknown[] {
  if (isList(tree)) return tree;
  throw new Error("no list");
}

function openStream({ class: name = "", config = {}, via }: Subject): HostileStream {
  const made = STREAMS[name]?.(config);
  if (made === undefined) throw new Error(`no class ${name}`);
  if (typeof via !== "number" || !("getBatch" in made)) return made;
  return {
    next: () => ({ done: false, value: made.getBatch(via) }),
    getState: () => made.getState(),
    setState: (state) => made.setState(untyped(state)),
  };
}

type Made = HostileStream | (HostileStream & { getBatch(size: number): unknown });

const STREAMS: { readonly [name: string]: (config: object) => Made } = {
  SequentialSamplerModule: (config) => new SequentialSamplerModule(optionsIn(config)),
  ShuffleSampler: (config) => new ShuffleSampler(optionsIn(config)),
  EpochAwareSamplerModule: (config) => new EpochAwareSamplerModule(optionsIn(config)),
  SlidingWindowSampler: (config) => new SlidingWindowSampler(optionsIn(config)),
  RangeSampler: (config) => new RangeSampler(optionsIn(config)),
  BufferSampler: (config) => {
    const buffer = new BufferSampler(optionsIn(config));
    return {
      next: () => ({ done: false, value: buffer.push({ x: 1 }) }),
      getState: () => buffer.getState(),
      setState: (state) => buffer.setState(untyped(state)),
    };
  },
  MemorySource: (config) => new MemorySource<{ x: Int32Array }>(optionsIn(config)),
  EagerSourceBase: (config) => new EagerSourceBase<{ x: Int32Array }>(optionsIn(config)),
  ArrayRecordSourceModule: (config) => new ArrayRecordSourceModule(optionsIn(config)),
  MixDataSourcesNode: (config) => {
    const { sources, weights }: { sources: object[]; weights: number[] } = untyped(config);
    return new MixDataSourcesNode({
      sources: sources.map((source) => new MemorySource<{ x: Int32Array }>(optionsIn(source))),
      weights,
    });
  },
  JaxProcessSharderModule: (config) => {
    const sharder = new JaxProcessSharderModule(optionsIn(config));
    return {
      next: () => ({ done: false, value: sharder.shardBounds(10) }),
      getState: () => sharder.getState(),
      setState: (state) => sharder.setState(untyped(state)),
    };
  },
  IndexedPipeline: (config) => {
    const { source, ...options }: { source: { config: object } } = untyped(config);
    const made = new MemorySource<{ x: Int32Array }>(optionsIn(source.config));
    return new Pipeline(untyped({ ...optionsOf(options), source: made }))[Symbol.iterator]();
  },
};

/** A configuration of Python as options here. */
function optionsIn(config: object) {
  const { data, element_spec: elementSpec, ...fields }: { data?: unknown; element_spec?: unknown } = config;
  return untyped({
    ...optionsOf(fields),
    ...(data === undefined ? {} : { data: toPlain(parseTaggedJson(data)) }),
    ...(elementSpec === undefined ? {} : { elementSpec }),
  });
}
