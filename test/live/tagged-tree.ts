import { isDict, isList, isMap } from "../../src/pytree/container.js";
import { flattenTree } from "../../src/pytree/flatten.js";
import { Complex, Placeholder, PrngKey, Scalar, type Tree, Tuple } from "../../src/pytree/value.js";
import { bytesOf } from "../../src/zarr/dtype.js";
import { NdArray } from "../../src/zarr/nd-array.js";
import { toHex } from "../ocdbt/bytes.js";

/** What an array is to be in Python. */
export type ArrayKind = "numpy" | "jax";

/** A tree as the tagged JSON of `scripts/oracle/tagged_json.py`, for Python to save what `save` would. */
export function taggedTree(tree: Tree, kindOf: (array: NdArray) => ArrayKind = () => "numpy"): unknown {
  if (tree === null || typeof tree === "string" || typeof tree === "boolean") return tree;
  if (typeof tree === "number" || typeof tree === "bigint") return taggedTree(scalarOf(tree));
  if (NdArray.is(tree)) return taggedArray(kindOf(tree), tree);
  if (Scalar.is(tree)) return taggedScalar(tree);
  if (PrngKey.is(tree)) {
    return { $key: { shape: tree.shape, data: [...tree.data], impl: tree.impl } };
  }
  if (Placeholder.is(tree)) return { $placeholder: true };
  if (Tuple.is(tree)) return { $tuple: tree.items.map((item) => taggedTree(item, kindOf)) };
  if (isList(tree)) return tree.map((item) => taggedTree(item, kindOf));
  if (isMap(tree)) {
    return { $map: Array.from(tree, ([key, child]) => [taggedKey(key), taggedTree(child, kindOf)]) };
  }
  if (!isDict(tree)) throw new Error("no value that Python is to save");
  return { $map: Object.entries(tree).map(([key, child]) => [key, taggedTree(child, kindOf)]) };
}

function taggedKey(key: unknown): unknown {
  return typeof key === "bigint" ? { $int: String(key) } : key;
}

function scalarOf(number: number | bigint): Scalar {
  const leaf = flattenTree(number)[0]?.leaf;
  if (leaf?.kind !== "scalar") throw new Error("a number is a scalar");
  return leaf.scalar;
}

function taggedArray(kind: string, { dtype, shape, data }: NdArray): unknown {
  return { $array: { kind, dtype, shape, hex: toHex(bytesOf(data)) } };
}

/** Python's own numbers; other widths are NumPy scalars. */
function taggedScalar({ dtype, value }: Scalar): unknown {
  if (Complex.is(value)) {
    const data = [[pythonFloat(value.re), pythonFloat(value.im)]];
    return { $array: { kind: "np_scalar", dtype, shape: [], data } };
  }
  if (dtype === "bool") return value;
  if (dtype === "int64" || dtype === "uint64") return { $int: String(value) };
  if (dtype === "float64") return { $float: pythonFloat(Number(value)) };
  return { $array: { kind: "np_scalar", dtype, shape: [], data: [pythonFloat(Number(value))] } };
}

/** A number as Python's `float()` reads it. */
function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0.0" : String(value);
}
