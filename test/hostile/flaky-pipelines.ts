import { ElasticIterator } from "../../src/grain/elastic-iterator.js";
import { CacheIterDataset } from "../../src/grain/iter/cache.js";
import { FlatMapIterDataset } from "../../src/grain/iter/flat-map.js";
import { InterleaveIterDataset } from "../../src/grain/iter/interleave.js";
import { LimitIterDataset } from "../../src/grain/iter/limit.js";
import { RebatchIterDataset } from "../../src/grain/iter/rebatch.js";
import { RepeatIterDataset } from "../../src/grain/iter/repeat.js";
import { ThreadPrefetchIterDataset } from "../../src/grain/iter/thread-prefetch.js";
import { WindowShuffleIterDataset } from "../../src/grain/iter/window-shuffle.js";
import { ZipIterDataset } from "../../src/grain/iter/zip.js";
import { IterDataset } from "../../src/grain/iter-dataset.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import type { MaybePromise } from "../../src/grain/maybe-promise.js";

/** Thrown by sources and functions that fail for once. */
export class Flaw extends Error {
  readonly where: "source" | "function";

  constructor(where: "source" | "function") {
    super(`a ${where} fails`);
    this.where = where;
  }
}

/** Answers a call with a value in some way: at once, later or with a {@link Flaw}. */
export type Answer = <T>(value: T, where: "source" | "function") => MaybePromise<T>;

/** Answers that are right and there at once. */
export const atOnce: Answer = (value) => value;

/** Answers in any way, with flaws as long as there may be some. */
export function flaky(random: (most: number) => number, mayFail: () => boolean): Answer {
  return (value, where) => {
    const chance = mayFail() ? random(100) : 100;
    if (chance < 1) throw new Flaw(where);
    if (chance < 2) return later(random(4), () => Promise.reject(new Flaw(where)));
    return random(3) === 0 ? value : later(random(4), () => value);
  };
}

async function later<T>(turns: number, answer: () => MaybePromise<T>): Promise<T> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  if (turns === 3) await new Promise((resolve) => setImmediate(resolve));
  return answer();
}

/**
 * A pipeline that follows from random numbers: with the same ones, and another way of answering, it gives the same
 * elements.
 */
export class RandomPipeline {
  readonly #random: (most: number) => number;
  readonly #answer: Answer;
  readonly dataset: IterDataset<unknown>;
  /** Whether an iterator goes on with all elements after a source failed, and not only a restored one: as in Grain. */
  losesNothing = true;

  constructor(random: (most: number) => number, answer: Answer) {
    this.#random = random;
    this.#answer = answer;
    let dataset = this.#iter(2);
    for (let steps = random(4); steps > 0; steps--) dataset = this.#transformed(dataset);
    this.dataset = dataset;
  }

  #map(): MapDataset<number> {
    const random = this.#random;
    const answer = this.#answer;
    const length = 8 + random(60);
    const start = 1000 * random(9);
    let dataset = MapDataset.source<number>({ length, get: (index) => answer(start + index, "source") });
    if (random(2) === 0) dataset = dataset.shuffle(random(100));
    if (random(3) === 0) dataset = dataset.map((x) => answer(x + 1, "source"));
    if (random(3) === 0)
      dataset = dataset.randomMap((x, rng) => x + Math.floor(rng.random() * 5), { seed: 3 });
    if (random(4) === 0) dataset = dataset.slice(random(5), null, 1 + random(2));
    if (random(4) === 0) dataset = dataset.repeat(2);
    return dataset;
  }

  #iter(depth: number): IterDataset<unknown> {
    const random = this.#random;
    const one = (): IterDataset<unknown> => this.#iter(depth - 1);
    switch (depth > 0 ? random(8) : 7) {
      case 0:
        this.losesNothing = false;
        return IterDataset.mix([one(), one()], [1, 1 + random(3)]);
      case 1:
        this.losesNothing = false;
        return new ZipIterDataset([one(), one()], { strict: false });
      case 2:
        return new InterleaveIterDataset([one(), one(), one()], {
          cycleLength: 1 + random(3),
          iterBufferSize: random(3),
        });
      case 3:
        return new ElasticIterator(this.#map(), {
          globalBatchSize: 4,
          shardOptions: { shardIndex: random(2), shardCount: 2, dropRemainder: false },
          readOptions: { prefetchBufferSize: random(5) },
        });
      default: {
        const mapped = this.#map();
        const filtered = random(3) === 0 ? mapped.filter((x) => this.#answer(x % 3 !== 0, "source")) : mapped;
        const readOptions = { numThreads: random(5), prefetchBufferSize: random(9) };
        return filtered.toIterDataset({ readOptions });
      }
    }
  }

  #transformed(dataset: IterDataset<unknown>): IterDataset<unknown> {
    const random = this.#random;
    const answer = this.#answer;
    switch (random(10)) {
      case 0:
        return dataset.map((x) => answer([x], "function"));
      case 1:
        return dataset.filter((x) => answer(JSON.stringify(x).length % 3 !== 0, "function"));
      case 2:
        this.losesNothing = false;
        return dataset.batch(1 + random(4), {
          batchFn: (elements: readonly unknown[]) => answer(elements, "function"),
          dropRemainder: random(2) === 0,
        });
      case 3:
        return new WindowShuffleIterDataset(dataset, { windowSize: 1 + random(9), seed: random(50) });
      case 4:
        return new LimitIterDataset(dataset, { count: 1 + random(60) });
      case 5:
        return new RepeatIterDataset(new LimitIterDataset(dataset, { count: 30 }), { numEpochs: 2 });
      case 6:
        return new FlatMapIterDataset(dataset, {
          flatMap: (x) => answer(JSON.stringify(x).length % 2 === 0 ? [x, x] : [], "function"),
        });
      case 7:
        return new ThreadPrefetchIterDataset(dataset, { prefetchBufferSize: random(4) });
      case 8:
        return new CacheIterDataset(dataset);
      default: {
        this.losesNothing = false; // the batches before it
        const rows = dataset.map((x) => JSON.stringify(x).length).batch(1 + random(4));
        return new RebatchIterDataset(rows, { batchSize: 1 + random(5) });
      }
    }
  }
}
