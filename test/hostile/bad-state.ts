import { parseTaggedJson } from "../../src/datarax/tagged-json.js";
import { dictOf, isDict, isList, isMap } from "../../src/pytree/container.js";
import { toPlain } from "../../src/pytree/plain.js";
import { type Tree, Tuple } from "../../src/pytree/value.js";

// Changes of states in tagged JSON: `scripts/make-bad-state-fixtures.py` makes the same.

export type Path = readonly (string | number)[];

/** All places of a state, its own first. Of lists the first two items. */
export function placesIn(state: unknown, path: Path = []): Path[] {
  const places = [path];
  if (isList(state)) {
    for (const [index, item] of state.slice(0, 2).entries()) places.push(...placesIn(item, [...path, index]));
  } else if (isDict(state) && isList(state.$map)) {
    for (const [index, pair] of state.$map.entries()) {
      places.push(...placesIn(itemOf(pair, 1), [...path, "$map", index, 1]));
    }
  } else if (isPlainDict(state)) {
    for (const [key, item] of Object.entries(state)) places.push(...placesIn(item, [...path, key]));
  }
  return places;
}

function isPlainDict(value: unknown): value is { readonly [key: string]: unknown } {
  return isDict(value) && !Object.keys(value).some((key) => key.startsWith("$"));
}

function itemOf(container: unknown, key: string | number): unknown {
  return Reflect.get(Object(container), key);
}

/** The state with a change; `undefined` where the change means nothing there. */
export function changedState(
  state: unknown,
  path: Path,
  change: string,
  values: Readonly<Record<string, unknown>>,
): unknown {
  const holder: { root: unknown } = { root: structuredClone(state) };
  let parent: object = holder;
  let key: string | number = "root";
  for (const step of path) {
    parent = Object(itemOf(parent, key));
    key = step;
  }
  const value = itemOf(parent, key);
  if (change === "unchanged") return path.length === 0 ? holder.root : undefined;
  if (Object.hasOwn(values, change)) Reflect.set(parent, key, structuredClone(values[change]));
  else if (change === "deleted" && path.length > 0 && !isList(parent)) Reflect.deleteProperty(parent, key);
  else if (change === "beside" && isPlainDict(value)) Reflect.set(value, "beside", 1);
  else if (change === "shorter" && isList(value) && value.length > 0)
    Reflect.set(parent, key, value.slice(0, -1));
  else if (change === "longer" && isList(value) && value.length > 0) {
    Reflect.set(parent, key, [...value, structuredClone(value.at(-1))]);
  } else if (change === "tuple" && isList(value)) Reflect.set(parent, key, { $tuple: value });
  else return undefined;
  return holder.root;
}

/** The state that tagged JSON describes, with exact types or plain. Dicts with int keys have decimal keys. */
export function treeOf(json: unknown, { exact }: { readonly exact: boolean }): Tree {
  const tree = withTextKeys(parseTaggedJson(json));
  return exact ? tree : toPlain(tree);
}

function withTextKeys(tree: Tree): Tree {
  if (isList(tree)) return tree.map(withTextKeys);
  if (Tuple.is(tree)) return tree;
  const entries = isMap(tree) ? [...tree] : isDict(tree) ? Object.entries(tree) : undefined;
  return entries === undefined
    ? tree
    : dictOf(entries.map(([key, child]) => [String(key), withTextKeys(child)]));
}
