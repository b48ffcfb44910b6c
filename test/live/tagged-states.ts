import * as fc from "fast-check";
import { formatPythonFloat } from "../../src/pytree/python-float.js";
import { canonicalKey } from "../../src/pytree/python-int.js";

// States of users' iterators in tagged JSON (docs/spec/datarax.md section 9), with every value that a checkpoint of
// Datarax can hold (section 3).

const bigInts = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })
  .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : { $int: value.toString() }));
const floats = fc.double().map((value) => ({ $float: formatPythonFloat(value) }));

/** Few characters, since each is an array on disk; a lone surrogate is a character to Python. */
const strings = fc
  .array(fc.constantFrom("a", "7", " ", "'", '"', "\\", "\n", "\0", "é", "√", "😀", "\ud800"), {
    maxLength: 4,
  })
  .map((characters) => characters.join(""));

type Element = number | string | boolean | readonly (number | string)[];

const floatElements = fc.constantFrom<number | string>(
  0,
  1.5,
  -2,
  448,
  0.0078125,
  "-0.0",
  "nan",
  "inf",
  "-inf",
);

function ints(min: bigint, max: bigint): fc.Arbitrary<Element> {
  return fc.oneof(fc.constantFrom(min, max), fc.bigInt({ min, max })).map(integerElement);
}

function integerElement(value: bigint): Element {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}

const elements: Readonly<Record<string, fc.Arbitrary<Element>>> = {
  bool: fc.boolean(),
  int8: ints(-(2n ** 7n), 2n ** 7n - 1n),
  int16: ints(-(2n ** 15n), 2n ** 15n - 1n),
  int32: ints(-(2n ** 31n), 2n ** 31n - 1n),
  int64: ints(-(2n ** 63n), 2n ** 63n - 1n),
  uint8: ints(0n, 2n ** 8n - 1n),
  uint16: ints(0n, 2n ** 16n - 1n),
  uint32: ints(0n, 2n ** 32n - 1n),
  uint64: ints(0n, 2n ** 64n - 1n),
  float16: floatElements,
  bfloat16: floatElements,
  float32: floatElements,
  float64: fc.oneof(
    floatElements,
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Object.is(x, -0)),
  ),
  complex64: fc.tuple(floatElements, floatElements),
  complex128: fc.tuple(floatElements, floatElements),
};

/** JAX keeps 64-bit types only where a program asks for them. */
const wide = ["int64", "uint64", "float64", "complex128"];

const arrays = fc
  .record({
    dtype: fc.constantFrom(...Object.keys(elements)),
    kind: fc.constantFrom("numpy", "jax", "np_scalar"),
    shape: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
  })
  .chain(({ dtype, kind: drawn, shape: drawnShape }) => {
    const kind = drawn === "jax" && wide.includes(dtype) ? "numpy" : drawn;
    const shape = kind === "np_scalar" ? [] : drawnShape;
    const length = shape.reduce((product, size) => product * size, 1);
    const data = fc.array(elements[dtype] ?? fc.constant(0), { minLength: length, maxLength: length });
    return data.map((drawnData) => ({ $array: { kind, dtype, shape, data: drawnData } }));
  });

const words = fc.nat(2 ** 32 - 1);
const keys = fc.oneof(
  fc.tuple(words, words).map((data) => ({ $key: { shape: [], data } })),
  fc.tuple(words, words, words, words).map((data) => ({ $key: { shape: [2], data } })),
);

/** Names that stay strings, and names that become ints: a dict with both, restored, Python cannot save again. */
const names = fc.constantFrom("a", "b", "é", "a b", "b/c", "a%b", "x.y", "", "1x", "$x", "😀", "--1");
const digits = fc.constantFrom("7", "-1", "007", "1_0", " 3 ", "+4", "٣", "9007199254740993");

const { value: values } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.oneof(fc.maxSafeInteger(), bigInts, floats),
    strings,
    arrays,
    keys,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => ({ $tuple: items })),
    ...[names, digits].map((name) =>
      fc
        .uniqueArray(fc.tuple(name, tie("value")), { maxLength: 3, selector: ([key]) => canonicalKey(key) })
        .map(dictOf),
    ),
    fc
      .uniqueArray(fc.tuple(fc.integer({ min: -3, max: 2 ** 40 }), tie("value")), {
        minLength: 1,
        maxLength: 3,
        selector: ([key]) => key,
      })
      .map((pairs) => ({ $map: pairs })),
  ),
}));

/** A name with `$` would be a tag. */
function dictOf(entries: readonly (readonly [string, unknown])[]): unknown {
  const hasTag = entries.some(([name]) => name.startsWith("$"));
  return hasTag ? { $map: entries } : Object.fromEntries(entries);
}

/** States whose `n` counts the elements, as the oracle's user iterator wants it. */
export const userStates: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.record({
  n: fc.oneof(
    fc.nat(1000),
    fc.nat(1000).map((value) => ({ $float: formatPythonFloat(value) })),
  ),
  v: values,
  w: values,
});
