import { invalidArgument, OrbaxError } from "../errors.js";
import { dictOf } from "../pytree/container.js";
import { countOf, dictFieldOf, requiredField } from "../pytree/state-values.js";
import type { Tree } from "../pytree/value.js";
import type { DataLoaderOptions } from "./data-loader.js";
import {
  datasetStateOf,
  formatLoaderState,
  type LoaderIdentity,
  loaderStateOf,
  parseLoaderState,
} from "./data-loader-state.js";
import { listFieldOf } from "./iter/parent-states.js";
import type { IteratorState } from "./node.js";
import { parseSamplerRepr, type SamplerRepr } from "./sampler-repr.js";
import { noSharding, ShardOptions } from "./shard-options.js";
import {
  type Dealing,
  type GlobalPosition,
  globalPosition,
  runLengths,
  shardCountAt,
  shareOf,
} from "./shard-positions.js";

/** The loader that goes on: as much of its options as decides about states. */
export type ReshardedLoader = Pick<DataLoaderOptions, "sampler" | "shardOptions" | "workerCount">;

/**
 * The state of one shard's `DataLoader` in another layout: another number of shards or workers than the states were
 * saved with. Together the new shards give exactly the records that the old ones did not give.
 *
 * - *Every n-th record* (a `SequentialSampler`; an `IndexSampler` without shard options of its own in loaders that have
 *   them): possible wherever the old shards have given a beginning of the global order, all as many records or the first
 *   ones one more; it goes on in the same global order.
 * - *Runs of neighbours* (an `IndexSampler` with shard options): each shard shuffles its own records, so that only whole
 *   epochs can be handed on, the same number in all shards. With as many shards as before, any place.
 * - *Workers* of a shard must have given a beginning of its order too: behind a batch operation, all as many batches.
 *
 * Records that the new layout leaves out at its end (fewer than there are shards) are left out as in any run of it.
 *
 * @param states The states of all old shards, in order: texts or their bytes.
 * @param loader The new shard.
 * @returns The text that its iterator's `setState` takes, also Python's.
 * @throws {OrbaxError} `CONFLICT` for shards that do not stand at one place, or states of different samplers or sources;
 * `UNSUPPORTED` within an epoch of shuffled runs, and for samplers of a user's own that depend on the layout;
 * `INVALID_ARGUMENT` for what is no state.
 * @example
 * const sampler = new SequentialSampler({ numRecords: 1000, shardOptions: { shardIndex: 0, shardCount: 3 } });
 * iterator.setState(reshardDataLoader(statesOfTwoShards, { sampler }));
 */
export function reshardDataLoader(states: readonly (string | Uint8Array)[], loader: ReshardedLoader): string {
  const saved = states.map((state, index) => savedShard(parseLoaderState(state), index, states.length));
  const [first] = saved;
  if (first === undefined) throw invalidArgument("no states, expected one for each shard");
  const resumed = resumedIdentity(loader, first.dataSource);
  for (const shard of saved) checkSameRecords(shard, resumed, first.dataSource);
  const count = countOfShard(saved, resumed);
  const length = loader.sampler.length ?? Number.POSITIVE_INFINITY;
  const most = Math.floor(length / resumed.shardOptions.shardCount);
  return formatLoaderState(loaderStateOf(datasetAt(Math.min(count, most), resumed.workerCount), resumed));
}

/** What a state says, and how many records its shard has given. */
type SavedShard = LoaderIdentity & { readonly count: number };

function savedShard(state: IteratorState, shardIndex: number, shardCount: number): SavedShard {
  const identity = {
    shardOptions: { shardIndex, shardCount },
    workerCount: countOf(requiredField(state, "worker_count"), "worker_count"),
    sampler: textOf(requiredField(state, "sampler"), "sampler"),
    dataSource: textOf(requiredField(state, "data_source"), "data_source"),
  };
  const known = Object.keys(
    dictFieldOf(requiredField(state, "last_seen_indices"), "last_seen_indices"),
  ).length;
  if (known < Math.max(1, identity.workerCount)) {
    throw invalidArgument(`state: last_seen_indices has ${known} workers, expected ${identity.workerCount}`, {
      field: "last_seen_indices",
      found: known,
    });
  }
  return { ...identity, count: recordsBefore(datasetStateOf(state, identity)) };
}

function textOf(value: Tree, field: string): string {
  if (typeof value === "string") return value;
  throw invalidArgument(`state: ${field} is no text`, { field, pythonType: "TypeError" });
}

