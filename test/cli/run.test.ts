import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.js";
import { ClosedOutput } from "../../src/cli/io.js";
import { VERSION } from "../../src/cli/version.js";
import { REPOSITORY } from "../repo/source-files.js";
import { directoryOf, orbaxFixture, treeOfArrays } from "./fixtures.js";
import { runCli } from "./run-cli.js";

describe("orbax-ts without a command", () => {
  it("lists the commands for --help", async () => {
    expect(await runCli(["--help"])).toEqual({ code: 0, err: "", out: expect.any(String) });
    expect((await runCli(["--help"])).out).toMatchInlineSnapshot(`
      "Usage: orbax-ts COMMAND PATH [options]

      Reads JAX Orbax checkpoints and Datarax iterator state, without Python.

      Commands:
        ls PATH     steps and items of a directory, newest last
        show PATH   the tree: keys, dtypes, shapes, sizes, small values
        dump PATH   an item exactly as Python restores it, as JSON
        state PATH  what Datarax would hand to an iterator's set_state, as JSON
        kv ls PATH  keys of an OCDBT database, in byte order

      Options:
        --help     show this; orbax-ts COMMAND --help says more about one command
        --version  print the version

      Exit codes: 0 fine; 2 wrong use, or the checkpoint cannot be read.
      "
    `);
  });

  it("prints the version of the package", async () => {
    expect(await runCli(["--version"])).toEqual({ code: 0, out: `${VERSION}\n`, err: "" });
    const manifest = readFileSync(join(REPOSITORY, "package.json"), "utf8");
    expect(manifest).toContain(`"version": "${VERSION}"`);
  });

  it.each([
    [[], "orbax-ts: usage: no command; orbax-ts --help lists them\n"],
    [["shwo", "runs/7"], 'orbax-ts: usage: unknown command "shwo"; commands: ls, show, dump, state, kv ls\n'],
    [["--json"], 'orbax-ts: usage: unknown option "--json"; commands: ls, show, dump, state, kv ls\n'],
    [["kv"], 'orbax-ts: usage: unknown command "kv"; commands: kv ls\n'],
    [["kv", "rm", "x"], 'orbax-ts: usage: unknown command "kv rm"; commands: kv ls\n'],
  ])("refuses %j in one line", async (argv, line) => {
    expect(await runCli(argv)).toEqual({ code: 2, out: "", err: line });
  });
});

