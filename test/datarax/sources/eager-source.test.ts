import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EagerSourceBase } from "../../../src/datarax/sources/eager-source.js";
import { indexShuffle } from "../../../src/random/index-shuffle.js";
import { key } from "../../../src/random/jax-random.js";
import { failure } from "../../failure.js";
import { untyped } from "../recorder.js";

const order = (seed: number, n: number) =>
  Array.from({ length: n }, (_, index) => indexShuffle(index, seed, n));

describe("EagerSourceBase", () => {
  it("shuffles batches by the seed and the epoch from 0, loops by those from 1", () => {
    const options = { length: 20, shuffle: true, seed: 7 };
    expect(new EagerSourceBase(options).getBatch(99)).toEqual(order(7, 20));
    const source = new EagerSourceBase(options);
    expect([[...source], [...source]]).toEqual([order(8, 20), order(9, 20)]);
    expect(source.epoch).toBe(2);
  });

  it.each([
    [2 ** 32 + 5, 5],
    [-1, 2 ** 32 - 1],
    [2n ** 70n, 0],
  ])("wraps the seed of an epoch at 2^32: %d", (seed, wrapped) => {
    const source = new EagerSourceBase({ length: 20, shuffle: true, seed });
    expect(source.getBatch(20)).toEqual(order(wrapped, 20));
  });

  it("has 42 for a seed", () => {
    expect(new EagerSourceBase({ length: 20, shuffle: true }).getBatch(20)).toEqual(order(42, 20));
  });

  it("repeats its last record where a batch by a key is longer, but not of a shuffle", () => {
    const data = { x: Int32Array.of(0, 10, 20, 30) };
    expect(new EagerSourceBase({ data }).getBatch(6, key(3))).toEqual({
      x: Int32Array.of(0, 10, 20, 30, 30, 30),
    });
    const shuffled = new EagerSourceBase({ length: 4, shuffle: true }).getBatch(6, key(3));
    expect(shuffled).toEqual([0, 2, 1, 3]);
  });

  it.each([4, -5])("refuses index %d in Python's words", (index) => {
    expect(() => new EagerSourceBase({ length: 4 }).at(index)).toThrow(
      expect.objectContaining({ message: `Index ${index} out of range for 4 elements` }),
    );
  });

  it("counts indices below 0 from the end", () => {
    expect(new EagerSourceBase({ length: 4 }).at(-1)).toBe(3);
  });

  it("refuses a batch where there are no records", () => {
    expect(() => new EagerSourceBase({ length: 0 }).getBatch(1)).toThrow("integer modulo by zero");
  });

  it.each([{ seed: 1.5 }, { seed: "1" }, { length: -1 }, { rngs: { default: Number.NaN } }])(
    "refuses %j",
    (options) => {
      expect(() => new EagerSourceBase(untyped({ length: 1, ...options }))).toThrow(
        failure("INVALID_ARGUMENT"),
      );
    },
  );

  it("keeps its place where a state is refused", () => {
    const source = new EagerSourceBase({ data: { x: Int32Array.of(5, 6, 7) }, rngs: { default: 3 } });
    source.getBatch(2);
    const before = source.getState();
    for (const change of [{ index: 4 }, { epoch: 1.5 }, { index: null }, { rngs: { default: {} } }]) {
      expect(() => source.setState({ ...before, ...change })).toThrow(failure("INVALID_ARGUMENT"));
    }
    const { data: _, ...rest } = before;
    expect(() => source.setState(rest)).toThrow(failure("CONFLICT", { pythonType: "ValueError" }));
    expect(source.getState()).toEqual(before);
  });

  it("saves the streams that Python's source was built with, and restores them", () => {
    const options = { length: 3, rngs: { default: 3 } };
    const source = new EagerSourceBase(options);
    source.rngs?.next();
    const later = new EagerSourceBase(options);
    later.setState(source.getState());
    expect(later.rngs?.stream().count).toBe(1);
  });

  it("resumes anywhere, by batches or in a loop, like one that was not interrupted", () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.boolean(),
      fc.nat(2 ** 32 - 1),
      fc.array(fc.tuple(fc.option(fc.nat(12)), fc.boolean()), { maxLength: 20 }),
      (length, shuffle, seed, steps) => {
        const whole = new EagerSourceBase({ length, shuffle, seed });
        let source = new EagerSourceBase({ length, shuffle, seed });
        const act = (acting: typeof whole, size: number | null) =>
          size === null ? acting[Symbol.iterator]().next() : acting.getBatch(size);
        for (const [size, isInterrupted] of steps) {
          const state = source.getState();
          if (isInterrupted) source = new EagerSourceBase({ length, shuffle, seed });
          if (isInterrupted) source.setState(state);
          expect(act(source, size)).toEqual(act(whole, size));
        }
      },
    );
    fc.assert(property);
  });
});
