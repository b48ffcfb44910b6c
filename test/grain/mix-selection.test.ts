import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { integerProportions, mixSelection } from "../../src/grain/mix-selection.js";
import { failure } from "../failure.js";

describe("integerProportions", () => {
  // Expected values: grain 0.2.18, _float_to_int_proportions.
  it.each([
    [
      [0.329, 0.983],
      [100, 298],
    ],
    [
      [1e-9, 1],
      [100, 100000000000],
    ],
    [
      [0.07, 0.1],
      [100, 142],
    ],
    [
      [3, 1, 2],
      [300, 100, 200],
    ],
    [
      [0.1, 0.2, 0.3],
      [100, 200, 300],
    ],
  ])("scales %j to %j", (weights, proportions) => {
    expect(integerProportions(weights)).toEqual(proportions);
  });

  it.each([
    [[], "min() arg is an empty sequence", "ValueError"],
    [[1, 0], "Must specify all non-zero proportions for mixing.", "ValueError"],
    [[1, Number.NaN], "cannot convert float NaN to integer", "ValueError"],
    [[1, Number.POSITIVE_INFINITY], "cannot convert float infinity to integer", "OverflowError"],
  ])("refuses %j with Python's text", (weights, message, pythonType) => {
    expect(() => integerProportions(weights)).toThrow(failure("INVALID_ARGUMENT", { pythonType }));
    expect(() => integerProportions(weights)).toThrow(message);
  });

  it("refuses a negative weight, with which Python counts nonsense", () => {
    expect(() => integerProportions([1, -2])).toThrow(failure("INVALID_ARGUMENT"));
  });
});

function at(proportions: readonly number[], positions: readonly number[]) {
  return positions.map(mixSelection(proportions)).map(({ parent, index }) => [parent, index]);
}

describe("mixSelection", () => {
  // Expected values: grain 0.2.18, _dataset_and_key_of_next_element.
  it("gives Grain's datasets and keys, also where products pass 2^53", () => {
    expect(at([100, 298], [0, 1, 2, 3, 4, 1e6, 1e9, 2 ** 53 - 2])).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
      [1, 2],
      [1, 748743],
      [1, 748743718],
      [1, 6744083864102550],
    ]);
    expect(at([100, 100000000000, 30000000000], [0, 1, 2, 3, 1e6, 1e9, 2 ** 52])).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
      [1, 2],
      [1, 769230],
      [1, 769230769],
      [1, 3464307403004760],
    ]);
  });

  it("takes each dataset's elements in order, in the proportions asked for", () => {
    const proportion = fc.integer({ min: 100, max: 400 });
    fc.assert(
      fc.property(fc.array(proportion, { minLength: 1, maxLength: 5 }), (proportions) => {
        const select = mixSelection(proportions);
        const sum = proportions.reduce((total, part) => total + part, 0);
        const taken = proportions.map((): number[] => []);
        for (let k = 0; k < sum; k++) {
          const { parent, index } = select(k);
          taken[parent]?.push(index);
        }
        expect(taken).toEqual(proportions.map((count) => Array.from({ length: count }, (_, index) => index)));
      }),
    );
  });
});
