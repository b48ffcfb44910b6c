import { dataLoss } from "../errors.js";
import { dictOf, isDict, isList } from "../pytree/container.js";
import { plainElement } from "../pytree/element.js";
import { Complex, type Dict, type PrngKey, prngKey, Scalar, type Tree, Tuple } from "../pytree/value.js";
import { dtypeRow, elementCount } from "../zarr/dtype.js";
import { NdArray } from "../zarr/nd-array.js";

/** Words of a threefry key, the only kind that Datarax restores. */
const KEY_WORDS = 2;
const MOST_WORD = 2 ** 32 - 1;
const MOST_CODE_POINT = 0x10ffff;
const MOST_DIMENSIONS = 64; // NumPy's

/** How Datarax stores a string: a leaf a code point (docs/spec/datarax.md section 3). */
export function stringMarker(text: string): Dict {
  const codePoints = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  return dictOf([
    ["__string__", true],
    ["char_codes", codePoints],
  ]);
}

/** How Datarax stores a typed random key: its words as nested lists of ints. */
export function keyMarker({ shape, data }: PrngKey): Dict {
  const words = data.length / Math.max(1, elementCount(shape));
  return dictOf([
    ["__prng_key__", true],
    ["key_data", nestedList([...shape, words], Array.from(data))],
  ]);
}

function nestedList(shape: readonly number[], flat: readonly number[]): Tree {
  const [size = 1, ...inner] = shape;
  if (inner.length === 0) return flat;
  const step = flat.length / size;
  return Array.from({ length: size }, (_, index) =>
    nestedList(inner, flat.slice(index * step, (index + 1) * step)),
  );
}

/** Which marker an exact dict is for Datarax, if any: what counts is that the value under the name is true. */
export function markerKind(dict: Dict): "string" | "key" | undefined {
  if (isTrue(own(dict, "__string__"))) return "string";
  return isTrue(own(dict, "__prng_key__")) ? "key" : undefined;
}

/**
 * The string of a marker; other entries than `char_codes` do not matter.
 *
 * @param path Where the marker stands, for messages.
 * @throws {OrbaxError} `DATA_LOSS` where Python raises: no `char_codes`, or one that is no code point.
 */
export function stringOfMarker(marker: Dict, path: () => string): string {
  const field = "char_codes";
  const codes = own(marker, field);
  if (codes === undefined) throw damaged(path, field, "missing", "a list", "KeyError");
  const items = itemsOf(codes);
  if (items === undefined) throw damaged(path, field, codes, "a list", "TypeError");
  let text = "";
  for (const item of items) {
    const codePoint = integerOf(item);
    if (codePoint === undefined) throw damaged(path, field, item, "integers", "TypeError");
    if (codePoint < 0 || codePoint > MOST_CODE_POINT) {
      throw damaged(path, field, codePoint, `at most ${MOST_CODE_POINT}`, "ValueError");
    }
    text += String.fromCodePoint(Number(codePoint));
  }
  return text;
}

/**
 * The random key of a marker, or the array of keys.
 *
 * @param path Where the marker stands, for messages.
 * @throws {OrbaxError} `DATA_LOSS` where Python raises: `key_data` is missing, ragged, no uint32, or of keys
 * that have not two words.
 */
export function keyOfMarker(marker: Dict, path: () => string): PrngKey {
  const field = "key_data";
  const words = own(marker, field);
  if (words === undefined) throw damaged(path, field, "missing", "a list", "KeyError");
  const shape: number[] = [];
  const flat: number[] = [];
  collectWords(words, 0);
  if (shape.at(-1) !== KEY_WORDS) {
    throw damaged(path, field, `of shape (${shape.join(", ")})`, "2 words a key", "TypeError");
  }
  return prngKey(shape.slice(0, -1), Uint32Array.from(flat));

  /** The first list at each depth says how long all must be there. */
  function collectWords(node: Tree, depth: number): void {
    const items = depth < MOST_DIMENSIONS ? itemsOf(node) : undefined;
    if (items === undefined) {
      const word = integerOf(node);
      if (word === undefined || depth !== shape.length)
        throw damaged(path, field, node, "words", "TypeError");
      if (word < 0 || word > MOST_WORD) throw damaged(path, field, word, "a uint32", "OverflowError");
      flat.push(Number(word));
      return;
    }
    if (flat.length === 0 && depth === shape.length) shape.push(items.length);
    if (shape[depth] !== items.length) {
      throw damaged(path, field, "ragged", "lists of equal length", "ValueError");
    }
    for (const item of items) collectWords(item, depth + 1);
  }
}

/** What Python's `for … in` goes through, where that can be integers. */
function itemsOf(node: Tree): readonly Tree[] | undefined {
  if (isList(node)) return node;
  if (Tuple.is(node)) return node.items;
  if (node === "" || (isDict(node) && Object.keys(node).length === 0)) return [];
  if (NdArray.is(node) && node.shape.length === 1 && isIntegral(node)) {
    return Array.from({ length: elementCount(node.shape) }, (_, index) => plainElement(node, index));
  }
  return undefined;
}

/** The integer that Python's `operator.index` makes of a value: also of a bool and of an array of rank 0. */
function integerOf(node: Tree): number | bigint | undefined {
  if (Scalar.is(node)) return dtypeRow(node.dtype).kind === "float" ? undefined : integerOf(node.value);
  if (NdArray.is(node)) {
    return node.shape.length === 0 && isIntegral(node) ? integerOf(plainElement(node, 0)) : undefined;
  }
  if (typeof node === "boolean") return Number(node);
  return typeof node === "bigint" || (typeof node === "number" && Number.isSafeInteger(node))
    ? node
    : undefined;
}

function isIntegral(array: NdArray): boolean {
  const { kind } = dtypeRow(array.dtype);
  return kind === "int" || kind === "uint";
}

/** Python's `bool(value)`. */
function isTrue(node: Tree | undefined): boolean {
  if (node === undefined || node === null) return false;
  if (typeof node === "string") return node !== "";
  if (isList(node)) return node.length > 0;
  if (Tuple.is(node)) return node.items.length > 0;
  if (isDict(node)) return Object.keys(node).length > 0;
  // Python raises for an array of several elements; none of them is what Datarax writes.
  if (NdArray.is(node)) return elementCount(node.shape) === 1 && isTrue(plainElement(node, 0));
  if (Scalar.is(node)) return isTrue(node.value);
  if (Complex.is(node)) return node.re !== 0 || node.im !== 0;
  return node !== 0 && node !== 0n && node !== false;
}

function own(dict: Dict, key: string): Tree | undefined {
  return Object.hasOwn(dict, key) ? dict[key] : undefined;
}

function damaged(path: () => string, field: string, found: unknown, expected: string, pythonType: string) {
  const key = path();
  const shown = typeof found === "object" && found !== null ? "another value" : found;
  return dataLoss(`state ${key}`, { key, field, found: shown, expected, pythonType });
}
