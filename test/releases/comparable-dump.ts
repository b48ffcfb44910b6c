/**
 * A dump in the one way of writing that two equal ones share: leaves by path, floats as the doubles that they read
 * back as. Everything else stays what it is.
 */
export function comparableDump(dump: unknown): unknown {
  if (!isRecord(dump) || !Array.isArray(dump["leaves"])) return dump;
  const leaves = dump["leaves"].map((leaf: unknown): [string, unknown] => {
    if (!isRecord(leaf)) throw new Error(`not a leaf: ${JSON.stringify(leaf)}`);
    return [JSON.stringify(leaf["path"]), comparableLeaf(leaf)];
  });
  const byPath = new Map(leaves);
  if (byPath.size !== leaves.length) throw new Error("two leaves have one path");
  return { ...dump, leaves: byPath };
}

function comparableLeaf(leaf: Readonly<Record<string, unknown>>): unknown {
  const { dtype, values } = leaf;
  if (typeof dtype !== "string" || !Array.isArray(values) || !/float|complex/.test(dtype)) return leaf;
  return { ...leaf, values: values.map((value: unknown) => String(value).split(",").map(double)) };
}

/** The double that a text reads back as; the sign of zero counts. */
function double(text: string): string {
  const number = Number(text);
  if (Number.isNaN(number) && text !== "NaN") throw new Error(`not a number: ${text}`);
  return Object.is(number, -0) ? "-0" : String(number);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
