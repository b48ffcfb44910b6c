import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldIn, key, type RandomKey } from "../../src/random/jax-random.js";
import { createRngs, Rngs } from "../../src/random/rngs.js";
import { readVectors } from "./vectors.js";

type Stream = { rngs: Record<string, number>; order?: string[]; calls: [number, number][] };
type Named =
  | { create_rngs: number; keys: Record<string, [number, number]> }
  | { per_record_keys_base: [number, number]; indices: number[]; keys: [number, number][] };

function isVectors(value: unknown): value is { streams: Stream[]; named: Named[] } {
  return typeof value === "object" && value !== null && "streams" in value && "named" in value;
}

const vectors = readVectors("threefry.json");
if (!isVectors(vectors)) throw new Error("threefry.json has no streams");
const created = vectors.named.filter((one) => "create_rngs" in one);
const perRecord = vectors.named.filter((one) => "indices" in one);

const missing = (name: string) =>
  expect.objectContaining({
    code: "INVALID_ARGUMENT",
    message: `No RngStream named '${name}' found in Rngs.`,
    details: expect.objectContaining({ pythonType: "AttributeError" }),
  });

describe("Rngs", () => {
  it.each(vectors.streams)("gives Flax's keys for $rngs in the order $order", ({ rngs, order, calls }) => {
    const streams = new Rngs(rngs);
    expect(calls.map((_, call) => streams.next(order?.[call]))).toEqual(calls);
  });

  it("makes the stream default of a bare seed or key", () => {
    expect(new Rngs(3).next()).toEqual(new Rngs({ default: 3 }).next());
    expect(new Rngs(key(3)).next()).toEqual(new Rngs({ default: 3 }).next());
    expect(new Rngs(2n ** 40n + 3n).next()).toEqual(new Rngs({ default: 3 }).next());
  });

  it("counts a missing stream's calls in default", () => {
    const rngs = new Rngs({ default: 3, aug: 44 });
    rngs.next("missing");
    expect(rngs.getState()).toEqual({ default: { count: 1, key: [0, 3] }, aug: { count: 0, key: [0, 44] } });
    expect(rngs.names).toEqual(["default", "aug"]);
    expect(rngs.has("missing")).toBe(false);
  });

  it("refuses a missing stream without default, with Flax's text", () => {
    const rngs = new Rngs({ aug: 1 });
    expect(() => rngs.next("x")).toThrow(missing("x"));
    expect(() => rngs.next()).toThrow(missing("default"));
    expect(() => new Rngs({}).stream("x")).toThrow(missing("x"));
  });

  it.each([1.5, 2n ** 63n])("refuses %s as a seed", (seed) => {
    expect(() => new Rngs(seed)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it("goes on from its state with the same keys", () => {
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(word, word, fc.nat(10), (one, other, calls) => {
        const rngs = new Rngs({ default: one, aug: other });
        for (let call = 0; call < calls; call++) rngs.next(call % 3 === 0 ? "aug" : "default");
        const resumed = new Rngs(0);
        resumed.setState(rngs.getState());
        expect([resumed.next(), resumed.next("aug")]).toEqual([rngs.next(), rngs.next("aug")]);
      }),
    );
  });

  it("keeps a state that was asked for as it was", () => {
    const rngs = new Rngs(3);
    const state = rngs.getState();
    rngs.next();
    expect(state).toEqual({ default: { count: 0, key: [0, 3] } });
  });

  it.each<[number, RandomKey]>([
    [-1, [0, 3]],
    [0.5, [0, 3]],
    [2 ** 32, [0, 3]],
    [0, [0, -3]],
    [0, [0.5, 3]],
  ])("is unchanged by a state with count %d and key %j, which it refuses", (count, words) => {
    const rngs = new Rngs({ default: 3, aug: 4 });
    const before = rngs.getState();
    const state = { default: { count: 7, key: key(1) }, aug: { count, key: words } };
    expect(() => rngs.setState(state)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(rngs.getState()).toEqual(before);
  });
});

describe("RngStream", () => {
  it("reaches any position at once", () => {
    const stream = new Rngs(3).stream();
    stream.count = 1e9;
    expect(stream.next()).toEqual(foldIn(key(3), 1e9));
    expect(stream.count).toBe(1e9 + 1);
  });

  it("starts over behind its last count, as a uint32 does", () => {
    const stream = new Rngs(3).stream();
    stream.count = 2 ** 32 - 1;
    stream.next();
    expect(stream.next()).toEqual(foldIn(key(3), 0));
  });

  it("refuses a count that no uint32 holds", () => {
    const stream = new Rngs(3).stream();
    expect(() => {
      stream.count = -1;
    }).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(stream.count).toBe(0);
  });
});

describe("createRngs", () => {
  it.each(created)("gives Datarax's streams for seed $create_rngs", ({ create_rngs: seed, keys }) => {
    const state = createRngs(seed).getState();
    expect(Object.keys(state)).toEqual(Object.keys(keys));
    expect(Object.values(state)).toEqual(Object.values(keys).map((words) => ({ count: 0, key: words })));
  });

  it("takes other names for the streams", () => {
    expect(createRngs(0, ["a", "b"]).names).toEqual(["a", "b"]);
  });

  it.each(perRecord)("folds the indices $indices into the key of a stream", (vector) => {
    const { per_record_keys_base: base, indices, keys } = vector;
    expect(indices.map((index) => foldIn(base, index))).toEqual(keys);
  });
});
