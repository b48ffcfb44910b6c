import { invalidArgument } from "../errors.js";
import { batchElements } from "./batch-elements.js";
import { batchIter } from "./iter/batch.js";
import { filterIter } from "./iter/filter.js";
import { flatMapIter } from "./iter/flat-map.js";
import type { SliceableIterNode } from "./iter/worker-slice.js";
import { andThen, type MaybePromise } from "./maybe-promise.js";
import { type DataRecord, RecordMetadata, type RecordRng } from "./record.js";
import { mapRecords } from "./record-node.js";

// What a DataLoader does with the records, one operation after another: Grain's transformations as plain objects. An
// object with the method of one of Grain's classes is one, too.

/** Changes each element: Grain's `Map`. */
export type MapOperation = { map(element: unknown): MaybePromise<unknown> };

/** Changes each element with random numbers of its record; `null` where the sampler has no seed: `RandomMap`. */
export type RandomMapOperation = {
  randomMap(element: unknown, rng: RecordRng | null): MaybePromise<unknown>;
};

/** Keeps the elements for which it answers with something truthy: `Filter`. */
export type FilterOperation = { filter(element: unknown): MaybePromise<unknown> };

/** Makes several elements, or none, of each: `FlatMap`. It changes the form of the loader's states. */
export type FlatMapOperation = {
  flatMap(element: unknown): MaybePromise<readonly unknown[]>;
  /** Most elements that it makes of one. */
  readonly maxFanOut: number;
};

/** Groups of elements: `Batch`. */
export type BatchOperation = {
  readonly batchSize: number;
  /** Leaves out a last batch that is short. Default: false. */
  readonly dropRemainder?: boolean | undefined;
  /** Makes the batch. Default: `batchElements`. */
  batchFn?(elements: readonly unknown[]): MaybePromise<unknown>;
};

/** What a `DataLoader` takes as an operation. */
export type Operation =
  | MapOperation
  | RandomMapOperation
  | FilterOperation
  | FlatMapOperation
  | BatchOperation;

/** {@link MapOperation} of a function. */
export function mapOperation<T, S>(
  map: (element: T) => MaybePromise<S>,
): {
  map(element: T): MaybePromise<S>;
} {
  return { map };
}

/** {@link RandomMapOperation} of a function. */
export function randomMapOperation<T, S>(
  randomMap: (element: T, rng: RecordRng | null) => MaybePromise<S>,
): { randomMap(element: T, rng: RecordRng | null): MaybePromise<S> } {
  return { randomMap };
}

/** {@link FilterOperation} of a function. */
export function filterOperation<T>(filter: (element: T) => MaybePromise<unknown>): {
  filter(element: T): MaybePromise<unknown>;
} {
  return { filter };
}

/** {@link FlatMapOperation} of a function. */
export function flatMapOperation<T, S>(
  flatMap: (element: T) => MaybePromise<readonly S[]>,
  { maxFanOut }: { readonly maxFanOut: number },
): { flatMap(element: T): MaybePromise<readonly S[]>; readonly maxFanOut: number } {
  return { flatMap, maxFanOut };
}

/** {@link BatchOperation} of a size. */
export function batchOperation(
  batchSize: number,
  options: Omit<BatchOperation, "batchSize"> = {},
): BatchOperation {
  return { batchSize, ...options };
}

type Records = SliceableIterNode<DataRecord<unknown>>;

/** Whether an operation is a {@link FlatMapOperation}, by Python's order of questions. */
export function isFlatMap(operation: Operation): operation is FlatMapOperation {
  return !has(operation, "map") && !has(operation, "randomMap") && has(operation, "flatMap");
}

/**
 * The records as an operation gives them.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for what is no operation of a loader, and as `batchIter`.
 */
export function applyOperation(records: Records, operation: Operation): Records {
  if (typeof operation !== "object" || operation === null || Array.isArray(operation)) throw noOperation();
  if ("map" in operation) {
    return mapRecords(records, ({ data }) => operation.map(data));
  }
  if ("randomMap" in operation) {
    return mapRecords(records, ({ data, metadata }) => operation.randomMap(data, metadata.rng));
  }
  if ("flatMap" in operation) return flatMapRecords(records, operation);
  if ("filter" in operation) return filterIter(records, ({ data }) => operation.filter(data));
  if ("batchSize" in operation) return batchRecords(records, operation);
  throw noOperation();
}

function has(operation: Operation, name: string): boolean {
  return typeof operation === "object" && operation !== null && name in operation;
}

function flatMapRecords(records: Records, operation: FlatMapOperation): Records {
  const { maxFanOut } = operation;
  if (!Number.isSafeInteger(maxFanOut)) {
    throw invalidArgument(`maxFanOut must be an integer, got ${maxFanOut}`, {
      field: "maxFanOut",
      found: maxFanOut,
    });
  }
  return flatMapIter(records, {
    flatMap: ({ metadata, data }: DataRecord<unknown>) =>
      andThen(operation.flatMap(data), (made) =>
        Array.from(made, (part, index) => ({
          metadata: new RecordMetadata(metadata.index * maxFanOut + index),
          data: part,
        })),
      ),
  });
}

/** The metadata of a batch is that of its last record. */
function batchRecords(records: Records, operation: BatchOperation): Records {
  const { batchSize, dropRemainder = false } = operation;
  const makeBatch = (elements: readonly unknown[]): MaybePromise<unknown> =>
    operation.batchFn === undefined ? batchElements(elements) : operation.batchFn(elements);
  return batchIter(records, batchSize, dropRemainder, (batch: readonly DataRecord<unknown>[]) => {
    const metadata = batch.at(-1)?.metadata.removeRecordKey() ?? new RecordMetadata(0);
    return andThen(makeBatch(batch.map(({ data }) => data)), (data) => ({ metadata, data }));
  });
}

function noOperation() {
  return invalidArgument(
    "an operation of a DataLoader has a method map, randomMap, flatMap or filter, or a batchSize",
    { field: "operations", pythonType: "TypeError" },
  );
}
