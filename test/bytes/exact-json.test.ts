import { describe, expect, it } from "vitest";
import { parseExactJson } from "../../src/bytes/exact-json.js";

/** What an observer is told of a text: a name with its depth, `#` for a number with a fraction. */
function told(text: string): string[] {
  const events: string[] = [];
  parseExactJson(text, "text", 100, {
    name: (name, depth) => events.push(`${depth}:${name}`),
    fraction: () => events.push("#"),
  });
  return events;
}

function refuse(): never {
  throw new RangeError("enough");
}

describe("the observer of a parse", () => {
  it("is told every name in the order of the text, those that are there twice too", () => {
    expect(told('{"b": 1, "10": {"x": [{"y": 1}]}, "9": {}, "b": 2}')).toEqual([
      "1:b",
      "1:10",
      "2:x",
      "4:y",
      "1:9",
      "1:b",
    ]);
  });

  it("is told names as they are meant, not as they are written", () => {
    expect(told('{"\\u0061": 1}')).toEqual(["1:a"]);
  });

  it("is told of numbers with a fraction or an exponent, whole or not", () => {
    expect(told('{"a": [1, 2.0, 3e0, 0.5, -4, "5.0"], "b": 6.0}')).toEqual([
      "1:a",
      "#",
      "#",
      "#",
      "1:b",
      "#",
    ]);
  });

  it("may end the parse", () => {
    expect(() => parseExactJson('{"a": 1', "text", 100, { name: refuse, fraction: refuse })).toThrow(
      "enough",
    );
  });
});
