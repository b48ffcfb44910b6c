import { describe, expect, it } from "vitest";
import { arrayOfElements } from "../../src/pytree/element.js";
import { pythonRepr } from "../../src/pytree/python-repr.js";
import {
  complex,
  float,
  int,
  placeholder,
  prngKey,
  scalar,
  type Tree,
  tuple,
} from "../../src/pytree/value.js";
import { type NdArray, ndarray } from "../../src/zarr/nd-array.js";

function float64(...values: number[]): NdArray {
  return ndarray("float64", [values.length], Float64Array.from(values));
}

function rank0(value: number): NdArray {
  return ndarray("float64", [], Float64Array.of(value));
}

/** Expected texts: repr of CPython 3.11, NumPy 2.3.5, JAX 0.10.2. */
const cases: [string, Tree, string][] = [
  ["an int", 2, "2"],
  ["a large int", 2n ** 64n, "18446744073709551616"],
  ["a number with a fraction", 0.5, "0.5"],
  ["a number that no int is", 2 ** 60, "1.152921504606847e+18"],
  ["negative zero", -0, "-0.0"],
  ["an exact int", int(-3), "-3"],
  ["an exact float", float(2), "2.0"],
  ["an exact bool", scalar("bool", true), "True"],
  ["a bool", false, "False"],
  ["None", null, "None"],
  ["a complex number", complex(0, 2), "2j"],
  ["a list", [1, "a", null, [float(2)]], "[1, 'a', None, [2.0]]"],
  ["an empty list", [], "[]"],
  ["tuples", tuple([tuple([]), tuple([1]), tuple([1, 2])]), "((), (1,), (1, 2))"],
  ["a dict", { b: 1, "it's": [] }, "{'b': 1, \"it's\": []}"],
  ["a dict with int keys", { 0: "x", "-5": "y", "05": "z" }, "{0: 'x', -5: 'y', '05': 'z'}"],
  ["a dict in a list, whose keys stay strings", [{ 0: "x" }], "[{'0': 'x'}]"],
  ["a Map", new Map([[7n, 1]]), "{7: 1}"],
  ["an ellipsis", placeholder, "Ellipsis"],
  ["an int64 of rank 0", ndarray("int64", [], BigInt64Array.of(2n)), "array(2)"],
  ["an int32 of rank 0", ndarray("int32", [], Int32Array.of(2)), "array(2, dtype=int32)"],
  [
    "a uint64",
    ndarray("uint64", [], BigUint64Array.of(2n ** 63n)),
    "array(9223372036854775808, dtype=uint64)",
  ],
  ["a bool of rank 0", ndarray("bool", [], Uint8Array.of(1)), "array(True)"],
  ["ints", ndarray("int32", [2], Int32Array.of(1, 2)), "array([1, 2], dtype=int32)"],
  ["ints of several widths", ndarray("int64", [3], BigInt64Array.of(1n, -22n, 3n)), "array([  1, -22,   3])"],
  ["a bare typed array", Uint8Array.of(1, 2), "array([1, 2], dtype=uint8)"],
  ["bools", ndarray("bool", [2], Uint8Array.of(1, 0)), "array([ True, False])"],
  ["bools that are all true", ndarray("bool", [1], Uint8Array.of(1)), "array([ True])"],
  ["an int in three brackets", ndarray("int64", [1, 1, 1], BigInt64Array.of(1n)), "array([[[1]]])"],
  ["no ints", ndarray("int32", [0], new Int32Array(0)), "array([], dtype=int32)"],
  ["no floats", float64(), "array([], dtype=float64)"],
  ["no rows", ndarray("float64", [0, 3], new Float64Array(0)), "array([], shape=(0, 3), dtype=float64)"],
  ["0.1", rank0(0.1), "array(0.1)"],
  ["2.0", rank0(2), "array(2.)"],
  ["-0.0", rank0(-0), "array(-0.)"],
  ["pi", rank0(Math.PI), "array(3.14159265)"],
  ["many digits before the point", rank0(123456.789012345), "array(123456.78901235)"],
  ["almost 1e8", rank0(99999999), "array(99999999.)"],
  ["1e8", rank0(1e8), "array(1.e+08)"],
  ["1e-4", rank0(1e-4), "array(0.0001)"],
  ["9e-5", rank0(9e-5), "array(9.e-05)"],
  ["nan", rank0(Number.NaN), "array(nan)"],
  ["-inf", rank0(Number.NEGATIVE_INFINITY), "array(-inf)"],
  ["floats of two lengths", float64(1, 2.5), "array([1. , 2.5])"],
  ["floats far apart", float64(1, 2000), "array([1.e+00, 2.e+03])"],
  ["floats with exponents", float64(1, 1000.5), "array([1.0000e+00, 1.0005e+03])"],
  ["floats beside nan", float64(Number.NaN, 1), "array([nan,  1.])"],
  ["thirds", float64(10 / 3, 1), "array([3.33333333, 1.        ])"],
  ["a float32", ndarray("float32", [], Float32Array.of(0.1)), "array(0.1, dtype=float32)"],
  ["a third in float32", ndarray("float32", [], Float32Array.of(1 / 3)), "array(0.33333334, dtype=float32)"],
  [
    "2^24 in float32",
    ndarray("float32", [], Float32Array.of(2 ** 24)),
    "array(1.6777216e+07, dtype=float32)",
  ],
  ["a float16", ndarray("float16", [], Uint16Array.of(0x3e00)), "array(1.5, dtype=float16)"],
  // ml_dtypes prints each element by itself.
  [
    "bfloat16",
    ndarray("bfloat16", [3], Uint16Array.of(0x3fc0, 0xc000, 0x3dcd)),
    "array([1.5, -2, 0.100098], dtype=bfloat16)",
  ],
  [
    "bfloat16 of all sizes",
    ndarray("bfloat16", [7], Uint16Array.of(0x7fc0, 0x7f80, 0xff80, 0x47c3, 0x4ceb, 0x3728, 0x8000)),
    "array([nan, inf, -inf, 99840, 1.23208e+08, 1.00136e-05, -0], dtype=bfloat16)",
  ],
  [
    "float8",
    ndarray("float8_e4m3fn", [2], Uint8Array.of(0x38, 0x6c)),
    "array([1, 96], dtype='float8_e4m3fn')",
  ],
  ["int4", ndarray("int4", [2, 2], Int8Array.of(1, -8, 3, 4)), "array([[1, -8], [3, 4]], dtype=int4)"],
  ["a complex of rank 0", ndarray("complex128", [], Float64Array.of(1, 2)), "array(1.+2.j)"],
  ["a jax.Array of rank 0", arrayOfElements("int32", [], [2], "{}") ?? null, "Array(2, dtype=int32)"],
  [
    "a jax.Array of bools",
    arrayOfElements("bool", [2], [true, false], "{}") ?? null,
    "Array([ True, False], dtype=bool)",
  ],
  ["a key", prngKey([], Uint32Array.of(0, 42)), "Array((), dtype=key<fry>) overlaying:\n[ 0 42]"],
];

