import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Layout } from "../../../src/checkpoint/recognise/layout.js";
import { recognise } from "../../../src/checkpoint/recognise/recognise.js";
import { LocalStorage } from "../../../src/storage/local.js";
import type { MemoryStorage } from "../../../src/storage/memory.js";
import type { ReadableStorage } from "../../../src/storage/storage.js";
import { FIXTURES } from "../dump-tree.js";
import { storageWith } from "../stored-item.js";

/** A storage with empty files at these paths; a path that ends with a slash is an empty directory. */
async function withFiles(...paths: readonly string[]): Promise<MemoryStorage> {
  const storage = storageWith(
    Object.fromEntries(paths.filter((path) => !path.endsWith("/")).map((path) => [path, ""])),
  );
  for (const path of paths) if (path.endsWith("/")) await storage.makeDirectory(`/${path.slice(0, -1)}`);
  return storage;
}

/** A layout as plain data, in a few characters. */
function shown(layout: Layout): unknown {
  if (layout.kind !== "steps") return stepShown(layout);
  const steps = layout.steps.map(({ step, name, storedName, layout: content }) => [
    step,
    name === storedName ? name : `${name} in ${storedName}`,
    stepShown(content),
  ]);
  return layout.unfinished.length === 0 ? { steps } : { steps, unfinished: layout.unfinished };
}

function stepShown(layout: Exclude<Layout, { kind: "steps" }>): unknown {
  if (layout.kind === "item") return layout.file === undefined ? layout.item : [layout.item, layout.file];
  const { items, deleting } = layout;
  return { items: Object.fromEntries(items), ...(deleting.length === 0 ? {} : { deleting }) };
}

const recognised = async (...paths: readonly string[]) => shown(await recognise(await withFiles(...paths)));

