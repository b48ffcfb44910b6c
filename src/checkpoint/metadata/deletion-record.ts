import {
  expectObject,
  expectString,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  optionalString,
  parseJson,
} from "../../bytes/json.js";
import { dataLoss, isOrbaxError, OrbaxError } from "../../errors.js";
import type { Limits } from "../../limits.js";
import type { ReadableStorage } from "../../storage/storage.js";
import { type ReadOptions, readMetadataFile } from "./metadata-file.js";
import { STEP_METADATA_FILE } from "./step-metadata.js";

/** File in a step while one of its items is being deleted (docs/spec/orbax-layout-extra.md section 5). */
export const DELETION_FILE = "_CHECKPOINT_DELETION";

/** The intent to delete one item, written before anything is removed. */
export type DeletionRecord = {
  readonly operationId: string;
  /** The item. */
  readonly name: string;
  /** Where it is moved to, `undefined` where it is removed. */
  readonly destination: string | undefined;
  /** What `_CHECKPOINT_METADATA` says before and after. */
  readonly originalMetadata: JsonObject;
  readonly updatedMetadata: JsonObject;
};

const OPERATION_ID = /^[0-9a-f]{32}$/;
/** Names that Orbax's v1 interface keeps for itself. */
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  "",
  ".",
  "..",
  "metrics",
  "AUTO",
  DELETION_FILE,
  STEP_METADATA_FILE,
]);

/**
 * Decodes `_CHECKPOINT_DELETION` with all the checks of Orbax that concern this file alone.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a record that Orbax would not follow · `LIMIT_EXCEEDED` as `parseJson`.
 */
export function decodeDeletionRecord(bytes: Uint8Array, limits?: Partial<Limits>): DeletionRecord {
  const what = "deletion record";
  const json = expectObject(parseJson(bytes, what, limits), what, "the document");
  const operationId = expectString(json["operation_id"], what, "operation_id");
  if (!OPERATION_ID.test(operationId)) {
    throw dataLoss(what, { field: "operation_id", found: operationId, expected: "32 hexadecimal digits" });
  }
  const name = expectString(json["checkpointable_name"], what, "checkpointable_name");
  if (RESERVED_NAMES.has(name) || /[/\\\0]/.test(name)) {
    throw dataLoss(what, { field: "checkpointable_name", found: name, expected: "an item's name" });
  }
  const originalMetadata = expectObject(json["original_metadata"], what, "original_metadata");
  const updatedMetadata = expectObject(json["updated_metadata"], what, "updated_metadata");
  if (!sameJson(updatedMetadata, withoutItem(originalMetadata, name, what))) {
    throw dataLoss(what, {
      field: "updated_metadata",
      expected: `original_metadata without ${JSON.stringify(name)}`,
    });
  }
  const destination = optionalString(json["destination"], what, "destination");
  return { operationId, name, destination, originalMetadata, updatedMetadata };
}

function withoutItem(metadata: JsonObject, name: string, what: string): JsonObject {
  const handlers = expectObject(metadata["item_handlers"], what, "original_metadata.item_handlers");
  if (!Object.hasOwn(handlers, name)) {
    throw dataLoss(what, {
      field: "original_metadata.item_handlers",
      expected: `a handler of ${JSON.stringify(name)}`,
    });
  }
  const kept = Object.entries(handlers).filter(([item]) => item !== name);
  return { ...metadata, item_handlers: Object.fromEntries(kept) };
}

/** Whether two values are equal whatever the order of their members. Not deeper than the parser lets JSON be. */
function sameJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (isJsonArray(a) || isJsonArray(b)) {
    if (!isJsonArray(a) || !isJsonArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => sameJson(item, b[index]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return Object.is(a, b);
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && sameJson(a[name], b[name]));
}

/**
 * Reads the record of a step that has one, and holds it against `_CHECKPOINT_METADATA`, as Orbax's v1 interface does
 * before it reads anything of the step.
 *
 * @returns `undefined` if there is none: the deletion may have ended meanwhile.
 * @throws {OrbaxError} `DATA_LOSS` for a record that is damaged or does not fit the step; all of the step is in doubt
 * then (Orbax: `DeletionRecoveryError`).
 */
export async function readDeletionRecord(
  storage: ReadableStorage,
  options: ReadOptions = {},
): Promise<DeletionRecord | undefined> {
  try {
    const record = await readMetadataFile(storage, DELETION_FILE, decodeDeletionRecord, options);
    if (record === undefined) return undefined;
    const metadata = await readMetadataFile(storage, STEP_METADATA_FILE, parseStepMetadata, options);
    if (sameJson(metadata, record.originalMetadata) || sameJson(metadata, record.updatedMetadata)) {
      return record;
    }
    throw dataLoss(`${DELETION_FILE}: deletion record`, {
      file: DELETION_FILE,
      field: "original_metadata",
      found: "something else than the step's metadata",
      expected: `what ${STEP_METADATA_FILE} says`,
    });
  } catch (error) {
    throw asRecoveryError(error, storage);
  }
}

/** Strictly, other than who only wants to know what it says. */
function parseStepMetadata(bytes: Uint8Array, limits: Limits): JsonValue {
  return parseJson(bytes, "step metadata", limits);
}

/** Names the step, and Python's class for the same finding. */
function asRecoveryError(error: unknown, { name = "the checkpoint" }: ReadableStorage): unknown {
  if (!isOrbaxError(error, "DATA_LOSS")) return error;
  const details = { ...error.details, pythonType: "DeletionRecoveryError" };
  return new OrbaxError(error.code, `${name}: ${error.message}`, details, { cause: error });
}
