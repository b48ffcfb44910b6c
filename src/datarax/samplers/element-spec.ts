import { invalidArgument, type OrbaxError } from "../../errors.js";
import { dictOf, isDict, isList } from "../../pytree/container.js";
import { tooDeep, walkDepth } from "../../pytree/depth.js";
import { pythonTypeName } from "../../pytree/python-type-name.js";
import type { Tree } from "../../pytree/value.js";
import { byteCount, type Dtype, isDtype } from "../../zarr/dtype.js";

/** One array of a record; shape `[]` is a number. */
export type ArraySpec = { readonly dtype: Dtype; readonly shape: readonly number[] };

/** What a record is: dicts and lists over arrays, Python's tree of `jax.ShapeDtypeStruct`. */
export type ElementSpec = ArraySpec | { readonly [field: string]: ElementSpec } | readonly ElementSpec[];

/** An array of a record, and where it stands. */
export type RecordField = ArraySpec & {
  /** Its place among the arrays of the record. */
  readonly index: number;
  /** The keys that lead to it, a dot before each. */
  readonly path: string;
  /** Of one record. */
  readonly bytes: number;
};

type SpecNode =
  | { readonly field: RecordField }
  | { readonly entries: readonly (readonly [string, SpecNode])[] }
  | { readonly items: readonly SpecNode[] };

/** A checked {@link ElementSpec}. */
export type RecordLayout = { readonly root: SpecNode; readonly fields: readonly RecordField[] };

/** What JAX makes of 64-bit types, which are off unless a program turns them on. */
const CANONICAL: { readonly [dtype: string]: Dtype | undefined } = {
  int64: "int32",
  uint64: "uint32",
  float64: "float32",
  complex128: "complex64",
};

/** The dtype that JAX's arrays have where another library's have `dtype`. */
export function canonicalDtype(dtype: Dtype): Dtype {
  return CANONICAL[dtype] ?? dtype;
}

/**
 * The arrays of a record, 64-bit ones with JAX's dtype.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for what is no such tree · `LIMIT_EXCEEDED` for one too deep, or a cycle.
 */
export function parseElementSpec(spec: unknown): RecordLayout {
  const fields: RecordField[] = [];
  const most = walkDepth();
  return { root: parseNode(spec, "", most), fields };

  function parseNode(node: unknown, path: string, levels: number): SpecNode {
    if (isDict(node) && typeof node["dtype"] === "string" && isList(node["shape"])) {
      const field = { ...parseArray(node["dtype"], node["shape"], path), index: fields.length, path };
      fields.push(field);
      return { field };
    }
    if (levels === 0) throw tooDeep("elementSpec", most);
    if (isList(node)) {
      const items: SpecNode[] = [];
      for (const [index, item] of node.entries()) items.push(parseNode(item, `${path}.${index}`, levels - 1));
      return { items };
    }
    if (!isDict(node)) throw noSpec(path, `found ${pythonTypeName(node)}`);
    const entries: [string, SpecNode][] = [];
    for (const [key, child] of Object.entries(node)) {
      entries.push([key, parseNode(child, `${path}.${key}`, levels - 1)]);
    }
    return { entries };
  }
}

function parseArray(dtype: string, shape: readonly unknown[], path: string) {
  if (!isDtype(dtype)) throw noSpec(path, `no dtype ${JSON.stringify(dtype)}`);
  const sizes: number[] = [];
  for (const size of shape) {
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
      throw noSpec(path, `shape [${shape.map(String).join(", ")}] has ${String(size)}`);
    }
    sizes.push(size);
  }
  const canonical = canonicalDtype(dtype);
  return { dtype: canonical, shape: sizes, bytes: byteCount(canonical, sizes) };
}

function noSpec(path: string, reason: string): OrbaxError {
  const field = `elementSpec${path}`;
  return invalidArgument(`${field}: ${reason}, expected { dtype, shape }, or a dict or list of such`, {
    field,
    pythonType: "TypeError",
  });
}

/** A tree of the record's form over what `leafOf` gives. */
export function recordTree(spec: RecordLayout, leafOf: (field: RecordField) => Tree): Tree {
  return treeOf(spec.root);

  function treeOf(node: SpecNode): Tree {
    if ("field" in node) return leafOf(node.field);
    if ("items" in node) return node.items.map(treeOf);
    return dictOf(node.entries.map(([key, child]) => [key, treeOf(child)]));
  }
}

/**
 * What stands in a record where its spec has arrays, in the order of the fields.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a record of another form.
 */
export function recordLeaves({ root, fields }: RecordLayout, record: Tree, name: string): Tree[] {
  const leaves: Tree[] = fields.map(() => null);
  collect(root, record, name);
  return leaves;

  function collect(node: SpecNode, tree: Tree, at: string): void {
    if ("field" in node) {
      leaves[node.field.index] = tree;
    } else if ("items" in node) {
      if (!isList(tree) || tree.length !== node.items.length) {
        throw otherForm(at, tree, `a list of ${node.items.length}`);
      }
      for (const [index, item] of node.items.entries()) collect(item, tree[index] ?? null, `${at}.${index}`);
    } else {
      const keys = node.entries.map(([key]) => key);
      const isSame = isDict(tree) && Object.keys(tree).length === keys.length;
      if (!isSame || !keys.every((key) => Object.hasOwn(tree, key))) {
        throw otherForm(at, tree, `a dict of ${keys.join(", ")}`);
      }
      for (const [key, child] of node.entries) collect(child, tree[key] ?? null, `${at}.${key}`);
    }
  }
}

function otherForm(at: string, found: Tree, expected: string): OrbaxError {
  const shown = isDict(found)
    ? `a dict of ${Object.keys(found).slice(0, 20).join(", ")}`
    : pythonTypeName(found);
  return invalidArgument(`${at} is ${shown}, expected ${expected}`, {
    field: at,
    expected,
    pythonType: "ValueError",
  });
}
