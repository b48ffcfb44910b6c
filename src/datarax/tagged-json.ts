import type { JsonValue } from "../bytes/json.js";
import { invalidArgument } from "../errors.js";
import type { Limits } from "../limits.js";
import { fromBareArray, isBareArray } from "../pytree/bare-array.js";
import { dictOf, isDict, isList, isMap } from "../pytree/container.js";
import { tooDeep, walkDepth } from "../pytree/depth.js";
import { formatPythonComplex, formatPythonFloat, parsePythonFloat } from "../pytree/python-float.js";
import { isIntKey } from "../pytree/python-int.js";
import {
  Complex,
  float,
  int,
  Placeholder,
  PrngKey,
  plainInteger,
  Scalar,
  scalar,
  type Tree,
  Tuple,
  tuple,
} from "../pytree/value.js";
import { NdArray } from "../zarr/nd-array.js";
import { formatTaggedArray, formatTaggedKey, parseTaggedArray, parseTaggedKey } from "./tagged-array.js";

/**
 * Reads the tagged JSON of states and test vectors (docs/spec/datarax.md section 9) as an exact tree: ints and
 * floats are `Scalar`s, `$tuple` a `Tuple`, `$map` a `Map` with its int keys. An int beyond 64 bits, which no
 * `Scalar` holds, is a `bigint`.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for anything else, `$python` included, whose values have no place here ·
 * `LIMIT_EXCEEDED` for JSON deeper than `limits.depth`.
 */
export function parseTaggedJson(json: unknown, limits?: Partial<Limits>): Tree {
  const most = walkDepth(limits);
  return parseNode(json, most, most);
}

/** @param levels How many containers may still come. */
function parseNode(json: unknown, levels: number, most: number): Tree {
  if (json === null || typeof json === "string") return json;
  if (typeof json === "boolean") return scalar("bool", json);
  if (typeof json === "number") return parseInteger(json);
  if (levels === 0) throw tooDeep("tagged JSON", most);
  if (isList(json)) return parseItems(json, levels, most);
  if (!isDict(json)) throw malformed(typeof json);
  const entries = Object.entries(json);
  const [tag, content] = entries.find(([key]) => key.startsWith("$")) ?? [];
  if (tag !== undefined) {
    if (entries.length > 1) throw malformed(`${tag} beside other keys`);
    return parseTag(tag, content, levels, most);
  }
  const parsed: [string, Tree][] = [];
  for (const [key, child] of entries) parsed.push([key, parseNode(child, levels - 1, most)]);
  return dictOf(parsed);
}

function parseItems(items: readonly unknown[], levels: number, most: number): Tree[] {
  const parsed: Tree[] = [];
  for (const item of items) parsed.push(parseNode(item, levels - 1, most));
  return parsed;
}

function parseTag(tag: string, content: unknown, levels: number, most: number): Tree {
  if (tag === "$int" && typeof content === "string") return parseLargeInt(content);
  if (tag === "$float" && typeof content === "string") {
    const value = parsePythonFloat(content);
    if (value !== undefined) return float(value);
  }
  if (tag === "$array" && isDict(content)) return parseTaggedArray(content);
  if (tag === "$key" && isDict(content)) return parseTaggedKey(content);
  if (tag === "$tuple" && isList(content)) return tuple(parseItems(content, levels, most));
  if (tag === "$map" && isList(content)) return parseMap(content, levels, most);
  throw malformed(tag);
}

function parseInteger(value: number): Scalar {
  if (!Number.isSafeInteger(value)) throw malformed(`the number ${value}, expected an integer or a tag`);
  return int(value);
}

function parseLargeInt(text: string): Tree {
  if (!/^-?\d{1,4300}$/u.test(text)) throw malformed("$int");
  const value = BigInt(text);
  return value >= -(2n ** 63n) && value < 2n ** 64n ? int(value) : value;
}

