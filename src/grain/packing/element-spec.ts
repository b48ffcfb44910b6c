import { fromBareArray, isBareArray } from "../../pytree/bare-array.js";
import { isDict } from "../../pytree/container.js";
import { compareCodePoints } from "../../pytree/key-path.js";
import { pythonRepr } from "../../pytree/python-repr.js";
import { pythonTypeName } from "../../pytree/python-type-name.js";
import { NdArray } from "../../zarr/nd-array.js";
import { isBatch } from "../batch-array.js";

const DEEPEST = 20; // a message, not a dump

/** Types and shapes of an element's features as Grain's `spec_like` gives them: `{'x': 'int64[3]', 'y': 'list<int>[2]'}`. */
export function specText(value: unknown): string {
  const text = nodeText(value, 0);
  return value === null || isContainer(value) ? text : text.slice(1, -1); // a leaf alone is no dict's item
}

function isContainer(value: unknown): boolean {
  return isDict(value) || (Array.isArray(value) && !isHomogeneous(value));
}

function isHomogeneous(list: readonly unknown[]): boolean {
  const names = list.map(pythonTypeName);
  return names.every((name) => name === names[0]);
}

function nodeText(value: unknown, depth: number): string {
  if (value === null) return "None";
  if (depth < DEEPEST && isDict(value)) {
    const entries = Object.entries(value).toSorted(([a], [b]) => compareCodePoints(a, b));
    return `{${entries.map(([key, child]) => `${pythonRepr(key)}: ${nodeText(child, depth + 1)}`).join(", ")}}`;
  }
  if (depth < DEEPEST && Array.isArray(value) && isContainer(value)) {
    return `[${value.map((child) => nodeText(child, depth + 1)).join(", ")}]`;
  }
  return `'${leafText(value)}'`;
}

function leafText(value: unknown): string {
  if (NdArray.is(value)) return `${value.dtype}[${value.shape.join(", ")}]`;
  if (isBareArray(value)) return leafText(fromBareArray(value));
  if (!Array.isArray(value)) return `${pythonTypeName(value)}[]`;
  const type = value.length === 0 ? "" : pythonTypeName(value[0]);
  const isArray: boolean = isBatch(value);
  if (isArray) return `${type === "float" ? "float64" : "int64"}[${value.length}]`;
  return `list<${type}>[${value.length}]`;
}