describe("the help of a command", () => {
  it.each(COMMANDS.map(({ name }) => name))("%s fits into 80 columns and has an example", async (name) => {
    const { code, out, err } = await runCli([...name.split(" "), "--help"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(`Usage: orbax-ts ${name} PATH [options]\n`);
    expect(out).toContain(`\nExample:\n  $ orbax-ts ${name} `);
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it("is rendered from the command's own data", async () => {
    expect((await runCli(["show", "runs/7", "--step", "1", "--help"])).out).toMatchInlineSnapshot(`
      "Usage: orbax-ts show PATH [options]

      Shows the tree of a checkpoint: for each leaf its dtype, shape, bytes in memory
      and sharding; small values beside it. Layers that are alike have one line, and
      so has a subtree that looks like another one. Strings and random keys that
      Datarax stores as trees of numbers are shown as what they are. Large arrays are
      not read. Items that are no tree are shown as their text, or with the sizes of
      their files.

        PATH  a checkpoint, a step with items, or a directory of steps

      Options:
        --step N        which step of a directory of steps; default: the largest
        --item NAME     an item of a step; default: the only one, or its tree
        --depth N       show N keys of each path; default: what fits on two screens
        --filter GLOB   only leaves at or below, e.g. 'params/**/kernel'; repeatable
        --json          for programs: one JSON value
        --limit NAME=N  raise a limit that an error names, for a file that you trust
        --debug         say more about an error: where it was thrown
        -h, --help      show this

      Example:
        $ orbax-ts show runs/7
        34,612,225 parameters in 184 arrays, 138 MB in memory, 43 MB on disk
        float32 138 MB (>99 %), int64, int32 (each <1 %), optimizer 92 MB (67 %)
        runs/7/20000/state

        opt_state/                23.1M params          92 MB
          count                   int32 []                4 B  20000  cpu:0
          mu/                     11.5M params          46 MB  like params/
          nu/                     11.5M params          46 MB  like params/
        params/                   11.5M params          46 MB
          embed                   float32 [8192, 256]  8.4 MB  cpu:0
          layer_0 … layer_11 ×12  9.44M params          38 MB
            attn/                 262k params          1.0 MB
              out                 float32 [256, 256]   262 kB  cpu:0
              qkv                 float32 [256, 768]   786 kB  cpu:0
            mlp/                  524k params          2.1 MB
              down                float32 [1024, 256]  1.0 MB  cpu:0
              up                  float32 [256, 1024]  1.0 MB  cpu:0
            norm                  float32 [256]        1.0 kB  cpu:0
        step                      int64                        20000
      "
    `);
  });

  it("of a group lists its commands", async () => {
    expect((await runCli(["kv", "--help"])).out).toContain("  kv ls PATH  keys of an OCDBT database");
  });
});

describe("a command that fails", () => {
  it.each([
    [["show"], "orbax-ts: show: PATH is missing\n"],
    [["kv", "ls", "--jsno", "x"], "orbax-ts: kv ls: unknown option --jsno\n"],
    [["dump", "runs/none", "--step=x"], 'orbax-ts: dump: --step: "x" is no number\n'],
    [["state", "runs/none", "--step=1.5"], 'orbax-ts: state: --step: "1.5" is no integer\n'],
    [["show", "runs/none", "--depth=0"], "orbax-ts: show: --depth: 0 is out of range, expected 1 to 1000\n"],
  ])("names itself where it is used wrongly: %j", async (argv, line) => {
    expect(await runCli(argv)).toEqual({ code: 2, out: "", err: line });
  });

  it("names the path where that cannot be read", async () => {
    expect(await runCli(["show", "runs/none"])).toEqual({
      code: 2,
      out: "",
      err: "orbax-ts: runs/none: no such directory\n",
    });
  });

  it("stays on one line, whatever the names hold", async () => {
    const name = "line\nbreak\u001b[31m";
    const path = directoryOf({ _METADATA: treeOfArrays([name]) });
    const { code, out, err } = await runCli(["show", path]);
    expect([code, out]).toEqual([2, ""]);
    expect(err.split("\n")).toEqual([expect.stringContaining("line\\nbreak\\u001b[31m"), ""]);
  });

  it("says where it was thrown with --debug", async () => {
    const { err } = await runCli(["show", "runs/none", "--debug"]);
    expect(err).toMatch(/^orbax-ts: runs\/none: no such directory\n.*Error: .*\n +at /);
  });

  it("names a limit that could be raised", async () => {
    const { err } = await runCli(["show", orbaxFixture("files-zarr2"), "--limit", "metadataBytes=10"]);
    expect(err).toMatch(
      /_METADATA: size is \d+, expected at most 10 bytes; --limit metadataBytes=N allows more\n$/,
    );
  });

  it.each([
    ["lines=3", /no limit "lines"; there are encodedNodeBytes, /],
    ["depth", /--limit depth: "" is no number/],
    ["depth=many", /--limit depth: "many" is no number/],
  ])("refuses --limit %s", async (limit, message) => {
    const { code, err } = await runCli(["show", orbaxFixture("files-zarr2"), "--limit", limit]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});

describe("the zstd of a process", () => {
  it.each([
    ["ls", 0],
    ["show", 1],
    ["dump", 1],
  ])("is prepared by %s %d times", async (command, times) => {
    let calls = 0;
    const prepareZstd = async () => void calls++;
    await runCli([command, orbaxFixture("files-zarr2")], { prepareZstd });
    expect(calls).toBe(times);
  });
});

describe("an output that nobody reads any more", () => {
  it("ends the program quietly", async () => {
    const failingWrite = { number: 0, error: new ClosedOutput() };
    expect(await runCli(["ls", orbaxFixture("manager")], { failingWrite })).toEqual({
      code: 0,
      out: "",
      err: "",
    });
  });

  it("is another matter than an output that cannot be written", async () => {
    const error = Object.assign(new Error("ENOSPC: no space left on device, write"), { syscall: "write" });
    const { code, err } = await runCli(["ls", orbaxFixture("v1")], { failingWrite: { number: 0, error } });
    expect(code).toBe(2);
    expect(err).toMatch(/: ENOSPC: no space left on device, write\n$/);
  });
});
