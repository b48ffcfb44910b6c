import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { load } from "../../src/checkpoint/open-checkpoint.js";
import { dumpTree, parseDump } from "../checkpoint/dump-tree.js";
import { damagedArrays, damagedCompression } from "../hostile/damaged-arrays.js";
import type { DamagedCases } from "../hostile/damaged-case.js";
import { damagedFolder } from "../hostile/damaged-folder.js";
import { type LayoutCase, singleItems, steps, withoutKeys } from "../hostile/damaged-layouts.js";
import { safetensors } from "../hostile/damaged-safetensors.js";
import { damagedTrees } from "../hostile/damaged-trees.js";
import { type Oracle, OracleError, startOracle } from "./oracle.js";

/** The damaged checkpoints of test/hostile/checkpoint-damage.test.ts before Orbax itself. */

let scratch: string;
let oracle: Oracle;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "orbax-ts-damage-verdicts-"));
  oracle = await startOracle();
});
afterAll(async () => {
  await oracle.stop();
  await rm(scratch, { recursive: true });
});

/** What Orbax restores; `undefined` where it raises. */
async function restored(path: string, api = "PyTreeCheckpointer") {
  try {
    return parseDump(await oracle.call("restore", { path, api }));
  } catch (error) {
    if (error instanceof OracleError) return undefined;
    throw error;
  }
}

describe.each<[string, DamagedCases]>([
  ["a tree with", damagedTrees],
  ["an array with", damagedArrays],
  ["a compressed chunk:", damagedCompression],
])("%s", (_, cases) => {
  it.each(Object.keys(cases))("%s", async (name) => {
    const damaged = cases[name];
    if (damaged === undefined) throw new Error("no case");
    const folder = await damagedFolder(scratch, damaged);
    const theirs = await restored(folder);
    const { orbax = "is as strict" } = damaged;
    if (orbax.startsWith("refuses it")) expect(theirs).toBeUndefined();
    else if (orbax.startsWith("restores it")) expect(theirs).toBeDefined();
    else if ("refused" in damaged) expect(theirs).toBeUndefined();
    else expect(dumpTree(await load(folder, { exact: true }))).toEqual(theirs);
  });
});

describe.each<[string, Readonly<Record<string, LayoutCase>>]>([
  ["a checkpoint of Orbax with", singleItems],
  ["steps with", steps],
])("%s", (_, cases) => {
  const asked = Object.keys(cases).filter((name) => cases[name]?.orbax !== undefined);
  it.each(asked)("%s", async (name) => {
    const damaged = cases[name];
    if (damaged === undefined) throw new Error("no case");
    const folder = await damagedFolder(scratch, damaged);
    for (const [api, verdict] of Object.entries(damaged.orbax ?? {})) {
      const theirs = await restored(folder, api);
      const ours = "gives" in damaged ? damaged.gives : {};
      if (verdict === "refuses") expect(theirs, api).toBeUndefined();
      else expect(theirs, api).toEqual(verdict === "words" ? withoutKeys(ours) : ours);
    }
  });
});

describe("safetensors with", () => {
  it.each(Object.entries(safetensors))("%s", async (_, damaged) => {
    const folder = await damagedFolder(scratch, damaged);
    const theirs = await restored(folder, "safetensors");
    if (damaged.orbax === "refuses") expect(theirs).toBeUndefined();
    else if (damaged.orbax === "restores") expect(theirs).toBeDefined();
    else expect(dumpTree(await load(folder, { exact: true }))).toEqual(theirs);
  });
});