function parseMap(pairs: readonly unknown[], levels: number, most: number): Tree {
  const map = new Map<string | number | bigint, Tree>();
  for (const pair of pairs) {
    if (!isList(pair) || pair.length !== 2) throw malformed("$map");
    map.set(parseMapKey(pair[0]), parseNode(pair[1], levels - 1, most));
  }
  return map;
}

function parseMapKey(json: unknown): string | number | bigint {
  const key = parseNode(json, 1, 1);
  const name = Scalar.is(key) ? key.value : key;
  if (typeof name === "string" || typeof name === "number" || typeof name === "bigint") return name;
  throw malformed("a key in $map, expected a string or an int");
}

function malformed(found: string) {
  return invalidArgument(`tagged JSON: cannot read ${found}`, { found });
}

/**
 * Writes a plain or exact tree as tagged JSON. Dicts with int keys are objects with decimal keys; a dict that has
 * a key with `$` is a `$map`. Complex numbers, which the form does not provide for, are `$python`. −0 among the
 * data of an array stays −0, which `JSON.stringify` would write as 0.
 *
 * @throws {OrbaxError} `LIMIT_EXCEEDED` for a tree deeper than `limits.depth`.
 */
export function formatTaggedJson(tree: Tree, limits?: Partial<Limits>): JsonValue {
  const most = walkDepth(limits);
  return formatNode(tree, most, most, false);
}

/** @param inList Inside lists dict keys are strings in Python, elsewhere those that read as ints are ints. */
function formatNode(node: Tree, levels: number, most: number, inList: boolean): JsonValue {
  const leaf = formatLeaf(node);
  if (leaf !== undefined) return leaf;
  if (levels === 0) throw tooDeep("state", most);
  if (isList(node) || Tuple.is(node)) {
    const items: JsonValue[] = [];
    for (const item of Tuple.is(node) ? node.items : node)
      items.push(formatNode(item, levels - 1, most, true));
    return Tuple.is(node) ? { $tuple: items } : items;
  }
  const entries: [string, JsonValue][] = [];
  for (const [key, child] of isMap(node) ? node : Object.entries(isDict(node) ? node : {})) {
    entries.push([String(key), formatNode(child, levels - 1, most, inList)]);
  }
  return formatDict(entries, inList);
}

/** The form of a value that is no container, `undefined` for containers. */
function formatLeaf(node: Tree): JsonValue | undefined {
  if (node === null || typeof node === "string" || typeof node === "boolean") return node;
  if (typeof node === "bigint") return formatInt(node);
  if (typeof node === "number") {
    return Number.isSafeInteger(node) && !Object.is(node, -0) ? node : formatFloat(node);
  }
  if (Scalar.is(node)) {
    const isFloat = node.dtype.includes("float") && typeof node.value === "number";
    return isFloat ? formatFloat(node.value) : formatLeaf(node.value);
  }
  if (Complex.is(node)) return { $python: formatPythonComplex(node) };
  if (Placeholder.is(node)) return { $python: "Ellipsis" };
  if (NdArray.is(node)) return formatTaggedArray(node);
  if (isBareArray(node)) return formatTaggedArray(fromBareArray(node));
  return PrngKey.is(node) ? formatTaggedKey(node) : undefined;
}

function formatDict(entries: readonly (readonly [string, JsonValue])[], inList: boolean): JsonValue {
  if (entries.some(([key]) => key.startsWith("$"))) {
    return { $map: entries.map(([key, child]) => [inList ? key : formatKey(key), child]) };
  }
  const object: { [key: string]: JsonValue } = Object.create(null);
  for (const [key, child] of entries) object[key] = child;
  return object;
}

function formatKey(key: string): JsonValue {
  return isIntKey(key) ? formatInt(BigInt(key)) : key;
}

function formatInt(value: bigint): JsonValue {
  const integer = plainInteger(value);
  return typeof integer === "number" ? integer : { $int: integer.toString() };
}

function formatFloat(value: number): JsonValue {
  return { $float: formatPythonFloat(value) };
}
