import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openOrbaxTree } from "../../src/checkpoint/tree/orbax-tree.js";
import type { PytreeItem } from "../../src/checkpoint/tree/pytree-item.js";
import { type LeafJson, leafJson } from "../../src/cli/leaf-json.js";
import { loadSha256, type Sha256 } from "../../src/cli/sha256.js";
import { openStorage } from "../../src/storage/open.js";
import {
  directoryOf,
  expectedOf,
  fixture,
  orbaxExpected,
  orbaxFixture,
  temporaryDirectory,
  treeOfArrays,
  zarray,
} from "./fixtures.js";
import { runCli } from "./run-cli.js";

type Dump = { readonly kind: string; readonly leaves: readonly LeafJson[] };

/** The order of leaves means nothing. */
function byPath({ kind, leaves }: Dump) {
  return { kind, leaves: Object.fromEntries(leaves.map((leaf) => [JSON.stringify(leaf.path), leaf])) };
}

/** Trees whose file begins with a map, by which alone a file is known to be Flax's. */
function msgpackNames(): string[] {
  return readdirSync(fixture("flax", ".")).flatMap((file) => {
    const isTree = file.endsWith(".msgpack") && (readFileSync(fixture("flax", file))[0] ?? 0) !== 0xc7;
    return isTree ? [file.slice(0, -".msgpack".length)] : [];
  });
}

const dumpOf = async (...argv: string[]): Promise<Dump> => {
  const { code, out, err } = await runCli(["dump", "--json", ...argv]);
  expect([code, err]).toEqual([0, ""]);
  return JSON.parse(out);
};

