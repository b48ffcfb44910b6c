import { describe, expect, it } from "vitest";
import { SeedSequence } from "../../src/random/seed-sequence.js";
import { readVectors } from "./vectors.js";

type Case = { op: string; entropy: (number | { $int: string })[]; state: number };

function isVectors(value: unknown): value is { cases: Case[] } {
  return typeof value === "object" && value !== null && "cases" in value;
}

const vectors = readVectors("numpy.json");
if (!isVectors(vectors)) throw new Error("numpy.json has no cases");
const cases = vectors.cases.filter(({ op }) => op.startsWith("SeedSequence"));

describe("SeedSequence", () => {
  it.each(cases)("gives NumPy's first word for $entropy", ({ entropy, state }) => {
    const words = entropy.map((word) => (typeof word === "number" ? word : BigInt(word.$int)));
    expect([...new SeedSequence(words).generateState(1)]).toEqual([state]);
  });

  it("gives as many words as asked for", () => {
    expect([...new SeedSequence([1, 2, 3]).generateState(6)]).toEqual([
      3822189696, 3026158655, 540542919, 1119972918, 171197509, 284685159,
    ]);
  });

  it("mixes words beyond its pool, and gives words of 64 bits", () => {
    expect([...new SeedSequence([2n ** 100n + 7n, 0, 3, 9]).generateState64(3)]).toEqual([
      13566976003657530620n,
      13459698734123590015n,
      8127460032976350272n,
    ]);
  });

  it("takes no entropy as a zero, as NumPy does", () => {
    expect([...new SeedSequence([]).generateState(3)]).toEqual([2968811710, 3677149159, 745650761]);
    expect([...new SeedSequence(0).generateState(3)]).toEqual([2968811710, 3677149159, 745650761]);
  });

  it("refuses a negative integer with NumPy's text", () => {
    expect(() => new SeedSequence([5, -1])).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: "expected non-negative integer" }),
    );
  });

  it("refuses a fraction", () => {
    expect(() => new SeedSequence(1.5)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        details: expect.objectContaining({ pythonType: "TypeError" }),
      }),
    );
  });

  it.each([-1, 1.5, 2 ** 21])("refuses to generate %d words", (count) => {
    const sequence = new SeedSequence(1);
    const invalid = expect.objectContaining({ code: "INVALID_ARGUMENT" });
    expect(() => sequence.generateState(count)).toThrow(invalid);
    expect(() => sequence.generateState64(count)).toThrow(invalid);
  });
});
