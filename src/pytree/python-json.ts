import { formatJson } from "../bytes/json.js";
import { invalidArgument } from "../errors.js";
import { isDict, isList, isMap } from "./container.js";
import { tooDeep, walkDepth } from "./depth.js";
import { formatPythonFloat } from "./python-float.js";
import { pythonTypeName } from "./python-type-name.js";
import { Scalar, type Tree, Tuple } from "./value.js";

/**
 * A value as Python's `json.dumps(value, indent=…)` writes it, which is how Grain saves a state: ASCII only, each
 * member on a line of its own, `2.0` for `float(2)`, lists for tuples.
 *
 * @param indent Spaces of each level.
 * @throws {OrbaxError} `INVALID_ARGUMENT`, Python's TypeError in its words, for arrays and other values that JSON has
 * not · `LIMIT_EXCEEDED` for a value that is nested too deeply, or contains itself.
 */
export function formatPythonJson(value: Tree, indent: number): string {
  const most = walkDepth();

  const format = (node: Tree, level: number): string => {
    const plain = Scalar.is(node) ? plainScalar(node) : formatLeaf(node);
    if (plain !== undefined) return plain;
    if (level >= most) throw tooDeep("state", most);
    const break_ = `\n${" ".repeat(indent * (level + 1))}`;
    const enclose = (open: string, members: readonly string[], close: string) =>
      members.length === 0
        ? open + close
        : `${open}${break_}${members.join(`,${break_}`)}\n${" ".repeat(indent * level)}${close}`;
    if (isList(node) || Tuple.is(node)) {
      const items = Tuple.is(node) ? node.items : node;
      return enclose(
        "[",
        items.map((item) => format(item, level + 1)),
        "]",
      );
    }
    if (isMap(node) || isDict(node)) {
      const entries = isMap(node) ? Array.from(node) : Object.entries(node);
      const members = entries.map(
        ([key, child]) => `${formatJson(String(key))}: ${format(child, level + 1)}`,
      );
      return enclose("{", members, "}");
    }
    throw invalidArgument(`Object of type ${pythonTypeName(node)} is not JSON serializable`, {
      pythonType: "TypeError",
    });
  };
  return format(value, 0);
}

/** `undefined` for what is no leaf of JSON. */
function formatLeaf(value: Tree): string | undefined {
  if (value === null || typeof value === "boolean" || typeof value === "string") return formatJson(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "number") return undefined;
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : formatFloat(value);
}

/** Only Python's own int, float and bool; numbers of other widths are NumPy's, which JSON refuses. */
function plainScalar({ dtype, value }: Scalar): string | undefined {
  if (typeof value === "boolean") return String(value);
  if (dtype === "float64" && typeof value === "number") return formatFloat(value);
  const isInt = dtype === "int64" || dtype === "uint64";
  return isInt && (typeof value === "number" || typeof value === "bigint") ? String(value) : undefined;
}

function formatFloat(value: number): string {
  return Number.isFinite(value) ? formatPythonFloat(value) : String(value);
}
