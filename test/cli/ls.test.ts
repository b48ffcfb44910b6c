import { readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { directoryOf, fixture, orbaxFixture, temporaryDirectory, treeOfArrays } from "./fixtures.js";
import { runCli } from "./run-cli.js";

const TREE = treeOfArrays(["a"]);
const STEP_METADATA = '{"commit_timestamp_nsecs": 1795510800000000001}';

const json = async (path: string) => {
  const { code, out, err } = await runCli(["ls", path, "--json"]);
  expect([code, err]).toEqual([0, ""]);
  expect(out.indexOf("\n")).toBe(out.length - 1);
  return JSON.parse(out);
};

/** What `_CHECKPOINT_METADATA` says about trees. */
function metadata(items: readonly string[]) {
  return {
    item_handlers: Object.fromEntries(
      items.map((item) => [item, "orbax.checkpoint.PyTreeCheckpointHandler"]),
    ),
  };
}

describe("ls --json", () => {
  it("lists a manager's steps with their items", async () => {
    const items = { config: "json", metrics: "json", state: "pytree" };
    expect(await json(orbaxFixture("manager"))).toEqual({
      kind: "steps",
      steps: [
        { step: 10, dir: "10", items },
        { step: 20, dir: "20", items },
      ],
    });
  });

  it("lists steps that are trees themselves by number, the unversioned one first", async () => {
    const path = directoryOf({
      "ckpt-10/_METADATA": TREE,
      "ckpt-9/_METADATA": TREE,
      "checkpoint/_METADATA": TREE,
      "step_000020/_METADATA": TREE,
    });
    expect(await json(path)).toEqual({
      kind: "steps",
      steps: [
        { step: null, dir: "checkpoint", kind: "pytree" },
        { step: 9, dir: "ckpt-9", kind: "pytree" },
        { step: 10, dir: "ckpt-10", kind: "pytree" },
        { step: 20, dir: "step_000020", kind: "pytree" },
      ],
    });
  });

  it("tells a step with items from a tree", async () => {
    expect(await json(orbaxFixture("v1"))).toEqual({
      kind: "checkpoint",
      steps: [{ step: null, dir: ".", items: { state: "pytree" } }],
    });
    expect(await json(orbaxFixture("pytree-strings"))).toEqual({
      kind: "checkpoint",
      steps: [{ step: null, dir: ".", kind: "pytree" }],
    });
  });

  it("names unfinished saves, sorted", async () => {
    const path = directoryOf({
      "7/_METADATA": TREE,
      "9.orbax-checkpoint-tmp/_METADATA": TREE,
      "8.orbax-checkpoint-tmp-123/_METADATA": TREE,
      "trash/note.txt": "",
    });
    expect(await json(path)).toEqual({
      kind: "steps",
      steps: [{ step: 7, dir: "7", kind: "pytree" }],
      unfinished: ["8.orbax-checkpoint-tmp-123", "9.orbax-checkpoint-tmp"],
    });
  });

  it("takes a directory with nothing but unfinished saves for one of steps", async () => {
    const path = directoryOf({ "1.orbax-checkpoint-tmp/_METADATA": TREE });
    expect(await json(path)).toEqual({ kind: "steps", steps: [], unfinished: ["1.orbax-checkpoint-tmp"] });
  });

  it("lists the old version of an interrupted overwrite under its name", async () => {
    const path = directoryOf({
      "3.orbax-ts-replaced/_METADATA": TREE,
      "3.orbax-checkpoint-tmp/_METADATA": TREE,
      "4.orbax-ts-deleted/_METADATA": TREE,
    });
    expect(await json(path)).toEqual({
      kind: "steps",
      steps: [{ step: 3, dir: "3", kind: "pytree" }],
      unfinished: ["3.orbax-checkpoint-tmp"],
    });
    expect(await json(join(path, "3"))).toMatchObject({ kind: "checkpoint" });
  });

  it("lists the steps of Flax, which are files and may have fractions", async () => {
    const tree = readFileSync(fixture("flax", "train-state.msgpack"));
    const path = directoryOf({
      checkpoint_10: tree,
      "checkpoint_9.5": tree,
      checkpoint_tmp: tree,
      "notes.txt": "",
    });
    expect(await json(path)).toEqual({
      kind: "steps",
      steps: [
        { step: 9.5, dir: "checkpoint_9.5", kind: "pytree" },
        { step: 10, dir: "checkpoint_10", kind: "pytree" },
      ],
    });
  });

  it.each([
    ["a file of Flax", "flax", "train-state.msgpack"],
    ["a file of tensors", "safetensors", "names.safetensors"],
  ] as const)("takes %s for a tree", async (_, folder, file) => {
    expect(await json(fixture(folder, file))).toEqual({
      kind: "checkpoint",
      steps: [{ step: null, dir: ".", kind: "pytree" }],
    });
  });

  it("tells every kind of item", async () => {
    const path = directoryOf({
      _CHECKPOINT_METADATA: JSON.stringify({ item_handlers: { mine: "mine.Handler" } }),
      "state/_METADATA": TREE,
      "data/process_0-of-1.json": "{}",
      "config/metadata": "{}",
      "text/proto.pbtxt": "",
      "mine/sub/file.bin": "x",
      "commit_success.txt": "",
    });
    expect((await json(path)).steps[0].items).toEqual({
      config: "json",
      data: "grain",
      mine: "files",
      state: "pytree",
      text: "proto-text",
    });
  });

  it("names an item whose deletion has begun, and does not count it", async () => {
    const record = {
      checkpointable_name: "other",
      destination: null,
      operation_id: "0123456789abcdef0123456789abcdef",
      original_metadata: metadata(["other", "state"]),
      updated_metadata: metadata(["state"]),
    };
    const path = directoryOf({
      _CHECKPOINT_METADATA: JSON.stringify(record.original_metadata),
      _CHECKPOINT_DELETION: JSON.stringify(record),
      "orbax.checkpoint": "",
      "state/_METADATA": TREE,
      "other/_METADATA": TREE,
    });
    expect(await json(path)).toEqual({
      kind: "checkpoint",
      steps: [{ step: null, dir: ".", items: { state: "pytree" }, deleting: ["other"] }],
    });
    const { out } = await runCli(["ls", path]);
    expect(out).toMatch(/ {2}state pytree, other being deleted\n$/);
    const { code, err } = await runCli(["dump", path, "--json", "--item", "other"]);
    expect(code).toBe(2);
    expect(err).toContain("deletion");
  });

  it("opens a folder of pruned steps as one of steps", async () => {
    const path = directoryOf({ "3/state/_METADATA": TREE, "trash/1/state/_METADATA": TREE });
    expect((await json(path)).steps.map(({ dir }: { dir: string }) => dir)).toEqual(["3"]);
    expect((await json(join(path, "trash"))).steps.map(({ dir }: { dir: string }) => dir)).toEqual(["1"]);
  });

  it("takes an item called __proto__ for an item", async () => {
    const { steps } = await json(directoryOf({ "__proto__/_METADATA": TREE }));
    expect(Object.entries(steps[0].items)).toEqual([["__proto__", "pytree"]]);
  });

  it.each(["/", "//./"])("takes a path that ends with %s", async (end) => {
    expect(await json(`${orbaxFixture("v1")}${end}`)).toMatchObject({ kind: "checkpoint" });
  });

  it("takes a file URL", async () => {
    expect(await json(`file://${orbaxFixture("v1")}`)).toMatchObject({ kind: "checkpoint" });
  });
});

/** Local time, as the listing shows it. */
function timeText(milliseconds: number): string {
  const local = new Date(milliseconds);
  const asIfUtc = new Date(milliseconds - local.getTimezoneOffset() * 60_000);
  return asIfUtc.toISOString().slice(0, 16).replace("T", " ");
}

describe("ls for people", () => {
  it("shows when each step was saved, its size and what it holds", async () => {
    const path = directoryOf({
      "7/_METADATA": TREE,
      "7/_CHECKPOINT_METADATA": STEP_METADATA,
      "12/_METADATA": TREE,
      "12/d/data": new Uint8Array(123_456),
      "13.orbax-checkpoint-tmp/_METADATA": TREE,
    });
    utimesSync(join(path, "12"), 1_700_000_000, 1_700_000_000);
    const { code, out, err } = await runCli(["ls", path]);
    expect([code, err]).toEqual([0, ""]);
    const lines = out.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, "<time>").split("\n");
    expect(lines).toEqual([
      `${path}: 2 steps`,
      "",
      expect.stringMatching(/^STEP {2}DIRECTORY {2}SAVED +SIZE {2}WHAT$/),
      `   7  7          <time>   ${TREE.length + STEP_METADATA.length} B  pytree`,
      "  12  12         <time>  124 kB  pytree",
      "",
      "unfinished: 13.orbax-checkpoint-tmp",
      "",
    ]);
    expect(out).toContain(`7          ${timeText(1_795_510_800_000)}`);
    expect(out).toContain(`12         ${timeText(1_700_000_000_000)}`);
  });

  it("shows size and time of steps that are files", async () => {
    const path = directoryOf({ "checkpoint_0.5": readFileSync(fixture("flax", "train-state.msgpack")) });
    utimesSync(join(path, "checkpoint_0.5"), 1_700_000_000, 1_700_000_000);
    const { out } = await runCli(["ls", path]);
    const { size } = statSync(fixture("flax", "train-state.msgpack"));
    expect(out.split("\n")[3]).toBe(
      ` 0.5  checkpoint_0.5  ${timeText(1_700_000_000_000)}  ${size} B  pytree`,
    );
  });

  it("breaks the line of a step with many items", async () => {
    const names = ["first", "second", "third", "fourth", "fifth"].map((name) => `${name}_item_of_it`);
    const files = names.map((name) => [`1/${name}/_METADATA`, TREE]);
    const { out } = await runCli(["ls", directoryOf(Object.fromEntries(files))]);
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
    for (const name of names) expect(out).toContain(`${name} pytree`);
  });

  it("colours only a terminal, and only where NO_COLOR does not forbid it", async () => {
    const argv = ["ls", orbaxFixture("manager")];
    const coloured = expect.stringContaining("\u001b[");
    const plain = expect.not.stringContaining("\u001b[");
    const outOf = async (env: Record<string, string>, isTerminal: boolean) =>
      (await runCli(argv, { env, isTerminal })).out;
    expect(await outOf({}, true)).toEqual(coloured);
    expect(await outOf({}, false)).toEqual(plain);
    expect(await outOf({ FORCE_COLOR: "1" }, false)).toEqual(coloured);
    expect(await outOf({ FORCE_COLOR: "0" }, true)).toEqual(plain);
    expect(await outOf({ FORCE_COLOR: "1", NO_COLOR: "1" }, true)).toEqual(plain);
    expect(await outOf({ NO_COLOR: "" }, true)).toEqual(coloured);
    expect(await outOf({ TERM: "dumb" }, true)).toEqual(plain);
  });
});

describe("ls of what is no checkpoint", () => {
  it.each([
    ["a missing directory", () => join(temporaryDirectory(), "none"), "no such directory"],
    ["an empty directory", temporaryDirectory, "no checkpoint"],
    [
      "an unfinished save",
      () => join(directoryOf({ "7.orbax-checkpoint-tmp/_METADATA": TREE }), "7.orbax-checkpoint-tmp"),
      "an unfinished save",
    ],
  ])("fails for %s", async (_, pathOf, what) => {
    const path = pathOf();
    const { code, out, err } = await runCli(["ls", path]);
    expect([code, out]).toEqual([2, ""]);
    expect(err.startsWith(`orbax-ts: ${path}: `)).toBe(true);
    expect(err).toContain(what);
    expect(err.indexOf("\n")).toBe(err.length - 1);
  });

  it("names the partial save that lies beside a missing path", async () => {
    const parent = directoryOf({ "run.partial_save/state/_METADATA": TREE });
    const { code, err } = await runCli(["ls", join(parent, "run")]);
    expect(code).toBe(2);
    expect(err).toContain(`an unfinished save lies beside it: ${join(parent, "run.partial_save")}`);
  });
});
