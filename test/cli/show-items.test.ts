import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { directoryOf, fixture, orbaxFixture, releaseFixture } from "./fixtures.js";
import { runCli } from "./run-cli.js";

const shown = async (...argv: string[]): Promise<string> => {
  const { code, out, err } = await runCli(["show", ...argv]);
  expect([code, err]).toEqual([0, ""]);
  return out;
};

/** The tree alone. */
const screen = async (path: string): Promise<string> => {
  const out = await shown(path);
  return out.slice(out.indexOf("\n\n") + 2);
};

describe("show of items that are no trees", () => {
  it("indents JSON", async () => {
    const out = await shown(orbaxFixture("manager"), "--item", "config");
    expect(out).toMatch(/^json, \d+ B on disk\n/);
    expect(out.slice(out.indexOf("\n") + 1).replace(orbaxFixture("manager"), "<M>")).toBe(
      [
        "<M>/20/config",
        "",
        "{",
        '  "rate": 0.001,',
        '  "names": ["a","café"],',
        '  "big": 18446744073709551616,',
        '  "nan": NaN',
        "}",
        "",
      ].join("\n"),
    );
  });

  it("cuts long values of JSON at the edge", async () => {
    const path = directoryOf({
      metadata: JSON.stringify({ long: "x".repeat(10_000), list: Array(9999).fill(1), z: 1 }),
    });
    const lines = (await shown(path)).split("\n");
    expect(lines.slice(3)).toEqual([
      "{",
      `  "long": "${"x".repeat(68)}…`,
      `  "list": [${"1,".repeat(34)}…`,
      '  "z": 1',
      "}",
      "",
    ]);
  });

  it("prints the text of a protobuf, without its power over the terminal", async () => {
    const path = directoryOf({ "proto.pbtxt": 'a {\n\tb: "\u001b[31m"\n}\n' });
    expect((await shown(path)).split("\n").slice(2)).toEqual(["", "a {", '  b: "\\u001b[31m"', "}", ""]);
  });

  it("prints the texts of Grain's processes", async () => {
    const path = directoryOf({
      "process_0-of-2.json": '{\n    "version": 2\n}',
      "process_1-of-2.json": "{}",
    });
    const lines = (await shown(path)).split("\n");
    expect(lines[0]).toBe("grain, 22 B on disk in 2 files");
    expect(lines.slice(3)).toEqual([
      "process_0-of-2.json",
      "{",
      '    "version": 2',
      "}",
      "",
      "process_1-of-2.json",
      "{}",
      "",
    ]);
  });

  const own = {
    _CHECKPOINT_METADATA: JSON.stringify({ item_handlers: { own: "mine.Handler", other: "mine.Handler" } }),
    "own/notes.txt": "hello\n",
    "own/sub/data.bin": new Uint8Array(123_456),
    "other/x": "",
  };

  it("lists the files of a user's own handler", async () => {
    const path = directoryOf(own);
    expect((await shown(path, "--item", "own")).replace(path, "<P>")).toBe(
      [
        "files, 123 kB on disk in 2 files",
        "<P>/own",
        "",
        "   6 B  notes.txt",
        "123 kB  sub/data.bin",
        "",
      ].join("\n"),
    );
    const json = JSON.parse(await shown(path, "--item", "own", "--json"));
    expect(json).toEqual({
      kind: "files",
      files: { "notes.txt": { size: 6 }, "sub/data.bin": { size: 123_456 } },
      totals: { stored: 123_462 },
    });
  });

  it("names the items where one must be chosen", async () => {
    const path = directoryOf(own);
    const { code, out, err } = await runCli(["show", path]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toBe(`orbax-ts: ${path}: choose an item; items: other, own\n`);
  });
});

describe("show of real checkpoints", () => {
  it("shows arrays in files, numbers, empty nodes and strings", async () => {
    const expected = [
      "a/b      int64 [4]           32 B  0, 1, 2, 3",
      "chunked  float32 [32, 24]  3.1 kB",
      "flags    bool [1, 2]          2 B  true, false",
      "list/    1 param              1 B",
      "  [0]    uint8 []             1 B  5",
      "  [1]    None",
      "  [2]    {}",
      "params/  602 params        2.4 kB",
      "  b      bfloat16 [2]         4 B  1.5, -2.0  cpu:0",
      "  w      float32 [20, 30]  2.4 kB",
      "rate     float64                   0.001",
      "step     int64                     1200",
      'text     str                       "hi"',
      "",
    ].join("\n");
    for (const name of ["files-zarr2", "files-zarr3"])
      expect(await screen(orbaxFixture(name))).toBe(expected);
    expect(await screen(join(orbaxFixture("v1"), "state"))).toBe(expected);
  });

  it("shows a training state of Flax in the order of its file", async () => {
    const lines = (await screen(fixture("flax", "train-state.msgpack"))).split("\n");
    expect(lines.slice(0, 6)).toEqual([
      "step            int64                   1200",
      "params/         26 params         76 B",
      "  Dense_0/      16 params         56 B",
      "    kernel      float32 [3, 4]    48 B",
      "    bias        bfloat16 [4]       8 B  0.0, 0.0, 0.0, 0.0",
      "  Dense_1/      10 params         20 B",
    ]);
  });

  it("shows safetensors as the flat dict that they are", async () => {
    const out = await screen(fixture("safetensors", "names.safetensors"));
    expect(out).toMatch(/^10 {2,}float32 \[0, 2\] +0 B$/m);
    expect(out).toMatch(/^model\.layers\.0\.weight {2}float32 \[2, 2\] {2}/m);
    expect(out).toMatch(/^a\/b {2,}float32 \[6, 2\] /m);
  });

  it("shows Gemma's keys as branches, and its layers once", async () => {
    expect(await screen(join(releaseFixture("0.12.8", "gemma-names"), "ckpt"))).toBe(
      [
        "transformer/                  188 params             560 B",
        "  embedder/input_embedding    float32 [8, 4]         128 B",
        "  final_norm/scale            float32 [4]             16 B  0.0, 0.0, 0.0, 0.0",
        "  layer_0 … layer_1 ×2        152 params             416 B",
        "    attn/                     48 params               96 B",
        "      kv_einsum/w             bfloat16 [2, 1, 4, 3]   48 B  cpu:0",
        "      q_einsum/w              bfloat16 [2, 4, 3]      48 B  cpu:0",
        "    mlp/linear/w              float32 [6, 4]          96 B",
        "    pre_attention_norm/scale  float32 [4]             16 B  1.0, 1.0, 1.0, 1.0",
        "",
      ].join("\n"),
    );
  });

  it("leaves out the last key of a state of NNX, and says so", async () => {
    const out = await screen(join(releaseFixture("0.12.8", "nnx-state"), "ckpt"));
    expect(out).toMatch(/^blocks\/0 … 1 ×2 {2}40 params +160 B\n {2}bias +float32 \[4\] +16 B /);
    expect(out).toMatch(/^ {2}key +key threefry2x32 \[\] +8 B /m);
    expect(out).toMatch(/\n\nA last key "value" is left out\.\n$/);
    expect(out.match(/value/g)).toHaveLength(1);
  });

  it("knows the optimizer of Keras, and shows every top-level key", async () => {
    const out = await shown(join(releaseFixture("0.12.8", "keras-style"), "ckpt"));
    expect(out).toContain(", optimizer 108 B (40 %)\n");
    const keys = ["counters", "epoch", "metrics", "non_trainable", "optimizer", "trainable"];
    for (const key of keys) expect(out).toMatch(new RegExp(`^${key}`, "m"));
  });

  it("shows twelve layers of many leaves in a few lines", async () => {
    const out = await screen(join(releaseFixture("0.12.8", "many-leaves"), "ckpt"));
    expect(out.split("\n").map((line) => line.split("  ").find((cell) => cell !== ""))).toEqual([
      "extra",
      "model/layer_0 … layer_11 ×12",
      "block_0 … block_1 ×2",
      "w{0,8,…,80} ×11",
      "w{1…7,9…15,17…23,25…31,…,82} ×72",
      undefined,
    ]);
  });

  it("shows bytes of msgpack with their length", async () => {
    const out = await screen(fixture("flax", "values.msgpack"));
    expect(out).toMatch(/^ {2}few +bytes \[3\] +0x00ff80$/m);
    expect(out).toMatch(/^ {2}many +bytes \[\d+\] +0x000102030405060708090a0b0c0d0e0f…$/m);
  });
});
