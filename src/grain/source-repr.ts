import { isBareArray } from "../pytree/bare-array.js";
import { NdArray } from "../zarr/nd-array.js";

/** What Python's `DataLoader` calls a data source in its states, as far as JavaScript's value tells it. */
export function sourceRepr(source: object): string {
  if (Array.isArray(source)) return "<class 'list'>";
  if (isBareArray(source) || NdArray.is(source)) return "<class 'numpy.ndarray'>";
  const toText: unknown = Reflect.get(source, "toString");
  if (typeof toText === "function" && toText !== Object.prototype.toString) {
    const text: unknown = toText.call(source);
    if (typeof text === "string") return text;
  }
  // Python's own default has an address in it, which fits no other state anyway.
  return `<${source.constructor?.name ?? "object"} object>`;
}
