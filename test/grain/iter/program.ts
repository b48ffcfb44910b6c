import { ElasticIterator } from "../../../src/grain/elastic-iterator.js";
import { CacheIterDataset } from "../../../src/grain/iter/cache.js";
import { FlatMapIterDataset } from "../../../src/grain/iter/flat-map.js";
import { InterleaveIterDataset } from "../../../src/grain/iter/interleave.js";
import { LimitIterDataset } from "../../../src/grain/iter/limit.js";
import { multithreadPrefetch } from "../../../src/grain/iter/multithread-prefetch.js";
import { RebatchIterDataset } from "../../../src/grain/iter/rebatch.js";
import { RepeatIterDataset } from "../../../src/grain/iter/repeat.js";
import { ThreadPrefetchIterDataset } from "../../../src/grain/iter/thread-prefetch.js";
import { WindowShuffleIterDataset } from "../../../src/grain/iter/window-shuffle.js";
import { ZipIterDataset } from "../../../src/grain/iter/zip.js";
import { IterDataset } from "../../../src/grain/iter-dataset.js";
import { MapDataset } from "../../../src/grain/map-dataset.js";

// Pipelines as JSON: the name of a transformation, the programs that it is over, its arguments.
// `scripts/oracle/grain_programs.py` builds the same pipelines in Python.

/** A pipeline as JSON. */
export type Program = readonly [name: string, ...rest: readonly unknown[]];

/** Whether sources answer at once, or with promises that need some turns of the event loop. */
export type Sources = "at once" | "later";

type Dataset = MapDataset<unknown> | IterDataset<unknown>;

/** The dataset that a program describes, as an iterable one. */
export function buildProgram(program: unknown, sources: Sources = "at once"): IterDataset<unknown> {
  const dataset = new Builder(sources).build(program);
  return dataset instanceof MapDataset ? dataset.toIterDataset() : dataset;
}

class Builder {
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  build(program: unknown): Dataset {
    const [name, ...rest] = listOf(program);
    const make = this.#makers[String(name)];
    if (make === undefined) throw new Error(`no transformation ${String(name)}`);
    return make(rest);
  }

  #map(program: unknown): MapDataset<unknown> {
    const dataset = this.build(program);
    if (dataset instanceof MapDataset) return dataset;
    throw new Error("no MapDataset");
  }

  #iter(program: unknown): IterDataset<unknown> {
    const dataset = this.build(program);
    if (dataset instanceof IterDataset) return dataset;
    throw new Error("no IterDataset");
  }

  #iters(programs: unknown): IterDataset<unknown>[] {
    return listOf(programs).map((program) => this.#iter(program));
  }

  #range(start: number, stop: number): MapDataset<number> {
    const range = MapDataset.range(start, stop);
    if (this.#sources === "at once") return range;
    return range.map(async (value) => {
      for (let turn = 0; turn < value % 3; turn++) await Promise.resolve();
      return value;
    });
  }

  readonly #makers: Readonly<Record<string, (rest: readonly unknown[]) => Dataset>> = {
    range: ([start, stop]) => this.#range(Number(start), Number(stop)),
    shuffle: ([parent, seed]) => this.#map(parent).shuffle(Number(seed)),
    repeatMap: ([parent, epochs]) => this.#map(parent).repeat(numberOrNull(epochs)),
    filterMap: ([parent, modulus]) => this.#map(parent).filter((x) => Number(x) % Number(modulus) === 0),
    slice: ([parent, start, step]) => this.#map(parent).slice(Number(start), null, Number(step)),
    iter: ([parent]) => this.#map(parent).toIterDataset(),
    map: ([parent, added]) => this.#iter(parent).map((x) => Number(x) + Number(added)),
    filter: ([parent, modulus]) => this.#iter(parent).filter((x) => Number(x) % Number(modulus) === 0),
    batch: ([parent, size, drop]) => this.#iter(parent).batch(Number(size), { dropRemainder: drop === true }),
    mix: ([parents, weights]) => IterDataset.mix(this.#iters(parents), numbersOrNull(weights)),
    mixNamed: ([parents, weights]) =>
      IterDataset.mix(
        Object.fromEntries(entriesOf(parents).map(([name, parent]) => [name, this.#iter(parent)])),
        weights === null
          ? null
          : Object.fromEntries(entriesOf(weights).map(([name, weight]) => [name, Number(weight)])),
      ),
    zip: ([parents, strict]) => new ZipIterDataset(this.#iters(parents), { strict: strict === true }),
    repeat: ([parent, epochs]) =>
      new RepeatIterDataset(this.#iter(parent), { numEpochs: numberOrNull(epochs) }),
    limit: ([parent, count]) => new LimitIterDataset(this.#iter(parent), { count: Number(count) }),
    windowShuffle: ([parent, windowSize, seed]) =>
      new WindowShuffleIterDataset(this.#iter(parent), {
        windowSize: Number(windowSize),
        seed: Number(seed),
      }),
    interleave: ([parents, cycleLength]) =>
      new InterleaveIterDataset(
        listOf(parents).map((parent) => this.build(parent)),
        { cycleLength: Number(cycleLength) },
      ),
    interleaveMap: ([starts, width, cycleLength]) =>
      new InterleaveIterDataset(
        MapDataset.source(listOf(starts)).map((start) =>
          this.#range(Number(start), Number(start) + Number(width)).toIterDataset(),
        ),
        { cycleLength: Number(cycleLength) },
      ),
    cache: ([parent]) => new CacheIterDataset(this.#iter(parent)),
    flatMap: ([parent, most]) =>
      new FlatMapIterDataset(this.#iter(parent), { flatMap: (x) => copiesOf(Number(x), Number(most)) }),
    rebatch: ([parent, batchSize, drop]) =>
      new RebatchIterDataset(this.#iter(parent), {
        batchSize: Number(batchSize),
        dropRemainder: drop === true,
      }),
    threadPrefetch: ([parent, size]) =>
      new ThreadPrefetchIterDataset(this.#iter(parent), { prefetchBufferSize: Number(size) }),
    multithreadPrefetch: ([parent, numThreads]) =>
      multithreadPrefetch(this.#iter(parent), { numThreads: Number(numThreads), bufferSize: 1 }),
    mpPrefetch: ([parent, numWorkers]) => this.#iter(parent).mpPrefetch({ numWorkers: Number(numWorkers) }),
    elastic: ([parent, globalBatchSize, shardIndex, shardCount]) =>
      new ElasticIterator(this.#map(parent), {
        globalBatchSize: Number(globalBatchSize),
        shardOptions: { shardIndex: Number(shardIndex), shardCount: Number(shardCount) },
      }),
  };
}

/** `x % most` copies of x, numbered. */
function copiesOf(x: number, most: number): number[] {
  return Array.from({ length: x % most }, (_, copy) => 10 * x + copy);
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`no list: ${JSON.stringify(value)}`);
}

function entriesOf(value: unknown): [string, unknown][] {
  return Object.entries(Object(value));
}

function numberOrNull(value: unknown): number | null {
  return value === null ? null : Number(value);
}

function numbersOrNull(value: unknown): number[] | null {
  return value === null ? null : listOf(value).map(Number);
}
