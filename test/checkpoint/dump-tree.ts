import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { flattenTree, type PathAndLeaf } from "../../src/pytree/flatten.js";
import { Complex, type Scalar, type Tree } from "../../src/pytree/value.js";
import { bytesOf, type Dtype, dtypeRow, elementCount } from "../../src/zarr/dtype.js";
import { elementAt } from "../../src/zarr/element.js";
import { NdArray } from "../../src/zarr/nd-array.js";

/** Folder of the checkpoints that real Orbax wrote. */
export const FIXTURES = fileURLToPath(new URL("../../fixtures/orbax/", import.meta.url));

/** A leaf as `scripts/oracle/dump.py` describes it, its values as numbers, so that ways of writing do not differ. */
export type DumpedLeaf = {
  readonly kind: string;
  readonly dtype?: string;
  readonly shape?: readonly number[];
  readonly sha256?: string;
  readonly impl?: string;
  readonly values?: unknown;
};

/** Leaves by their path as JSON: a string is a key, a number an index. */
export type Dump = Readonly<Record<string, DumpedLeaf>>;

/** How many elements, and bytes of `bytes`, a dump shows. */
const MOST_VALUES = 16;
const MOST_BYTES = 64;

/** Describes a tree as Python would see it (`dump.py`). Give it what an exact load gave. */
export function dumpTree(tree: Tree): Dump {
  return Object.fromEntries(flattenTree(tree).map((leaf) => [JSON.stringify(leaf.path), dumpLeaf(leaf)]));
}

/** Describes leaves as {@link dumpTree} does. */
export function dumpLeaves(leaves: readonly PathAndLeaf[]): Dump {
  return Object.fromEntries(leaves.map((leaf) => [JSON.stringify(leaf.path), dumpLeaf(leaf)]));
}

function dumpLeaf({ leaf }: PathAndLeaf): DumpedLeaf {
  const { kind } = leaf;
  if (kind === "bytes") {
    const values = Buffer.from(leaf.bytes.subarray(0, MOST_BYTES)).toString("hex");
    return { kind, sha256: createHash("sha256").update(leaf.bytes).digest("hex"), values };
  }
  if (kind === "string") return { kind, values: leaf.text };
  if (kind === "scalar") return { kind, ...dumpScalar(leaf.scalar) };
  if (kind === "array") return { kind, ...dumpArray(leaf.array) };
  if (kind !== "prng-key") return { kind };
  const { shape, data, impl } = leaf.key;
  const words = new NdArray("uint32", [...shape, data.length / elementCount(shape)], data);
  return { kind, ...dumpArray(words), impl };
}

function dumpScalar({ dtype, value }: Scalar): Omit<DumpedLeaf, "kind"> {
  const shape: number[] = [];
  const isInt = /^u?int/.test(dtype);
  if (Complex.is(value)) return { dtype: "complex128", shape, values: [[value.re, value.im]] };
  if (typeof value === "boolean") return { dtype: "bool", shape, values: [String(value)] };
  if (typeof value === "bigint" && value >= 2n ** 63n)
    return { dtype: "uint64", shape, values: [String(value)] };
  if (typeof value === "number" && !isInt) return { dtype: "float64", shape, values: [value] };
  return { dtype: "int64", shape, values: [String(value)] };
}

function dumpArray(array: NdArray): Omit<DumpedLeaf, "kind"> {
  const { dtype, shape, data } = array;
  const count = Math.min(elementCount(shape), MOST_VALUES);
  return {
    dtype,
    shape,
    sha256: createHash("sha256").update(bytesOf(data)).digest("hex"),
    values: Array.from({ length: count }, (_, index) => dumpElement(elementAt(array, index), dtype)),
  };
}

function dumpElement(element: ReturnType<typeof elementAt>, dtype: Dtype): unknown {
  const isNumber = ["float", "complex"].includes(dtypeRow(dtype).kind);
  return isNumber ? element : String(element);
}

/** What `dump.py` printed, in the form of {@link dumpTree}. @throws {Error} if it is no dump. */
export function parseDump(json: unknown): Dump {
  const leaves = memberOf(json, "leaves");
  if (!Array.isArray(leaves)) throw new Error("no dump: it has no leaves");
  return Object.fromEntries(
    leaves.map((leaf: unknown) => [JSON.stringify(memberOf(leaf, "path")), parseLeaf(leaf)]),
  );
}

function parseLeaf(leaf: unknown): DumpedLeaf {
  if (typeof leaf !== "object" || leaf === null) throw new Error("no dump: a leaf is no object");
  const { path: _, ...fields }: { path?: unknown; kind?: unknown } = leaf;
  const { kind } = fields;
  if (typeof kind !== "string") throw new Error("no dump: a leaf has no kind");
  const dtype = memberOf(leaf, "dtype");
  const values = memberOf(leaf, "values");
  if (typeof dtype !== "string" || !Array.isArray(values)) return { ...fields, kind };
  return { ...fields, kind, values: values.map((text) => parseElement(String(text), dtype)) };
}

function parseElement(text: string, dtype: string): unknown {
  if (dtype.startsWith("complex")) return text.split(",").map(Number);
  return dtype.includes("float") ? Number(text) : text;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** What Python restored from a fixture. */
export function expectedDump(name: string): Dump {
  return parseDump(readExpected(name));
}

/** The same of one of several trees that a fixture holds. */
export function expectedPart(name: string, part: string): Dump {
  return parseDump(memberOf(readExpected(name), part));
}

/** The expected JSON of a fixture. */
export function readExpected(name: string): unknown {
  return JSON.parse(readFileSync(join(FIXTURES, `${name}.expected.json`), "utf8"));
}
