import { limitExceeded } from "../errors.js";
import type { Limits } from "../limits.js";
import { readExact, readExactInto } from "../storage/read.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";
import { type OcdbtValue, valueLength } from "./entry.js";
import { type FileRange, type PlannedRead, planReads } from "./plan.js";

/** One wanted value of a bulk read. */
export type ValueRequest = {
  readonly value: OcdbtValue;
  /** Where the bytes shall lie in the end, if they are wanted as they are: exactly the value's length. */
  readonly into?: Uint8Array | undefined;
  /** Takes the bytes: `into` itself where it was given, else a view that is good until this returns. */
  receive(bytes: Uint8Array): void;
};

/** Reads under way at once: enough to keep a disk or a connection busy, few enough to bound the memory. */
const PARALLEL_READS = 4;

/** A value this long is read alone, straight to where it shall lie. */
const DIRECT_BYTES = 2 ** 18;

/**
 * Reads one value whole.
 *
 * @throws {OrbaxError} `DATA_LOSS` if its data file is missing or shorter (TensorStore would give an empty value
 * for a missing file); `LIMIT_EXCEEDED` if it is longer than `limits.valueBytes`.
 */
export async function readValue(
  storage: ReadableStorage,
  value: OcdbtValue,
  limits: Limits,
  options?: StorageOptions,
): Promise<Uint8Array> {
  checkLength(value, limits);
  if (value.kind === "inline") return value.bytes;
  return readExact(storage, value.file, value.offset, value.length, options);
}

/**
 * Reads many values in few reads: neighbours are merged, long ones go straight into their place. Values arrive
 * in any order. Errors as {@link readValue}; after the first one nothing more is read.
 */
export async function readValues(
  storage: ReadableStorage,
  requests: Iterable<ValueRequest>,
  limits: Limits,
  options?: StorageOptions,
): Promise<void> {
  const direct: DirectRead[] = [];
  const ranges: RequestedRange[] = [];
  for (const request of requests) {
    const { value, into } = request;
    checkLength(value, limits);
    if (value.kind === "inline") {
      deliver(request, value.bytes);
    } else {
      const { file, offset, length } = value; // not spread: there may be a million of them
      if (into !== undefined && length >= DIRECT_BYTES) direct.push({ file, offset, length, into, request });
      else ranges.push({ file, offset, length, request });
    }
  }
  const planned: (PlannedRead<RequestedRange> | DirectRead)[] = [...planReads(ranges), ...direct];
  const queue = planned.values();
  let failed = false;
  const readOneAfterAnother = async () => {
    for (const read of queue) {
      if (failed) return;
      options?.signal?.throwIfAborted();
      try {
        await ("into" in read ? readDirect(storage, read, options) : readMerged(storage, read, options));
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const readers = Math.min(PARALLEL_READS, planned.length);
  await Promise.all(Array.from({ length: readers }, readOneAfterAnother));
}

type RequestedRange = FileRange & { readonly request: ValueRequest };
type DirectRead = RequestedRange & { readonly into: Uint8Array };

function deliver(request: ValueRequest, bytes: Uint8Array): void {
  const { into } = request;
  if (into === undefined) {
    request.receive(bytes);
  } else {
    into.set(bytes);
    request.receive(into);
  }
}

async function readDirect(
  storage: ReadableStorage,
  { file, offset, into, request }: DirectRead,
  options?: StorageOptions,
): Promise<void> {
  await readExactInto(storage, file, offset, into, options);
  request.receive(into);
}

async function readMerged(
  storage: ReadableStorage,
  { file, offset, length, ranges }: PlannedRead<RequestedRange>,
  options?: StorageOptions,
): Promise<void> {
  const bytes = await readExact(storage, file, offset, length, options);
  for (const range of ranges) {
    const start = range.offset - offset;
    deliver(range.request, bytes.subarray(start, start + range.length));
  }
}

function checkLength(value: OcdbtValue, { valueBytes }: Limits): void {
  const length = valueLength(value);
  if (length <= valueBytes) return;
  throw limitExceeded("OCDBT value", {
    field: "length",
    found: length,
    expected: `at most ${valueBytes}`,
    limit: "valueBytes",
  });
}
