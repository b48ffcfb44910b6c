import { isJsonObject, type JsonValue, parseJson } from "../bytes/json.js";
import { invalidArgument, isOrbaxError } from "../errors.js";
import { dictOf } from "../pytree/container.js";
import { formatPythonJson } from "../pytree/python-json.js";
import { pythonRepr } from "../pytree/python-repr.js";
import { dictFieldOf, integerOf, requiredField, safeIntegerOf } from "../pytree/state-values.js";
import { plainInteger, type Tree } from "../pytree/value.js";
import { listFieldOf } from "./iter/parent-states.js";
import type { IteratorState } from "./node.js";
import type { ShardOptions } from "./shard-options.js";

// The JSON of a DataLoader's state (docs/spec/datarax.md section 6.1), and the state of the dataset that it is made of.

/** What a state says about its loader. */
export type LoaderIdentity = {
  readonly shardOptions: ShardOptions;
  readonly workerCount: number;
  /** Python's `repr` of the sampler. */
  readonly sampler: string;
  /** Python's name of the data source. */
  readonly dataSource: string;
};

const VERSION = 2;
const INDENT = 4;

/** A state as Python writes it: `json.dumps(state, indent=4)`. */
export function formatLoaderState(state: IteratorState): string {
  return formatPythonJson(state, INDENT);
}

/**
 * Reads the JSON of a state.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for what is no JSON object.
 */
export function parseLoaderState(text: string | Uint8Array): IteratorState {
  const json = parseStateJson(text);
  if (isJsonObject(json)) return json;
  throw invalidArgument(`state: ${pythonRepr(json).slice(0, 100)}, expected a JSON object`, {
    field: "state",
    found: json,
    pythonType: "TypeError",
  });
}

function parseStateJson(text: string | Uint8Array): JsonValue {
  if (typeof text !== "string" && !(text instanceof Uint8Array)) {
    throw invalidArgument("state: expected the text or the bytes that getState gave", {
      field: "state",
      pythonType: "AttributeError",
    });
  }
  try {
    return parseJson(typeof text === "string" ? new TextEncoder().encode(text) : text, "state");
  } catch (error) {
    if (!isOrbaxError(error, "DATA_LOSS")) throw error;
    throw invalidArgument(error.message, { ...error.details, pythonType: "ValueError" });
  }
}

/** The loader's state over that of its dataset. */
export function loaderStateOf(dataset: IteratorState, identity: LoaderIdentity): IteratorState {
  const interleaved = Object.hasOwn(dataset, "iterators_in_use_states");
  const workers = interleaved ? listOfStates(dataset) : [dataset];
  const nextWorker = interleaved ? countField(dataset, "next_index_in_cycle") : 0;
  const { shardIndex, shardCount } = bigShards(identity);
  const stride = BigInt(workers.length) * shardCount;
  const lastSeen = workers.map((state, worker): [string, Tree] => {
    const next = BigInt(countField(state, "next_index"));
    return [String(worker), plainInteger(shardIndex - stride + BigInt(worker) * shardCount + next * stride)];
  });
  return dictOf([
    ["version", VERSION],
    ["last_seen_indices", dictOf(lastSeen)],
    ["last_worker_index", nextWorker - 1],
    ["worker_count", identity.workerCount],
    ["sampler", identity.sampler],
    ["data_source", identity.dataSource],
  ]);
}

/**
 * The dataset's state that a loader's state stands for.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a state of another loader, in Grain's words, and one that lacks a field.
 */
export function datasetStateOf(state: IteratorState, identity: LoaderIdentity): IteratorState {
  checkIdentity(state, identity);
  const lastSeen = requiredField(state, "last_seen_indices");
  const lastWorker = integerOf(requiredField(state, "last_worker_index"), "last_worker_index");
  const { workerCount } = identity;
  const { shardIndex, shardCount } = bigShards(identity);
  const indices = dictFieldOf(lastSeen, "last_seen_indices");
  const nextIndexOf = (worker: number): IteratorState => {
    const index = BigInt(integerOf(requiredField(indices, String(worker)), `last_seen_indices.${worker}`));
    const stride = BigInt(Math.max(workerCount, 1)) * shardCount;
    const next = floorDivide(index + stride - shardIndex - BigInt(worker) * shardCount, stride);
    return dictOf([["next_index", plainInteger(next)]]);
  };
  if (workerCount === 0) return nextIndexOf(0);
  const workers = Array.from({ length: workerCount }, (_, worker) => worker);
  return dictOf([
    ["next_index_in_cycle", Number(modulo(BigInt(lastWorker) + 1n, BigInt(workerCount)))],
    ["next_index_in_datasets", workerCount],
    ["iterators_in_use_indices", workers],
    ["iterators_in_use_states", workers.map(nextIndexOf)],
    ["exhausted", workers.map(() => false)],
  ]);
}

/** Python's checks, in its order. */
function checkIdentity(state: IteratorState, { workerCount, sampler, dataSource }: LoaderIdentity): void {
  const count = requiredField(state, "worker_count");
  if (!isSameNumber(count, workerCount)) {
    throw otherLoader(
      "Worker count in checkpoint does not match dataloader worker count.\n" +
        `worker count in checkpoint: ${pythonStr(count)}\nworker count in dataloader: ${workerCount}`,
      "worker_count",
    );
  }
  const ofSampler = requiredField(state, "sampler");
  if (ofSampler !== sampler) {
    throw otherLoader(
      "Sampler in checkpoint does not match dataloader sampler.\n" +
        `sampler in checkpoint: ${pythonStr(ofSampler)}\nsampler in dataloader: ${sampler}\n` +
        "Grain uses `repr(sampler)` to validate the sampler, so you may need to implement a custom `__repr__`.",
      "sampler",
    );
  }
  const ofSource = requiredField(state, "data_source");
  if (ofSource !== dataSource) {
    throw otherLoader(
      "DataSource in checkpoint does not match datasource in dataloader.\n" +
        `data source in checkpoint: ${pythonStr(ofSource)}\ndata source in dataloader: ${dataSource}\n` +
        "Grain uses `repr(data_source)` to validate the source, so you may need to implement a custom `__repr__`.",
      "data_source",
    );
  }
}

function otherLoader(message: string, field: string) {
  return invalidArgument(message, { field, pythonType: "ValueError" });
}

function isSameNumber(value: Tree, expected: number): boolean {
  return typeof value === "boolean" ? Number(value) === expected : value === expected;
}

/** Python's `str`: texts as they are. */
function pythonStr(value: Tree): string {
  return typeof value === "string" ? value : pythonRepr(value);
}

function bigShards({ shardOptions }: LoaderIdentity) {
  return { shardIndex: BigInt(shardOptions.shardIndex), shardCount: BigInt(shardOptions.shardCount) };
}

function listOfStates(dataset: IteratorState): IteratorState[] {
  const states = listFieldOf(requiredField(dataset, "iterators_in_use_states"), "iterators_in_use_states");
  return states.map((state, worker) => dictFieldOf(state, `iterators_in_use_states[${worker}]`));
}

function countField(state: IteratorState, field: string): number {
  return safeIntegerOf(requiredField(state, field), field);
}

/** Python's `a // b` and `a % b` for b > 0. */
function floorDivide(a: bigint, b: bigint): bigint {
  return (a - modulo(a, b)) / b;
}

function modulo(a: bigint, b: bigint): bigint {
  return ((a % b) + b) % b;
}
