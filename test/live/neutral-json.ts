import { formatTaggedJson } from "../../src/datarax/tagged-json.js";
import { isDict, isList } from "../../src/pytree/container.js";

/**
 * Tagged JSON of either language in the one way of writing that two equal states share, as
 * `scripts/oracle/compare.py` takes it: dicts with int keys as objects with decimal keys, complex elements as pairs.
 *
 * @param options.kinds False writes `numpy` for `jax` and for NumPy scalars: Datarax takes each for the others
 * (docs/spec/datarax.md section 3.1).
 */
export function neutralJson(json: unknown, options: { readonly kinds?: boolean } = {}): unknown {
  if (isList(json)) return json.map((item) => neutralJson(item, options));
  if (!isDict(json)) return json;
  const { $map: pairs, $array: array } = json;
  if (isDict(array) && isList(array.data)) {
    const kind = options.kinds === false ? "numpy" : array.kind;
    return { $array: { ...array, kind, data: array.data.map(neutralElement) } };
  }
  const entries = isList(pairs) ? pairs.map((pair) => (isList(pair) ? pair : [])) : Object.entries(json);
  return Object.fromEntries(entries.map(([key, value]) => [keyText(key), neutralJson(value, options)]));
}

/** The key of a `$map`, which may itself be a big int. */
function keyText(key: unknown): string {
  return isDict(key) ? String(key.$int) : String(key);
}

function neutralElement(element: unknown): unknown {
  if (isList(element)) return element.map(Number);
  return typeof element === "string" && element.includes(",") ? element.split(",").map(Number) : element;
}

/** The neutral JSON of one of our own states or metadata. */
export function neutralState(
  state: Parameters<typeof formatTaggedJson>[0],
  options: { readonly kinds?: boolean } = {},
): unknown {
  return neutralJson(formatTaggedJson(state), options);
}
