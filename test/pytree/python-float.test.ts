import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatPythonComplex, formatPythonFloat, parsePythonFloat } from "../../src/pytree/python-float.js";
import { complex } from "../../src/pytree/value.js";

// Expected texts: repr of CPython 3.11.
const REPRS: [number, string][] = [
  [2, "2.0"],
  [0, "0.0"],
  [-0, "-0.0"],
  [-1.5, "-1.5"],
  [0.1, "0.1"],
  [0.0001, "0.0001"],
  [0.00001, "1e-05"],
  [0.000012345, "1.2345e-05"],
  [123456789.125, "123456789.125"],
  [9999999999999998, "9999999999999998.0"],
  [1e16, "1e+16"],
  [12345678901234567e3, "1.2345678901234567e+19"],
  [1e300, "1e+300"],
  [5e-324, "5e-324"],
  [1.7976931348623157e308, "1.7976931348623157e+308"],
  [Number.NaN, "nan"],
  [Number.POSITIVE_INFINITY, "inf"],
  [Number.NEGATIVE_INFINITY, "-inf"],
];

describe("Python's floats", () => {
  it.each(REPRS)("%d is written and read as %s", (value, text) => {
    expect(formatPythonFloat(value)).toBe(text);
    expect(parsePythonFloat(text)).toBe(value);
  });

  it("are read back from what is written", () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(parsePythonFloat(formatPythonFloat(value))).toBe(value);
      }),
    );
  });

  it.each(["", "x", "Infinity", "1e", ".", "0x10", "1_0", " 1.0", "--1"])("are not read from %j", (text) => {
    expect(parsePythonFloat(text)).toBeUndefined();
  });
});

describe("formatPythonComplex", () => {
  it.each([
    [1, 2, "(1+2j)"],
    [1.5, -2, "(1.5-2j)"],
    [0, 1, "1j"],
    [0, -0.5, "-0.5j"],
    [-0, 0, "(-0+0j)"],
    [1e20, Number.NaN, "(1e+20+nanj)"],
  ])("writes %d and %d", (re, im, text) => {
    expect(formatPythonComplex(complex(re, im))).toBe(text);
  });
});
