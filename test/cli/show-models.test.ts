import { describe, expect, it } from "vitest";
import { directoryOf, treeFiles } from "./fixtures.js";
import { runCli } from "./run-cli.js";

type Leaves = Parameters<typeof treeFiles>[0];

const F4 = { dtype: "<f4", fill_value: null };

const screenOf = async (leaves: Leaves, ...options: string[]): Promise<string[]> => {
  const path = directoryOf(treeFiles(leaves));
  const { code, out, err } = await runCli(["show", path, ...options]);
  expect([code, err]).toEqual([0, ""]);
  return out.split("\n");
};

/** The lines of the tree alone. */
const treeOf = async (leaves: Leaves, ...options: string[]): Promise<string[]> => {
  const lines = await screenOf(leaves, ...options);
  return lines.slice(lines.indexOf("") + 1, -1);
};

/** Leaves below a prefix. */
function below(prefix: string, leaves: Leaves): Leaves {
  return Object.fromEntries(Object.entries(leaves).map(([key, leaf]) => [`${prefix} > ${key}`, leaf]));
}

const LAYER: Leaves = { "attn > kernel": [[16, 16], F4], "attn > bias": [[16], F4], scale: [[16], F4] };

/** Layers that are alike, called by their numbers. */
function layers(numbers: Iterable<number>, name = (number: number) => `layer_${number}`): Leaves {
  return Object.assign({}, ...Array.from(numbers, (number) => below(name(number), LAYER)));
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("show of layers that are alike", () => {
  it("has one line for them, with what all amount to, and their leaves once", async () => {
    expect(await treeOf({ embed: [[100, 16], F4], ...layers(range(12)) })).toEqual([
      "embed                   float32 [100, 16]  6.4 kB",
      "layer_0 … layer_11 ×12  3.46k params        14 kB",
      "  attn/                 272 params         1.1 kB",
      "    kernel              float32 [16, 16]   1.0 kB",
      "    bias                float32 [16]         64 B",
      "  scale                 float32 [16]         64 B",
    ]);
  });

  it.each<[string, Leaves, string]>([
    ["whose numbers have gaps", layers([0, 1, 2, 3, 7]), "layer_{0…3,7} ×5"],
    ["of which every other one is alike", layers([1, 3, 5, 7, 9]), "layer_{1,3,…,9} ×5"],
    [
      "with the number in the middle of the name",
      layers(range(4), (n) => `block${n}_self`),
      "block0_self … block3_self ×4",
    ],
    ["that are called by numbers alone", layers(range(4), String), "0 … 3 ×4"],
    ["that are a list", layers(range(4), (n) => `#${n}`), "[0] … [3] ×4"],
    ["whose numbers are padded", layers(range(12), (n) => `l${String(n).padStart(2, "0")}`), "l00 … l11 ×12"],
    ["whose names need quotes", layers(range(4), (n) => `layer ${n}`), '"layer 0" … "layer 3" ×4'],
  ])("folds those %s", async (_, leaves, name) => {
    const lines = await treeOf(leaves);
    expect(lines[0]?.startsWith(`${name}  `)).toBe(true);
    expect(lines).toHaveLength(5);
  });

  it.each<[string, Leaves]>([
    ["shape", { scale: [[17], F4] }],
    ["dtype", { scale: [[16], { dtype: "<f8", fill_value: null }] }],
    ["path", { other: [[16], F4] }],
  ])("leaves out one that differs in a %s", async (_, change) => {
    const { "layer_3 > scale": scale, ...others } = layers(range(5));
    expect(scale).toBeDefined();
    const lines = await treeOf({ ...others, ...below("layer_3", change) });
    expect(lines.filter((line) => line.startsWith("layer_")).map((line) => line.split("  ")[0])).toEqual([
      "layer_{0…2,4} ×4",
      "layer_3/",
    ]);
  });

  it("folds arrays as well, and layers in layers", async () => {
    const experts = Object.fromEntries(range(8).map((n) => [`expert_${n}_up`, [[16, 32], F4]] as const));
    const lines = await treeOf({ ...below("layer_0", experts), ...below("layer_1", experts) });
    expect(lines).toEqual([
      "layer_0 … layer_1 ×2            8.19k params      33 kB",
      "  expert_0_up … expert_7_up ×8  float32 [16, 32]  16 kB",
    ]);
  });

  it("shows values only where all are equal", async () => {
    const one = { dtype: "|u1", fill_value: 1 };
    const two = { dtype: "|u1", fill_value: 2 };
    const lines = await treeOf({
      "a0 > same": [[2], one],
      "a0 > other": [[2], one],
      "a1 > same": [[2], one],
      "a1 > other": [[2], two],
    });
    expect(lines).toEqual([
      "a0 … a1 ×2  8 params   8 B",
      "  same      uint8 [2]  2 B  1, 1",
      "  other     uint8 [2]  2 B",
    ]);
  });

  it("keeps a line each for a few arrays whose values differ", async () => {
    const leaves = Object.fromEntries(range(4).map((n) => [`x > v${n}`, [[1], { fill_value: n }]] as const));
    expect((await treeOf(leaves)).slice(1)).toEqual(range(4).map((n) => `  v${n}  uint8 [1]  1 B  ${n}`));
  });
});

describe("show of a training state", () => {
  const params = {
    ...below("params", { embed: [[100, 16], F4], ...layers(range(24)), "out > kernel": [[16, 100], F4] }),
  };
  const moment = (name: string, changes: object): Leaves =>
    Object.fromEntries(
      Object.entries(params).map(([key, [shape]]) => [
        key.replace("params", `opt_state > #0 > ${name}`),
        [shape, changes],
      ]),
    );

  it("calls a moment of the optimizer by what it looks like", async () => {
    const bf16 = { dtype: "bfloat16", fill_value: null };
    const lines = await treeOf({ ...moment("mu", bf16), ...moment("nu", F4), ...params });
    const shown = lines.map((line) => line.replaceAll(/ {2,}/g, "  ").trim());
    expect(shown.slice(0, 3)).toEqual([
      "opt_state/[0]/  20.2k params  61 kB",
      "mu/  10.1k params  20 kB  like params/ in bfloat16",
      "nu/  10.1k params  40 kB  like params/",
    ]);
    expect(shown[3]).toBe("params/  10.1k params  40 kB");
  });

  it("gives the share of each dtype and of the optimizer", async () => {
    const [totals, shares] = await screenOf({
      ...moment("mu", { dtype: "bfloat16", fill_value: null }),
      ...moment("nu", F4),
      ...params,
    });
    expect(totals).toMatch(/^30,336 parameters in 222 arrays, 101 kB in memory, .* on disk$/);
    expect(shares).toBe("float32 81 kB (80 %), bfloat16 20 kB (20 %), optimizer 61 kB (60 %)");
  });
});

describe("show of keys with slashes", () => {
  it("shows them as branches, and leaves them whole with --json", async () => {
    const leaves: Leaves = { "net/layer_0/attn > w": [[2, 9], F4], "net/layer_1/attn > w": [[2, 9], F4] };
    expect(await treeOf(leaves)).toEqual([
      "net/layer_0 … layer_1 ×2  36 params       144 B",
      "  attn/w                  float32 [2, 9]   72 B",
    ]);
  });
});

describe("show of a tree that does not fold", () => {
  /** 2,000 arrays, each of its own shape. */
  const wide = Object.fromEntries(
    range(2000).map(
      (n) => [`net > ${"abcdefgh"[n % 8]} > x${"ab".repeat((n % 5) + 1)}q > w${n}`, [[9 + n], F4]] as const,
    ),
  );

  it("fits on two screens, with every top-level key, and says what is left out", async () => {
    const lines = await screenOf({ ...wide, "other > w": [[3], F4], step: [[], F4] });
    expect(lines.length).toBeLessThanOrEqual(100);
    for (const key of ["net/", "other/w", "step"])
      expect(lines.some((line) => line.startsWith(key))).toBe(true);
    expect(lines.at(-2)).toMatch(/^1,9\d\d leaves have no line; --depth N or --filter GLOB shows more\.$/);
  });

  it("shows everything with a --depth that is large enough", async () => {
    expect((await treeOf(wide, "--depth", "9")).filter((line) => / w\d+ /.test(line))).toHaveLength(2000);
  });

  it("shows no more than --depth keys of a path, with what is below", async () => {
    const lines = await treeOf(
      { "a > b > c": [[3], F4], "a > b > d": [[4], F4], "x > y": [[5], F4] },
      "--depth=1",
    );
    expect(lines).toEqual([
      "a/  7 params  28 B  2 leaves",
      "x/  5 params  20 B  1 leaf",
      "",
      "3 leaves have no line; --depth N or --filter GLOB shows more.",
    ]);
  });
});

describe("show --filter", () => {
  const leaves: Leaves = {
    "a > w": [[10], F4],
    "a > b": [[20], F4],
    "c > w": [[30], F4],
    "d/e > w": [[9], F4],
  };

  it("shows the leaves that a glob selects, and their part of the whole", async () => {
    const [totals, , , ...rest] = await screenOf(leaves, "--filter", "*/w");
    expect(totals).toMatch(/^40 of 69 parameters in 2 arrays, 160 B of 276 B in memory, /);
    expect(rest).toEqual(["", "a/w  float32 [10]   40 B", "c/w  float32 [30]  120 B", ""]);
  });

  it("shows what any of several globs selects", async () => {
    expect(await treeOf(leaves, "--filter=a/b", "--filter=d")).toEqual([
      "a/b    float32 [20]  80 B",
      "d/e/w  float32 [9]   36 B",
    ]);
  });

  it("selects with --json, too", async () => {
    const path = directoryOf(treeFiles(leaves));
    const { out } = await runCli(["show", path, "--json", "--filter", "c"]);
    const { leaves: found, totals } = JSON.parse(out);
    expect(found.map((leaf: { path: unknown }) => leaf.path)).toEqual([["c", "w"]]);
    expect(totals).toMatchObject({ parameters: 30, bytes: 120 });
  });

  it("refuses a glob that selects nothing", async () => {
    const path = directoryOf(treeFiles(leaves));
    const { code, out, err } = await runCli(["show", path, "--filter", "a", "--filter", "nothing/*"]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toBe(`orbax-ts: ${path}: --filter "nothing/*" selects no leaf\n`);
  });
});

describe("show at the edge of the terminal", () => {
  it.each([40, 60, 80, 200])("keeps to %d columns", async (columns) => {
    const long = "a_very_long_name_of_a_module_that_somebody_wrote".repeat(2);
    const leaves: Leaves = {
      ...below(long, layers(range(3))),
      [`${long} > ${long} > x`]: [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], F4],
      "日本語 > 層": [[3, 3], F4],
      b: [[8], F4],
    };
    const path = directoryOf(treeFiles(leaves));
    const { out } = await runCli(["show", path], { columns });
    const widths = out.split("\n").map((line) => Array.from(line.replaceAll(/[日本語層]/g, "xx")).length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
  });
});