describe("dump --json", () => {
  it.each(["pytree-strings", "files-zarr2", "files-zarr3", "pytree-ocdbt-zarr3"])(
    "prints what Python restores from %s",
    async (name) => {
      expect(byPath(await dumpOf(orbaxFixture(name)))).toEqual(byPath(orbaxExpected(name)));
    },
  );

  it.each(["10", "20"])("prints what Python restores from a manager's step %s", async (step) => {
    const expected = orbaxExpected("manager").steps[step].state;
    const path = orbaxFixture("manager");
    expect(byPath(await dumpOf(path, "--step", step))).toEqual(byPath(expected));
    expect(byPath(await dumpOf(join(path, step), "--item=state"))).toEqual(byPath(expected));
  });

  it("takes the largest step where none is given", async () => {
    const { leaves } = await dumpOf(orbaxFixture("manager"));
    expect(leaves.find(({ path }) => path[0] === "step")?.values).toEqual(["20"]);
  });

  it("is one line, and without --json the same on more lines", async () => {
    const path = orbaxFixture("pytree-strings");
    const one = await runCli(["dump", path, "--json"]);
    const more = await runCli(["dump", path]);
    expect(one.out.indexOf("\n")).toBe(one.out.length - 1);
    expect(more.out.split("\n").length).toBeGreaterThan(30);
    expect(JSON.parse(more.out)).toEqual(JSON.parse(one.out));
  });

  it("prints an array without elements", async () => {
    const path = directoryOf({ _METADATA: treeOfArrays(["a"]), "a/.zarray": zarray([0, 3]) });
    const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    expect((await dumpOf(path)).leaves).toEqual([
      { path: ["a"], kind: "array", dtype: "uint8", shape: [0, 3], sha256: emptyHash, values: [] },
    ]);
  });

  it("prints nothing where the last leaf is damaged", async () => {
    const path = directoryOf({
      _METADATA: treeOfArrays(["a", "b"]),
      "a/.zarray": zarray([2]),
      "b/.zarray": zarray([2]),
      "b/0": "\u0001",
    });
    const { code, out, err } = await runCli(["dump", path, "--json"]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toBe(`orbax-ts: ${path}: b: chunk 0: chunk length is 1, expected 2 bytes\n`);
  });

  it.each([
    [["--step", "30"], "no step 30"],
    [["--item", "params"], 'no item "params"; items: config, metrics, state'],
  ])("refuses %j", async (options, what) => {
    const { code, out, err } = await runCli(["dump", orbaxFixture("manager"), "--json", ...options]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(what);
  });

  it("refuses a step of what is no directory of steps", async () => {
    const { code, err } = await runCli(["dump", orbaxFixture("pytree-strings"), "--json", "--step=1"]);
    expect(code).toBe(2);
    expect(err).toContain("there is no step 1");
  });
});

describe("dump --json of other formats", () => {
  it.each(msgpackNames())("prints what Flax restores from %s.msgpack", async (name) => {
    expect(byPath(await dumpOf(fixture("flax", `${name}.msgpack`)))).toEqual(
      byPath(expectedOf("flax", name)),
    );
  });

  it.each(["dtypes", "names", "shapes"])("prints what Orbax restores from %s.safetensors", async (name) => {
    const { leaves } = expectedOf("safetensors", name);
    const path = fixture("safetensors", `${name}.safetensors`);
    expect(byPath(await dumpOf(path))).toEqual(byPath({ kind: "pytree", leaves }));
  });

  it.each(Object.entries<Dump>(orbaxExpected("single-items")))(
    "prints what Orbax restores from an item with one %s",
    async (item, expected) => {
      expect(byPath(await dumpOf(orbaxFixture("single-items"), "--item", item))).toEqual(byPath(expected));
    },
  );

  it("takes a step with a fraction, as Flax has them", async () => {
    const file = readFileSync(fixture("flax", "train-state.msgpack"));
    const path = directoryOf({ checkpoint_1: file, "checkpoint_1.5": file, checkpoint_2: file });
    const { kind } = await dumpOf(path, "--step", "1.5");
    expect(kind).toBe("pytree");
    const { code, err } = await runCli(["dump", path, "--json", "--step", "1.25"]);
    expect(code).toBe(2);
    expect(err).toContain("no step 1.25");
  });
});

function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("what dump and show say of damage", () => {
  it.each([
    ["dump", "--json"],
    ["show", "--json"],
  ])("names the step and the item (%s)", async (...command) => {
    const path = directoryOf({
      "3/config/metadata": "{",
      "20/_CHECKPOINT_METADATA": "{}",
      "20/config/metadata": "{oops",
    });
    const { code, err } = await runCli([...command, `${path}/`]);
    expect([code, err.split(": ").slice(0, 3)]).toEqual([2, ["orbax-ts", `${path}/20/config`, "metadata"]]);
  });

  it("names a file once", async () => {
    const path = join(directoryOf({ "a.safetensors": "" }), "a.safetensors");
    const { code, err } = await runCli(["dump", "--json", path]);
    expect([code, err.split(": ").slice(0, 3)]).toEqual([2, ["orbax-ts", path, "safetensors"]]);
  });
});

describe("dump --json of items that are no trees", () => {
  it("prints JSON with all digits, and what JSON has no numbers for", async () => {
    const { code, out, err } = await runCli(["dump", orbaxFixture("manager"), "--json", "--item", "config"]);
    expect([code, err]).toEqual([0, ""]);
    // As fixtures/orbax/manager.expected.json has it, which JSON.parse would round.
    expect(out).toBe(
      '{"kind":"json","json":{"rate":0.001,"names":["a","café"],"big":18446744073709551616,"nan":{"$float":"NaN"}}}\n',
    );
  });

  it("keeps every key of JSON", async () => {
    const path = directoryOf({ "data.json": '{"__proto__": {"a": -Infinity}, "toString": -0.0, "1": []}' });
    const { out } = await runCli(["dump", path, "--json"]);
    expect(out).toBe(
      '{"kind":"json","json":{"1":[],"__proto__":{"a":{"$float":"-Infinity"}},"toString":-0.0}}\n',
    );
  });

  it("prints the text of a protobuf", async () => {
    const path = directoryOf({ "proto.pbtxt": 'name: "x"\nsize: 3\n', "commit_success.txt": "" });
    const { out } = await runCli(["dump", path, "--json"]);
    expect(JSON.parse(out)).toEqual({ kind: "proto-text", text: 'name: "x"\nsize: 3\n' });
  });

  it("prints the texts of Grain's processes", async () => {
    const path = directoryOf({ "process_0-of-2.json": '{"a": 1}', "process_1-of-2.json": "{}" });
    const { out } = await runCli(["dump", path, "--json"]);
    const files = { "process_0-of-2.json": '{"a": 1}', "process_1-of-2.json": "{}" };
    expect(JSON.parse(out)).toEqual({ kind: "grain", files });
  });

  it("prints sizes and hashes of the files of a user's own handler", async () => {
    const large = new Uint8Array(2 ** 23 + 5).fill(7); // more than is in memory at once
    const path = directoryOf({
      _CHECKPOINT_METADATA: JSON.stringify({ item_handlers: { own: "mine.Handler", state: "mine.Other" } }),
      "own/notes.txt": "hello\n",
      "own/sub/__proto__": "",
      "own/sub/large": large,
      "own/commit_success.txt": "",
    });
    const { out } = await runCli(["dump", path, "--json", "--item", "own"]);
    expect(JSON.parse(out)).toEqual({
      kind: "files",
      files: {
        "notes.txt": { size: 6, sha256: sha256("hello\n") },
        "sub/__proto__": { size: 0, sha256: sha256("") },
        "sub/large": { size: 2 ** 23 + 5, sha256: sha256(large) },
      },
    });
  });

  it("prints the same on more lines without --json", async () => {
    const argv = ["dump", orbaxFixture("manager"), "--item", "metrics"];
    const one = await runCli([...argv, "--json"]);
    const more = await runCli(argv);
    expect(more.out.split("\n").length).toBeGreaterThan(4);
    expect(JSON.parse(more.out)).toEqual(JSON.parse(one.out));
  });
});

describe("dump --salvage", () => {
  const expected = orbaxExpected("partial");

  it.each(["open", "half", "files"])("reads the partial save %s that was never finalized", async (name) => {
    const path = join(orbaxFixture("partial"), `${name}.partial_save`);
    const { code, out, err } = await runCli(["dump", path, "--json", "--salvage"]);
    expect(code).toBe(0);
    expect(byPath(JSON.parse(out))).toEqual(byPath(expected[name]));
    expect(err).toMatch(/^orbax-ts: warning: .*\n$/);
  });

  it("is named where such a folder is refused", async () => {
    const path = join(orbaxFixture("partial"), "open.partial_save");
    const { code, out, err } = await runCli(["dump", path, "--json"]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("--salvage");
    expect(err.indexOf("\n")).toBe(err.length - 1);
  });

  it("changes nothing for what lost nothing", async () => {
    const path = join(orbaxFixture("partial"), "done");
    expect(await runCli(["dump", path, "--json", "--salvage"])).toEqual(
      await runCli(["dump", path, "--json"]),
    );
  });

  it("reads a tree that lost its top database from those of its processes", async () => {
    const path = temporaryDirectory();
    cpSync(orbaxFixture("standard-ocdbt-zarr2"), path, { recursive: true });
    rmSync(join(path, "manifest.ocdbt"));
    const refused = await runCli(["dump", path, "--json"]);
    expect([refused.code, refused.out]).toEqual([2, ""]);
    expect(refused.err).toContain("--salvage");
    const { code, out, err } = await runCli(["dump", path, "--json", "--salvage"]);
    expect(code).toBe(0);
    expect(byPath(JSON.parse(out))).toEqual(byPath(orbaxExpected("standard-ocdbt-zarr2")));
    expect(err).toMatch(/^orbax-ts: warning: .*\n$/);
  });
});

describe("leafJson", () => {
  const fixture = "standard-ocdbt-zarr2";
  const expected: readonly LeafJson[] = orbaxExpected(fixture).leaves;
  let item: PytreeItem;
  let sha256: Sha256;

  beforeAll(async () => {
    item = await openOrbaxTree(await openStorage(orbaxFixture(fixture)));
    sha256 = await loadSha256();
  });

  it("has leaves of many kinds to describe", () => {
    expect(new Set(expected.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(7);
    expect(new Set(expected.map(({ dtype }) => dtype)).size).toBeGreaterThanOrEqual(20);
  });

  it.each(expected.map((leaf) => [leaf.path.join("/"), leaf] as const))(
    "describes %s as Python does",
    async (_, leaf) => {
      const [loaded] = await item.load({ only: [leaf.path] });
      if (loaded === undefined) throw new Error("nothing was loaded");
      expect(leafJson(loaded.path, loaded.leaf, sha256)).toEqual(leaf);
    },
  );
});
