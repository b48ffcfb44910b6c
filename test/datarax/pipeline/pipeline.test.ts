import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyRecords, mapRecords } from "../../../src/datarax/pipeline/keyed-records.js";
import { Pipeline } from "../../../src/datarax/pipeline/pipeline.js";
import { recordKeys, StochasticStage } from "../../../src/datarax/pipeline/stage.js";
import { prefetch } from "../../../src/datarax/prefetch.js";
import { MemorySource } from "../../../src/datarax/sources/memory-source.js";
import { foldIn, key } from "../../../src/random/jax-random.js";
import { Rngs } from "../../../src/random/rngs.js";
import { ndarray } from "../../../src/zarr/nd-array.js";
import { takeToEnd } from "../../elements.js";
import { failure } from "../../failure.js";
import { untyped } from "../recorder.js";

const source = new MemorySource({ length: 5 });

function iterator() {
  return new Pipeline({ source, batchSize: 2, rngs: { default: 3, aug: 4 } })[Symbol.iterator]();
}

describe("a Pipeline", () => {
  it("fills the last batch of an epoch with the first records", () => {
    expect([...iterator()]).toEqual([
      [0, 1],
      [2, 3],
      [4, 0],
    ]);
  });

  it("takes single steps beyond the end of its source", () => {
    const pipeline = new Pipeline({ source, batchSize: 4, rngs: { default: 3 } });
    expect([pipeline.step(), pipeline.step(), pipeline.step()]).toEqual([
      [0, 1, 2, 3],
      [4, 0, 1, 2],
      [3, 4, 0, 1],
    ]);
    expect([...pipeline]).toEqual([]);
    expect(pipeline.position).toBe(12);
  });

  it("has no end where its source has no length", () => {
    const endless = {
      getBatchAt: (start: number, size: number) => Array.from({ length: size }, (_, i) => start + i),
    };
    const pipeline = new Pipeline({ source: endless, batchSize: 2, rngs: { default: 3 } });
    expect(takeToEnd(pipeline[Symbol.iterator](), 3)).toEqual({
      next: [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
      ends: false,
    });
  });

  it("runs batches through its stages, which know their position", () => {
    const pipeline = new Pipeline<number[], string>({
      source,
      batchSize: 2,
      rngs: { default: 3 },
      stages: [
        (batch: number[]) => batch.map((index) => 10 * index),
        (batch: number[], { position, size }: { position: number; size: number }) =>
          `${batch.join()} at ${position} of ${size}`,
      ],
    });
    expect([...pipeline]).toEqual(["0,10 at 0 of 2", "20,30 at 2 of 2", "40,0 at 4 of 2"]);
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 31])("refuses batches of %d records", (batchSize) => {
    expect(() => new Pipeline({ source, batchSize, rngs: { default: 3 } })).toThrow(
      failure("INVALID_ARGUMENT"),
    );
  });

  it.each([2 ** 31, 0.5, "0"])("refuses position %j", (position) => {
    const pipeline = new Pipeline({ source, batchSize: 2, rngs: { default: 3 } });
    expect(() => Object.assign(pipeline, { position })).toThrow(failure("INVALID_ARGUMENT"));
    expect(pipeline.position).toBe(0);
  });

  it("says that there is no default stream, in Flax's words", () => {
    const pipeline = new Pipeline({ source, batchSize: 2, rngs: { aug: 3 } });
    expect(() => pipeline.step()).toThrow("No RngStream named 'default' found in Rngs.");
  });

  it("stays where it is when a stage fails, and gives the same batch again", () => {
    let fails = true;
    const seen: unknown[] = [];
    const stage = (batch: number[]) => {
      seen.push(batch);
      if (fails) throw new Error("no");
      return batch;
    };
    const shuffled = new MemorySource({ length: 50, shuffle: true, rngs: { default: 1 } });
    const pipeline = new Pipeline({ source: shuffled, batchSize: 5, rngs: { default: 3 }, stages: [stage] });
    const batches = pipeline[Symbol.iterator]();
    const before = batches.getState();
    expect(() => batches.next()).toThrow("no");
    expect(batches.getState()).toEqual(before);
    expect(pipeline.position).toBe(0);
    fails = false;
    const { value } = batches.next();
    expect(seen).toEqual([value, value]);
  });
});

describe("a PipelineIterator", () => {
  it("has Python's state: an int64 of rank 0 and a list of counts in Flax's order", () => {
    const batches = iterator();
    batches.next();
    expect(batches.getState()).toEqual({
      position: ndarray("int64", [], BigInt64Array.of(2n)),
      rng_counts: [0, 1],
    });
  });

  it("has a position of its own, which the pipeline follows", () => {
    const pipeline = new Pipeline({ source, batchSize: 2, rngs: { default: 3 } });
    const [one, other] = [pipeline[Symbol.iterator](), pipeline[Symbol.iterator]()];
    expect([one.next().value, other.next().value, one.next().value]).toEqual([
      [0, 1],
      [0, 1],
      [2, 3],
    ]);
    expect(pipeline.position).toBe(4);
  });

  it("goes on after a loop that was left early", () => {
    const batches = iterator();
    for (const _ of batches) break;
    expect([...batches]).toEqual([
      [2, 3],
      [4, 0],
    ]);
  });

  it("goes on from a state behind its end, unless it was closed", () => {
    const batches = iterator();
    const start = batches.getState();
    expect([...batches]).toHaveLength(3);
    batches.setState(start);
    expect([...batches]).toHaveLength(3);
    batches.setState(start);
    batches.close();
    expect([...batches]).toEqual([]);
  });

  it("takes arrays, tuples' lists and fractions for counts, as Python does", () => {
    for (const counts of [
      Uint32Array.of(4, 5),
      ndarray("int64", [2], BigInt64Array.of(4n, 5n)),
      [4.9, 5n],
      [4, true],
    ]) {
      const batches = iterator();
      batches.setState({ position: -3.9, rng_counts: untyped(counts) });
      const { rng_counts: taken } = batches.getState();
      expect(taken).toEqual([4, Array.isArray(counts) && counts[1] === true ? 1 : 5]);
      expect(batches.next().value).toEqual([2, 3]);
    }
  });

  it.each([
    [{ position: 1 }, "KeyError"],
    [{ rng_counts: [1, 2] }, "KeyError"],
    [{ position: 1, rng_counts: 5 }, "TypeError"],
    [{ position: null, rng_counts: [1, 2] }, "TypeError"],
    [{ position: "7", rng_counts: [1, 2] }, "TypeError"],
    [{ position: 1, rng_counts: [1, null] }, "TypeError"],
    [{ position: Number.NaN, rng_counts: [1, 2] }, "ValueError"],
    [{ position: Infinity, rng_counts: [1, 2] }, "OverflowError"],
    [{ position: 2 ** 31, rng_counts: [1, 2] }, "OverflowError"],
    [{ position: 1, rng_counts: [1, 2 ** 32] }, "OverflowError"],
    [{ position: 1, rng_counts: [1, -1] }, "OverflowError"],
    [[], "TypeError"],
  ])("refuses %j, and stays where it is", (state, pythonType) => {
    const batches = iterator();
    batches.next();
    const before = batches.getState();
    expect(() => batches.setState(untyped(state))).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect(batches.getState()).toEqual(before);
    expect(batches.next().value).toEqual([2, 3]);
  });

  it("resumes anywhere like one that was not interrupted", () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 9 }),
      fc.record({ default: fc.nat(), aug: fc.nat() }, { requiredKeys: ["default"] }),
      fc.nat(20),
      (length, batchSize, rngs, place) => {
        const make = () => {
          const shuffled = new MemorySource({ length, shuffle: true, rngs: { default: 5 } });
          return new Pipeline({ source: shuffled, batchSize, rngs })[Symbol.iterator]();
        };
        const whole = [...make()];
        const first = make();
        const { next } = takeToEnd(first, place);
        const later = make();
        later.setState(first.getState());
        expect([...next, ...later]).toEqual(whole);
      },
    );
    fc.assert(property);
  });
});

