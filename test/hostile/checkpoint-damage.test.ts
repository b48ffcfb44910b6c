import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { load } from "../../src/checkpoint/open-checkpoint.js";
import { parseDump } from "../checkpoint/dump-tree.js";
import { runCli } from "../cli/run-cli.js";
import { damagedArrays, damagedCompression } from "./damaged-arrays.js";
import type { DamagedCases } from "./damaged-case.js";
import { damagedFolder } from "./damaged-folder.js";
import { type LayoutCase, salvaged, singleItems, steps } from "./damaged-layouts.js";
import { safetensors } from "./damaged-safetensors.js";
import { damagedTrees } from "./damaged-trees.js";

/** Checkpoints in which one thing is not as it should be, a rule of the specification each. */

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "orbax-ts-damaged-"));
});
afterAll(() => rm(scratch, { recursive: true }));

describe.each<[string, DamagedCases | typeof safetensors]>([
  ["a tree with", damagedTrees],
  ["an array with", damagedArrays],
  ["a compressed chunk:", damagedCompression],
  ["safetensors with", safetensors],
])("%s", (_, cases) => {
  it.each(Object.keys(cases))("%s", async (name) => {
    const damaged = cases[name];
    if (damaged === undefined) throw new Error("no case");
    const folder = await damagedFolder(scratch, damaged);
    const { code, out, err } = await runCli(["dump", folder, "--json"]);
    if ("opens" in damaged) {
      expect(await load(folder)).toEqual(damaged.opens);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      return;
    }
    await expect(load(folder)).rejects.toMatchObject({
      name: "OrbaxError",
      code: damaged.code ?? "DATA_LOSS",
      message: expect.stringContaining(damaged.refused),
    });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^orbax-ts: [^\n]*\n$/);
    expect(err).toContain(damaged.refused);
  });
});

type Layouts = Readonly<Record<string, LayoutCase & { readonly path?: string }>>;

describe.each<[string, Layouts]>([
  ["a checkpoint of Orbax with", singleItems],
  ["steps with", steps],
  ["what is left of a checkpoint:", salvaged],
])("%s", (_, cases) => {
  it.each(Object.keys(cases))("%s", async (name) => {
    const damaged = cases[name];
    if (damaged === undefined) throw new Error("no case");
    const folder = await damagedFolder(scratch, damaged);
    const { code, out, err } = await runCli(["dump", folder, "--json", ...(damaged.args ?? [])]);
    if ("refused" in damaged) {
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toMatch(/^orbax-ts: [^\n]*\n$/);
      expect(err).toContain(damaged.refused);
      return;
    }
    expect({ code, err }).toEqual({ code: 0, err: damaged.warning === undefined ? "" : expect.any(String) });
    if (damaged.warning !== undefined) {
      expect(err).toMatch(/^orbax-ts: warning: [^\n]*\n$/);
      expect(err).toContain(damaged.warning);
    }
    expect(parseDump(JSON.parse(out))).toEqual(damaged.gives);
  });
});
