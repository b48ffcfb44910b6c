import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Oracle,
  type OracleEnvironment,
  OracleError,
  pythonOf,
  repositoryRoot,
  seededBytes,
  seededLength,
  startOracle,
} from "./oracle.js";

let scratch: string;
let oracle: Oracle;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "oracle-"));
  oracle = await startOracle();
});

afterAll(async () => {
  await oracle.stop();
  await rm(scratch, { recursive: true });
});

/** `name==version` lines of files in scripts/oracle, names as pip normalises them. */
async function pins(...files: string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const file of files) {
    const text = await readFile(join(repositoryRoot, "scripts", "oracle", file), "utf8");
    for (const [, name = "", version = ""] of text.matchAll(/^([\w.-]+)==(\S+)$/gm)) {
      found[name.toLowerCase().replaceAll("_", "-")] = version;
    }
  }
  return found;
}

const leaf = (path: readonly (string | number)[], fields: Record<string, unknown>) => ({ path, ...fields });
const scalarLeaf = (path: readonly (string | number)[], dtype: string, value: string) =>
  leaf(path, { kind: "scalar", dtype, shape: [], values: [value] });

/** int16 [1, -2], as tagged JSON and as dump.py describes it. */
const smallArray = { $array: { kind: "numpy", dtype: "int16", shape: [2], data: [1, -2] } };
const smallArrayLeaf = {
  kind: "array",
  dtype: "int16",
  shape: [2],
  sha256: "dd8b10d263a3a65c4bfc3680c3378c52be146db147b84f14629585cf287d424a", // of 01 00 fe ff
  values: ["1", "-2"],
};

describe("the process", () => {
  it("has the pinned version of every package", async () => {
    const expected = await pins("requirements.txt", "requirements-datarax.txt");
    expect(expected).toMatchObject({ "orbax-checkpoint": "0.12.8", datarax: "0.1.4", tensorstore: "0.1.86" });
    expect(await oracle.call("versions")).toMatchObject(expected);
  });

  it("rejects with Python's class, message and cause", async () => {
    const failure = oracle.call("state_json", { base: join(scratch, "missing") });
    await expect(failure).rejects.toBeInstanceOf(OracleError);
    await expect(failure).rejects.toMatchObject({
      pythonType: "ValueError",
      message: `Checkpoint directory not found: ${join(scratch, "missing")}`,
      pythonCause: undefined,
    });
  });

  it("names an operation that there is not", async () => {
    await expect(oracle.call("nonsense")).rejects.toMatchObject({
      pythonType: "KeyError",
      message: "'nonsense'",
    });
  });

  it("answers calls that were made at once, each with its own answer", async () => {
    const lengths = [1, 2, 3, 4].map((length) => oracle.call("seeded", { seed: 0, length }));
    const answers = await Promise.all(lengths);
    expect(answers.map((answer) => JSON.stringify(answer).length)).toEqual([23, 25, 27, 29]);
  });

  it("shows Python's stderr when the process dies, and leaves none behind", async () => {
    const doomed = await startOracle();
    const code = "import os, sys; sys.stderr.write('the last words'); sys.stderr.flush(); os._exit(3)";
    await expect(doomed.call("stream_new", { id: "a", class: "script", config: { code } })).rejects.toThrow(
      /code 3[^]*the last words/,
    );
    await expect(doomed.call("versions")).rejects.toThrow("the last words");
    await doomed.stop();
    expect(() => process.kill(doomed.pid, 0)).toThrow("ESRCH");
  });

  it("is gone after stop", async () => {
    const short = await startOracle();
    await short.stop();
    expect(() => process.kill(short.pid, 0)).toThrow("ESRCH");
    await expect(short.call("versions")).rejects.toThrow("ended");
  });

  it("says which script makes a missing environment", () => {
    expect(() => pythonOf(".oracle", scratch)).toThrow("scripts/oracle/make.sh");
  });
});

describe("seeded bytes", () => {
  it.each([0, 7, 4294967295])("are the same in both languages for seed %i", async (seed) => {
    expect(await oracle.call("seeded", { seed, length: 1000, least: 3, most: 99 })).toEqual({
      hex: Buffer.from(seededBytes(seed, 1000)).toString("hex"),
      length: seededLength(seed, 3, 99),
    });
  });
});

