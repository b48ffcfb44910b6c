import { dictOf } from "../../src/pytree/container.js";
import { float, type ScalarDtype, scalar, type Tree, tuple } from "../../src/pytree/value.js";
import { bytesOf, type Dtype, dtypeRow, STORABLE_DTYPES } from "../../src/zarr/dtype.js";
import { NdArray, ndarray } from "../../src/zarr/nd-array.js";
import { possibleByte } from "../pytree/arbitraries.js";
import { seededBytes } from "./oracle.js";

// Trees that checkpoints are made of, in Python as here.

/** Elements of any bits that they can have, the same in every run. */
export function seededArray(dtype: Dtype, shape: readonly number[], seed: number): NdArray {
  const { view, itemBytes, components } = dtypeRow(dtype);
  const count = shape.reduce((product, size) => product * size, 1);
  const data: NdArray["data"] = view(new ArrayBuffer(count * itemBytes), 0, count * components);
  const bytes = seededBytes(seed, count * itemBytes);
  bytesOf(data).set(bytes.map((byte) => possibleByte(dtype, byte)));
  return new NdArray(dtype, shape, data);
}

/** Dtypes that Orbax 0.11.20 does not store, by the TensorStore of its time. */
export const NEWEST: readonly Dtype[] = ["float8_e8m0fnu", "float4_e2m1fn"];

/** Two arrays of each dtype. */
function arraysOfDtypes(dtypes: readonly Dtype[]): { readonly [name: string]: Tree } {
  return {
    dtypes: dictOf(dtypes.map((dtype, index) => [dtype, seededArray(dtype, [3, 5], index)])),
    rank0: dictOf(dtypes.map((dtype, index) => [dtype, seededArray(dtype, [], index)])),
  };
}

/** Arrays of the dtypes that only the newest Orbax stores. */
export const newestArrays: Tree = arraysOfDtypes(NEWEST);

/** Every other array that there is. */
export function arrays(): Tree {
  return {
    ...arraysOfDtypes(STORABLE_DTYPES.filter((dtype) => !NEWEST.includes(dtype))),
    rank5: seededArray("uint16", [2, 1, 3, 1, 2], 7),
    large: seededArray("uint8", [300, 1001], 8),
    zeros: ndarray("float32", [90, 100], new Float32Array(9000)),
    long: ndarray("int64", [5000], new BigInt64Array(5000).fill(-5n)),
  };
}

/** Arrays without elements, which Python refuses to save but restores. */
export const emptyArrays: Tree = {
  flat: ndarray("float32", [0], new Float32Array(0)),
  deep: ndarray("int8", [3, 0, 2], new Int8Array(0)),
  one: 1,
};

/** Numbers at the limits of Python's types. */
export const numbers: Tree = {
  ints: [0, 7, -3, 2 ** 53 - 1, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, 2n ** 64n - 1n],
  floats: [0.1, 2.5, 1e300, 5e-324, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  whole: [float(2), float(-0), float(2 ** 60)],
  bools: [true, false],
};

/** Empty and nested containers, all kinds of keys. */
export const nodes: Tree = {
  empties: [{}, [], tuple([]), null],
  nested: [[1, [2, [3, { x: [4] }]]], { y: [null, 7] }],
  tuple: tuple([5, tuple([6])]),
  map: new Map<number, Tree>([
    [10, 1],
    [9, 2],
    [-1, {}],
  ]),
};

/** Names that are a trap. */
export const names: Tree = dictOf(
  [
    ..."a.b a/b /lead trail/ trail// a//b é 😀 \ufffd __proto__ constructor 0 01 -1 50%41 a?b#c .. . ~1 ~ .zarray".split(
      " ",
    ),
    " space ",
    "quote'\"",
    "new\nline",
    "back\\slash",
    "nul\0",
    "x".repeat(500),
  ].map((name, index) => [name, index]),
);

/** String leaves, and one array beside them. */
export const strings: Tree = {
  text: "hi",
  empty: "",
  unicode: "café 😀 \u0000 \u2028",
  list: ["a", 1, null, ["b"]],
  "a.b": "dots in the name",
  "10": "a name like an index",
  __proto: { deep: "x" },
  array: ndarray("int8", [2], Int8Array.of(1, 2)),
};

/** Scalars that are none of Python's own, which restores as its own. */
export const widths: Tree = dictOf(
  STORABLE_DTYPES.filter(
    (dtype) => /^u?int(?:8|16|32|4)$|^b?float/u.test(dtype) && !NEWEST.includes(dtype),
  ).map((dtype: ScalarDtype) => [dtype, scalar(dtype, 5)]),
);
