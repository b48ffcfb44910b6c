import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { load, openCheckpoint } from "../../src/checkpoint/open-checkpoint.js";
import { encodeItem } from "../../src/checkpoint/save/encode-item.js";
import { save } from "../../src/checkpoint/save/save.js";
import { dictOf } from "../../src/pytree/container.js";
import { flattenTree } from "../../src/pytree/flatten.js";
import { complex, float, placeholder, prngKey, scalar, type Tree, tuple } from "../../src/pytree/value.js";
import { type Dump, dumpTree, parseDump } from "../checkpoint/dump-tree.js";
import { empties, leaves, ndarrays, pythonNumbers, trees } from "../pytree/arbitraries.js";
import { type Oracle, type OracleEnvironment, startOracle } from "./oracle.js";
import {
  arrays,
  emptyArrays,
  NEWEST,
  names,
  newestArrays,
  nodes,
  numbers,
  seededArray,
  strings,
  widths,
} from "./orbax-trees.js";
import { runsOf, seed as SEED, timeoutOf } from "./random-runs.js";
import { taggedTree } from "./tagged-tree.js";

const RANDOM_TREES = runsOf({ ci: 15, long: 300 });

let top: string;
const oracles = new Map<OracleEnvironment, Oracle>();
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), "orbax-ts-live-"));
  for (const env of [".oracle", ".oracle-0.11.20"] as const) oracles.set(env, await startOracle({ env }));
});
afterAll(async () => {
  for (const oracle of oracles.values()) await oracle.stop();
  await rm(top, { recursive: true });
});

let folders = 0;
const newPath = () => join(top, `checkpoint-${folders++}`);

function oracleOf(env: OracleEnvironment): Oracle {
  const oracle = oracles.get(env);
  if (oracle === undefined) throw new Error(`${env} was not started`);
  return oracle;
}

/** What an API of Python restores, as a dump. */
async function restored(env: OracleEnvironment, path: string, api: string, target = "none"): Promise<Dump> {
  return parseDump(await oracleOf(env).call("restore", { path, api, target }));
}

/** What we save, by name. */
const TREES: Readonly<Record<string, () => Tree>> = {
  arrays,
  "arrays of the newest dtypes": () => newestArrays,
  numbers: () => numbers,
  nodes: () => nodes,
  names: () => names,
  "empty arrays": () => emptyArrays,
  "scalars of all widths": () => widths,
  strings: () => strings,
  "only strings": () => ({ a: "x", b: ["y"] }),
  "only empties": () => ({ a: {}, b: [null, [], tuple([])] }),
  "a list": () => [1, "x", [2.5]],
};

const RESTORERS: readonly (readonly [OracleEnvironment, string])[] = [
  [".oracle", "StandardCheckpointer"],
  [".oracle", "PyTreeCheckpointer"],
  [".oracle", "v1"],
  [".oracle-0.11.20", "StandardCheckpointer"],
  [".oracle-0.11.20", "PyTreeCheckpointer"],
];

function treeNamed(name: string): Tree {
  const tree = TREES[name];
  if (tree === undefined) throw new Error(`no tree ${name}`);
  return tree();
}

/** All pairs of trees and ways to restore them. */
const everyWay = Object.keys(TREES).flatMap((name) =>
  RESTORERS.map(([env, api]) => [name, env, api] as const).filter(
    ([tree, env]) => env === ".oracle" || !tree.includes("newest"),
  ),
);

/** A NumPy array of rank 1 in tagged JSON. */
const numpy = (dtype: string, data: readonly number[]) => ({
  $array: { kind: "numpy", dtype, shape: [data.length], data },
});

