import { fromBareArray, isBareArray } from "../pytree/bare-array.js";
import { isDict } from "../pytree/container.js";
import { pythonRepr } from "../pytree/python-repr.js";
import { Scalar } from "../pytree/value.js";
import { NdArray } from "../zarr/nd-array.js";
import { batchShape, isBatch } from "./batch-array.js";

// What Grain puts into the message about elements that do not fit together: `pprint.pformat(spec_like(elements))`.

/** Types and shapes of the leaves of elements, as Grain prints them. Plain arrays are Python's lists. */
export function describeElements(elements: readonly unknown[]): string {
  return format(structureOf(elements, 0), 0, 0);
}

/** A structure whose leaves are texts such as `int[]` and `list<dict>[2]`. */
type Structure = string | null | readonly Structure[] | { readonly [key: string]: Structure };

const DEEPEST = 100; // a message, not a dump

function structureOf(value: unknown, depth: number): Structure {
  if (value === null || value === undefined) return null;
  if (depth < DEEPEST && isList(value) && !isHomogeneous(value)) {
    return value.map((item) => structureOf(item, depth + 1));
  }
  if (depth < DEEPEST && isDict(value)) {
    const entries = Object.keys(value)
      .toSorted()
      .map((key): [string, Structure] => [key, structureOf(value[key], depth + 1)]);
    return Object.fromEntries(entries);
  }
  const shape = shapeOf(value, depth);
  return leafType(value) + (shape === undefined ? "[unknown shape]" : `[${shape.join(", ")}]`);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && !isBatch(value);
}

function isHomogeneous(list: readonly unknown[]): boolean {
  const first = typeName(list[0]);
  return list.every((item) => typeName(item) === first || (first === "int" && typeof item === "boolean"));
}

function leafType(value: unknown): string {
  if (isList(value)) return `list<${value.length === 0 ? "" : typeName(value[0])}>`;
  if (NdArray.is(value)) return value.dtype;
  if (isBareArray(value)) return fromBareArray(value).dtype;
  if (isBatch(value)) return batchDtype(value);
  return typeName(value);
}

/** The dtype of NumPy's array for a batch of scalars. */
function batchDtype(batch: readonly unknown[]): string {
  const types = new Set(scalarsOf(batch).map(typeName));
  if (types.has("str")) {
    const longest = scalarsOf(batch).reduce<number>(
      (most, text) => Math.max(most, Array.from(String(text)).length),
      1,
    );
    return `<U${longest}`;
  }
  if (types.has("float")) return "float64";
  if (types.has("int")) return "int64";
  return types.has("bool") ? "bool" : "object";
}

function scalarsOf(batch: readonly unknown[]): readonly unknown[] {
  return batch.some(isBatch) ? batch.flatMap((row) => (isBatch(row) ? scalarsOf(row) : [row])) : batch;
}

/** `type(value).__name__` of what a value is in Python. */
function typeName(value: unknown): string {
  switch (typeof value) {
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? "int" : "float";
    case "bigint":
      return "int";
    case "boolean":
      return "bool";
    case "string":
      return "str";
    case "undefined":
      return "NoneType";
    case "function":
      return "function";
  }
  if (value === null) return "NoneType";
  if (NdArray.is(value) || isBareArray(value) || isBatch(value)) return "ndarray";
  if (Scalar.is(value)) return value.dtype;
  if (Array.isArray(value)) return "list";
  return isDict(value) ? "dict" : className(value);
}

function className(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/** `np.asarray(value).shape`, or `undefined` where the sizes differ. */
function shapeOf(value: unknown, depth: number): readonly number[] | undefined {
  if (NdArray.is(value)) return value.shape;
  if (isBareArray(value)) return [value.length];
  if (isBatch(value)) return batchShape(value).shape;
  if (!Array.isArray(value)) return [];
  if (depth >= DEEPEST) return undefined;
  const shapes = value.map((item) => shapeOf(item, depth + 1));
  const [first] = shapes;
  if (shapes.length === 0) return [0];
  if (first === undefined || shapes.some((shape) => String(shape) !== String(first))) return undefined;
  return [shapes.length, ...first];
}

const WIDTH = 80;

/**
 * Python's `pprint.pformat`: on one line, or where that is too long an item a line.
 *
 * @param indent Column at which the text begins.
 * @param allowance Characters that will follow it on its last line.
 */
function format(structure: Structure, indent: number, allowance: number): string {
  const line = formatLine(structure);
  if (structure === null || typeof structure === "string") return line;
  if (line.length <= WIDTH - indent - allowance) return line;
  const separator = `,\n${" ".repeat(indent + 1)}`;
  if (isStructureList(structure)) {
    const items = structure.map((item, index) =>
      format(item, indent + 1, index === structure.length - 1 ? allowance + 1 : 1),
    );
    return `[${items.join(separator)}]`;
  }
  const entries = Object.entries(structure);
  const items = entries.map(([key, item], index) => {
    const name = `${pythonRepr(key)}: `;
    const last = index === entries.length - 1;
    return name + format(item, indent + 1 + name.length, last ? allowance + 1 : 1);
  });
  return `{${items.join(separator)}}`;
}

function isStructureList(structure: Structure): structure is readonly Structure[] {
  return Array.isArray(structure);
}

function formatLine(structure: Structure): string {
  if (structure === null || typeof structure === "string") return pythonRepr(structure);
  if (isStructureList(structure)) return `[${structure.map(formatLine).join(", ")}]`;
  const entries = Object.entries(structure).map(([key, item]) => `${pythonRepr(key)}: ${formatLine(item)}`);
  return `{${entries.join(", ")}}`;
}