describe("an item by itself", () => {
  it.each<[string, string[]]>([
    ["a tree with a database", ["_METADATA", "manifest.ocdbt", "d/x", "ocdbt.process_0/d/y"]],
    ["a tree of files", ["_METADATA", "_CHECKPOINT_METADATA", "a/.zarray", "a/0"]],
    ["a tree with an array called 5", ["_METADATA", "5/.zarray", "5/_METADATA"]],
    ["an ArraySave directory", ["_METADATA", "checkpoint/.zarray"]],
    ["an ArraySave directory of an old release", ["checkpoint/.zarray", "checkpoint/0.0"]],
    ["an ArraySave directory in zarr v3", ["checkpoint/zarr.json", "commit_success.txt"]],
    ["a random key of JAX", ["jax_random_key/_METADATA", "jax_random_key_metadata/metadata"]],
    ["a random key of NumPy", ["np_random_key/_METADATA", "np_random_key_metadata/metadata"]],
    ["a tree of tensors", ["a.safetensors", "b.safetensors", "config.json"]],
  ])("is a tree: %s", async (_, paths) => {
    expect(await recognised(...paths)).toBe("pytree");
  });

  it.each<[string, number[]]>([
    ["a map", [0x81, 0xa1, 0x61, 0x01]],
    ["a map of more members", [0xde, 0x00, 0x10]],
    ["a list", [0x92, 0x01, 0x02]],
  ])("is an aggregate of an old release, msgpack in the file checkpoint: %s", async (_, bytes) => {
    const storage = await withFiles("manifest.ocdbt", "d/x", "_sharding", "params.w/.zarray");
    await storage.set("/checkpoint", Uint8Array.from(bytes));
    expect(shown(await recognise(storage))).toBe("pytree");
  });

  it("is none by a text file checkpoint, such as TensorFlow's", async () => {
    const storage = storageWith({ checkpoint: 'model_checkpoint_path: "model.ckpt-7"' });
    await expect(recognise(storage)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it.each([
    ["json", ["metadata"]],
    ["json", ["metadata", "commit_success.txt", "_CHECKPOINT_METADATA"]],
    ["json", ["data.json"]],
    ["json", ["metrics"]],
    ["grain", ["process_0-of-1.json", "commit_success.txt"]],
    ["proto-text", ["proto.pbtxt"]],
    ["files", ["global_process_metadata.json", "mesh_metadata.json", "commit_success.txt"]],
    ["files", ["pygrain_states.json"]],
  ])("is of kind %s: %j", async (kind, paths) => {
    expect(await recognised(...paths)).toBe(kind);
  });
});

describe("a step with items", () => {
  it.each<[string, string[], object]>([
    [
      "of a manager",
      ["_CHECKPOINT_METADATA", "commit_success.txt", "default/_METADATA", "metrics/metrics"],
      { default: "pytree", metrics: "json" },
    ],
    [
      "of an old manager, without metadata",
      ["state/_METADATA", "config/metadata"],
      { state: "pytree", config: "json" },
    ],
    ["of the v1 interface", ["orbax.checkpoint", "state/_METADATA"], { state: "pytree" }],
    [
      "whose items have the names of steps",
      ["_CHECKPOINT_METADATA", "1/_METADATA", "2/_METADATA"],
      { "1": "pytree", "2": "pytree" },
    ],
    [
      "one of whose items has the name of a step",
      ["1/_METADATA", "state/_METADATA"],
      { "1": "pytree", state: "pytree" },
    ],
    [
      "with directories that are none",
      ["_CHECKPOINT_METADATA", "state/_METADATA", "descriptor/x.y", "empty/"],
      { state: "pytree" },
    ],
    ["without items", ["_CHECKPOINT_METADATA"], {}],
    ["with an iterator of Grain", ["_CHECKPOINT_METADATA", "iter/process_0-of-2.json"], { iter: "grain" }],
    [
      "with an item called metadata",
      ["state/_METADATA", "metadata/metadata"],
      { state: "pytree", metadata: "json" },
    ],
    ["with only names that are numbers to Python alone", ["ckpt-007/_METADATA"], { "ckpt-007": "pytree" }],
    ["with only an item called metadata", ["metadata/metadata"], { metadata: "json" }],
    [
      "with unfinished items",
      ["orbax.checkpoint", "a/_METADATA", "b.orbax-checkpoint-tmp/_METADATA", "c.partial_save/_METADATA"],
      { a: "pytree" },
    ],
    [
      "with an item called __proto__",
      ["orbax.checkpoint", "__proto__/_METADATA"],
      Object.fromEntries([["__proto__", "pytree"]]),
    ],
  ])("%s", async (_, paths, items) => {
    expect(await recognised(...paths)).toEqual({ items });
  });
});

/** A step whose metadata names handlers, with these files beside. */
async function handled(handlers: object | string, ...paths: string[]) {
  const storage = await withFiles(...paths);
  const metadata = JSON.stringify({ item_handlers: handlers });
  await storage.set("/_CHECKPOINT_METADATA", new TextEncoder().encode(metadata));
  return shown(await recognise(storage));
}

const TREE = "orbax.checkpoint._src.handlers.standard_checkpoint_handler.StandardCheckpointHandler";
const JSON_HANDLER = "orbax.checkpoint._src.handlers.json_checkpoint_handler.JsonCheckpointHandler";
const STATEFUL =
  "orbax.checkpoint.experimental.v1._src.handlers.stateful_checkpointable_handler.StatefulCheckpointableHandler";
const GRAIN = "grain._src.python.checkpoint.handler.CheckpointHandler";

describe("an item of which only the handler tells what it is", () => {
  it.each<[string, string, string[], string | undefined]>([
    ["a user's own", "__main__.Notes", ["i/notes.txt", "i/sub/data.bin", "i/commit_success.txt"], "files"],
    ["a user's own that wrote nothing", "my.Empty", ["i/commit_success.txt"], "files"],
    ["a user's own that wrote nothing, not even a mark", "my.Empty", ["i/"], "files"],
    ["a user's own with Orbax's class name", "my.PyTreeCheckpointHandler", ["i/x"], "files"],
    ["whatever an object saves of itself", STATEFUL, ["i/position.txt"], "files"],
    ["a tree that an object saved", STATEFUL, ["i/_METADATA", "i/d/x"], "pytree"],
    ["an iterator of Grain that saved itself", STATEFUL, ["i/process_0-of-1.json"], "grain"],
    ["a tree under a name nobody knows", "my.Tree", ["i/_METADATA"], "pytree"],
    ["JSON of a user's own", "my.Json", ["i/metadata", "i/commit_success.txt"], "json"],
    ["files of which one is called as JSON's", "my.Notes", ["i/metadata", "i/notes.txt"], "files"],
    ["JSON in a file of another name", JSON_HANDLER, ["i/config.json"], "json"],
    ["a tree that lost its metadata: damaged, but there", TREE, ["i/manifest.ocdbt", "i/d/x"], "pytree"],
    ["a step in the step", "orbax.checkpoint.CompositeCheckpointHandler", ["i/x"], undefined],
    ["one of Grain's that wrote nothing", GRAIN, ["i/commit_success.txt"], "grain"],
  ])("%s", async (_, handler, paths, kind) => {
    expect(await handled({ i: handler }, ...paths)).toEqual({ items: kind === undefined ? {} : { i: kind } });
  });

  it("is no item where the step names no handler", async () => {
    expect(await handled({ state: TREE }, "state/_METADATA", "notes/notes.txt")).toEqual({
      items: { state: "pytree" },
    });
  });

  it("is no item where nothing of its name is there", async () => {
    expect(await handled({ state: TREE, notes: "my.Notes" }, "state/_METADATA")).toEqual({
      items: { state: "pytree" },
    });
  });

  it.each<[string, string, string[], unknown]>([
    ["a user's own", "my.Notes", ["notes.txt", "sub/x"], "files"],
    ["a tree that lost its metadata", TREE, ["manifest.ocdbt", "d/x"], "pytree"],
    ["JSON in a file of another name", JSON_HANDLER, ["config.json"], "json"],
    ["one that has items after all", "my.Notes", ["state/_METADATA"], { items: { state: "pytree" } }],
  ])("may be alone: %s", async (_, handler, paths, expected) => {
    expect(await handled(handler, ...paths)).toEqual(expected);
  });
});

const OPERATION = "00112233445566778899aabbccddeeff";

/** A step with items of which `other` is being deleted. */
async function deleting(changes: object = {}, prefix = ""): Promise<MemoryStorage> {
  const storage = await withFiles(
    `${prefix}orbax.checkpoint`,
    `${prefix}state/_METADATA`,
    `${prefix}other/_METADATA`,
  );
  const updated = { item_handlers: { state: TREE }, custom_metadata: { a: 1 } };
  const original = { ...updated, item_handlers: { state: TREE, other: TREE } };
  const record = {
    checkpointable_name: "other",
    destination: null,
    operation_id: OPERATION,
    original_metadata: original,
    updated_metadata: updated,
    ...changes,
  };
  const encoder = new TextEncoder();
  await storage.set(`/${prefix}_CHECKPOINT_METADATA`, encoder.encode(JSON.stringify(original)));
  await storage.set(`/${prefix}_CHECKPOINT_DELETION`, encoder.encode(JSON.stringify(record)));
  return storage;
}

describe("a step of which an item is being deleted", () => {
  it("has the others, and tells the name", async () => {
    expect(shown(await recognise(await deleting()))).toEqual({
      items: { state: "pytree" },
      deleting: ["other"],
    });
  });

  it("is so until the record is removed, which comes last", async () => {
    const storage = await deleting();
    await storage.delete("/other");
    expect(shown(await recognise(storage))).toEqual({ items: { state: "pytree" }, deleting: ["other"] });
    await storage.delete("/_CHECKPOINT_DELETION");
    expect(shown(await recognise(storage))).toEqual({ items: { state: "pytree" } });
  });

  it("is refused where the record is damaged", async () => {
    await expect(recognise(await deleting({ operation_id: "x" }))).rejects.toMatchObject({
      code: "DATA_LOSS",
      message:
        'memory: _CHECKPOINT_DELETION: deletion record: operation_id is "x", expected 32 hexadecimal digits',
      details: { pythonType: "DeletionRecoveryError" },
    });
  });

  it("is listed among others where the record is damaged, with the reason", async () => {
    const storage = await deleting({ operation_id: "x" }, "5/");
    await storage.set("/4/state/_METADATA", new Uint8Array(0));
    const layout = await recognise(storage);
    expect(shown(layout)).toEqual({
      steps: [
        [4, "4", { items: { state: "pytree" } }],
        [5, "5", { items: { state: "pytree", other: "pytree" } }],
      ],
    });
    const steps = layout.kind === "steps" ? layout.steps : [];
    expect(steps.map(({ damage }) => damage?.code)).toEqual([undefined, "DATA_LOSS"]);
  });

  it("may hold parts of records that were never written whole", async () => {
    expect(await recognised("orbax.checkpoint", "state/_METADATA", ".orbax-delete-ab_12")).toEqual({
      items: { state: "pytree" },
    });
  });
});

describe("a directory of steps", () => {
  it("of Flax may mix files and directories", async () => {
    const storage = await withFiles(
      "checkpoint_2/_METADATA",
      "checkpoint_tmp",
      "checkpoint_9_gda/w/.zarray",
      "checkpoint_8",
      "model_7",
    );
    for (const name of ["checkpoint_1", "checkpoint_2.5", "model_6", "checkpoint_tmp"]) {
      await storage.set(`/${name}`, Uint8Array.of(0x80 /* an empty map */));
    }
    expect(shown(await recognise(storage))).toEqual({
      steps: [
        [1, "checkpoint_1", ["pytree", "checkpoint_1"]],
        [2, "checkpoint_2", "pytree"],
        [2.5, "checkpoint_2.5", ["pytree", "checkpoint_2.5"]],
      ],
    });
  });

  it("lists none of what lies beside its steps", async () => {
    const layout = await recognised(
      "5/default/_METADATA",
      "trash/3/default/_METADATA",
      "metadata/_ROOT_METADATA",
      "5._recovery_1795512404.5/_METADATA",
      "4._recovery_1795512404/_METADATA",
      "7.partial_save/x",
    );
    expect(layout).toEqual({
      steps: [[5, "5", { items: { default: "pytree" } }]],
      unfinished: ["7.partial_save"],
    });
  });

  it("of a single host has its process metadata beside the tree", async () => {
    expect(
      await recognised(
        "7/state/_METADATA",
        "7/process_metadata/global_process_metadata.json",
        "7/process_metadata/mesh_metadata.json",
        "7/data_iter/pygrain_states.json",
      ),
    ).toEqual({
      steps: [[7, "7", { items: { state: "pytree", process_metadata: "files", data_iter: "files" } }]],
    });
  });

  it("lists each directory once, and those below it", async () => {
    const storage = await withFiles("1/_METADATA", "1/a/.zarray", "2/default/_METADATA", "2/metrics/metrics");
    const lists: string[] = [];
    const counting = (inner: MemoryStorage, place: string): ReadableStorage => ({
      get: (key) => inner.get(key),
      list: (directory) => {
        lists.push(place + directory);
        return inner.list(directory);
      },
      has: (key) => inner.has(key),
      within: (directory) => counting(inner.within(directory), place + directory),
    });
    await recognise(counting(storage, ""));
    expect(lists.toSorted()).toEqual(["/", "/1/", "/2/", "/2/default/", "/2/metrics/"]);
  });

  it("may hold 100,000 files, as the items of its steps may", async () => {
    const storage = await withFiles("5/state/_METADATA");
    for (let index = 0; index < 100_000; index++) {
      await storage.set(`/log-${index}`, new Uint8Array(0));
      await storage.set(`/5/state/file-${index}`, new Uint8Array(0));
    }
    expect(shown(await recognise(storage))).toEqual({ steps: [[5, "5", { items: { state: "pytree" } }]] });
  });

  it("of a manager lists them by number, and nothing else", async () => {
    expect(
      await recognised(
        "20/_CHECKPOINT_METADATA",
        "20/default/_METADATA",
        "9/default/_METADATA",
        "100/state/_METADATA",
        "metadata/_ROOT_METADATA",
        "trash/5/default/_METADATA",
        "notes.txt",
        "7",
        "8/",
        "11/logs/events",
      ),
    ).toEqual({
      steps: [
        [9, "9", { items: { default: "pytree" } }],
        [20, "20", { items: { default: "pytree" } }],
        [100, "100", { items: { state: "pytree" } }],
      ],
    });
  });

  it.each([["metadata/metadata"], ["metadata/metadata", "metadata/_CHECKPOINT_METADATA"]])(
    "of an older manager is none of items for what it keeps of itself: %j",
    async (...kept) => {
      expect(await recognised("5/default/_METADATA", ...kept)).toEqual({
        steps: [[5, "5", { items: { default: "pytree" } }]],
      });
    },
  );

  it("of Datarax has items for steps, the unversioned one first", async () => {
    expect(
      await recognised(
        "ckpt-10/_METADATA",
        "ckpt-9/_METADATA",
        "checkpoint/_METADATA",
        "ckpt--4/_METADATA.x",
      ),
    ).toEqual({
      steps: [
        [null, "checkpoint", "pytree"],
        [9, "ckpt-9", "pytree"],
        [10, "ckpt-10", "pytree"],
      ],
    });
  });

  it("of Flax may have fractions", async () => {
    expect(await recognised("checkpoint_10/_METADATA", "checkpoint_0.5/_METADATA")).toEqual({
      steps: [
        [0.5, "checkpoint_0.5", "pytree"],
        [10, "checkpoint_10", "pytree"],
      ],
    });
  });

  it("takes names with a prefix, padded or not, and lists a number twice that is there twice", async () => {
    const layout = await recognised(
      "step_0005/_METADATA",
      "step_5/_METADATA",
      "5/_METADATA",
      "run_a_7/_METADATA",
    );
    expect(layout).toEqual({
      steps: [
        [5, expect.any(String), "pytree"],
        [5, expect.any(String), "pytree"],
        [5, expect.any(String), "pytree"],
        [7, "run_a_7", "pytree"],
      ],
    });
  });

  it("skips numbers beyond 2^53", async () => {
    expect(await recognised("9007199254740992/_METADATA", "1/_METADATA")).toEqual({
      steps: [[1, "1", "pytree"]],
    });
  });

  it("names unfinished saves, and may have nothing else", async () => {
    const unfinished = ["5.orbax-checkpoint-tmp", "6.partial_save", "7.orbax-checkpoint-tmp-123"];
    const paths = [
      "7.orbax-checkpoint-tmp-123/_METADATA",
      "6.partial_save/x",
      "5.orbax-checkpoint-tmp/_METADATA",
    ];
    expect(await recognised(...paths)).toEqual({ steps: [], unfinished });
    expect(await recognised(...paths, "4/_METADATA")).toEqual({ steps: [[4, "4", "pytree"]], unfinished });
  });

  it("shows the old version of an interrupted overwrite, and no other leftover", async () => {
    expect(
      await recognised(
        "4.orbax-ts-replaced/_METADATA",
        "4.orbax-checkpoint-tmp/_METADATA",
        "5/_METADATA",
        "5.orbax-ts-replaced/_METADATA",
        "6.orbax-ts-replaced/_METADATA",
        "7.orbax-ts-deleted/_METADATA",
      ),
    ).toEqual({
      steps: [
        [4, "4 in 4.orbax-ts-replaced", "pytree"],
        [5, "5", "pytree"],
      ],
      unfinished: ["4.orbax-checkpoint-tmp"],
    });
  });

  it("of Datarax may hold what only Python takes for a number, and lists it not", async () => {
    expect(
      await recognised("ckpt-5/_METADATA", "ckpt-007/_METADATA", "ckpt--4/_METADATA", "1_1/_METADATA"),
    ).toEqual({
      steps: [[5, "ckpt-5", "pytree"]],
    });
  });

  it("does not count a directory of steps among its steps", async () => {
    expect(await recognised("5/1/_METADATA", "6/_METADATA")).toEqual({ steps: [[6, "6", "pytree"]] });
  });

  it("may be a folder that a manager moved steps to", async () => {
    expect(await recognised("5/default/_METADATA", "6/default/_METADATA")).toMatchObject({
      steps: [
        [5, "5"],
        [6, "6"],
      ].map((step) => expect.arrayContaining(step)),
    });
  });
});

describe("what is nothing of that", () => {
  it.each<[string, string[]]>([
    ["an empty directory", []],
    ["foreign files", ["README.md", "model.bin"]],
    ["foreign directories", ["src/index.ts", "5/readme.txt", "checkpoint/model.bin"]],
    ["a directory too far above", ["a/b/5/_METADATA"]],
    ["leftovers of removals", ["7.orbax-ts-deleted/_METADATA"]],
    ["an old version that stands for nothing", ["7.orbax-ts-replaced/_METADATA"]],
    ["a directory called _METADATA", ["_METADATA/x"]],
  ])("is not found: %s", async (_, paths) => {
    await expect(recognise(await withFiles(...paths))).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("memory: no checkpoint: neither _METADATA, nor"),
      details: { file: "memory" },
    });
  });

  it.each([
    "7.orbax-checkpoint-tmp",
    "7.orbax-checkpoint-tmp-1712000000",
    "7.orbax-checkpoint-tmp/default",
    "7.partial_save",
    "7.partial_save/state",
  ])("is refused though it may be whole: %s", async (directory) => {
    const storage = await withFiles(`${directory}/_METADATA`);
    const wayOut = directory.includes("partial_save") ? "; --salvage reads what a partial save holds" : "";
    await expect(recognise(storage.within(`/${directory}`))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `memory/${directory}: an unfinished save; only what has its final name can be opened${wayOut}`,
    });
  });

  it("is refused because its removal has begun", async () => {
    const storage = await withFiles("7.orbax-ts-deleted/_METADATA");
    await expect(recognise(storage.within("/7.orbax-ts-deleted"))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "memory/7.orbax-ts-deleted: a checkpoint whose removal has begun",
    });
  });
});