describe("a saved tree", () => {
  const tree = { a: smallArray, b: [5, { $float: "-0.0" }, null], c: {} };
  const leaves = [
    leaf(["a"], smallArrayLeaf),
    scalarLeaf(["b", 0], "int64", "5"),
    scalarLeaf(["b", 1], "float64", "-0.0"),
    leaf(["b", 2], { kind: "none" }),
    leaf(["c"], { kind: "empty-dict" }),
  ];
  const apis = ["StandardCheckpointer", "PyTreeCheckpointer", "v1"];

  it.each(apis)("is restored by each interface that may read what %s wrote", async (api) => {
    const path = join(scratch, `tree-${api}`);
    expect(await oracle.call("save", { path, tree, api })).toEqual({ kind: "pytree", leaves });
    expect(await oracle.call("is_checkpoint", { path })).toBe(true);
    for (const reader of api === "v1" ? ["v1"] : apis) {
      for (const target of ["none", "numpy", "jax"]) {
        expect(await oracle.call("restore", { path, api: reader, target })).toEqual({
          kind: "pytree",
          leaves,
        });
      }
    }
  });

  it("is described by dump_json as restore describes it", async () => {
    const path = join(scratch, "dumped");
    await oracle.call("save", { path, tree });
    expect(await oracle.call("dump_json", { path })).toEqual({ kind: "pytree", leaves });
  });

  it("keeps a 64-bit jax.Array, and can be asked for as tagged JSON", async () => {
    const path = join(scratch, "wide");
    const wide = { $array: { kind: "jax", dtype: "int64", shape: [1], data: ["9007199254740993"] } };
    await oracle.call("save", { path, tree: { wide, pair: { $tuple: [1, 2] } } });
    expect(await oracle.call("restore", { path, api: "StandardCheckpointer", form: "tagged" })).toEqual({
      wide,
      pair: [1, 2],
    });
  });

  it("is stored as the options ask", async () => {
    const path = join(scratch, "options");
    const big = { $array: { kind: "numpy", dtype: "float32", shape: [64, 96], seed: 1 } };
    await oracle.call("save", {
      path,
      tree: { big, s: "text", hole: { $placeholder: true } },
      api: "PyTreeCheckpointer",
      options: { use_ocdbt: false, leaf_options: { big: { chunk_byte_size: 2048, dtype: "bfloat16" } } },
    });
    const zarray: unknown = JSON.parse(await readFile(join(path, "big", ".zarray"), "utf8"));
    expect(zarray).toMatchObject({ chunks: [32, 32], dtype: "bfloat16" });
  });
});

describe("a directory of steps", () => {
  const state = { tree: { a: smallArray } };

  it("is saved, listed and restored by CheckpointManager", async () => {
    const directory = join(scratch, "manager");
    const options = { best_metric: "loss", best_mode: "min" };
    const steps = [1, 3].map((step) => ({
      step,
      items: { state, config: { json: { rate: 0.5 } } },
      metrics: { loss: step },
    }));
    expect(await oracle.call("manager_save", { directory, options, steps, metadata: { run: "x" } })).toEqual([
      1, 3,
    ]);
    expect(await oracle.call("manager_facts", { directory, options })).toEqual({
      all_steps: [1, 3],
      latest_step: 3,
      best_step: 1,
      metrics: { 1: { loss: 1 }, 3: { loss: 3 } },
      root_metadata: { run: "x" },
    });
    expect(await oracle.call("manager_restore", { directory })).toMatchObject({
      state: { leaves: [leaf(["a"], smallArrayLeaf)] },
      config: { kind: "json", json: { rate: 0.5 } },
    });
    const items = { state: "standard" };
    expect(await oracle.call("manager_restore", { directory, step: 1, items })).toMatchObject({
      state: { leaves: [leaf(["a"], smallArrayLeaf)] },
    });
  });

  it("has one item named default when nothing else is said", async () => {
    const directory = join(scratch, "manager-default");
    const options = { step_prefix: "step", step_format_fixed_length: 4 };
    await oracle.call("manager_save", { directory, options, steps: [{ step: 7, ...state }] });
    expect(await readdir(directory)).toEqual(["step_0007"]);
    expect(await oracle.call("manager_restore", { directory, options })).toMatchObject({
      default: { leaves: [leaf(["a"], smallArrayLeaf)] },
    });
  });
});

