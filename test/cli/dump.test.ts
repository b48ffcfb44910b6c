import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { PytreeItem } from "../../src/checkpoint/pytree-item.js";
import { type LeafJson, leafJson } from "../../src/cli/leaf-json.js";
import { loadSha256, type Sha256 } from "../../src/cli/sha256.js";
import { openStorage } from "../../src/storage/open.js";
import { isDtype } from "../../src/zarr/dtype.js";
import { directoryOf, orbaxExpected, orbaxFixture, treeOfArrays, zarray } from "./fixtures.js";
import { runCli } from "./run-cli.js";

type Dump = { readonly kind: string; readonly leaves: readonly LeafJson[] };

/** The order of leaves means nothing. */
function byPath({ kind, leaves }: Dump) {
  return { kind, leaves: Object.fromEntries(leaves.map((leaf) => [JSON.stringify(leaf.path), leaf])) };
}

const dumpOf = async (...argv: string[]): Promise<Dump> => {
  const { code, out, err } = await runCli(["dump", "--json", ...argv]);
  expect([code, err]).toEqual([0, ""]);
  return JSON.parse(out);
};

describe("dump --json", () => {
  it.each(["pytree-strings", "files-zarr2"])("prints what Python restores from %s", async (name) => {
    expect(byPath(await dumpOf(orbaxFixture(name)))).toEqual(byPath(orbaxExpected(name)));
  });

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
    [["--item", "config"], "an item of kind json"],
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

describe("leafJson", () => {
  const fixture = "standard-ocdbt-zarr2";
  const expected: readonly LeafJson[] = orbaxExpected(fixture).leaves;
  const readable = expected.filter(({ dtype }) => dtype === undefined || isDtype(dtype));
  let item: PytreeItem;
  let sha256: Sha256;

  beforeAll(async () => {
    item = await PytreeItem.open(await openStorage(orbaxFixture(fixture)));
    sha256 = await loadSha256();
  });

  it("has leaves of many kinds to describe", () => {
    expect(new Set(readable.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(7);
    expect(new Set(readable.map(({ dtype }) => dtype)).size).toBeGreaterThanOrEqual(15);
  });

  it.each(readable.map((leaf) => [leaf.path.join("/"), leaf] as const))(
    "describes %s as Python does",
    async (_, leaf) => {
      const [loaded] = await item.load({ only: [leaf.path] });
      if (loaded === undefined) throw new Error("nothing was loaded");
      expect(leafJson(loaded.path, loaded.leaf, sha256)).toEqual(leaf);
    },
  );
});
