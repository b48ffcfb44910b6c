import { describe, expect, it } from "vitest";
import { MemorySource } from "../../../src/datarax/sources/memory-source.js";
import { MixDataSourcesNode } from "../../../src/datarax/sources/mixed-source.js";
import { key } from "../../../src/random/jax-random.js";
import { ndarray } from "../../../src/zarr/nd-array.js";
import { failure } from "../../failure.js";
import { untyped } from "../recorder.js";

// Elements and texts of Datarax 0.1.4 with Grain 0.2.18.

function source(number: number, length: number, options: { shuffle?: boolean } = {}) {
  const x = Int32Array.from({ length }, (_, index) => 100 * number + index);
  return new MemorySource({ data: { x }, ...options, rngs: { default: number } });
}

function mixture(weights: readonly number[], ...lengths: number[]) {
  return new MixDataSourcesNode({
    sources: lengths.map((length, number) => source(number, length)),
    weights,
  });
}

const values = (records: Iterable<{ readonly x: number }>) => Array.from(records, ({ x }) => x);

describe("MixDataSourcesNode", () => {
  it.each([
    ["All weights must be positive (>= 0)", [-1, 2], 2],
    ["Sum of weights must be > 0", [0, 0], 2],
    ["num_sources must be >= 1", [], 0],
    ["len(sources) (1) must match config.num_sources (2)", [1, 1], 1],
    ["weights must be finite numbers, got NaN", [1, Number.NaN], 2],
    ["weights must be finite numbers, got Infinity", [Infinity, 1], 2],
  ])("refuses weights: %s", (message, weights, count) => {
    const sources = Array.from({ length: count }, (_, number) => source(number, 3));
    expect(() => new MixDataSourcesNode({ sources, weights })).toThrow(
      expect.objectContaining({ message, code: "INVALID_ARGUMENT" }),
    );
  });

  const REQUIREMENT =
    "MixDataSourcesNode requires every source to produce records with the same element_spec; ";

  it.each([
    [
      "source 0 and source 1 have different structure. Mixing under lax.switch needs matching output shapes across all branches.",
      { y: Int32Array.of(1) },
    ],
    [
      "source 0 leaf has shape=() dtype=int32 but source 1 leaf has shape=() dtype=float32.",
      { x: Float64Array.of(1) },
    ],
    [
      "source 0 leaf has shape=() dtype=int32 but source 1 leaf has shape=() dtype=int64.",
      { x: BigInt64Array.of(1n) },
    ],
    [
      "source 0 leaf has shape=() dtype=int32 but source 1 leaf has shape=(2,) dtype=int32.",
      { x: ndarray("int32", [1, 2], Int32Array.of(1, 2)) },
    ],
  ])("refuses records that are not alike: %s", (reason, data) => {
    const sources = [source(0, 3), new MemorySource(untyped({ data }))];
    expect(() => new MixDataSourcesNode(untyped({ sources, weights: [1, 1] }))).toThrow(
      expect.objectContaining({ message: REQUIREMENT + reason, code: "INVALID_ARGUMENT" }),
    );
  });

  it("refuses to join batches of lists and of columns, of which it cannot know before", () => {
    const sources = [new MemorySource({ data: [1, 2] }), source(1, 2)];
    const mixed = new MixDataSourcesNode(untyped({ sources, weights: [1, 1] }));
    expect(() => mixed.getBatchAt(0, 20, key(1))).toThrow(failure("INVALID_ARGUMENT"));
  });

  it("ends where the source whose turn it is has no more, and begins again in the next loop", () => {
    const mixed = mixture([1, 1], 3, 4);
    expect(values(mixed)).toEqual([0, 100, 1, 101, 2, 102]);
    expect(mixed.next().done).toBe(true);
    expect(values(mixed)).toEqual([0, 100, 1, 101, 2, 102]);
    expect(mixed.epoch).toBe(2);
  });

  it("takes a weight of 0 for random records only", () => {
    const mixed = mixture([0, 2], 3, 4);
    const message = "Must specify all non-zero proportions for mixing.";
    expect(() => mixed.next()).toThrow(expect.objectContaining({ message, code: "INVALID_ARGUMENT" }));
    expect(mixed.getBatchAt(0, 5, key(3)).x).toEqual(Int32Array.of(102, 103, 102, 103, 101));
  });

  it("asks for a key in Python's words", () => {
    expect(() => mixture([1, 1], 3, 4).getBatchAt(0, 2)).toThrow(
      "MixDataSourcesNode.get_batch_at requires a PRNG key for deterministic mixing. Pass `key=jax.random.key(seed)` or drive iteration via Pipeline (which threads its own rngs).",
    );
  });

  it("gives an empty batch of the right kind", () => {
    expect(mixture([1, 1], 3, 4).getBatchAt(0, 0, key(1))).toEqual({ x: new Int32Array(0) });
  });

  it("joins columns of every kind", () => {
    const sources = [0, 1].map((number) => {
      const wide = ndarray("float64", [2, 2], Float64Array.of(number, 1, number, 2));
      return new MemorySource({ data: { wide, text: [`a${number}`, `b${number}`] } });
    });
    const mixed = new MixDataSourcesNode({ sources, weights: [1, 1] });
    const records = mixed.recordsAt(4, 3, key(9));
    const expected = records.map(({ source: number, index }) => ({
      text: `${index === 0 ? "a" : "b"}${number}`,
      wide: [number, index + 1],
    }));
    const { wide, text } = mixed.getBatchAt(4, 3, key(9));
    expect(wide).toEqual(ndarray("float64", [3, 2], Float64Array.from(expected.flatMap((row) => row.wide))));
    expect(text).toEqual(expected.map((row) => row.text));
  });

  it("mixes mixtures", () => {
    const inner = mixture([1, 1], 2, 2);
    const outer = new MixDataSourcesNode({ sources: [inner, source(3, 4)], weights: [1, 1] });
    expect(values(outer)).toEqual([0, 300, 100, 301, 1, 302, 101, 303]);
    expect(outer.allRngs().map((rngs) => rngs.stream().key[1])).toEqual([0, 1, 3]);
  });

  it("resets its sources with itself", () => {
    const inner = source(0, 3);
    const mixed = new MixDataSourcesNode({ sources: [inner], weights: [1] });
    inner.getBatch(2);
    mixed.next();
    mixed.reset();
    expect([mixed.getState(), inner.getState()]).toEqual([
      new MixDataSourcesNode({ sources: [source(0, 3)], weights: [1] }).getState(),
      source(0, 3).getState(),
    ]);
  });

  it("restores its sources with itself, or none of them", () => {
    const make = () =>
      new MixDataSourcesNode({ sources: [source(0, 3), source(1, 4, { shuffle: true })], weights: [1, 1] });
    const inner = [source(0, 3), source(1, 4, { shuffle: true })];
    const saved = new MixDataSourcesNode({ sources: inner, weights: [1, 1] });
    for (const one of inner) one.getBatch(2);
    saved.next();
    const mixed = make();
    mixed.setState(saved.getState());
    expect(mixed.getState()).toEqual(saved.getState());

    const before = mixed.getState();
    const sources = Object(before._sources);
    const refused = (change: object, code: string) =>
      expect(() => mixed.setState({ ...before, epoch: 9, _sources: { ...sources, ...change } })).toThrow(
        failure(code),
      );
    refused({ 1: { ...sources[1], index: 5 } }, "INVALID_ARGUMENT");
    refused({ 1: 3 }, "CONFLICT");
    refused({ 2: {} }, "CONFLICT");
    expect(mixed.getState()).toEqual(before);
  });

  it.each([
    [
      "State keys mismatch at _sources: missing=[1], extra=[]",
      (sources: object) => ({ 0: Object(sources)[0] }),
    ],
    [
      "State node type mismatch at _sources: expected dict, got list",
      (sources: object) => Object.values(sources),
    ],
    [
      "State keys mismatch at _sources.1: missing=['index'], extra=[]",
      (sources: object) => {
        const { index: _, ...rest } = Object(Object(sources)[1]);
        return { ...sources, 1: rest };
      },
    ],
    [
      "State keys mismatch at _sources.1.data: missing=['x'], extra=['y']",
      (sources: object) => ({ ...sources, 1: { ...Object(Object(sources)[1]), data: { y: 1 } } }),
    ],
  ])("says where a state differs: %s", (message, change) => {
    const mixed = mixture([1, 1], 3, 4);
    const state = mixed.getState();
    expect(() => mixed.setState(untyped({ ...state, _sources: change(Object(state._sources)) }))).toThrow(
      expect.objectContaining({ code: "CONFLICT", cause: expect.objectContaining({ message }) }),
    );
  });
});