describe("trees that we saved", () => {
  it.each(everyWay)("%s: %s %s restores them without a target", async (name, env, api) => {
    const path = newPath();
    await save(path, treeNamed(name));
    expect(await restored(env, path, api)).toEqual(dumpTree(treeNamed(name)));
  });

  // A string has no target (docs/spec/orbax-layout.md section 17 rule 3), an array without elements none in JAX.
  const withTarget = [
    "arrays",
    "arrays of the newest dtypes",
    "numbers",
    "nodes",
    "names",
    "scalars of all widths",
  ];
  it.each(
    everyWay
      .filter(([name, env]) => withTarget.includes(name) && env === ".oracle")
      .flatMap(([name, env, api]) => ["numpy", "jax"].map((target) => [name, env, api, target] as const)),
  )("%s: %s %s restores them to a target of %s arrays", async (name, env, api, target) => {
    const path = newPath();
    await save(path, treeNamed(name));
    expect(await restored(env, path, api, target)).toEqual(dumpTree(treeNamed(name)));
  });

  it("hold NumPy arrays", async () => {
    const path = newPath();
    await save(path, { a: Int8Array.of(1), k: prngKey([], Uint32Array.of(0, 7)), n: float(2) });
    const tree = await oracleOf(".oracle").call("restore", {
      path,
      api: "PyTreeCheckpointer",
      form: "tagged",
    });
    expect(tree).toEqual({ a: numpy("int8", [1]), k: numpy("uint32", [0, 7]), n: { $float: "2.0" } });
  });

  it.each(RESTORERS.filter(([, api]) => api === "PyTreeCheckpointer"))(
    "may have placeholders, which %s %s restores",
    async (env, api) => {
      const path = newPath();
      await save(path, { hole: placeholder, one: 1 });
      expect(await restored(env, path, api)).toEqual(dumpTree({ hole: placeholder, one: 1 }));
      await save(path, { hole: placeholder }, { overwrite: true });
      expect(await restored(env, path, api)).toEqual(dumpTree({ hole: placeholder }));
    },
  );

  it.each(RESTORERS)("may have an array under the empty name, which %s %s restores", async (env, api) => {
    const path = newPath();
    await save(path, { "": 1, other: 2 });
    expect(await restored(env, path, api)).toEqual(dumpTree({ "": 1, other: 2 }));
  });

  it("may be one bare leaf, which 0.12.8 restores", async () => {
    const path = newPath();
    await save(path, seededArray("float32", [3], 1));
    for (const api of ["StandardCheckpointer", "PyTreeCheckpointer", "v1"]) {
      expect(await restored(".oracle", path, api)).toEqual(dumpTree(seededArray("float32", [3], 1)));
    }
  });

  it("are checkpoints to Orbax itself", async () => {
    for (const tree of [{ a: 1 }, { a: "x" }, { a: {} }]) {
      const path = newPath();
      await save(path, tree);
      expect(await oracleOf(".oracle").call("is_checkpoint", { path })).toBe(true);
    }
  });

  it("are restored by what took the place of another", async () => {
    const path = newPath();
    await save(path, arrays());
    await save(path, numbers, { overwrite: true });
    expect(await restored(".oracle", path, "StandardCheckpointer")).toEqual(dumpTree(numbers));
  });

  it("of an array of many megabytes are restored", async () => {
    const path = newPath();
    const tree = { large: seededArray("float32", [3000, 2000], 9), small: 1 };
    await save(path, tree);
    expect(await restored(".oracle", path, "StandardCheckpointer")).toEqual(dumpTree(tree));
  });

  it("of ten thousand leaves are restored", async () => {
    const tree = dictOf(
      Array.from({ length: 100 }, (_, layer) => [
        `layer${layer}`,
        dictOf(Array.from({ length: 100 }, (_value, leaf) => [`leaf${leaf}`, layer * 100 + leaf])),
      ]),
    );
    const path = newPath();
    await save(path, tree);
    expect(await restored(".oracle", path, "PyTreeCheckpointer")).toEqual(dumpTree(tree));
  });
});

/** How Python saves. */
type Way = { readonly env?: OracleEnvironment; readonly api: string; readonly options?: object };

