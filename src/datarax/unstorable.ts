import { invalidArgument, type OrbaxError } from "../errors.js";
import { pythonRepr } from "../pytree/python-repr.js";
import { Complex, Placeholder } from "../pytree/value.js";
import { keysOf, pathText, type TreePath } from "./tree-path.js";

// Where a state cannot be stored. Texts are those that Python's Orbax gives for the same value, as far as there
// is one (docs/spec/datarax.md section 3).

/** A value of a type that has no place in a checkpoint. */
export function unsupportedType(value: unknown, path: TreePath | undefined): OrbaxError {
  const keys = keysOf(path).map((key) => pythonRepr(key));
  const tuple = keys.length === 1 ? `(${keys.join()},)` : `(${keys.join(", ")})`;
  return invalidArgument(`Unsupported type: <class '${typeName(value)}'> for key: ${tuple}.`, {
    key: pathText(path),
    pythonType: "ValueError",
  });
}

/** An array without elements, which Datarax refuses. */
export function zeroSize(path: TreePath | undefined): OrbaxError {
  const name = keysOf(path).join(".");
  return invalidArgument(
    `Cannot save arrays with zero size: ParamInfo: [name=${name},value_typestr=np.ndarray]`,
    { key: pathText(path), pythonType: "ValueError" },
  );
}

/** An integer that neither int64 nor uint64 holds: Python hands it to TensorStore as an object. */
export function tooLargeInt(value: bigint, path: TreePath | undefined): OrbaxError {
  return refusal(path, `Unsupported data type: "object" for ${value}, which is beyond 64 bits`, "ValueError");
}

/** A `Map` that has string keys and int keys: Python cannot sort them. */
export function mixedKeys(path: TreePath | undefined): OrbaxError {
  return invalidArgument("Comparator raised exception while sorting pytree dictionary keys.", {
    key: pathText(path),
    expected: "only strings or only integers",
    pythonType: "ValueError",
  });
}

/** Any other reason; `what` says it without the place. */
export function refusal(path: TreePath | undefined, what: string, pythonType?: string): OrbaxError {
  const where = pathText(path);
  return invalidArgument(`state${where === "" ? "" : ` ${where}`}: ${what}`, {
    key: where,
    ...(pythonType === undefined ? {} : { pythonType }),
  });
}

/** The Python name of a value's class where there is one like it, else JavaScript's. */
function typeName(value: unknown): string {
  if (Complex.is(value)) return "complex";
  if (Placeholder.is(value)) return "ellipsis";
  if (value instanceof Set) return "set";
  if (typeof value !== "object" || value === null) return typeof value;
  const constructor: unknown = Reflect.get(value, "constructor");
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "object";
}
