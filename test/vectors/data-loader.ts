import { DataLoader } from "../../src/grain/data-loader.js";
import { IndexSampler } from "../../src/grain/index-sampler.js";
import { batchOperation } from "../../src/grain/operations.js";
import type { Sampler } from "../../src/grain/sampler.js";
import { SequentialSampler } from "../../src/grain/sequential-sampler.js";
import { ShardOptions } from "../../src/grain/shard-options.js";
import { untyped } from "../datarax/recorder.js";
import { optionsOf } from "./camel-case.js";
import { requireSame } from "./same.js";
import { isObject, listIn, numberIn, objectIn, textIn, type Vector } from "./vector-test.js";

/** Elements of a loader over `10 * index`, with workers and batches as a vector wants them. */
function loaderOf(
  n: number,
  sampler: Sampler,
  { batch, drop_remainder, workers, data_source }: Vector,
): DataLoader {
  const dataSource = Array.from({ length: n }, (_, index) => index * 10);
  const operations =
    typeof batch === "number" ? [batchOperation(batch, { dropRemainder: drop_remainder === true })] : [];
  return new DataLoader({
    dataSource,
    sampler,
    operations,
    workerCount: typeof workers === "number" ? workers : 0,
    ...(typeof data_source === "string" ? { dataSourceRepr: data_source } : {}),
  });
}

/** `[shard_index, shard_count, drop_remainder]`. */
function shardOptionsOf(shard: unknown) {
  if (!Array.isArray(shard)) return {};
  const [shardIndex, shardCount, dropRemainder = false] = shard;
  return { shardOptions: new ShardOptions({ shardIndex, shardCount, dropRemainder }) };
}

/** What a state's text says about the data source. */
function sourceIn(text: string): unknown {
  const state: unknown = JSON.parse(text);
  return isObject(state) ? state.data_source : undefined;
}

/** `{n, config, sampler_len?, repr?, consumed, first, state_json_text, next, ends}` of Grain's DataLoader. */
export function checkDataLoader(vector: Vector): void {
  const { shard, batch, drop_remainder, ...config } = objectIn(vector, "config");
  const n = numberIn(vector, "n");
  const options = untyped({ ...optionsOf(config), numRecords: n, ...shardOptionsOf(shard) });
  const sampler =
    vector.class === "DataLoader+SequentialSampler"
      ? new SequentialSampler(options)
      : new IndexSampler(options);
  const text = textIn(vector, "state_json_text");
  if (vector.repr !== undefined) requireSame(String(sampler), vector.repr, "repr");
  if (vector.sampler_len !== undefined) {
    const length = sampler.length === Number.POSITIVE_INFINITY ? 2n ** 63n - 1n : sampler.length;
    requireSame(BigInt(length), BigInt(untyped(vector.sampler_len)), "sampler_len"); // a text where it is large
  }
  const make = () =>
    loaderOf(n, sampler, { batch, drop_remainder, data_source: sourceIn(text) })[Symbol.iterator]();

  const iterator = make();
  requireSame(take(iterator, numberIn(vector, "consumed")), vector.first, "first");
  requireSame(iterator.getState(), text, "state");
  const later = make();
  later.setState(text);
  const next = listIn(vector, "next");
  requireSame(take(later, next.length), next, "next");
  if (vector.ends === true) requireSame(later.next().done, true, "end");
}

/**
 * `{n, seed, workers, shard, batch, elements, states, state_json_text_after_half}`: one epoch, and before each element
 * `[last_seen_indices, last_worker_index]`.
 */
export function checkGrainWorkers(vector: Vector): void {
  const n = numberIn(vector, "n");
  const text = textIn(vector, "state_json_text_after_half");
  const isShuffled = vector.seed !== null;
  const sampler = new IndexSampler(
    untyped({
      numRecords: n,
      numEpochs: 1,
      shuffle: isShuffled,
      ...(isShuffled ? { seed: vector.seed } : {}),
      ...shardOptionsOf(vector.shard),
    }),
  );
  const loader = loaderOf(n, sampler, {
    batch: vector.batch,
    workers: vector.workers,
    drop_remainder: vector.drop_remainder,
    data_source: sourceIn(text),
  });
  const elements = listIn(vector, "elements");
  const half = Math.floor(elements.length / 2);
  const iterator = loader[Symbol.iterator]();
  for (const [index, expected] of elements.entries()) {
    const state = JSON.parse(iterator.getState());
    requireSame(
      [state.last_seen_indices, state.last_worker_index],
      listIn(vector, "states")[index],
      `state ${index}`,
    );
    if (index === half) requireSame(iterator.getState(), text, "state after half");
    requireSame(iterator.next().value, expected, `element ${index}`);
  }
  requireSame(iterator.next().done, true, "end");
  const later = loader[Symbol.iterator]();
  later.setState(text);
  requireSame(take(later, elements.length), elements.slice(half), "elements after half");
}

function take(iterator: Iterator<unknown, undefined>, count: number): unknown[] {
  const elements: unknown[] = [];
  while (elements.length < count) {
    const { done, value } = iterator.next();
    if (done === true) break;
    elements.push(value);
  }
  return elements;
}
