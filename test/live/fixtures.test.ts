import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Oracle, repositoryRoot, startOracle } from "./oracle.js";

const databases = fixtureNames("ocdbt");
const checkpoints = fixtureNames("orbax");

let oracle: Oracle;
beforeAll(async () => {
  oracle = await startOracle();
});
afterAll(async () => {
  await oracle.stop();
});

function fixtureNames(kind: string): string[] {
  const entries = readdirSync(join(repositoryRoot, "fixtures", kind), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

async function expected(kind: string, name: string): Promise<object> {
  const text = await readFile(join(repositoryRoot, "fixtures", kind, `${name}.expected.json`), "utf8");
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new Error(`${name}: not an object`);
  return value;
}

/** An entry of expected.json with its key written out (fixtures/ocdbt/README.md). */
function writtenOut(entry: object): object {
  if (!("key_runs" in entry) || !Array.isArray(entry.key_runs)) return entry;
  const { key_runs: runs, ...rest } = entry;
  return { key: runs.map(([byte, times]) => String(byte).repeat(Number(times))).join(""), ...rest };
}

describe("databases in fixtures/ocdbt", () => {
  it("are the ones that are documented", () => {
    expect(databases).toHaveLength(14);
  });

  it.each(databases)("%s holds what TensorStore finds in it", async (name) => {
    const dir = join(repositoryRoot, "fixtures", "ocdbt", name);
    const truth = await expected("ocdbt", name);
    const newest: readonly object[] = Reflect.get(truth, "newest");
    expect(await oracle.call("ocdbt_list", { dir })).toEqual(newest.map(writtenOut));
    expect(await oracle.call("ocdbt_versions", { dir })).toMatchObject(Reflect.get(truth, "versions"));
    const generations: Readonly<Record<string, readonly object[]>> = Reflect.get(truth, "generations");
    for (const [generation, entries] of Object.entries(generations)) {
      expect(await oracle.call("ocdbt_list", { dir, version: Number(generation) })).toEqual(entries);
    }
  });
});

describe("checkpoints in fixtures/orbax", () => {
  it("are the ones that are documented", () => {
    expect(checkpoints).toHaveLength(10);
  });

  const composed = ["manager", "partial", "rich-types", "single-items"];
  it.each(checkpoints.filter((name) => !composed.includes(name)))(
    "%s holds what Orbax restores",
    async (name) => {
      const directory = join(repositoryRoot, "fixtures", "orbax", name);
      const path = name === "v1" ? join(directory, "state") : directory;
      expect(await oracle.call("dump_json", { path })).toEqual(await expected("orbax", name));
    },
  );

  it.each([
    ["partial", "done/state", "done"],
    ["rich-types", ".", "plain"],
    ["single-items", "1/tree", "tree"],
    ["single-items", "1/numpy_legacy/np_random_key", "numpy_legacy"],
    ["single-items", "1/numpy_dict/np_random_key", "numpy_dict"],
  ])("%s/%s holds what Orbax restores", async (name, folder, part) => {
    const path = join(repositoryRoot, "fixtures", "orbax", name, folder);
    expect(await oracle.call("dump_json", { path })).toEqual(
      Reflect.get(await expected("orbax", name), part),
    );
  });

  it("manager holds what CheckpointManager restores", async () => {
    const directory = join(repositoryRoot, "fixtures", "orbax", "manager");
    const options = { best_metric: "loss", best_mode: "min" };
    const items = { state: "pytree", config: "json" };
    expect({
      facts: await oracle.call("manager_facts", { directory, options }),
      steps: {
        10: await oracle.call("manager_restore", { directory, step: 10, items, options }),
        20: await oracle.call("manager_restore", { directory, step: 20, items, options }),
      },
    }).toEqual(await expected("orbax", "manager"));
  });
});