describe("a Datarax stream", () => {
  const config = { dataset_size: 50, seed: 1234 };

  it("is saved, restored into a fresh one, and goes on", async () => {
    const base = join(scratch, "shuffle");
    await oracle.call("stream_new", { id: "a", class: "ShuffleSampler", config });
    await oracle.call("stream_next", { id: "a", count: 17 });
    const path = await oracle.call("stream_save", { id: "a", base, step: 17, metadata: { run: "x" } });
    expect(path).toBe(join(base, "ckpt-17"));
    await oracle.call("stream_new", { id: "b", class: "ShuffleSampler", config });
    const restored = await oracle.call("stream_restore", { id: "b", base, step: 17 });
    expect(restored).toMatchObject({ sampler_state: { dataset_size: 50, position: 17, seed: 1234 } });
    expect(await oracle.call("stream_next", { id: "b", count: 5 })).toEqual({
      elements: [28, 1, 23, 6, 19],
      ends: false,
    });
    expect(await oracle.call("stream_next", { id: "b", count: 50 })).toMatchObject({ ends: true });
    await oracle.call("stream_reset", { id: "b" });
    expect(await oracle.call("stream_next", { id: "b", count: 2 })).toMatchObject({ elements: [31, 43] });
    expect(await oracle.call("state_json", { base })).toMatchObject({
      step: 17,
      state: { sampler_state: { position: 17 } },
      metadata: { run: "x" },
    });
    expect(await oracle.call("metadata", { base })).toEqual({ run: "x" });
    expect(await oracle.call("latest", { base })).toBe(17);
  });

  it("resumes by next() where iter() starts over", async () => {
    const base = join(scratch, "epochs");
    const epochs = { num_records: 13, num_epochs: -1, seed: 77, rngs: 5 };
    await oracle.call("stream_new", { id: "a", class: "EpochAwareSamplerModule", config: epochs });
    await oracle.call("stream_next", { id: "a", count: 30 });
    await oracle.call("stream_save", { id: "a", base, step: 30 });
    await oracle.call("stream_restore", { id: "a", base, latest: true });
    expect(await oracle.call("stream_next", { id: "a", count: 3, via: "next" })).toMatchObject({
      elements: [6, 12, 11],
    });
    await oracle.call("stream_restore", { id: "a", base, latest: true });
    expect(await oracle.call("stream_next", { id: "a", count: 3, via: "iter" })).toMatchObject({
      elements: [7, 2, 11],
    });
  });

  it("is saved at an interval, as a pipeline is", async () => {
    const base = join(scratch, "pipeline");
    const data = { x: { $array: { kind: "numpy", dtype: "int32", shape: [4], data: [0, 10, 20, 30] } } };
    const pipeline = { source: { data }, batch_size: 3, rngs: 1 };
    await oracle.call("stream_new", { id: "p", class: "Pipeline", config: pipeline });
    expect(await oracle.call("stream_next", { id: "p", count: 1 })).toEqual({
      elements: [{ x: [0, 10, 20] }],
      ends: false,
    });
    const interval = { pipeline: { interval: 2 } };
    expect(await oracle.call("stream_save", { id: "p", base, step: 1, ...interval })).toBeNull();
    expect(await oracle.call("stream_save", { id: "p", base, step: 2, ...interval })).toBe(
      join(base, "ckpt-2"),
    );
    expect(await oracle.call("stream_state", { id: "p" })).toMatchObject({ rng_counts: [1] });
  });

  it("keeps one more step when it is saved asynchronously", async () => {
    const base = join(scratch, "async");
    const state = { n: 1, rate: { $float: "2.0" } };
    await oracle.call("stream_new", { id: "u", class: "user", config: { state } });
    for (const step of [1, 2, 3]) {
      await oracle.call("stream_save", { id: "u", base, step, keep: 1, async: true });
    }
    await oracle.call("stream_wait", { base });
    expect(await oracle.call("list_steps", { base })).toEqual({
      steps: [2, 3],
      list: [
        [2, join(base, "ckpt-2")],
        [3, join(base, "ckpt-3")],
      ],
      latest: 3,
      has: true,
    });
    expect(await oracle.call("state_json", { base, step: 2 })).toEqual({ step: 2, state, metadata: null });
  });
});

