import { formatJson, isJsonObject, type JsonObject, type JsonValue, parseJson } from "../bytes/json.js";
import { isOrbaxError } from "../errors.js";
import type { Limits } from "../limits.js";

/** File beside a step's items, or in a single item's directory (docs/spec/orbax-layout.md section 5). */
export const STEP_METADATA_FILE = "_CHECKPOINT_METADATA";

/** What `_CHECKPOINT_METADATA` says; nothing in it is required to read a checkpoint. */
export type StepMetadata = {
  /** Class paths of the handlers: of each item by name, or of the only item; `undefined` where unknown. */
  readonly itemHandlers: { readonly [item: string]: string } | string | undefined;
  /** Nanoseconds since 1970, beyond the safe integers. */
  readonly initTimestampNs: bigint | undefined;
  readonly commitTimestampNs: bigint | undefined;
  /** The user's own data. */
  readonly customMetadata: JsonObject;
};

const NOTHING_KNOWN: StepMetadata = {
  itemHandlers: undefined,
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
  if (!isJsonObject(json)) return NOTHING_KNOWN;
  const customMetadata = json["custom_metadata"];
  return {
    itemHandlers: itemHandlersOf(json["item_handlers"]),
    initTimestampNs: timestampOf(json["init_timestamp_nsecs"]),
    commitTimestampNs: timestampOf(json["commit_timestamp_nsecs"]),
    customMetadata: isJsonObject(customMetadata) ? customMetadata : NOTHING_KNOWN.customMetadata,
  };
}

function parseLeniently(bytes: Uint8Array, limits?: Partial<Limits>): JsonValue {
  try {
    return parseJson(bytes, STEP_METADATA_FILE, limits);
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
}: StepMetadata): Uint8Array {
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