describe("a folder on disk", () => {
  let top: string;
  beforeAll(async () => {
    top = await mkdtemp(join(tmpdir(), "orbax-ts-layout-"));
  });
  afterAll(() => rm(top, { recursive: true }));

  it("that is missing is not found", async () => {
    await expect(recognise(new LocalStorage(join(top, "missing")))).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `${join(top, "missing")}: no such directory`,
    });
  });

  it("that is a file is none", async () => {
    await writeFile(join(top, "file"), "x");
    await expect(recognise(new LocalStorage(join(top, "file")))).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: `${join(top, "file")}: a file; give its path, or the directory that holds it`,
    });
  });

  it.each([
    ["standard-ocdbt-zarr2", "pytree"],
    ["files-zarr3", "pytree"],
    ["v1", { items: { state: "pytree" } }],
    ["manager/20", { items: { state: "pytree", config: "json", metrics: "json" } }],
    ["manager/20/config", "json"],
    ["manager/20/metrics", "json"],
    [
      "manager",
      {
        steps: [
          [10, "10", { items: { state: "pytree", config: "json", metrics: "json" } }],
          [20, "20", { items: { state: "pytree", config: "json", metrics: "json" } }],
        ],
      },
    ],
  ])("that Orbax wrote is what it is: %s", async (name, expected) => {
    expect(shown(await recognise(new LocalStorage(join(FIXTURES, name))))).toEqual(expected);
  });
});