const WAYS: readonly (readonly [string, Way])[] = [
  ["StandardCheckpointer", { api: "StandardCheckpointer" }],
  ["StandardCheckpointer in files", { api: "StandardCheckpointer", options: { use_ocdbt: false } }],
  ["StandardCheckpointer in chunks", { api: "StandardCheckpointer", options: { chunk_byte_size: 2048 } }],
  ["PyTreeCheckpointer", { api: "PyTreeCheckpointer" }],
  ["PyTreeCheckpointer uncompressed", { api: "PyTreeCheckpointer", options: { use_compression: false } }],
  [
    "PyTreeCheckpointer in uncompressed files in chunks",
    {
      api: "PyTreeCheckpointer",
      options: { use_ocdbt: false, use_compression: false, chunk_byte_size: 2048 },
    },
  ],
  ["StandardCheckpointer 0.11.20", { env: ".oracle-0.11.20", api: "StandardCheckpointer" }],
  [
    "PyTreeCheckpointer 0.11.20 in files",
    { env: ".oracle-0.11.20", api: "PyTreeCheckpointer", options: { use_ocdbt: false } },
  ],
];

/** Saves with Python; gives the path and what PyTreeCheckpointer restores. */
async function savedByPython(
  { env = ".oracle", api, options = {} }: Way,
  tree: Tree,
  kindOf?: Parameters<typeof taggedTree>[1],
): Promise<{ path: string; dump: Dump }> {
  const path = newPath();
  await oracleOf(env).call("save", { path, tree: taggedTree(tree, kindOf), api, options });
  return { path, dump: parseDump(await oracleOf(env).call("dump_json", { path })) };
}

describe("trees that Python saved", () => {
  const kinds = ["numpy", "jax"] as const;
  it.each(WAYS.flatMap(([name, way]) => kinds.map((kind) => [name, kind, way] as const)))(
    "%s: we load %s arrays of every dtype",
    async (_, kind, way) => {
      const tree = way.env === undefined ? { others: arrays(), newest: newestArrays } : arrays();
      const { path, dump } = await savedByPython(way, tree, () => kind);
      expect(dumpTree(await load(path, { exact: true }))).toEqual(dump);
      expect(dump).toEqual(dumpTree(tree));
    },
  );

  it.each(WAYS)("%s: we load numbers, empty nodes and nested ones", async (_, way) => {
    const { path, dump } = await savedByPython(way, { numbers, nodes });
    expect(dumpTree(await load(path, { exact: true }))).toEqual(dump);
    expect(dump).toEqual(dumpTree({ numbers, nodes }));
  });

  it.each(WAYS.filter(([name]) => !name.includes("files")))("%s: we load odd names", async (_, way) => {
    const { path, dump } = await savedByPython(way, names);
    expect(dumpTree(await load(path, { exact: true }))).toEqual(dump);
    expect(dump).toEqual(dumpTree(names));
  });

  it.each(WAYS.filter(([, { api }]) => api === "PyTreeCheckpointer"))(
    "%s: we load strings, placeholders and NumPy scalars",
    async (_, way) => {
      const tree = { strings, hole: placeholder, slash: { "a/b": "x", "a/c": { d: "y" } } };
      const { path, dump } = await savedByPython(way, tree);
      expect(dumpTree(await load(path, { exact: true }))).toEqual(dump);
      expect(dump).toEqual(dumpTree(tree));
      const scalars = {
        int8: scalar("int8", -5),
        float16: scalar("float16", 0.5),
        complex64: scalar("complex64", complex(1, -2)),
      };
      const saved = await savedByPython(way, scalars);
      expect(await load(saved.path, { exact: true })).toEqual(scalars);
      expect(await load(saved.path)).toEqual({ int8: -5, float16: 0.5, complex64: complex(1, -2) });
    },
  );

  it.each(WAYS.filter(([, { env }]) => env === undefined))(
    "%s: we load typed random keys",
    async (_, way) => {
      const keys = {
        one: prngKey([], Uint32Array.of(1, 2)),
        several: prngKey([2, 3], new Uint32Array(12).fill(7)),
        rbg: prngKey([], Uint32Array.of(1, 2, 3, 4), "rbg"),
      };
      const { path, dump } = await savedByPython(way, keys);
      const loaded = await load(path, { exact: true });
      expect(dumpTree(loaded)).toEqual(dump);
      expect(dump).toEqual(dumpTree(keys));
      expect(await load(path)).toEqual(keys);
      expect((await (await openCheckpoint(path)).leaves()).map(({ kind, impl }) => [kind, impl])).toEqual([
        ["prng-key", "threefry2x32"],
        ["prng-key", "rbg"],
        ["prng-key", "threefry2x32"],
      ]);
    },
  );

  it("are told by their custom metadata", async () => {
    const customMetadata = { run: 7, note: "é", nested: { a: [1, null] } };
    const way = { api: "StandardCheckpointer", options: { custom_metadata: customMetadata } };
    const { path } = await savedByPython(way, numbers);
    expect((await openCheckpoint(path)).metadata.customMetadata).toEqual(customMetadata);
  });

  it.each([
    ["zarr v3", { api: "PyTreeCheckpointer", options: { use_zarr3: true } }],
    ["the v1 interface", { api: "v1" }],
  ] as const)("in %s are read", async (_, way) => {
    const path = newPath();
    await oracleOf(".oracle").call("save", { path, tree: { a: 1 }, options: {}, ...way });
    expect(await load(path)).toEqual({ a: 1 });
  });
});

