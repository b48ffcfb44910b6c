import { utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { directoryOf, orbaxFixture, temporaryDirectory, treeOfArrays } from "./fixtures.js";
import { runCli } from "./run-cli.js";

const TREE = treeOfArrays(["a"]);
const STEP_METADATA = '{"commit_timestamp_nsecs": 1795510800000000001}';

const json = async (path: string) => {
  const { code, out, err } = await runCli(["ls", path, "--json"]);
  expect([code, err]).toEqual([0, ""]);
  expect(out.indexOf("\n")).toBe(out.length - 1);
  return JSON.parse(out);
};

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
