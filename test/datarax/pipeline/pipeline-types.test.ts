import { describe, expect, it } from "vitest";
import { Pipeline } from "../../../src/datarax/pipeline/pipeline.js";
import { MemorySource } from "../../../src/datarax/sources/memory-source.js";

const options = { source: new MemorySource({ length: 4 }), batchSize: 2, rngs: { default: 1 } };

const toTexts = (batch: number[]) => batch.map(String);

/** The batches; the compiler checks that their type is known. */
const batchesOf = <Out>(pipeline: Pipeline<number[], Out>): Out[] => Array.from(pipeline);

describe("the type of what comes out of a Pipeline", () => {
  it("is the source's without stages", () => {
    const batches: number[][] = batchesOf(new Pipeline(options));
    expect(batches).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it("is that of a function", () => {
    const pipeline = new Pipeline({ ...options, stages: [(batch: number[]) => batch.map(String)] });
    const batches: string[][] = batchesOf(pipeline);
    expect(batches).toEqual([
      ["0", "1"],
      ["2", "3"],
    ]);
  });

  it("is found by a function whose parameter has no type", () => {
    const pipeline = new Pipeline({ ...options, stages: [(batch) => batch.map((index) => index + 1)] });
    const batches: number[][] = batchesOf(pipeline);
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("is that of an object", () => {
    const batches: string[][] = batchesOf(new Pipeline({ ...options, stages: [{ apply: toTexts }] }));
    expect(batches).toEqual([
      ["0", "1"],
      ["2", "3"],
    ]);
  });
});
