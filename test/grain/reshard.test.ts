import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MapDataset } from "../../src/grain/map-dataset.js";
import type { IteratorState } from "../../src/grain/node.js";
import { reshardSlices } from "../../src/grain/reshard.js";
import { failure } from "../failure.js";

const at = (...indices: number[]): IteratorState[] => indices.map((next_index) => ({ next_index }));

const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);

/** The elements that all slices together give from their states on, dealt out in turn. */
function rest(ds: MapDataset<number>, states: readonly IteratorState[], most = 1000): number[] {
  const iterators = states.map((state, index) => {
    const iterator = ds.slice(index, null, states.length)[Symbol.iterator]();
    iterator.setState(state);
    return iterator;
  });
  const elements: number[] = [];
  for (let ended = 0; ended < iterators.length && elements.length < most; ) {
    ended = 0;
    for (const iterator of iterators) {
      const result = iterator.next();
      if (result.done === true) ended++;
      else elements.push(result.value);
    }
  }
  return elements;
}

describe("reshardSlices", () => {
  it("goes on with other slices of one global order", () => {
    const states = reshardSlices(at(3, 3), { from: { shardCount: 2 }, to: { shardCount: 3 }, length: 10 });
    expect(states).toEqual(at(2, 2, 2));
    expect(rest(MapDataset.range(10), states)).toEqual([6, 7, 8, 9]);
  });

  it("takes first shards that are one element ahead, and gives such", () => {
    const layout = { from: { shardCount: 3 }, to: { shardCount: 2 }, length: 10 };
    expect(reshardSlices(at(2, 2, 1), layout)).toEqual(at(3, 2));
    expect(reshardSlices(at(4, 3, 3), layout)).toEqual(at(5, 5)); // the end
  });

  it("counts whole epochs of slices that are repeated", () => {
    // range(5)[i::2].repeat(): 3 and 2 elements an epoch; behind the first epoch and 2 elements.
    const states = reshardSlices(at(4, 3), { from: { shardCount: 2 }, to: { shardCount: 3 }, length: 5 });
    expect(states).toEqual(at(3, 3, 1));
    expect(reshardSlices(states, { from: { shardCount: 3 }, to: { shardCount: 2 }, length: 5 })).toEqual(
      at(4, 3),
    );
  });

  it("counts the elements of batches, of which the last of an epoch may be short", () => {
    const options = {
      from: { shardCount: 2, batchSize: 2 },
      to: { shardCount: 1, batchSize: 4 },
      length: 10,
    };
    expect(reshardSlices(at(2, 2), options)).toEqual(at(2)); // 8 elements
    expect(reshardSlices(at(3, 3), options)).toEqual(at(3)); // all 10
    expect(() => reshardSlices(at(1, 1), { ...options, to: { shardCount: 1, batchSize: 3 } })).toThrow(
      failure("UNSUPPORTED", { field: "shard 0", found: 4 }),
    );
  });

  it.each([
    [at(3, 1), "shard 0"],
    [at(2, 3), "shard 0"],
    [at(0, 5), "shard 0"],
  ])("refuses shards that do not stand at one place: %o", (states, field) => {
    expect(() => reshardSlices(states, { from: { shardCount: 2 }, to: { shardCount: 3 } })).toThrow(
      failure("CONFLICT", { field }),
    );
  });

  it("changes the layout of shuffled slices between epochs only", () => {
    const options = { from: { shardCount: 2 }, to: { shardCount: 3 }, length: 5, shuffledSlices: true };
    expect(reshardSlices(at(6, 4), options)).toEqual(at(4, 4, 2));
    expect(() => reshardSlices(at(4, 3), options)).toThrow(failure("UNSUPPORTED", { field: "shard 0" }));
    expect(() => reshardSlices(at(3, 4), options)).toThrow(failure("CONFLICT", { field: "shard 1" }));
  });

  it("gives shards without elements the position 0", () => {
    const options = { from: { shardCount: 1 }, to: { shardCount: 3 }, length: 2, shuffledSlices: true };
    expect(reshardSlices(at(4), options)).toEqual(at(2, 2, 0));
  });

  it.each([
    [at(1), { from: { shardCount: 2 }, to: { shardCount: 1 } }],
    [at(1), { from: { shardCount: 1 }, to: { shardCount: 0 } }],
    [at(1), { from: { shardCount: 1 }, to: { shardCount: 1.5 } }],
    [at(1), { from: { shardCount: 1 }, to: { shardCount: 2 ** 40 } }],
    [at(1), { from: { shardCount: 1, batchSize: 0 }, to: { shardCount: 1 } }],
    [at(1), { from: { shardCount: 1 }, to: { shardCount: 1 }, length: 0 }],
    [at(-1), { from: { shardCount: 1 }, to: { shardCount: 1 } }],
    [at(2 ** 53 - 1, 2 ** 53 - 1), { from: { shardCount: 2 }, to: { shardCount: 1 } }],
    [[{ parent: {} }], { from: { shardCount: 1 }, to: { shardCount: 1 } }],
  ])("refuses %o with %o", (states, options) => {
    expect(() => reshardSlices(states, options)).toThrow(failure("INVALID_ARGUMENT"));
  });

  it("loses and doubles nothing, whatever the layouts, and comes back to where it was", () => {
    const layouts = fc.record({
      length: fc.integer({ min: 1, max: 40 }),
      from: fc.integer({ min: 1, max: 7 }),
      to: fc.integer({ min: 1, max: 7 }),
      given: fc.nat(40),
      seed: fc.nat(99),
    });
    fc.assert(
      fc.property(layouts, ({ length, from, to, given, seed }) => {
        const ds = MapDataset.range(length).shuffle(seed);
        const position = Math.min(given, length);
        const before = at(
          ...Array.from({ length: from }, (_, index) => Math.max(0, Math.ceil((position - index) / from))),
        );
        const states = reshardSlices(before, { from: { shardCount: from }, to: { shardCount: to }, length });
        const expected = Array.from({ length: length - position }, (_, index) =>
          Number(ds.get(position + index)),
        );
        expect(sorted(rest(ds, states))).toEqual(sorted(expected));
        expect(reshardSlices(states, { from: { shardCount: to }, to: { shardCount: from }, length })).toEqual(
          before,
        );
      }),
    );
  });
});
