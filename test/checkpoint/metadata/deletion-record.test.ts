import { describe, expect, it } from "vitest";
import {
  decodeDeletionRecord,
  readDeletionRecord,
} from "../../../src/checkpoint/metadata/deletion-record.js";
import { storageWith } from "../stored-item.js";

const TREE = "orbax.checkpoint.experimental.v1._src.handlers.pytree_handler.PyTreeHandler";
const OPERATION = "426112aed9c64c31a2540de77d524081";

/** What Orbax writes when the item `other` is deleted: metadata with its keys sorted. */
const updated = {
  commit_timestamp_nsecs: 5,
  custom_metadata: { nan: null },
  init_timestamp_nsecs: null,
  item_handlers: { state: TREE },
  metrics: {},
  performance_metrics: {},
};
const original = { ...updated, item_handlers: { other: TREE, state: TREE } };
const record = {
  checkpointable_name: "other",
  destination: null,
  operation_id: OPERATION,
  original_metadata: original,
  updated_metadata: updated,
};

const bytes = (json: unknown) =>
  new TextEncoder().encode(typeof json === "string" ? json : JSON.stringify(json));

describe("a record", () => {
  it("says which item is being deleted, and what the metadata was and becomes", () => {
    expect(decodeDeletionRecord(bytes(record))).toEqual({
      operationId: OPERATION,
      name: "other",
      destination: undefined,
      originalMetadata: original,
      updatedMetadata: updated,
    });
  });

  it("may name where the item is moved to, or lack that field", () => {
    expect(decodeDeletionRecord(bytes({ ...record, destination: "/trash/x" })).destination).toBe("/trash/x");
    const { destination: _, ...without } = record;
    expect(decodeDeletionRecord(bytes(without)).destination).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ["no JSON", "{"],
    ["an array", []],
    ["an empty object", {}],
    ["an operation of another length", { ...record, operation_id: OPERATION.slice(1) }],
    ["an operation in upper case", { ...record, operation_id: OPERATION.toUpperCase() }],
    ["no operation", { ...record, operation_id: undefined }],
    ["an operation that is a number", { ...record, operation_id: 5 }],
    ["an empty name", { ...record, checkpointable_name: "" }],
    ["a name that leads out", { ...record, checkpointable_name: "../x" }],
    ["a name that Orbax keeps for itself", { ...record, checkpointable_name: "metrics" }],
    ["a destination that is no text", { ...record, destination: 5 }],
    ["no original metadata", { ...record, original_metadata: null }],
    ["an item that the original lacks", { ...record, original_metadata: updated }],
    ["new metadata that still has the item", { ...record, updated_metadata: original }],
    [
      "new metadata that differs elsewhere",
      { ...record, updated_metadata: { ...updated, metrics: { a: 1 } } },
    ],
    [
      "new metadata that lacks a field",
      { ...record, updated_metadata: { item_handlers: updated.item_handlers } },
    ],
  ])("is refused: %s", (_, json) => {
    expect(() => decodeDeletionRecord(bytes(json))).toThrow(expect.objectContaining({ code: "DATA_LOSS" }));
  });

  it("is held against the step's metadata, whose members may stand in any order", async () => {
    const reversed = Object.fromEntries(Object.entries(original).toReversed());
    for (const metadata of [original, reversed, updated]) {
      const storage = storageWith({
        _CHECKPOINT_DELETION: JSON.stringify(record),
        _CHECKPOINT_METADATA: JSON.stringify(metadata),
      });
      expect((await readDeletionRecord(storage))?.name).toBe("other");
    }
  });

  it.each<[string, string | undefined]>([
    ["there is none", undefined],
    ["it is damaged", "{"],
    ["it says something else", JSON.stringify({ ...original, commit_timestamp_nsecs: 6 })],
  ])("is refused where the step's metadata does not fit: %s", async (_, metadata) => {
    const storage = storageWith({
      _CHECKPOINT_DELETION: JSON.stringify(record),
      ...(metadata === undefined ? {} : { _CHECKPOINT_METADATA: metadata }),
    });
    await expect(readDeletionRecord(storage)).rejects.toMatchObject({
      code: "DATA_LOSS",
      details: { pythonType: "DeletionRecoveryError" },
    });
  });

  it("may be gone", async () => {
    expect(await readDeletionRecord(storageWith({}))).toBeUndefined();
  });
});