describe("random streams of stages", () => {
  it("count in the order of the stages' names as texts, shared ones where they come first", () => {
    const shared = new Rngs({ default: 1 });
    const stages = Array.from({ length: 11 }, (_, index) => ({
      rngs: index === 10 ? shared : new Rngs({ default: index }),
      apply: (batch: number[]) => batch,
    }));
    for (const [index, { rngs }] of stages.entries()) rngs.stream().count = index;
    const pipeline = new Pipeline({ source, batchSize: 2, rngs: shared, stages });
    expect(pipeline[Symbol.iterator]().getState().rng_counts).toEqual([0, 1, 10, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("have given a key when a stochastic stage is made, and no other since", () => {
    const keys: unknown[] = [];
    const stage = new StochasticStage({
      rngs: { default: 4, augment: 3 },
      streamName: "augment",
      apply: (batch: number[], given) => {
        keys.push(...given);
        return batch;
      },
    });
    const pipeline = new Pipeline({ source, batchSize: 3, rngs: { default: 1 }, stages: [stage] });
    const batches = pipeline[Symbol.iterator]();
    expect([...batches]).toHaveLength(2);
    expect(batches.getState().rng_counts).toEqual([1, 0, 2]);
    const base = foldIn(key(3), 0);
    expect(keys).toEqual([0, 1, 2, 3, 4, 5].map((index) => foldIn(base, index)));
  });

  it("fall back to the default one", () => {
    const stage = new StochasticStage({
      rngs: { default: 4 },
      streamName: "augment",
      apply: (batch: number[]) => batch,
    });
    expect(stage.baseKey).toEqual(foldIn(key(4), 0));
    const options = { rngs: { other: 4 }, streamName: "augment", apply: (batch: number[]) => batch };
    expect(() => new StochasticStage(options)).toThrow("No RngStream named 'augment' found in Rngs.");
  });
});

it("records of negative positions have the keys of uint32 positions", () => {
  const base = key(1);
  expect(recordKeys(base, -1, 2)).toEqual([foldIn(base, 2 ** 32 - 1), foldIn(base, 0)]);
});

/** Batches of texts that tell which record was read and which key it has. */
function readRecords(batchSize: number) {
  const stages = [keyRecords({ rngs: { default: 3 }, streamName: "augment" })] as const;
  const pipeline = new Pipeline({
    source: new MemorySource({ length: 12 }),
    batchSize,
    rngs: { default: 1 },
    stages,
  });
  const fetch = mapRecords({
    fetch: async (index: number) => `record ${index}`,
    transform: (content, recordKey) => `${content}, key ${recordKey.join()}`,
  });
  return prefetch(pipeline[Symbol.iterator](), { fetch });
}

it("records that are read and transformed with their keys are the same after a resume, in batches of any size", async () => {
  const base = foldIn(key(3), 0);
  const expected = Array.from(
    { length: 12 },
    (_, index) => `record ${index}, key ${foldIn(base, index).join()}`,
  );
  const first = readRecords(3);
  const taken = [...((await first.next()).value ?? [])];
  const later = readRecords(3);
  await later.setState(await first.getState());
  for await (const records of later) taken.push(...records);
  expect(taken).toEqual(expected);
  const others: string[] = [];
  for await (const records of readRecords(4)) others.push(...records);
  expect(others).toEqual(expected);
});
