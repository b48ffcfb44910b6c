import { describe, expect, it } from "vitest";
import type { StepLayout } from "../../../src/checkpoint/recognise/layout.js";
import { recogniseUnlisted } from "../../../src/checkpoint/recognise/recognise-unlisted.js";
import { writeOcdbt } from "../../../src/ocdbt/writer.js";
import { MemoryStorage } from "../../../src/storage/memory.js";
import { storageWith } from "../stored-item.js";

const TREE = "orbax.checkpoint._src.handlers.standard_checkpoint_handler.StandardCheckpointHandler";
const JSON_HANDLER = "orbax.checkpoint._src.handlers.json_checkpoint_handler.JsonCheckpointHandler";

function shown(layout: StepLayout | undefined): unknown {
  if (layout === undefined || layout.kind === "item") return layout?.item;
  const { items, deleting } = layout;
  return { items: Object.fromEntries(items), ...(deleting.length === 0 ? {} : { deleting }) };
}

/** What a store that can only get is taken for. */
async function recognised(files: Readonly<Record<string, string | Uint8Array>>): Promise<unknown> {
  const storage = storageWith(files);
  return shown(await recogniseUnlisted({ get: (key) => storage.get(key) }, {}));
}

const handlers = (of: unknown) => ({ _CHECKPOINT_METADATA: JSON.stringify({ item_handlers: of }) });

describe("a store that cannot list", () => {
  it.each<[string, Record<string, string | Uint8Array>, unknown]>([
    ["a tree", { _METADATA: "", ...handlers(TREE) }, "pytree"],
    [
      "a step whose metadata names its items",
      { ...handlers({ model: TREE, config: JSON_HANDLER, own: "my.Notes" }), "model/_METADATA": "" },
      { items: { model: "pytree", config: "json", own: "files" } },
    ],
    [
      "a tree under any handler",
      { ...handlers({ model: "my.Tree" }), "model/_METADATA": "" },
      { items: { model: "pytree" } },
    ],
    ["a step whose names lead nowhere", handlers({ "../x": TREE, "": TREE, "..": TREE }), undefined],
    [
      "a step of an old release",
      { "state/_METADATA": "", "pytree/_METADATA": "" },
      { items: { state: "pytree", pytree: "pytree" } },
    ],
    ["an aggregate", { checkpoint: Uint8Array.of(0x80) }, "pytree"],
    ["an aggregate of a list", { checkpoint: Uint8Array.of(0x90) }, "pytree"],
    ["TensorFlow's list of its files", { checkpoint: "model_checkpoint_path: 'x'" }, undefined],
    ["a database that is damaged", { "manifest.ocdbt": "" }, undefined],
    ["an array of an old release", { "checkpoint/.zarray": "" }, "pytree"],
    ["an array in zarr v3", { "checkpoint/zarr.json": "" }, "pytree"],
    ["a random key", { "jax_random_key_metadata/metadata": "" }, "pytree"],
    ["a generator of NumPy", { "np_random_key_metadata/metadata": "" }, "pytree"],
    ["JSON", { "data.json": "" }, "json"],
    ["JSON of the classic interface", { metadata: "" }, "json"],
    ["metrics", { metrics: "" }, "json"],
    ["a state of Grain", { "process_0-of-1.json": "" }, "grain"],
    ["protobuf", { "proto.pbtxt": "" }, "proto-text"],
    ["an item of which only the handler tells", handlers("my.Notes"), "files"],
    ["nothing that is known", { "README.md": "" }, undefined],
  ])("is asked for %s", async (_, files, expected) => {
    expect(await recognised(files)).toEqual(expected);
  });

  it("is asked for an array of an old release in a database", async () => {
    const storage = new MemoryStorage();
    await writeOcdbt(storage, [["checkpoint/.zarray", new Uint8Array(1)]]);
    expect(await recogniseUnlisted({ get: (key) => storage.get(key) }, {})).toEqual({
      kind: "item",
      item: "pytree",
    });
    const other = new MemoryStorage();
    await writeOcdbt(other, [["a/.zarray", new Uint8Array(1)]]);
    expect(await recogniseUnlisted({ get: (key) => other.get(key) }, {})).toBeUndefined();
  });

  it("hides an item whose deletion has begun", async () => {
    const updated = { item_handlers: { state: TREE } };
    const original = { item_handlers: { state: TREE, other: TREE } };
    const record = {
      checkpointable_name: "other",
      operation_id: "0123456789abcdef0123456789abcdef",
      original_metadata: original,
      updated_metadata: updated,
    };
    const files = {
      _CHECKPOINT_METADATA: JSON.stringify(original),
      _CHECKPOINT_DELETION: JSON.stringify(record),
      "state/_METADATA": "",
      "other/_METADATA": "",
    };
    expect(await recognised(files)).toEqual({ items: { state: "pytree" }, deleting: ["other"] });
    await expect(recognised({ ...files, _CHECKPOINT_DELETION: "{" })).rejects.toMatchObject({
      code: "DATA_LOSS",
    });
  });
});
