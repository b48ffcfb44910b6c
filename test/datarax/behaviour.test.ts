import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MemoryStorage } from "../../src/storage/memory.js";
import { type Place, runBehaviour } from "../vectors/behaviour.js";

// Made by Datarax 0.1.4 (docs/spec/datarax.md section 9). test/vectors/ runs the same scripts in a folder.
const vectors: { cases: { steps: { op: { op: string } }[] }[] } = JSON.parse(
  readFileSync(new URL("../../docs/spec/vectors/behaviour.json", import.meta.url), "utf8"),
);

function memoryPlace(): Place {
  const storage = new MemoryStorage().within("/base");
  return {
    base: storage,
    name: storage.name,
    mkdir: (name) => storage.makeDirectory(`/${name}`),
    touch: (name) => storage.set(`/${name}`, new Uint8Array(0)),
    rename: (name, to) => storage.rename(`/${name}`, `/${to}`),
    entries: async () => (await storage.list("/"))?.map(({ name }) => name) ?? null,
  };
}

describe("PipelineCheckpoint in memory runs as Datarax does", () => {
  it("is held to all scripts", () => {
    expect(vectors.cases).toHaveLength(27);
  });

  const cases = vectors.cases.map((vector, index): [number, string, typeof vector] => [
    index,
    [...new Set(vector.steps.map(({ op }) => op.op))].join(", "),
    vector,
  ]);

  it.each(cases)("script %i: %s", async (_index, _operations, vector) => {
    await expect(runBehaviour(vector, memoryPlace())).resolves.toBeUndefined();
  });
});