describe("what we loaded exactly and saved", () => {
  it.each(WAYS)("is to Python what it was before: %s", async (_, way) => {
    const { path, dump } = await savedByPython(way, { arrays: arrays(), numbers, nodes }, (array) =>
      array.shape.length % 2 === 0 ? "numpy" : "jax",
    );
    const copy = newPath();
    await save(copy, await load(path, { exact: true }));
    expect(await restored(".oracle", copy, "PyTreeCheckpointer")).toEqual(dump);
    expect(await restored(".oracle", copy, "StandardCheckpointer")).toEqual(dump);
  });
});

/** Leaves that Python saves as they are: no array of no elements, no typed key, no placeholder. */
const pythonLeaves = fc.oneof(ndarrays({ zeroSize: false }), pythonNumbers, empties);

const sampled = (arbitrary: fc.Arbitrary<Tree>) =>
  fc.sample(
    arbitrary.filter((tree) => isStorable(tree) && isForBoth(tree)),
    { seed: SEED, numRuns: RANDOM_TREES },
  );

describe(`random trees (ORBAX_SEED=${SEED})`, { timeout: timeoutOf(RANDOM_TREES, 2000) }, () => {
  it("that we saved are what Python restores", async () => {
    for (const tree of sampled(trees(fc.oneof(leaves, fc.string({ unit: "grapheme" }))))) {
      const path = newPath();
      await save(path, tree);
      const expected = dumpTree(await load(path, { exact: true }));
      for (const env of [".oracle", ".oracle-0.11.20"] as const) {
        expect(await restored(env, path, "PyTreeCheckpointer"), JSON.stringify(taggedTree(tree))).toEqual(
          expected,
        );
      }
    }
  });

  it("that Python saved are what we load, save, and Python restores", async () => {
    for (const [index, tree] of sampled(trees(pythonLeaves)).entries()) {
      const [, way] = WAYS[index % WAYS.length] ?? WAYS[0] ?? ["", { api: "" }];
      if (!fitsFiles(tree)) continue;
      const { path, dump } = await savedByPython(way, tree, (array) =>
        array.shape.length % 2 === 0 ? "jax" : "numpy",
      );
      const loaded = await load(path, { exact: true });
      expect(dumpTree(loaded), JSON.stringify(taggedTree(tree))).toEqual(dump);
      const copy = newPath();
      await save(copy, loaded);
      expect(await restored(".oracle", copy, "PyTreeCheckpointer")).toEqual(dump);
    }
  });
});

/** Whether a tree has no two leaves of one name, and no string under a slash. */
function isStorable(tree: Tree): boolean {
  try {
    encodeItem(tree);
    return true;
  } catch {
    return false;
  }
}

/** Whether the older Python, too, has the dtypes of a tree. */
function isForBoth(tree: Tree): boolean {
  return flattenTree(tree).every(({ leaf }) => leaf.kind !== "array" || !NEWEST.includes(leaf.array.dtype));
}

/** Whether Python can save a tree also as files, and under every name (docs/spec/orbax-layout.md section 7). */
function fitsFiles(tree: Tree): boolean {
  const keys = JSON.stringify(Object.keys(dumpTree(tree)));
  return !/\.\.|[/\\\0]|""/.test(keys.replaceAll('\\"', ""));
}