describe("an OCDBT database", () => {
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; // SHA-256 of nothing

  it("has a version for each commit, and every version can be listed", async () => {
    const dir = join(scratch, "versions");
    const commits = [[{ put: "62", value: "" }], [{ put: "61", value: "" }], [{ delete: "62" }]];
    const spec = { config: { version_tree_arity_log2: 1, compression: null }, assume_config: true, commits };
    expect(await oracle.call("ocdbt_write", { dir, spec })).toEqual({ generations: [1, 2, 3], keys: 1 });
    const a = { key: "61", length: 0, sha256: empty };
    expect(await oracle.call("ocdbt_list", { dir })).toEqual([a]);
    expect(await oracle.call("ocdbt_list", { dir, version: 2 })).toEqual([a, { ...a, key: "62" }]);
    await expect(oracle.call("ocdbt_list", { dir, version: 9 })).rejects.toThrow("NOT_FOUND");
    expect(await oracle.call("ocdbt_versions", { dir })).toMatchObject([
      { generation: 1, num_keys: 1 },
      { generation: 2, num_keys: 2 },
      { generation: 3, num_keys: 1 },
    ]);
    expect(await oracle.call("ocdbt_dump", { dir })).toMatchObject({
      config: { compression: null, max_decoded_node_bytes: 8388608, max_inline_value_bytes: 100 },
      version_tree_nodes: [{ generation_number: 2, height: 1, num_generations: 2 }],
    });
  });

  it("is generated from a seed, listed into a file, and merged as Orbax merges", async () => {
    const dir = join(scratch, "merged");
    const generate = { count: 3, prefix: "k", digits: 1, seed: 5, least: 100, most: 120 };
    const processes = { "ocdbt.process_0": [[{ generate }]] };
    const spec = { config: { max_inline_value_bytes: 16 }, assume_config: true, processes };
    expect(await oracle.call("ocdbt_write", { dir, spec })).toEqual({ generations: [1], keys: 3 });
    const out = join(scratch, "merged.jsonl");
    expect(await oracle.call("ocdbt_list", { dir, out })).toEqual({ keys: 3 });
    const lines = (await readFile(out, "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => Reflect.get(JSON.parse(line), "length"))).toEqual(
      [5, 6, 7].map((seed) => seededLength(seed, 100, 120)),
    );
    const k1 = Buffer.from(seededBytes(6, seededLength(6, 100, 120))).toString("hex");
    expect(await oracle.call("ocdbt_read", { dir, key: "6b31" })).toBe(k1);
    expect(await readdir(dir)).toEqual(expect.arrayContaining(["d", "manifest.ocdbt", "ocdbt.process_0"]));
  });

  it("is empty without commits", async () => {
    const dir = join(scratch, "empty");
    expect(await oracle.call("ocdbt_write", { dir, spec: { assume_config: true } })).toEqual({
      generations: [1],
      keys: 0,
    });
    expect(await readdir(dir)).toEqual(["manifest.ocdbt"]);
  });
});

describe("the older environment", () => {
  const env: OracleEnvironment = ".oracle-0.11.20";

  it("has its own pins, saves and restores", async () => {
    const older = await startOracle({ env });
    try {
      const expected = await pins("requirements-0.11.20.txt");
      expect(expected).toMatchObject({ "orbax-checkpoint": "0.11.20" });
      expect(await older.call("versions")).toMatchObject(expected);
      const path = join(scratch, "older");
      const saved = await older.call("save", { path, tree: { a: smallArray } });
      expect(saved).toEqual({ kind: "pytree", leaves: [leaf(["a"], smallArrayLeaf)] });
      expect(await older.call("restore", { path, api: "PyTreeCheckpointer" })).toEqual(saved);
    } finally {
      await older.stop();
    }
  });

  it("sees as many devices as asked for", async () => {
    const wide = await startOracle({ devices: 4 });
    try {
      const code = [
        "import jax",
        "class Count:",
        "  def get_state(self): return {'devices': jax.device_count()}",
        "def make(): return Count()",
      ].join("\n");
      await wide.call("stream_new", { id: "d", class: "script", config: { code } });
      expect(await wide.call("stream_state", { id: "d" })).toEqual({ devices: 4 });
    } finally {
      await wide.stop();
    }
  });
});
