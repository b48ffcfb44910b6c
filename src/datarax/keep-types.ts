import { dictOf, isDict, isList, isMap } from "../pytree/container.js";
import { tooDeep, walkDepth } from "../pytree/depth.js";
import { arrayOfElements, type PlainElement } from "../pytree/element.js";
import { canonicalKey } from "../pytree/python-int.js";
import { Complex, type Dict, Scalar, scalar, type Tree, Tuple } from "../pytree/value.js";
import { NdArray } from "../zarr/nd-array.js";

/**
 * The state that an iterator gave, with the types that the restored state had at the same paths: a number where
 * there was a float stays a float (2 is saved as 2.0), one where there was an array of rank 0 or a scalar of
 * another width gets that dtype, an empty array where there was `()` is `()`. A value that the former type cannot
 * hold exactly keeps its own.
 *
 * @param state Plain or exact; what is exact already stays.
 * @param restored The exact state of the last restore.
 * @throws {OrbaxError} `LIMIT_EXCEEDED` for states deeper than the walk can go, or with cycles.
 */
export function keepTypes(state: Tree, restored: Tree): Tree {
  const most = walkDepth();
  return typedNode(state, restored, most, most);
}

/** @param levels How many containers may still come. Loops, one call a level. */
function typedNode(state: Tree, restored: Tree, levels: number, most: number): Tree {
  if (isElement(state)) return keepType(state, restored);
  if (levels === 0 && (isList(state) || isDict(state) || isMap(state))) throw tooDeep("state", most);
  if (isList(state)) {
    const former = Tuple.is(restored) ? restored.items : isList(restored) ? restored : [];
    if (state.length === 0 && former.length === 0 && Tuple.is(restored)) return restored;
    const items: Tree[] = [];
    for (const [index, item] of state.entries()) {
      const formerItem = former[index];
      items.push(formerItem === undefined ? item : typedNode(item, formerItem, levels - 1, most));
    }
    return items;
  }
  if (!isDict(restored) || !(isDict(state) || isMap(state))) return state;
  const entries: [string | number | bigint, Tree][] = [];
  for (const [key, value] of isMap(state) ? state : Object.entries(state)) {
    const former = formerValue(restored, String(key));
    entries.push([key, former === undefined ? value : typedNode(value, former, levels - 1, most)]);
  }
  return isMap(state) ? new Map(entries) : dictOf(entries.map(([key, value]) => [String(key), value]));
}

/** What stood under a key, or under another spelling of the same Python int. */
function formerValue(restored: Dict, key: string): Tree | undefined {
  if (Object.hasOwn(restored, key)) return restored[key];
  const canonical = canonicalKey(key);
  return Object.hasOwn(restored, canonical) ? restored[canonical] : undefined;
}

function isElement(value: Tree): value is PlainElement {
  const primitive = typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
  return primitive || Complex.is(value);
}

function keepType(value: PlainElement, restored: Tree): Tree {
  if (NdArray.is(restored) && restored.shape.length === 0) {
    return arrayOfElements(restored.dtype, [], [value], restored.sharding) ?? value;
  }
  if (!Scalar.is(restored)) return value;
  const { dtype } = restored;
  // An array of rank 0 knows which values a dtype has.
  if (arrayOfElements(dtype, [], [value]) === undefined) return value;
  if (dtype === "bool") return value;
  if (dtype === "int64" || dtype === "uint64") return asPlainInt(value);
  return scalar(dtype, dtype.includes("float") ? Number(value) : value);
}

/** A value that a save writes as Python's `int`, whose width the size chooses. */
function asPlainInt(value: PlainElement): PlainElement {
  return typeof value === "number" && !Number.isSafeInteger(value) ? BigInt(value) : value;
}