describe("pythonRepr", () => {
  it.each(cases)("writes %s", (_, value, text) => {
    expect(pythonRepr(value)).toBe(text);
  });

  it.each([
    ["plain", "'plain'"],
    ["it's", '"it\'s"'],
    ['say "it\'s"', "'say \"it\\'s\"'"],
    ['"', "'\"'"],
    ["a\\b\n\r\t", "'a\\\\b\\n\\r\\t'"],
    ["\0\u0007\u001b\u007f\u0085\u00a0\u00ad", "'\\x00\\x07\\x1b\\x7f\\x85\\xa0\\xad'"],
    ["\u2028\u200b\ud800\ue000", "'\\u2028\\u200b\\ud800\\ue000'"],
    ["\u{10ffff}\u{e0001}", "'\\U0010ffff\\U000e0001'"],
    ["café 😀 日本", "'café 😀 日本'"],
  ])("quotes %j as Python does", (text, quoted) => {
    expect(pythonRepr(text)).toBe(quoted);
  });

  it("ends in a tree of any depth", () => {
    let deep: Tree = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(pythonRepr(deep)).toContain("...");
  });

  it("sums up an array that is too long to show", () => {
    expect(pythonRepr(new Int32Array(2000))).toBe("array([...], shape=(2000,), dtype=int32)");
  });
});