/** Records that the workers of a shard, or the shard without workers, have given. */
function recordsBefore(dataset: IteratorState): number {
  if (!Object.hasOwn(dataset, "iterators_in_use_states")) return nextIndexOf(dataset);
  const workers = listFieldOf(requiredField(dataset, "iterators_in_use_states"), "iterators_in_use_states");
  const counts = workers.map((worker) => nextIndexOf(dictFieldOf(worker, "worker")));
  return globalPosition(counts, IN_TURN, "worker").elements;
}

const IN_TURN: Dealing = { kind: "strided", length: Number.POSITIVE_INFINITY };

function nextIndexOf(dataset: IteratorState): number {
  return countOf(requiredField(dataset, "next_index"), "next_index");
}

/** The dataset's state behind so many records of a shard. */
function datasetAt(count: number, workerCount: number): IteratorState {
  if (workerCount === 0) return dictOf([["next_index", count]]);
  const workers = Array.from({ length: workerCount }, (_, worker) =>
    dictOf([["next_index", shareOf(count, worker, workerCount)]]),
  );
  return dictOf([
    ["next_index_in_cycle", count % workerCount],
    ["iterators_in_use_states", workers],
  ]);
}

function resumedIdentity({ sampler, ...options }: ReshardedLoader, dataSource: string): LoaderIdentity {
  const shardOptions = new ShardOptions(options.shardOptions ?? sampler.shardOptions ?? noSharding());
  const workerCount = countOf(options.workerCount ?? 0, "workerCount");
  return { shardOptions, workerCount, sampler: String(sampler), dataSource };
}

function checkSameRecords(saved: SavedShard, resumed: LoaderIdentity, dataSource: string): void {
  if (saved.dataSource !== dataSource) {
    throw otherSource("data source", saved.dataSource, dataSource);
  }
  const before = parseSamplerRepr(saved.sampler);
  const after = parseSamplerRepr(resumed.sampler);
  if (before === undefined || after === undefined) {
    if (saved.sampler === resumed.sampler) return; // knows nothing of shards: all read by the same positions
    throw new OrbaxError(
      "UNSUPPORTED",
      `sampler ${saved.sampler.slice(0, 200)}: how it deals out records is not known`,
      { field: "sampler", found: saved.sampler },
    );
  }
  if (before.records !== after.records) throw otherSource("sampler", saved.sampler, resumed.sampler);
  for (const [sampler, { shardIndex, shardCount }] of [
    [before, saved.shardOptions],
    [after, resumed.shardOptions],
  ] as const) {
    if (!sampler.hasRuns || (sampler.shardIndex === shardIndex && sampler.shardCount === shardCount))
      continue;
    throw invalidArgument(
      `a sampler of shard ${sampler.shardIndex} of ${sampler.shardCount} in place of ${shardIndex} of ${shardCount}: ` +
        "the states of all shards are needed, in order",
      { field: "sampler", found: sampler.shardIndex },
    );
  }
}

function otherSource(what: string, found: string, expected: string): OrbaxError {
  return new OrbaxError("CONFLICT", `${what} ${found.slice(0, 200)}, expected ${expected.slice(0, 200)}`, {
    field: what,
    found,
    expected,
  });
}

/** Records that the new shard has behind it. */
function countOfShard(saved: readonly SavedShard[], resumed: LoaderIdentity): number {
  const { shardIndex, shardCount } = resumed.shardOptions;
  const ofSame = saved.length === shardCount ? saved[shardIndex] : undefined;
  if (ofSame?.sampler === resumed.sampler) return ofSame.count;
  const before = parseSamplerRepr(saved[0]?.sampler ?? "");
  const after = parseSamplerRepr(resumed.sampler);
  const counts = saved.map(({ count }) => count);
  const position = globalPosition(counts, dealingOf(before, saved.length));
  const dealing = dealingOf(after, shardCount);
  return shardCountAt(converted(position, before, after), dealing, shardIndex, shardCount);
}

function dealingOf(sampler: SamplerRepr | undefined, count: number): Dealing {
  if (sampler === undefined || !sampler.hasRuns) return IN_TURN;
  return { kind: "own order", sizes: runLengths(sampler.numRecords, count, sampler.dropRemainder) };
}

/** Positions of all epochs on one line, where shards take every n-th; whole epochs, where they have runs. */
function converted(
  { epochs, elements }: GlobalPosition,
  before: SamplerRepr | undefined,
  after: SamplerRepr | undefined,
): GlobalPosition {
  if (before === undefined || after === undefined || before.hasRuns === after.hasRuns) {
    return { epochs, elements };
  }
  if (before.hasRuns) return { epochs: 0, elements: epochs * before.numRecords };
  const rest = elements % after.numRecords;
  return { epochs: (elements - rest) / after.numRecords, elements: rest };
}
