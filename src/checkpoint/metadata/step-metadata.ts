import { formatJson, isJsonObject, type JsonObject, type JsonValue, parseJson } from "../../bytes/json.js";
import { isOrbaxError } from "../../errors.js";
import type { Limits } from "../../limits.js";
import type { ReadableStorage } from "../../storage/storage.js";
import { type ReadOptions, readMetadataFile } from "./metadata-file.js";

/** File beside a step's items, or in a single item's directory (docs/spec/orbax-layout.md section 5). */
export const STEP_METADATA_FILE = "_CHECKPOINT_METADATA";

/** What `_CHECKPOINT_METADATA` says; nothing in it is required to read a checkpoint. */
export type StepMetadata = {
  /** Class paths of the handlers: of each item by name, or of the only item; `undefined` where unknown. */
  readonly itemHandlers: { readonly [item: string]: string } | string | undefined;
  /** Always empty in files of Orbax so far: a manager keeps metrics in the item `metrics`. */
  readonly metrics: JsonObject;
  /** How long parts of the save took, in seconds, and the like. */
  readonly performanceMetrics: { readonly [name: string]: number };
  /** Nanoseconds since 1970, beyond the safe integers. */
  readonly initTimestampNs: bigint | undefined;
  readonly commitTimestampNs: bigint | undefined;
  /** The user's own data, members that Orbax does not know among them. */
  readonly customMetadata: JsonObject;
};

/** What {@link encodeStepMetadata} writes. */
export type NewStepMetadata = Omit<StepMetadata, "metrics" | "performanceMetrics">;

/** What is known without such a file. */
export const NO_STEP_METADATA: StepMetadata = {
  itemHandlers: undefined,
  metrics: Object.create(null),
  performanceMetrics: Object.create(null),
  initTimestampNs: undefined,
  commitTimestampNs: undefined,
  customMetadata: Object.create(null),
};

/**
 * Decodes `_CHECKPOINT_METADATA`. As Orbax does, it takes a file that is no JSON for one that says nothing, and a
 * field of the wrong type for one that is missing.
 *
 * @throws {OrbaxError} `LIMIT_EXCEEDED` as `parseJson`.
 */
export function decodeStepMetadata(bytes: Uint8Array, limits?: Partial<Limits>): StepMetadata {
  const json = parseLeniently(bytes, limits);
  if (!isJsonObject(json)) return NO_STEP_METADATA;
  const {
    item_handlers: itemHandlers,
    metrics,
    performance_metrics: performanceMetrics,
    init_timestamp_nsecs: initTimestampNs,
    commit_timestamp_nsecs: commitTimestampNs,
    custom_metadata: customMetadata,
    ...unknown
  } = json;
  return {
    itemHandlers: itemHandlersOf(itemHandlers),
    metrics: isJsonObject(metrics) ? metrics : NO_STEP_METADATA.metrics,
    performanceMetrics: numbersOf(performanceMetrics),
    initTimestampNs: timestampOf(initTimestampNs),
    commitTimestampNs: timestampOf(commitTimestampNs),
    customMetadata: joined(unknown, isJsonObject(customMetadata) ? customMetadata : {}),
  };
}

/**
 * Orbax puts members that it does not know among the user's own, and refuses the step where there are some of both;
 * here the user's own then win.
 */
function joined(unknown: JsonObject, customMetadata: JsonObject): JsonObject {
  const all: { [name: string]: JsonValue } = Object.create(null);
  for (const [name, value] of [...Object.entries(unknown), ...Object.entries(customMetadata)])
    all[name] = value;
  return all;
}

/** Orbax drops what is no float; whether a number was written with a point is not known here. */
function numbersOf(value: JsonValue | undefined): StepMetadata["performanceMetrics"] {
  const numbers: { [name: string]: number } = Object.create(null);
  if (!isJsonObject(value)) return numbers;
  for (const [name, member] of Object.entries(value)) if (typeof member === "number") numbers[name] = member;
  return numbers;
}

/**
 * Reads `_CHECKPOINT_METADATA` of a step or single item; a missing file says nothing.
 *
 * @throws {OrbaxError} `LIMIT_EXCEEDED` for a file beyond `limits.metadataBytes`, and as {@link decodeStepMetadata}.
 */
export async function readStepMetadata(
  storage: ReadableStorage,
  options: ReadOptions = {},
): Promise<StepMetadata> {
  const metadata = await readMetadataFile(storage, STEP_METADATA_FILE, decodeStepMetadata, options);
  return metadata ?? NO_STEP_METADATA;
}

function parseLeniently(bytes: Uint8Array, limits?: Partial<Limits>): JsonValue {
  try {
    return parseJson(bytes, "step metadata", limits);
  } catch (error) {
    if (isOrbaxError(error, "DATA_LOSS")) return null;
    throw error;
  }
}

function itemHandlersOf(value: JsonValue | undefined): StepMetadata["itemHandlers"] {
  if (typeof value === "string") return value;
  if (!isJsonObject(value)) return undefined;
  const handlers: { [item: string]: string } = Object.create(null);
  for (const [item, handler] of Object.entries(value)) {
    if (typeof handler === "string") handlers[item] = handler;
  }
  return handlers;
}

function timestampOf(value: JsonValue | undefined): bigint | undefined {
  if (typeof value === "bigint") return value;
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

/**
 * Encodes all six fields that Orbax knows and no other: an unknown field makes Orbax refuse the whole root where
 * there is custom metadata as well (section 5).
 */
export function encodeStepMetadata({
  itemHandlers,
  initTimestampNs,
  commitTimestampNs,
  customMetadata,
}: NewStepMetadata): Uint8Array {
  const json: JsonObject = {
    item_handlers: itemHandlers ?? null,
    metrics: {},
    performance_metrics: {},
    init_timestamp_nsecs: initTimestampNs ?? null,
    commit_timestamp_nsecs: commitTimestampNs ?? null,
    custom_metadata: customMetadata,
  };
  return new TextEncoder().encode(formatJson(json));
}