const unlisted = async (...paths: string[]) => {
  const storage = await withFiles(...paths);
  return { get: (key: `/${string}`) => storage.get(key) };
};

describe("a store that cannot list", () => {
  it.each<[string[], unknown]>([
    [["_METADATA", "default/_METADATA"], "pytree"],
    [["default/_METADATA"], { items: { default: "pytree" } }],
    [["state/_METADATA", "pytree/_METADATA"], { items: { state: "pytree", pytree: "pytree" } }],
  ])("is asked for the files that there could be: %j", async (paths, expected) => {
    expect(shown(await recognise(await unlisted(...paths)))).toEqual(expected);
  });

  it("that has none of them holds no checkpoint", async () => {
    await expect(recognise(await unlisted("5/_METADATA"))).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringMatching(/without list .*of steps it must be given one$/),
    });
  });
});

describe("a step that is a link", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "orbax-ts-layout-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("counts, also where it leads to another disk", async () => {
    await mkdir(join(folder, "elsewhere"));
    await writeFile(join(folder, "elsewhere", "_METADATA"), "");
    await mkdir(join(folder, "steps"));
    await symlink(join(folder, "elsewhere"), join(folder, "steps", "ckpt-17"));
    expect(shown(await recognise(new LocalStorage(join(folder, "steps"))))).toEqual({
      steps: [[17, "ckpt-17", "pytree"]],
    });
  });
});
