import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sortByKeys } from "../../src/random/stable-sort.js";

describe("sortByKeys", () => {
  it("sorts by unsigned keys and keeps the order of equal ones, few or many", () => {
    const key = fc.oneof(fc.nat(5), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    fc.assert(
      fc.property(fc.array(key, { maxLength: 200 }), (keys) => {
        const values = Int32Array.from(keys, (_, index) => index);
        sortByKeys(Uint32Array.from(keys), values);
        const expected = keys.map((key, index) => ({ key, index })).sort((a, b) => a.key - b.key);
        expect([...values]).toEqual(expected.map(({ index }) => index));
      }),
    );
  });
});
